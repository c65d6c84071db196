//! A repository in a bucket: what is in it, and when.

use std::sync::Arc;

use futures::TryStreamExt;
use greenroom_delivery::repository::{
    BucketRepository, Publication, Repository, Unwatched, Upload,
};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use tempfile::TempDir;

use super::backend::{PROJECT, upload};

/// A bucket, the repository in it, and an upload of version 1 from a file in `folder`.
async fn case(folder: &TempDir) -> (Arc<InMemory>, BucketRepository, Upload) {
    let storage = Arc::new(InMemory::new());
    let prefix = Path::from("team");
    let repository = BucketRepository::new(storage.clone(), prefix, "s3://bucket", PROJECT);
    let app = upload(folder.path(), Some("1"), b"abc", 0).await;
    (storage, repository, app)
}

async fn keys(storage: &InMemory) -> Vec<String> {
    let listed: Vec<_> = storage.list(None).try_collect().await.unwrap();
    let mut keys: Vec<String> = listed.into_iter().map(|it| it.location.to_string()).collect();
    keys.sort();
    keys
}

const BLOB: &str =
    "team/blobs/sha256/ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const RECORD: &str = "team/shop/app/1.json";

#[tokio::test]
async fn content_is_kept_once_under_its_checksum() {
    let folder = tempfile::tempdir().unwrap();
    let (storage, repository, app) = case(&folder).await;
    let publication = repository.publish(&app, &Unwatched).await.unwrap();
    assert_eq!(repository.place(publication.published()), format!("s3://bucket/{BLOB}"));
    assert_eq!(keys(&storage).await, [BLOB, RECORD]);
    let again = Upload { version: "2".to_owned(), ..app };
    repository.publish(&again, &Unwatched).await.unwrap();
    assert_eq!(keys(&storage).await, [BLOB, RECORD, "team/shop/app/2.json"]);
}

#[tokio::test]
async fn content_without_a_record_is_not_published_and_is_replaced_if_it_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let (storage, repository, app) = case(&folder).await;
    storage.put(&BLOB.into(), b"ab".to_vec().into()).await.unwrap();
    assert_eq!(repository.find("app", "1").await.unwrap(), None);
    assert_eq!(repository.versions("app").await.unwrap(), []);
    repository.publish(&app, &Unwatched).await.unwrap();
    let stored = storage.get(&BLOB.into()).await.unwrap().bytes().await.unwrap();
    assert_eq!(&stored[..], b"abc");
}

#[tokio::test]
async fn a_record_without_its_content_is_told_of() {
    let folder = tempfile::tempdir().unwrap();
    let (storage, repository, app) = case(&folder).await;
    let publication = repository.publish(&app, &Unwatched).await.unwrap();
    assert!(matches!(publication, Publication::New(_)));
    storage.delete(&BLOB.into()).await.unwrap();
    let to = app.path.with_file_name("fetched");
    let refused = repository.fetch(publication.published(), &to).await.unwrap_err().to_string();
    assert!(refused.contains("its content is gone") && !to.exists(), "{refused}");
}

#[tokio::test]
async fn a_large_file_goes_in_parts() {
    let folder = tempfile::tempdir().unwrap();
    let (storage, repository, _) = case(&folder).await;
    let content: Vec<u8> = (0_u8..=250).cycle().take(20 << 20).collect();
    let app = upload(folder.path(), Some("1"), &content, 0).await;
    repository.publish(&app, &Unwatched).await.unwrap();
    let blob = format!("team/blobs/sha256/{}", app.digests.sha256).into();
    let stored = storage.get(&blob).await.unwrap().bytes().await.unwrap();
    assert!(stored == content, "it is not what was published");
}
