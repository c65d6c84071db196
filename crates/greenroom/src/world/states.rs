//! Where states live: a folder, or a bucket.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use greenroom_delivery::project::ProjectError;
use greenroom_spec::location::{Location, Target};
use greenroom_store::{FolderStore, Lineage, RescueFolder, Store};

use crate::failure::Failure;

/// The states of a project whose folder is `base`. A state that is made has the given lineage, or
/// a new one.
pub(crate) async fn states(
    store: &Location,
    base: &Path,
    lineage: Option<Lineage>,
) -> Result<Arc<dyn Store>, Failure> {
    match store.target() {
        Target::Folder(path) => Ok(folder(&base.join(path), lineage)),
        #[cfg(feature = "aws")]
        Target::Bucket { .. } => super::bucket::states(store, lineage).await,
        _ => Err(ProjectError::Scheme(store.url.value.clone()).into()),
    }
}

fn folder(path: &Path, lineage: Option<Lineage>) -> Arc<dyn Store> {
    let store = FolderStore::new(path);
    Arc::new(match lineage {
        Some(lineage) => store.with_lineages(move || lineage.clone()),
        None => store,
    })
}

/// Where outcomes are kept that a store does not take: on this machine, and not where states are.
pub(crate) fn rescue(base: &Path) -> RescueFolder {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = || set("HOME").map(|home| home.join(".local/state"));
    let folder = set("XDG_STATE_HOME").or_else(home).map(|state| state.join("greenroom"));
    RescueFolder::new(folder.unwrap_or_else(|| base.join(".greenroom")).join("rescue"))
}

#[cfg(test)]
mod tests {
    use greenroom_delivery::project::Project;
    use greenroom_store::{Holder, StateName};
    use jiff::Timestamp;

    use super::*;

    async fn opened(url: &str) -> (tempfile::TempDir, Result<Arc<dyn Store>, Failure>) {
        let text = format!("[project]\nname = \"p\"\n[state]\nurl = \"{url}\"\n");
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("greenroom.toml"), text).unwrap();
        let path = folder.path().to_owned();
        let schemas = Arc::new(crate::world::providers(path.clone()).schemas());
        let project = Project::read(path.clone(), path, schemas).unwrap();
        let store = states(project.states().unwrap(), &project.folder, None).await;
        (folder, store)
    }

    #[tokio::test]
    async fn states_live_in_a_folder_of_the_project() {
        for url in ["state", "file:state", "./state"] {
            let (folder, store) = opened(url).await;
            let name: StateName = "p/it".parse().unwrap();
            let holder = Holder::this_process("greenroom", None, Timestamp::UNIX_EPOCH);
            let lease = store.unwrap().acquire(&name, holder).await.unwrap();
            assert!(folder.path().join("state/p/it.state").is_dir(), "{url}");
            lease.release().await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_store_that_this_build_lacks_is_named() {
        let (_folder, store) = opened("ftp://host/states").await;
        assert_eq!(
            store.err().expect("refused").to_string(),
            "this build has no store for `ftp://host/states`: states live in a folder or in \
             s3://BUCKET/PREFIX"
        );
    }
}
