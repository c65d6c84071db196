//! GET requests.

use greenroom_model::gate::Probe;

use super::server::Server;
use super::sight::Stub;

async fn get(url: &str, status: u16, body: Option<&str>) -> String {
    let probe = Probe::Http { url: url.to_owned(), status, body: body.map(ToOwned::to_owned) };
    super::look(probe, Stub::default()).await
}

#[tokio::test]
async fn an_answer_passes_as_it_is_expected() {
    let long = format!("{} end", "x".repeat(3 << 20));
    let answers =
        [("/health", 200, "all ok"), ("/old", 302, ""), ("/moved", 200, ""), ("/long", 200, &long)];
    let server = Server::start(answers).await;
    let url = |path: &str| format!("{}{path}", server.url);
    let health = url("/health");
    assert_eq!(get(&health, 200, None).await, format!("pass: GET {health}: 200 OK"));
    assert_eq!(
        get(&health, 200, Some("ok")).await,
        format!("pass: GET {health}: 200 OK, with `ok`")
    );
    assert_eq!(
        get(&health, 200, Some("fine")).await,
        format!("fail: GET {health}: 200 OK, without `fine`")
    );
    assert_eq!(get(&health, 204, None).await, format!("fail: GET {health}: 200 OK, expected 204"));
    assert_eq!(get(&url("/old"), 302, None).await, format!("pass: GET {}: 302 Found", url("/old")));
    assert!(get(&url("/long"), 200, Some("x")).await.starts_with("pass: "));
    assert!(get(&url("/long"), 200, Some("end")).await.starts_with("fail: "));
}

#[tokio::test]
async fn who_does_not_answer_by_tls_fails_and_what_is_no_address_is_an_error() {
    let server = Server::start([("/", 200, "")]).await;
    let encrypted = server.url.replace("http://", "https://");
    let seen = get(&encrypted, 200, None).await;
    assert!(seen.starts_with(&format!("fail: GET {encrypted}: ")), "{seen}");
    assert_eq!(
        get("ftp://localhost/", 200, None).await,
        "error: `ftp://localhost/` is no address: only http:// and https:// are asked"
    );
    assert!(get("localhost", 200, None).await.starts_with("error: `localhost` is no address"));
}
