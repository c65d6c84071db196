//! Stands before a registry and fails as networks do.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// What goes wrong.
#[derive(Clone, Debug)]
pub(crate) enum Weather {
    /// The request of this number never arrives.
    Lost(usize),
    /// The request of this number arrives, and its answer does not.
    Unanswered(usize),
    /// The blob of this digest is another when it arrives.
    Corrupt(String),
}

pub(crate) struct Proxy {
    port: u16,
    stalled: mpsc::UnboundedReceiver<()>,
    server: JoinHandle<()>,
}

impl Proxy {
    /// Before the registry at `port`.
    pub(crate) async fn before(port: u16, weather: Weather) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = listener.local_addr().unwrap().port();
        let (sender, stalled) = mpsc::unbounded_channel();
        let client = Client::builder(TokioExecutor::new()).build_http();
        let way = Arc::new(Way { port, weather, requests: AtomicUsize::new(0), sender, client });
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let way = Arc::clone(&way);
                let service = service_fn(move |request| {
                    let way = Arc::clone(&way);
                    async move { Ok::<_, Infallible>(way.pass(request).await) }
                });
                let io = TokioIo::new(stream);
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new().serve_connection(io, service),
                );
            }
        });
        Proxy { port: own, stalled, server }
    }

    pub(crate) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Returns when the request came that goes wrong.
    pub(crate) async fn stalled(&mut self) {
        self.stalled.recv().await;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.server.abort();
    }
}

struct Way {
    port: u16,
    weather: Weather,
    requests: AtomicUsize,
    sender: mpsc::UnboundedSender<()>,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Way {
    async fn pass(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let number = self.requests.fetch_add(1, Ordering::SeqCst);
        let path = request.uri().path().to_owned();
        if matches!(self.weather, Weather::Lost(lost) if lost == number) {
            self.stall::<()>().await;
        }
        let answer = self.forward(request).await;
        let answer = match &self.weather {
            Weather::Unanswered(silent) if *silent == number => self.stall().await,
            Weather::Corrupt(digest) if path.ends_with(digest.as_str()) => answer.map(corrupt),
            _ => answer,
        };
        answer.map(Full::new)
    }

    async fn stall<T>(&self) -> T {
        let _ = self.sender.send(());
        std::future::pending().await
    }

    async fn forward(&self, request: Request<Incoming>) -> Response<Bytes> {
        let (mut parts, body) = request.into_parts();
        let path = parts.uri.path_and_query().unwrap().as_str();
        parts.uri = format!("http://127.0.0.1:{}{path}", self.port).parse::<Uri>().unwrap();
        // Of a client that went away, there may be only a part.
        let Ok(body) = body.collect().await else { return Response::default() };
        let request = Request::from_parts(parts, Full::new(body.to_bytes()));
        let (parts, body) = self.client.request(request).await.unwrap().into_parts();
        Response::from_parts(parts, body.collect().await.unwrap().to_bytes())
    }
}

fn corrupt(content: Bytes) -> Bytes {
    let mut content = content.to_vec();
    if let Some(last) = content.last_mut() {
        *last ^= 1;
    }
    content.into()
}
