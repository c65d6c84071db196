//! Images for tests, and looks at them.

use std::fs;
use std::path::PathBuf;

use greenroom_oci::{ImageId, LayerFile, Order, Platform, Settings, config_of, pull, rootfs_of};
use tempfile::TempDir;

use crate::registry::Registry;

/// A folder with the sources of an image.
pub(crate) struct Shop(TempDir);

impl Shop {
    pub(crate) fn new() -> Shop {
        Shop(TempDir::new().unwrap())
    }

    pub(crate) fn file(&self, path: &str, content: &str) -> LayerFile {
        let source = self.0.path().join(path.replace('/', "-"));
        fs::write(&source, content).unwrap();
        LayerFile { source, path: path.into(), mode: 0o755 }
    }

    /// An image of these files, for this machine.
    pub(crate) fn order(&self, repository: String, files: &[(&str, &str)]) -> Order {
        Order {
            repository,
            base: None,
            platform: Platform::here().to_string(),
            files: files.iter().map(|(path, content)| self.file(path, content)).collect(),
            settings: Settings::default(),
        }
    }
}

/// An unpacked image.
pub(crate) struct Unpacked(TempDir);

impl Unpacked {
    pub(crate) async fn of(id: &ImageId) -> Unpacked {
        let folder = TempDir::new().unwrap();
        pull(id, folder.path()).await.unwrap();
        Unpacked(folder)
    }

    pub(crate) fn read(&self, path: &str) -> Option<String> {
        fs::read_to_string(rootfs_of(self.0.path()).join(path)).ok()
    }

    pub(crate) fn config(&self) -> greenroom_oci::RunConfig {
        config_of(self.0.path()).unwrap().config.unwrap()
    }
}

/// The stored content of a blob, as the registry keeps it.
pub(crate) fn stored(registry: &Registry, digest: &str) -> PathBuf {
    let hex = digest.strip_prefix("sha256:").unwrap();
    registry.storage().join("blobs/sha256").join(&hex[..2]).join(hex).join("data")
}

/// How many manifests a repository has.
pub(crate) fn manifests(registry: &Registry, name: &str) -> usize {
    let revisions =
        registry.storage().join("repositories").join(name).join("_manifests/revisions/sha256");
    fs::read_dir(revisions).map_or(0, Iterator::count)
}
