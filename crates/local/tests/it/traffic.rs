//! Clients of a load balancer.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

pub(crate) type Http = Client<HttpConnector, Full<Bytes>>;

/// A client that keeps up to `idle` connections.
pub(crate) fn client(idle: usize) -> Http {
    Client::builder(TokioExecutor::new()).pool_max_idle_per_host(idle).build_http()
}

pub(crate) async fn get(
    client: &Http,
    port: u16,
    path: &str,
) -> Result<(StatusCode, String), String> {
    get_from(client, &format!("127.0.0.1:{port}"), path).await
}

pub(crate) async fn get_from(
    client: &Http,
    at: &str,
    path: &str,
) -> Result<(StatusCode, String), String> {
    let request = Request::get(format!("http://{at}{path}"));
    send(client, request.body(Full::default()).unwrap()).await
}

pub(crate) async fn send(
    client: &Http,
    request: Request<Full<Bytes>>,
) -> Result<(StatusCode, String), String> {
    let response: Response<_> = client.request(request).await.map_err(|e| format!("{e:?}"))?;
    let status = response.status();
    let body = response.into_body().collect().await.map_err(|e| format!("{e:?}"))?;
    Ok((status, String::from_utf8(body.to_bytes().to_vec()).unwrap()))
}

/// Answers by body, and what went wrong.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) answers: BTreeMap<String, usize>,
    pub(crate) failures: Vec<String>,
}

impl Tally {
    pub(crate) fn share(&self, name: &str) -> f64 {
        let total: usize = self.answers.values().sum();
        self.answers.get(name).copied().unwrap_or(0) as f64 * 100.0 / total as f64
    }
}

/// Sends `count` requests from `clients` clients at once; every other one connects anew for each.
pub(crate) async fn burst(port: u16, clients: usize, count: usize) -> Tally {
    let left = Arc::new(AtomicUsize::new(count));
    let one = |index: usize| {
        let left = Arc::clone(&left);
        tokio::spawn(async move {
            let client = client(if index.is_multiple_of(2) { 1 } else { 0 });
            let mut tally = Tally::default();
            while left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_ok() {
                match get(&client, port, "/").await {
                    Ok((StatusCode::OK, body)) => *tally.answers.entry(body).or_default() += 1,
                    other => tally.failures.push(format!("{other:?}")),
                }
            }
            tally
        })
    };
    let mut total = Tally::default();
    for task in (0..clients).map(one).collect::<Vec<_>>() {
        let tally = task.await.unwrap();
        total.failures.extend(tally.failures);
        for (name, count) in tally.answers {
            *total.answers.entry(name).or_default() += count;
        }
    }
    total
}
