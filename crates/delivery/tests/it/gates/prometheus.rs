//! Instant queries to a Prometheus.

use greenroom_model::gate::{Bounds, Probe, Prometheus};
use insta::assert_snapshot;

use super::server::Server;
use super::sight::Stub;
use super::{at_most, number};

/// What the API answers to a query whose result is this.
fn result(kind: &str, result: &str) -> String {
    format!(r#"{{"status":"success","data":{{"resultType":"{kind}","result":{result}}}}}"#)
}

fn vector(values: &[&str]) -> String {
    let samples = values.iter().map(|it| format!(r#"{{"metric":{{}},"value":[1.5,"{it}"]}}"#));
    result("vector", &format!("[{}]", samples.collect::<Vec<_>>().join(",")))
}

async fn server() -> Server {
    let refused =
        r#"{"status":"error","errorType":"bad_data","error":"parse error: unexpected )"}"#;
    let answers = [
        ("low", 200, vector(&["0.004"])),
        ("some", 200, vector(&["0.5", "2.1", "0.25"])),
        ("scalar", 200, result("scalar", r#"[1.5,"12345"]"#)),
        ("nan", 200, vector(&["NaN"])),
        ("mixed", 200, vector(&["NaN", "5"])),
        ("infinite", 200, vector(&["+Inf"])),
        ("empty", 200, vector(&[])),
        ("up", 200, vector(&["3", "2"])),
        ("idle", 200, vector(&["3", "0"])),
        ("range", 200, result("matrix", "[]")),
        ("bad", 400, refused.to_owned()),
        ("broken", 502, "Bad Gateway".to_owned()),
        ("other", 200, "<html>".to_owned()),
    ];
    let path = |query: &str| format!("/api/v1/query?query={query}");
    Server::start(answers.map(|(query, status, body)| (path(query), status, body))).await
}

async fn look(url: &str, query: &str, bounds: Bounds, companion: Option<&str>) -> String {
    let companion = companion.map(ToOwned::to_owned);
    let asked = Prometheus { url: url.to_owned(), query: query.to_owned(), bounds, companion };
    super::look(Probe::Prometheus(asked), Stub::default()).await
}

#[tokio::test]
async fn every_sample_must_be_within_the_bounds() {
    let server = server().await;
    let look = async |query, bounds| look(&server.url, query, bounds, None).await;
    let within = Bounds { max: number(20_000.0), min: number(1.0) };
    let seen = [
        look("low", at_most(0.01)).await,
        look("low", at_most(0.004)).await,
        look("low", at_most(0.001)).await,
        look("some", at_most(3.0)).await,
        look("some", at_most(1.0)).await,
        look("scalar", within).await,
        look("low", within).await,
        look("mixed", at_most(1.0)).await,
        look("infinite", at_most(1.0)).await,
    ];
    assert_snapshot!(seen.join("\n"), @"
    pass: `low` is 0.004, at most 0.01
    pass: `low` is 0.004, at most 0.004
    fail: `low` is 0.004, at most 0.001
    pass: `some` has 3 samples from 0.25 to 2.1, at most 3
    fail: `some` has 3 samples from 0.25 to 2.1, at most 1
    pass: `scalar` is 12,345, at least 1, at most 20,000
    fail: `low` is 0.004, at least 1, at most 20,000
    fail: `mixed` has 2 samples from 5 to 5 and NaN, at most 1
    fail: `infinite` is inf, at most 1
    ");
}

#[tokio::test]
async fn missing_data_never_passes() {
    let server = server().await;
    let look = async |query, companion| look(&server.url, query, at_most(1.0), companion).await;
    let seen = [
        look("nan", None).await,
        look("empty", None).await,
        look("empty", Some("empty")).await,
        look("empty", Some("idle")).await,
        look("empty", Some("nan")).await,
        look("empty", Some("up")).await,
    ];
    assert_snapshot!(seen.join("\n"), @"
    inconclusive: `nan` is NaN, at most 1
    inconclusive: `empty` has no data
    inconclusive: `empty` has no data, and `empty` is not above zero
    inconclusive: `empty` has no data, and `idle` is not above zero
    inconclusive: `empty` has no data, and `nan` is not above zero
    pass: `empty` is 0, at most 1
    ");
    let at_least = Bounds { max: None, min: number(1.0) };
    let zero = super::prometheus::look(&server.url, "empty", at_least, Some("up")).await;
    assert_eq!(zero, "fail: `empty` is 0, at least 1");
}

#[tokio::test]
async fn a_server_that_does_not_say_is_an_error() {
    let server = server().await;
    let mut seen = Vec::new();
    for query in ["range", "bad", "broken", "other"] {
        seen.push(look(&server.url, query, at_most(1.0), None).await);
    }
    seen.push(look(&server.url, "empty", at_most(1.0), Some("bad")).await);
    let place = server.url.replace("http://", "");
    assert_snapshot!(seen.join("\n").replace(&place, "HOST"), @"
    error: Prometheus at HOST: `range`: the result is a matrix, not a vector or scalar
    error: Prometheus at HOST: `bad`: parse error: unexpected )
    error: Prometheus at HOST: 502 Bad Gateway, and no answer as a Prometheus gives it
    error: Prometheus at HOST: 200 OK, and no answer as a Prometheus gives it
    error: Prometheus at HOST: `bad`: parse error: unexpected )
    ");
    let secret = server.url.replace("http://", "http://user:hunter2@");
    drop(server);
    let gone = look(&secret, "low", at_most(1.0), None).await;
    assert!(gone.starts_with(&format!("error: Prometheus at {place}: ")), "{gone}");
    assert!(!gone.contains("hunter2"), "{gone}");
}
