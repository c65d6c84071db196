//! Repositories of all kinds, empty, and ways to look behind them.

use std::path::Path;
use std::time::Duration;

use greenroom_delivery::repository::{
    Artifactory, Credentials, FolderRepository, Patience, Published, Publisher, Repository, Upload,
};
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use super::artifactory_server::Server;

/// The project of all tests.
pub(crate) const PROJECT: &str = "shop";

/// An empty repository.
pub(crate) struct Backend {
    pub(crate) repository: Box<dyn Repository>,
    /// Whether of two publishers at once the second is refused.
    pub(crate) decides: bool,
    behind: Behind,
    _folder: TempDir,
}

enum Behind {
    Folder,
    Server(Server),
    #[cfg(feature = "s3")]
    Storage(std::sync::Arc<object_store::memory::InMemory>),
}

/// Short enough for a test, long enough for a machine that is busy.
pub(crate) fn impatient() -> Patience {
    Patience {
        pause: Duration::from_millis(1),
        again: 3,
        still: Duration::from_secs(20),
        answer: Duration::from_secs(20),
    }
}

impl Backend {
    pub(crate) fn folder() -> Backend {
        let folder = tempfile::tempdir().unwrap();
        let repository = Box::new(FolderRepository::new(&folder.path().join("repo"), PROJECT));
        Backend { repository, decides: true, behind: Behind::Folder, _folder: folder }
    }

    pub(crate) async fn server() -> Backend {
        let server = Server::start().await;
        let repository = Artifactory::new(&server.url, PROJECT, Credentials::anonymous()).unwrap();
        Backend {
            repository: Box::new(repository.with_patience(impatient())),
            decides: false,
            behind: Behind::Server(server),
            _folder: tempfile::tempdir().unwrap(),
        }
    }

    #[cfg(feature = "s3")]
    pub(crate) fn bucket() -> Backend {
        use std::sync::Arc;

        use greenroom_delivery::repository::BucketRepository;
        use object_store::throttle::{ThrottleConfig, ThrottledStore};

        let memory = Arc::new(object_store::memory::InMemory::new());
        // So that there are steps at which to stop.
        let moment = Duration::from_micros(100);
        let slow = ThrottleConfig {
            wait_get_per_call: moment,
            wait_put_per_call: moment,
            ..ThrottleConfig::default()
        };
        let slow = Arc::new(ThrottledStore::new(Arc::clone(&memory), slow));
        let repository = BucketRepository::new(slow, "team".into(), "s3://bucket", PROJECT);
        Backend {
            repository: Box::new(repository),
            decides: true,
            behind: Behind::Storage(memory),
            _folder: tempfile::tempdir().unwrap(),
        }
    }

    /// One of each kind.
    pub(crate) async fn all() -> Vec<Backend> {
        vec![
            Backend::folder(),
            Backend::server().await,
            #[cfg(feature = "s3")]
            Backend::bucket(),
        ]
    }

    /// Replaces the stored content of a version, behind the repository's back.
    pub(crate) async fn tamper(&self, published: &Published, content: &[u8]) {
        let place = self.repository.place(published);
        match &self.behind {
            Behind::Folder => std::fs::write(place, content).unwrap(),
            Behind::Server(server) => {
                let (_, path) = place.split_once("/artifactory/").unwrap();
                server.put(path, content);
            }
            #[cfg(feature = "s3")]
            Behind::Storage(storage) => {
                use object_store::ObjectStoreExt;
                let key = place.strip_prefix("s3://bucket/").unwrap().into();
                storage.put(&key, content.to_vec().into()).await.unwrap();
            }
        }
    }
}

/// A file `app` with this content, as version `version`, read `seconds` after the epoch.
pub(crate) async fn upload(
    folder: &Path,
    version: Option<&str>,
    content: &[u8],
    seconds: i64,
) -> Upload {
    let path = folder.join("app");
    std::fs::write(&path, content).unwrap();
    let publisher = Publisher {
        by: "ann on ci-4".to_owned(),
        build: Some("https://ci/job/1/?a=b;c".to_owned()),
    };
    let at = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds);
    Upload::read("app", version, &path, publisher, at).await.unwrap()
}
