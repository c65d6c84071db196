//! Artifactory: what is asked, and what becomes of answers that are bad or do not come.

use std::error::Error as _;
use std::time::Duration;

use greenroom_delivery::repository::{
    Artifactory, Credentials, Patience, Publication, Repository, RepositoryError, Unwatched, Upload,
};
use tempfile::TempDir;

use super::artifactory_server::{Fault, Server};
use super::backend::{PROJECT, impatient, upload};

/// A server, its repository, and an upload of version 1.
struct Case {
    server: Server,
    repository: Artifactory,
    app: Upload,
    _folder: TempDir,
}

async fn case() -> Case {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start().await;
    let repository = repository(&server.url, Credentials::anonymous());
    let app = upload(folder.path(), Some("1"), b"the program", 0).await;
    Case { server, repository, app, _folder: folder }
}

fn repository(url: &str, credentials: Credentials) -> Artifactory {
    Artifactory::new(url, PROJECT, credentials).unwrap().with_patience(impatient())
}

fn credentials(set: &'static [(&str, &str)]) -> Credentials {
    Credentials::of_environment(|name| {
        set.iter().find(|(it, _)| *it == name).map(|(_, value)| (*value).to_owned())
    })
}

impl Case {
    async fn publish(&self) -> Result<Publication, RepositoryError> {
        self.repository.publish(&self.app, &Unwatched).await
    }

    /// The error of publishing, in full.
    async fn refused(&self) -> String {
        let error = self.publish().await.unwrap_err();
        let why = error.source().map(ToString::to_string).unwrap_or_default();
        format!("{error}: {why} {:?}", error.help())
    }
}

const LOOK: &str = "GET api/storage/libs/shop/app/1";
const STORED: &str = "GET api/storage/libs/shop/app/1/app";
const PUT: &str = "PUT libs/shop/app/1/app;greenroom.project=shop;greenroom.artifact=app;\
                   greenroom.version=1;build.url=https%3A%2F%2Fci%2Fjob%2F1%2F%3Fa%3Db%3Bc";

#[tokio::test]
async fn content_is_sent_only_if_the_server_has_none_of_it() {
    let case = case().await;
    let by_checksum = format!("{PUT} by checksum");
    case.publish().await.unwrap();
    assert_eq!(case.server.requests(), [LOOK, &by_checksum, PUT, STORED]);
    // There already.
    case.publish().await.unwrap();
    assert_eq!(case.server.requests(), [LOOK, STORED]);
    // The same content as another version.
    let app = Upload { version: "2".to_owned(), ..case.app.clone() };
    case.repository.publish(&app, &Unwatched).await.unwrap();
    let second = |text: &str| text.replace("app/1", "app/2").replace("version=1", "version=2");
    assert_eq!(case.server.requests(), [LOOK, &by_checksum, STORED].map(second));
}

#[tokio::test]
async fn requests_that_are_not_answered_are_repeated() {
    let faults = [
        Fault::Status(500),
        Fault::Status(503),
        Fault::Status(429),
        Fault::CloseBefore,
        Fault::CloseAfter,
    ];
    for fault in faults {
        for number in 0..4 {
            let case = case().await;
            case.server.fail(number, fault);
            let publication = case.publish().await.unwrap();
            assert!(matches!(publication, Publication::New(_)), "{fault:?} at {number}");
            assert_eq!(case.server.requests().len(), 5, "{fault:?} at {number}");
        }
    }
}

#[tokio::test]
async fn an_upload_without_an_answer_may_be_there_and_says_so() {
    for fault in [Fault::Status(500), Fault::CloseAfter] {
        let case = case().await;
        (2..6).for_each(|number| case.server.fail(number, fault));
        let refused = case.refused().await;
        assert!(refused.contains("it may be published, wholly"), "{refused}");
        // Publishing again finds out.
        case.publish().await.unwrap();
    }
    let case = case().await;
    (0..4).for_each(|number| case.server.fail(number, Fault::Status(500)));
    let refused = case.refused().await;
    assert!(refused.contains("nothing was changed in it: the answer is 500"), "{refused}");
}

#[tokio::test]
async fn a_server_that_falls_silent_is_not_waited_for() {
    let short = Duration::from_secs(2);
    let patience = Patience { again: 0, still: short, answer: short, ..impatient() };
    let folder = tempfile::tempdir().unwrap();
    // More than fits between the two when nobody reads.
    let large = vec![1; 64 << 20];
    let cases: [(usize, &[u8], &str, &str); 3] = [
        (0, b"small", "there is no answer within 2s", "nothing was changed"),
        (2, b"small", "there is no answer within 2s", "it may be published"),
        (2, &large, "nothing moved for 2s", "it may be published"),
    ];
    for (number, content, why, effect) in cases {
        let server = Server::start().await;
        let repository = repository(&server.url, Credentials::anonymous()).with_patience(patience);
        let app = upload(folder.path(), Some("1"), content, 0).await;
        server.fail(number, Fault::Silence);
        let refused = repository.publish(&app, &Unwatched).await.unwrap_err();
        assert_eq!(refused.source().unwrap().to_string(), why);
        assert!(refused.to_string().contains(effect), "{refused}");
    }
}

#[tokio::test]
async fn a_host_that_is_down_is_named_and_nothing_was_changed() {
    let mut case = case().await;
    // Nobody listens on the port of a listener that is gone.
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let url = format!("http://127.0.0.1:{port}/artifactory/libs");
    case.repository = repository(&url, Credentials::anonymous());
    let refused = case.refused().await;
    assert!(refused.contains(&format!("127.0.0.1:{port}")), "{refused}");
    assert!(refused.contains("nothing was changed in it"), "{refused}");
}

#[tokio::test]
async fn other_content_than_was_sent_is_left_and_told_of() {
    let case = case().await;
    case.server.fail(2, Fault::StoreOther);
    let refused = case.refused().await;
    assert!(refused.contains("holds other content than was sent"), "{refused}");
    assert!(refused.contains(&case.app.digests.sha256), "{refused}");
}

#[tokio::test]
async fn credentials_are_sent_and_never_told() {
    let case = case().await;
    let sets: [(&'static [(&str, &str)], &str); 2] = [
        (&[("GREENROOM_REPOSITORY_TOKEN", "s3cret\n")], "Bearer s3cret"),
        (
            &[("GREENROOM_REPOSITORY_USER", "ann"), ("GREENROOM_REPOSITORY_PASSWORD", "s3cret")],
            "Basic YW5uOnMzY3JldA==",
        ),
    ];
    for (set, header) in sets {
        let repository = repository(&case.server.url, credentials(set));
        case.server.only_with(header);
        repository.publish(&case.app, &Unwatched).await.unwrap();
        case.server.only_with("other");
        let refused = repository.find("app", "1").await.unwrap_err();
        let said = format!("{refused} {refused:?} {:?}", refused.help());
        assert!(said.contains("401") && said.contains(set[0].0), "{said}");
        assert!(!said.contains("s3cret") && !said.contains("YW5u"), "{said}");
    }
    let refused = case.refused().await;
    assert!(refused.contains("no credentials were given"), "{refused}");
    assert!(refused.contains("GREENROOM_REPOSITORY_PASSWORD"), "{refused}");
}

#[tokio::test]
async fn refusals_are_final_and_told_in_the_words_of_the_server() {
    let cases = [
        (Fault::Status(403), "403; no credentials were given"),
        (Fault::Status(409), "409 Conflict, as it was told"),
        (Fault::Status(507), "507 Insufficient Storage, as it was told"),
        (Fault::Status(413), "413 Payload Too Large, as it was told"),
    ];
    for (fault, said) in cases {
        let case = case().await;
        case.server.fail(2, fault);
        let refused = case.refused().await;
        assert!(refused.contains(said) && refused.contains("nothing was changed"), "{refused}");
        // The two looks, and each request once.
        assert_eq!(case.server.requests().len(), 4, "{said}");
        assert_eq!(case.repository.find("app", "1").await.unwrap(), None);
    }
}

#[tokio::test]
async fn who_may_not_replace_a_file_is_not_told_so_by_a_lost_answer() {
    let case = case().await;
    case.server.fail(2, Fault::CloseAfter);
    case.server.fail(3, Fault::Status(403));
    let publication = case.publish().await.unwrap();
    assert_eq!(publication.published().sha256, case.app.digests.sha256);
    case.server.make_read_only();
    let other = Upload { version: "2".to_owned(), ..case.app.clone() };
    let refused = case.repository.publish(&other, &Unwatched).await.unwrap_err();
    assert!(matches!(refused, RepositoryError::Denied { .. }), "{refused}");
}

#[tokio::test]
async fn a_repository_that_is_not_there_is_named() {
    let mut case = case().await;
    let url = case.server.url.replace("libs", "lips");
    case.repository = repository(&url, Credentials::anonymous());
    let said = format!("there is no repository `{url}`; nothing was changed");
    assert!(case.refused().await.starts_with(&said));
    assert_eq!(case.repository.versions("app").await.unwrap_err().to_string(), said);
}

#[tokio::test]
async fn a_version_of_two_files_is_none() {
    let case = case().await;
    case.publish().await.unwrap();
    case.server.put("libs/shop/app/1/readme", b"hello");
    let refused = case.refused().await;
    assert!(refused.contains("is not a published version: it has 2 files"), "{refused}");
}

#[tokio::test]
async fn a_large_file_is_never_held_whole() {
    let case = case().await;
    let large = tempfile::NamedTempFile::new().unwrap();
    large.as_file().set_len(64 << 20).unwrap();
    let (publisher, at) = (case.app.publisher.clone(), case.app.at);
    let app = Upload::read("app", Some("1"), large.path(), publisher, at).await.unwrap();
    case.repository.publish(&app, &Unwatched).await.unwrap();
    let pieces = case.server.pieces();
    assert_eq!(pieces.iter().sum::<usize>(), 64 << 20);
    assert!(pieces.iter().all(|piece| *piece <= 1 << 20), "{:?}", pieces.iter().max());
}
