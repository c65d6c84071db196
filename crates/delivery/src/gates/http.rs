//! GET requests.

use reqwest::{Client, Response, Url};

use super::Look;
use crate::chain::chain;

/// As much of a body as is looked at: 1 MiB.
const LONGEST_BODY: usize = 1 << 20;

/// A client that asks whoever is named, and nobody else: no proxy, no redirects, and no connection
/// that was made before a name came to stand for another address.
pub(super) fn client() -> Result<Client, String> {
    let client = crate::http::client().no_proxy().redirect(reqwest::redirect::Policy::none());
    client.pool_max_idle_per_host(0).build().map_err(|error| chain(&error))
}

/// An address that can be asked.
pub(super) fn address(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("`{text}` is no address: {error}"))?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        _ => Err(format!("`{text}` is no address: only http:// and https:// are asked")),
    }
}

/// Looks once.
pub(super) async fn look(client: &Client, url: &str, expected: u16, text: Option<&str>) -> Look {
    let address = match address(url) {
        Ok(address) => address,
        Err(why) => return Look::error(why),
    };
    let lost = |error: reqwest::Error| format!("GET {url}: {}", chain(&error.without_url()));
    let mut answer = match client.get(address).send().await {
        Ok(answer) => answer,
        Err(error) => return Look::fail(lost(error)),
    };
    let status = answer.status();
    if status.as_u16() != expected {
        return Look::fail(format!("GET {url}: {status}, expected {expected}"));
    }
    let Some(text) = text else { return Look::pass(format!("GET {url}: {status}")) };
    match beginning(&mut answer).await {
        Ok(body) if String::from_utf8_lossy(&body).contains(text) => {
            Look::pass(format!("GET {url}: {status}, with `{text}`"))
        }
        Ok(_) => Look::fail(format!("GET {url}: {status}, without `{text}`")),
        Err(error) => Look::fail(lost(error)),
    }
}

async fn beginning(answer: &mut Response) -> reqwest::Result<Vec<u8>> {
    let mut body = Vec::new();
    while body.len() < LONGEST_BODY
        && let Some(piece) = answer.chunk().await?
    {
        body.extend_from_slice(&piece);
    }
    Ok(body)
}
