//! The proxy's port: requests in, answers out, whole or broken.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::answer::Answer;
use super::call::Call;
use super::{Delivery, Proxy};

/// The port that clients connect to, for as long as this lives.
pub(crate) struct Listener {
    port: u16,
    task: JoinHandle<Infallible>,
}

impl Listener {
    pub(crate) async fn start(proxy: Arc<Proxy>) -> Listener {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let port = listener.local_addr().expect("the port").port();
        let task = tokio::spawn(async move {
            loop {
                // A client that is gone before it was taken is nobody's loss.
                if let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(serve(proxy.clone(), stream));
                }
            }
        });
        Listener { port, task }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(proxy: Arc<Proxy>, stream: TcpStream) {
    // Without it, an answer may wait for the client's acknowledgement.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let proxy = proxy.clone();
        async move { respond(&proxy, request).await }
    });
    // A connection that breaks, here or there, is what this proxy is for.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn respond(proxy: &Proxy, request: Request<Incoming>) -> io::Result<Response<Reply>> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    match proxy.handle(Call::read(parts, body)).await {
        Delivery::Whole(answer) => Ok(response(answer, None)),
        Delivery::Truncated(answer) => {
            let half = answer.body.len() / 2;
            Ok(response(answer, Some(half)))
        }
        Delivery::Reset => Err(broken()),
        Delivery::Stalled(time) => {
            tokio::time::sleep(time.min(LONGEST_STALL)).await;
            Err(broken())
        }
    }
}

/// Nobody waits longer than this in a test.
const LONGEST_STALL: Duration = Duration::from_secs(120);

fn broken() -> io::Error {
    io::Error::from(io::ErrorKind::ConnectionReset)
}

fn response(answer: Answer, cut: Option<usize>) -> Response<Reply> {
    let length = answer.body.len();
    let shown = answer.body.slice(..cut.unwrap_or(length));
    let mut response =
        Response::new(Reply { body: Some(shown), length: length as u64, cut: cut.is_some() });
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    response
}

/// A body that promises all of itself, and breaks the connection where it is cut.
struct Reply {
    body: Option<Bytes>,
    length: u64,
    cut: bool,
}

impl Body for Reply {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match self.body.take() {
            Some(body) => Poll::Ready(Some(Ok(Frame::data(body)))),
            None if self.cut => Poll::Ready(Some(Err(broken()))),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_none() && !self.cut
    }

    fn size_hint(&self) -> SizeHint {
        match self.body {
            Some(_) => SizeHint::with_exact(self.length),
            None => SizeHint::default(),
        }
    }
}
