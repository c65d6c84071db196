//! A target in the test's own process, which notes what it is asked and answers as it is told.

use std::io;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use futures::stream::{self, StreamExt};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// How a side answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// With its name.
    Well,
    /// With a status.
    With(u16),
    /// Not at all.
    Hangs,
    /// By closing the connection.
    Breaks,
    /// With a body that breaks off.
    BreaksOff,
    /// With a body that never ends.
    NeverEnds,
    /// Well, but its health is bad.
    Sick,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
}

/// A server that ends with the test.
pub(crate) struct Side {
    pub(crate) port: u16,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

struct Shared {
    name: &'static str,
    manner: Mutex<Manner>,
    seen: Mutex<Vec<Seen>>,
}

type Body = UnsyncBoxBody<Bytes, io::Error>;

impl Side {
    pub(crate) async fn start(name: &'static str, manner: Manner) -> Side {
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = socket.local_addr().unwrap().port();
        let shared = Shared { name, manner: Mutex::new(manner), seen: Mutex::default() };
        let shared = Arc::new(shared);
        let server = tokio::spawn(serve(socket, Arc::clone(&shared)));
        Side { port, shared, server }
    }

    pub(crate) fn set(&self, manner: Manner) {
        *lock(&self.shared.manner) = manner;
    }

    /// What came, checks of health aside.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        lock(&self.shared.seen).clone()
    }

    /// Takes no connections any more.
    pub(crate) async fn stop(self) {
        self.server.abort();
        assert!(self.server.await.unwrap_err().is_cancelled());
    }
}

async fn serve(socket: TcpListener, shared: Arc<Shared>) {
    // The connections end with the server.
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = socket.accept().await {
        let shared = Arc::clone(&shared);
        let service = service_fn(move |request| answer(Arc::clone(&shared), request));
        let connection = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service);
        connections.spawn(connection);
    }
}

async fn answer(shared: Arc<Shared>, request: Request<Incoming>) -> io::Result<Response<Body>> {
    let manner = *lock(&shared.manner);
    if request.uri().path() == "/health" {
        return Ok(with_status(if manner == Manner::Sick { 503 } else { 200 }, shared.name));
    }
    let (head, body) = request.into_parts();
    body.collect().await.map_err(io::Error::other)?;
    let (path, headers) = (head.uri.to_string(), head.headers);
    lock(&shared.seen).push(Seen { method: head.method, path, headers });
    match manner {
        Manner::Well | Manner::Sick => Ok(with_status(200, shared.name)),
        Manner::With(status) => Ok(with_status(status, shared.name)),
        Manner::Hangs => std::future::pending().await,
        Manner::Breaks => Err(broken()),
        Manner::BreaksOff => {
            let half = stream::iter([Ok(Frame::data(Bytes::from_static(b"half")))]);
            // After a pause in which what there is goes out.
            let end = stream::once(async {
                tokio::task::yield_now().await;
                Err(broken())
            });
            Ok(Response::new(StreamBody::new(half.chain(end)).boxed_unsync()))
        }
        Manner::NeverEnds => {
            let frame = || Ok(Frame::data(Bytes::from_static(&[0; 1 << 16])));
            Ok(Response::new(StreamBody::new(stream::repeat_with(frame)).boxed_unsync()))
        }
    }
}

fn with_status(status: u16, text: &'static str) -> Response<Body> {
    let body = Full::from(text).map_err(|never| match never {}).boxed_unsync();
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    response
}

fn broken() -> io::Error {
    io::ErrorKind::ConnectionReset.into()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap()
}
