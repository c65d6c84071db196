//! Content that is fetched: checked while it comes, and in its place only when it is whole.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::pin::pin;

use bytes::Bytes;
use futures::{Stream, TryStreamExt};
use tempfile::NamedTempFile;
use tokio::fs::File;
use tokio::io::AsyncWriteExt;

use super::Published;
use super::digests::Passing;
use super::error::RepositoryError;

/// Built binaries are there to be run, and a repository keeps no modes.
const MODE: u32 = 0o755;

/// Writes `content`, which comes from `place`, to the file `to` if it is what was published.
pub(super) async fn receive(
    published: &Published,
    place: &str,
    content: impl Stream<Item = Result<Bytes, RepositoryError>> + Send,
    to: &Path,
) -> Result<(), RepositoryError> {
    let written = |source| RepositoryError::Written { to: to.to_owned(), source };
    let (beside, mut file) = beside(to).map_err(written)?;
    let mut passing = Passing::default();
    let mut content = pin!(content);
    while let Some(piece) = content.try_next().await? {
        passing.update(&piece);
        if passing.bytes > published.bytes {
            break;
        }
        file.write_all(&piece).await.map_err(written)?;
    }
    check(published, place, &passing, to)?;
    file.flush().await.map_err(written)?;
    file.sync_all().await.map_err(written)?;
    file.set_permissions(Permissions::from_mode(MODE)).await.map_err(written)?;
    beside.persist(to).map_err(|error| written(error.error))?;
    Ok(())
}

/// A temporary file in the folder of `to`.
fn beside(to: &Path) -> io::Result<(NamedTempFile, File)> {
    if to.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
    let beside = NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
    let file = File::from_std(beside.reopen()?);
    Ok((beside, file))
}

fn check(
    published: &Published,
    place: &str,
    passing: &Passing,
    to: &Path,
) -> Result<(), RepositoryError> {
    let there = if passing.bytes > published.bytes {
        format!("more than the {} bytes", published.bytes)
    } else {
        format!("sha256 {}, {} bytes", passing.sha256(), passing.bytes)
    };
    if passing.bytes == published.bytes && passing.sha256() == published.sha256 {
        return Ok(());
    }
    Err(RepositoryError::Fetched {
        place: place.to_owned(),
        to: to.to_owned(),
        published: published.sha256.clone(),
        there,
    })
}
