//! A repository in a folder.
//!
//! ```text
//! ROOT/PROJECT/ARTIFACT/VERSION/{FILE,artifact.json}
//! ROOT/PROJECT/ARTIFACT/.publishing-…/
//! ```
//!
//! A version is made in a folder beside its place, made durable, and renamed into it: a name takes
//! effect at once, and never replaces a folder with something in it.

mod unfinished;

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::time::Duration;

use async_trait::async_trait;
use futures::{TryStreamExt, stream};
use greenroom_spec::version::check_version;
use tokio::fs::{self, File};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::error::{Effect, RepositoryError};
use super::receive::receive;
use super::record::{self, RECORD_FILE};
use super::source::pieces;
use super::upload::Upload;
use super::{Publication, Published, Repository, Watch, newest_first, settle};
use unfinished::Unfinished;

/// A repository in a folder.
pub struct FolderRepository {
    url: String,
    root: PathBuf,
    project: PathBuf,
}

/// How much is read at a time.
const PIECE: usize = 1 << 20;

impl FolderRepository {
    /// The repository of `project` in the folder `root`, which is made when something is published.
    #[must_use]
    pub fn new(root: &Path, project: &str) -> FolderRepository {
        FolderRepository {
            url: root.display().to_string(),
            root: root.to_owned(),
            project: root.join(project),
        }
    }

    fn folder(&self, artifact: &str, version: &str) -> PathBuf {
        self.project.join(artifact).join(version)
    }

    fn file(&self, published: &Published) -> PathBuf {
        self.folder(&published.artifact, &published.version).join(&published.file)
    }

    /// Makes what has been written durable and gives it its place. `false` if that is taken.
    async fn install(&self, new: &Unfinished, upload: &Upload) -> Result<bool, RepositoryError> {
        let place = self.folder(&upload.artifact, &upload.version);
        match fs::rename(new.path(), &place).await {
            Ok(()) => {}
            Err(error) if is_taken(&error) => return Ok(false),
            Err(error) => return Err(failed("make", &place, Effect::None)(error)),
        }
        let artifact = self.project.join(&upload.artifact);
        for folder in [&artifact, &self.project, &self.root] {
            sync(folder).await.map_err(failed("sync", folder, Effect::Unknown))?;
        }
        Ok(true)
    }
}

#[async_trait]
impl Repository for FolderRepository {
    fn url(&self) -> &str {
        &self.url
    }

    fn place(&self, published: &Published) -> String {
        self.file(published).display().to_string()
    }

    async fn publish(
        &self,
        upload: &Upload,
        watch: &dyn Watch,
    ) -> Result<Publication, RepositoryError> {
        if let Some(found) = self.find(&upload.artifact, &upload.version).await? {
            return settle(found, upload);
        }
        let artifact = self.project.join(&upload.artifact);
        fs::create_dir_all(&artifact).await.map_err(failed("make", &artifact, Effect::None))?;
        unfinished::remove_left(&artifact).map_err(failed("clear", &artifact, Effect::None))?;
        let new = Unfinished::make(&artifact).map_err(failed("write", &artifact, Effect::None))?;
        write(new.path(), upload, watch).await?;
        if self.install(&new, upload).await? {
            new.keep();
            return Ok(Publication::New(upload.published()));
        }
        match self.find(&upload.artifact, &upload.version).await? {
            Some(found) => settle(found, upload),
            None => Err(RepositoryError::Damaged {
                place: self.folder(&upload.artifact, &upload.version).display().to_string(),
                why: format!("it has no {RECORD_FILE}"),
            }),
        }
    }

    async fn find(
        &self,
        artifact: &str,
        version: &str,
    ) -> Result<Option<Published>, RepositoryError> {
        if check_version(version).is_err() {
            return Ok(None);
        }
        let record = self.folder(artifact, version).join(RECORD_FILE);
        let text = match fs::read(&record).await {
            Ok(text) => text,
            Err(error) if is_absent(&error) => return Ok(None),
            Err(error) => return Err(failed("read", &record, Effect::None)(error)),
        };
        record::decode(&text, &record.display().to_string(), artifact, version).map(Some)
    }

    async fn versions(&self, artifact: &str) -> Result<Vec<Published>, RepositoryError> {
        let folder = self.project.join(artifact);
        let unlisted = || failed("list", &folder, Effect::None);
        let mut entries = match fs::read_dir(&folder).await {
            Ok(entries) => entries,
            Err(error) if is_absent(&error) => return Ok(Vec::new()),
            Err(error) => return Err(unlisted()(error)),
        };
        let mut versions = Vec::new();
        while let Some(entry) = entries.next_entry().await.map_err(unlisted())? {
            // What is no version is not found.
            versions.extend(self.find(artifact, &entry.file_name().to_string_lossy()).await?);
        }
        Ok(newest_first(versions))
    }

    async fn fetch(&self, published: &Published, to: &Path) -> Result<(), RepositoryError> {
        let path = self.file(published);
        let file = File::open(&path).await.map_err(failed("read", &path, Effect::None))?;
        let content = stream::try_unfold((file, &path), |(mut file, path)| async move {
            let mut piece = bytes::BytesMut::with_capacity(PIECE);
            let read = file.read_buf(&mut piece).await;
            read.map_err(failed("read", path, Effect::None))?;
            Ok((!piece.is_empty()).then(|| (piece.freeze(), (file, path))))
        });
        receive(published, &path.display().to_string(), content, to).await
    }

    async fn link(&self, _: &Published, _: Duration) -> Result<Option<String>, RepositoryError> {
        Ok(None)
    }
}

/// Writes the artifact and its record into `folder`, durably.
async fn write(folder: &Path, upload: &Upload, watch: &dyn Watch) -> Result<(), RepositoryError> {
    let path = folder.join(&upload.file);
    let unwritten = || failed("write", &path, Effect::None);
    let mut file = File::create_new(&path).await.map_err(unwritten())?;
    let mut pieces = pin!(pieces(upload, watch));
    while let Some(piece) = pieces.try_next().await? {
        file.write_all(&piece).await.map_err(unwritten())?;
    }
    finish(&mut file).await.map_err(unwritten())?;
    let path = folder.join(RECORD_FILE);
    let unwritten = || failed("write", &path, Effect::None);
    let mut file = File::create_new(&path).await.map_err(unwritten())?;
    file.write_all(&record::encode(upload)).await.map_err(unwritten())?;
    finish(&mut file).await.map_err(unwritten())?;
    sync(folder).await.map_err(failed("sync", folder, Effect::None))
}

async fn finish(file: &mut File) -> io::Result<()> {
    // Only this tells of a write that failed after its call had returned.
    file.flush().await?;
    file.sync_all().await
}

async fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder).await?.sync_all().await
}

fn failed(
    action: &'static str,
    path: &Path,
    effect: Effect,
) -> impl FnOnce(io::Error) -> RepositoryError {
    move |source| RepositoryError::Io { action, path: path.to_owned(), effect, source }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// Whether a rename failed because there is something of that name.
fn is_taken(error: &io::Error) -> bool {
    use ErrorKind::{AlreadyExists, DirectoryNotEmpty, NotADirectory};
    matches!(error.kind(), AlreadyExists | DirectoryNotEmpty | NotADirectory)
}
