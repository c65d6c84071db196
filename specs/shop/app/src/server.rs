//! Sockets and signals: carries requests to the shop and its answers back.

use std::convert::Infallible;
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Response, StatusCode, server::conn::http1};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::shop::{Answer, Request, SLOWEST, Shop};

/// The longest body that is read, in bytes.
const LONGEST_BODY: usize = 16 * 1024;

/// How long requests in flight may take after SIGTERM: as long as the slowest path, and a bit.
const FAREWELL: Duration = SLOWEST.saturating_add(Duration::from_secs(2));

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// How long to wait when no connection can be accepted, such as for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves the shop on a loopback port until SIGTERM or SIGINT, then lets open requests finish.
///
/// # Errors
///
/// The port cannot be bound: nothing was served.
pub(crate) async fn serve(port: u16, shop: Shop) -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let mut stop = Stop::new()?;
    let shop = Arc::new(shop);
    let open = GracefulShutdown::new();
    eprintln!("shop-server: {} listens on {}", shop.instance(), listener.local_addr()?);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => attend(stream, Arc::clone(&shop), &open),
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
            () = stop.asked() => break,
        }
    }
    drop(listener);
    if tokio::time::timeout(FAREWELL, open.shutdown()).await.is_err() {
        eprintln!("shop-server: {} leaves with requests unanswered", shop.instance());
    }
    Ok(())
}

fn attend(stream: TcpStream, shop: Arc<Shop>, open: &GracefulShutdown) {
    let service = service_fn(move |request| respond(Arc::clone(&shop), request));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service);
    let watched = open.watch(connection);
    // A connection that breaks is its client's affair; there is nothing to do about it here.
    tokio::spawn(async move { drop(watched.await) });
}

async fn respond(
    shop: Arc<Shop>,
    request: hyper::Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let answer = match Limited::new(body, LONGEST_BODY).collect().await {
        Ok(body) => shop.answer(Request {
            method: &head.method,
            path: head.uri.path(),
            query: head.uri.query().unwrap_or_default(),
            body: &body.to_bytes(),
        }),
        Err(error) => Answer::refusal(StatusCode::PAYLOAD_TOO_LARGE, &error.to_string()),
    };
    tokio::time::sleep(answer.wait).await;
    let mut response = Response::new(Full::from(answer.body));
    *response.status_mut() = answer.status;
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    Ok(response)
}

/// The signals that ask the service to leave.
struct Stop {
    terminate: Signal,
    interrupt: Signal,
}

impl Stop {
    fn new() -> io::Result<Self> {
        Ok(Stop {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn asked(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
