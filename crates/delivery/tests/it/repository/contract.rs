//! What holds for every repository.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::pin::pin;
use std::sync::Mutex;
use std::task::Poll;
use std::time::Duration;

use greenroom_delivery::repository::{Publication, RepositoryError, Unwatched, Watch};

use super::backend::{Backend, upload};

#[tokio::test]
async fn what_is_published_is_found_and_fetched() {
    let folder = tempfile::tempdir().unwrap();
    for backend in Backend::all().await {
        let repository = &*backend.repository;
        let app = upload(folder.path(), Some("1.4.2"), b"the program", 60).await;
        assert_eq!(repository.find("app", "1.4.2").await.unwrap(), None);
        assert_eq!(repository.versions("app").await.unwrap(), []);
        let publication = repository.publish(&app, &Unwatched).await.unwrap();
        assert!(matches!(publication, Publication::New(_)), "{publication:?}");
        let published = repository.find("app", "1.4.2").await.unwrap().unwrap();
        assert_eq!(&published, publication.published());
        assert_eq!((&*published.file, published.bytes), ("app", 11));
        assert_eq!(published.sha256, app.digests.sha256);
        let to = folder.path().join("fetched");
        repository.fetch(&published, &to).await.unwrap();
        assert_eq!(fs::read(&to).unwrap(), b"the program");
        assert_eq!(fs::metadata(&to).unwrap().permissions().mode() & 0o777, 0o755);
        // Over what is there.
        repository.fetch(&published, &to).await.unwrap();
    }
}

#[tokio::test]
async fn a_version_is_published_once_and_never_changes() {
    let folder = tempfile::tempdir().unwrap();
    for backend in Backend::all().await {
        let repository = &*backend.repository;
        let first = upload(folder.path(), Some("1"), b"one", 0).await;
        let first = repository.publish(&first, &Unwatched).await.unwrap();
        let again = upload(folder.path(), Some("1"), b"one", 60).await;
        let again = repository.publish(&again, &Unwatched).await.unwrap();
        assert_eq!(again, Publication::AlreadyThere(first.published().clone()));
        let other = upload(folder.path(), Some("1"), b"two", 60).await;
        let refused = repository.publish(&other, &Unwatched).await.unwrap_err();
        let said = refused.to_string();
        assert!(matches!(refused, RepositoryError::Other { .. }), "{said}");
        assert!(said.contains(&first.published().sha256), "{said}");
        assert!(said.contains(&other.digests.sha256), "{said}");
        assert_eq!(repository.find("app", "1").await.unwrap().as_ref(), Some(first.published()));
    }
}

#[tokio::test]
async fn without_a_version_the_content_gives_it() {
    let folder = tempfile::tempdir().unwrap();
    for backend in Backend::all().await {
        let app = upload(folder.path(), None, b"abc", 0).await;
        assert_eq!(app.version, "ba7816bf8f01cfea");
        backend.repository.publish(&app, &Unwatched).await.unwrap();
        assert!(backend.repository.find("app", "ba7816bf8f01cfea").await.unwrap().is_some());
    }
}

#[tokio::test]
async fn versions_are_listed_the_newest_first() {
    let folder = tempfile::tempdir().unwrap();
    for backend in Backend::all().await {
        for (seconds, version) in (0..).zip(["2", "10", "1+linux"]) {
            let content = format!("content of {version}");
            let app = upload(folder.path(), Some(version), content.as_bytes(), seconds).await;
            backend.repository.publish(&app, &Unwatched).await.unwrap();
        }
        let listed = backend.repository.versions("app").await.unwrap();
        let versions: Vec<&str> = listed.iter().map(|it| &*it.version).collect();
        assert_eq!(versions, ["1+linux", "10", "2"], "{}", backend.repository.url());
        assert_eq!(backend.repository.versions("other").await.unwrap(), []);
        assert_eq!(backend.repository.find("app", "../app/2").await.unwrap(), None);
    }
}

#[tokio::test]
async fn content_that_was_tampered_with_is_not_fetched() {
    let folder = tempfile::tempdir().unwrap();
    for backend in Backend::all().await {
        let repository = &*backend.repository;
        let app = upload(folder.path(), Some("1"), b"the program", 0).await;
        let published = repository.publish(&app, &Unwatched).await.unwrap().published().clone();
        let to = folder.path().join("fetched");
        for content in ["the virus!!", "short", "longer than it was"] {
            fs::write(&to, "as it was").unwrap();
            backend.tamper(&published, content.as_bytes()).await;
            let refused = repository.fetch(&published, &to).await.unwrap_err();
            assert!(matches!(refused, RepositoryError::Fetched { .. }), "{refused}");
            assert_eq!(fs::read(&to).unwrap(), b"as it was");
            let files = fs::read_dir(folder.path()).unwrap().count();
            assert_eq!(files, 2, "something is left beside the file");
        }
    }
}

#[tokio::test]
async fn a_file_that_changes_after_it_was_read_is_not_published() {
    let folder = tempfile::tempdir().unwrap();
    for backend in Backend::all().await {
        let app = upload(folder.path(), Some("1"), b"before", 0).await;
        fs::write(&app.path, b"after.").unwrap();
        let refused = backend.repository.publish(&app, &Unwatched).await.unwrap_err();
        assert!(matches!(refused, RepositoryError::Changed { .. }), "{refused}");
        assert_eq!(backend.repository.find("app", "1").await.unwrap(), None);
        fs::remove_file(&app.path).unwrap();
        let refused = backend.repository.publish(&app, &Unwatched).await.unwrap_err();
        assert!(matches!(refused, RepositoryError::Unreadable { .. }), "{refused}");
    }
}

/// Polls `future` so many times and drops it; whether it came to its end.
async fn given_up_after(polls: usize, future: impl Future) -> bool {
    let mut future = pin!(future);
    let mut left = polls;
    std::future::poll_fn(|cx| {
        if left == 0 {
            return Poll::Ready(false);
        }
        left -= 1;
        future.as_mut().poll(cx).map(|_| true)
    })
    .await
}

#[tokio::test]
async fn a_publisher_that_goes_away_at_any_step_leaves_all_or_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for backend in Backend::all().await {
        let repository = &*backend.repository;
        for polls in 0_usize.. {
            // Content that is not there yet from the time before.
            let mut content = vec![7; 3 << 20];
            content.extend(polls.to_le_bytes());
            let app = upload(folder.path(), Some(&format!("1.{polls}")), &content, 0).await;
            let done = given_up_after(polls, repository.publish(&app, &Unwatched)).await;
            let found = repository.find("app", &app.version).await.unwrap();
            if let Some(published) = &found {
                repository.fetch(published, &folder.path().join("fetched")).await.unwrap();
            }
            repository.publish(&app, &Unwatched).await.unwrap();
            if done {
                assert!(found.is_some() && polls > 3, "there were no steps to stop at");
                assert_eq!(repository.versions("app").await.unwrap().len(), polls + 1);
                break;
            }
        }
    }
}

#[tokio::test]
async fn of_publishers_at_once_one_wins_and_the_others_compare() {
    let folder = tempfile::tempdir().unwrap();
    let others = tempfile::tempdir().unwrap();
    for backend in Backend::all().await.into_iter().filter(|it| it.decides) {
        let repository = &*backend.repository;
        for round in 0..20 {
            let version = round.to_string();
            let ours = upload(folder.path(), Some(&version), b"ours", 0).await;
            let same = upload(folder.path(), Some(&version), b"ours", 1).await;
            let theirs = upload(others.path(), Some(&version), b"theirs", 0).await;
            let publish = |it| repository.publish(it, &Unwatched);
            let results = tokio::join!(publish(&ours), publish(&theirs), publish(&same));
            let results = [results.0, results.1, results.2];
            let new = results.iter().filter(|it| matches!(it, Ok(Publication::New(_)))).count();
            assert_eq!(new, 1, "{results:?}");
            let there = repository.find("app", &version).await.unwrap().unwrap();
            for (upload, result) in [&ours, &theirs, &same].into_iter().zip(results) {
                let fits = upload.digests.sha256 == there.sha256;
                assert_eq!(result.is_ok(), fits, "{result:?}");
            }
        }
    }
}

#[derive(Default)]
struct Seen(Mutex<Vec<(u64, u64)>>);

impl Watch for Seen {
    fn sent(&self, sent: u64, total: u64) {
        self.0.lock().unwrap().push((sent, total));
    }
}

#[tokio::test]
async fn who_watches_sees_how_far_it_is() {
    let folder = tempfile::tempdir().unwrap();
    for backend in Backend::all().await {
        let content = vec![1; 5 << 20];
        let app = upload(folder.path(), Some("1"), &content, 0).await;
        let seen = Seen::default();
        backend.repository.publish(&app, &seen).await.unwrap();
        let seen = seen.0.into_inner().unwrap();
        assert!(seen.len() >= 5 && seen.is_sorted(), "{seen:?}");
        assert_eq!(seen.last(), Some(&(5 << 20, 5 << 20)));
    }
}

#[tokio::test]
async fn only_a_server_gives_links() {
    let folder = tempfile::tempdir().unwrap();
    for backend in Backend::all().await {
        let app = upload(folder.path(), Some("1"), b"one", 0).await;
        let published = backend.repository.publish(&app, &Unwatched).await.unwrap();
        let published = published.published();
        let link = backend.repository.link(published, Duration::from_secs(60)).await.unwrap();
        let is_server = backend.repository.url().starts_with("http");
        assert_eq!(link, is_server.then(|| backend.repository.place(published)));
    }
}
