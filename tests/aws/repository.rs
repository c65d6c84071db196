//! Artifacts in a bucket.

use greenroom_emulator::{Fault, Rule};

use crate::cloud::Shop;

const ARTIFACT: &str = "[artifact.app]\npath = \"app\"\n";

/// A project whose artifacts are in the bucket of its states.
pub(crate) fn shop() -> Shop {
    let shop = Shop::in_bucket();
    let project = shop.read("greenroom.toml");
    let (_, url) = project.split_once("url = \"").expect("a URL");
    let (states, _) = url.split_once('"').expect("its end");
    let repository = states.replace("/team", "/artifacts");
    shop.write(
        "greenroom.toml",
        &format!(
            "{project}[repository]\nurl = \"{repository}\"\nregion = \"eu-central-1\"\n{ARTIFACT}"
        ),
    );
    shop
}

#[test]
fn an_artifact_in_a_bucket_is_published_once_and_fetched_as_it_was() {
    let shop = shop();
    // More than one part.
    let content = "0123456789abcdef".repeat((9 << 20) / 16);
    shop.write("app", &content);
    let published = shop.expect(0, &["publish", "--version", "1"]).stdout;
    assert!(
        published.contains("published app 1") && published.contains("/artifacts/blobs/sha256/")
    );
    let again = shop.expect(0, &["publish", "--version", "1"]).stdout;
    assert!(again.contains("published already: app 1"), "{again}");
    // The same content, which is there.
    shop.expect(0, &["publish", "--version", "2"]);
    shop.write("app", "other");
    let refused = shop.expect(1, &["publish", "--version", "1"]).stderr;
    assert!(refused.contains("version 1 of `app` is published already"), "{refused}");
    let listed = shop.expect(0, &["artifacts", "app"]).stdout;
    assert_eq!(listed.matches("9.00 MiB").count(), 2, "{listed}");
    shop.expect(0, &["artifacts", "fetch", "app", "--version", "2", "--to", "fetched"]);
    assert!(shop.read("fetched") == content, "it is not what was published");
    shop.account.assert_supported();
}

#[test]
fn a_bucket_that_is_not_there_is_named() {
    let shop = shop();
    shop.write("app", "the program");
    let project = shop.read("greenroom.toml");
    shop.write("greenroom.toml", &project.replace("/artifacts", "-none/artifacts"));
    let refused = shop.expect(1, &["publish"]).stderr;
    assert!(refused.contains("there is no repository `s3://states-"), "{refused}");
    assert!(refused.contains("nothing was changed"), "{refused}");
}

#[test]
fn a_bucket_that_answers_badly_is_asked_again() {
    let shop = shop();
    shop.write("app", "the program");
    let faults = [Fault::ServerError, Fault::ResetBefore, Fault::ResetAfter, Fault::ErrorAfter];
    for (nth, fault) in (0..).zip(faults) {
        shop.account.inject(Rule::on("s3:PutObject", fault.clone()).skip(2 * nth));
        shop.account.inject(Rule::on("s3:GetObject", fault).skip(2 * nth));
    }
    shop.expect(0, &["publish", "--version", "1"]);
    shop.account.clear_faults();
    shop.expect(0, &["artifacts", "fetch", "app", "--version", "1", "--to", "fetched"]);
    assert_eq!(shop.read("fetched"), "the program");
}
