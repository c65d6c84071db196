//! A repository in a folder: what is on the disk, and what a disk can refuse.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use greenroom_delivery::repository::{
    FolderRepository, Publisher, Repository, RepositoryError, Unwatched, Upload,
};
use jiff::Timestamp;

use super::backend::{PROJECT, upload};

/// A repository in the folder `repo`, and an upload of version 1.
async fn prepared(folder: &Path) -> (FolderRepository, Upload) {
    let repository = FolderRepository::new(&folder.join("repo"), PROJECT);
    (repository, upload(folder, Some("1"), b"the program", 0).await)
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_version_is_a_folder_with_the_file_and_its_record() {
    let folder = tempfile::tempdir().unwrap();
    let (repository, app) = prepared(folder.path()).await;
    repository.publish(&app, &Unwatched).await.unwrap();
    let artifact = folder.path().join("repo/shop/app");
    assert_eq!(names(&artifact), ["1"]);
    assert_eq!(names(&artifact.join("1")), ["app", "artifact.json"]);
    let record = fs::read_to_string(artifact.join("1/artifact.json")).unwrap();
    let record: serde_json::Value = serde_json::from_str(&record).unwrap();
    assert_eq!(record["format"], 1);
    assert_eq!(record["sha1"], app.digests.sha1);
    assert_eq!(record["build"], "https://ci/job/1/?a=b;c");
}

#[tokio::test]
async fn what_a_killed_publisher_left_goes_with_the_next_one() {
    let folder = tempfile::tempdir().unwrap();
    let (repository, app) = prepared(folder.path()).await;
    let left = folder.path().join("repo/shop/app/.publishing-x");
    fs::create_dir_all(&left).unwrap();
    fs::write(left.join("app"), b"the pro").unwrap();
    assert_eq!(repository.versions("app").await.unwrap(), []);
    repository.publish(&app, &Unwatched).await.unwrap();
    assert!(!left.exists());
}

#[tokio::test]
async fn a_folder_that_is_no_version_of_ours_is_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let (repository, app) = prepared(folder.path()).await;
    let strange = folder.path().join("repo/shop/app/1/notes");
    fs::create_dir_all(strange.parent().unwrap()).unwrap();
    fs::write(&strange, b"mine").unwrap();
    let refused = repository.publish(&app, &Unwatched).await.unwrap_err().to_string();
    assert!(refused.contains("it has no artifact.json"), "{refused}");
    assert_eq!(fs::read(&strange).unwrap(), b"mine");
}

#[tokio::test]
async fn a_record_that_is_damaged_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (repository, app) = prepared(folder.path()).await;
    repository.publish(&app, &Unwatched).await.unwrap();
    let record = folder.path().join("repo/shop/app/1/artifact.json");
    fs::write(&record, "{").unwrap();
    let refused = repository.find("app", "1").await.unwrap_err().to_string();
    assert!(refused.starts_with(&format!("`{}` is not a published version", record.display())));
}

#[tokio::test]
async fn a_place_where_nothing_can_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (repository, app) = prepared(folder.path()).await;
    // In the way of the folder.
    fs::write(folder.path().join("repo"), b"a file").unwrap();
    let refused = repository.publish(&app, &Unwatched).await.unwrap_err();
    assert!(matches!(refused, RepositoryError::Io { .. }), "{refused:?}");
    let said = refused.to_string();
    assert!(said.starts_with("cannot make `") && said.ends_with("nothing was changed in it"));
}

#[tokio::test]
async fn a_file_that_is_none_is_refused_before_anything_is_published() {
    let folder = tempfile::tempdir().unwrap();
    let read = async |name: &str, version: Option<&str>| {
        let (path, publisher) = (folder.path().join(name), Publisher::default());
        let read = Upload::read("app", version, &path, publisher, Timestamp::UNIX_EPOCH).await;
        let error = read.map(drop).unwrap_err();
        let why = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
        format!("{error}: {why}")
    };
    assert!(read("absent", None).await.contains("cannot be read; nothing was published: No such"));
    fs::create_dir(folder.path().join("folder")).unwrap();
    assert!(read("folder", None).await.ends_with("it is not a file"));
    fs::write(folder.path().join("artifact.json"), b"{}").unwrap();
    assert!(read("artifact.json", None).await.contains("has a name that a repository cannot keep"));
    fs::write(folder.path().join("app"), b"{}").unwrap();
    assert!(read("app", Some("../1")).await.starts_with("`../1` cannot be a version"));
    fs::set_permissions(folder.path().join("app"), Permissions::from_mode(0o000)).unwrap();
    // Who is root may read everything.
    if fs::read(folder.path().join("app")).is_err() {
        assert!(read("app", None).await.contains("Permission denied"));
    }
}
