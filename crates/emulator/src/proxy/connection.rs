//! One connection of a client.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::stream;
use http::header::CONTENT_LENGTH;
use http::{Request, Response};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustix::net::sockopt::set_socket_linger;
use tokio::net::TcpStream;

use super::pipeline::{self, Verdict};
use crate::call::Call;
use crate::reply::Reply;
use crate::world::World;

type Body = BoxBody<Bytes, io::Error>;

/// Answers the requests of a connection, one after the other.
pub(super) async fn serve(stream: TcpStream, world: Arc<World>) {
    // Head and body would wait for each other's acknowledgement otherwise: 40 ms a request.
    let prepared = stream.set_nodelay(true).and_then(|()| stream.as_fd().try_clone_to_owned());
    let Ok(socket) = prepared else { return };
    let socket = Arc::new(socket);
    let service = service_fn(move |request| answer(request, world.clone(), socket.clone()));
    // It ends with an error when it is reset or cut short on purpose, or when the client is gone.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(
    request: Request<Incoming>,
    world: Arc<World>,
    socket: Arc<OwnedFd>,
) -> io::Result<Response<Body>> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let call = Call::read(parts, body);
    // On a task of its own, so that a call is carried out to its end when its caller hangs up.
    let verdict = tokio::spawn(async move { pipeline::serve(&world, call).await }).await;
    match verdict.map_err(io::Error::other)? {
        Verdict::Answer(reply) => Ok(whole(reply)),
        Verdict::Truncated(reply) => Ok(half(reply)),
        Verdict::Reset => {
            // Closing then sends a reset instead of an end.
            set_socket_linger(&socket, Some(Duration::ZERO))?;
            Err(io::ErrorKind::ConnectionReset.into())
        }
    }
}

fn whole(reply: Reply) -> Response<Body> {
    let body = Full::new(reply.body.clone()).map_err(|never| match never {}).boxed();
    response(reply, body)
}

/// The head promises the whole body.
fn half(mut reply: Reply) -> Response<Body> {
    let promised = reply.body.len();
    let half = reply.body.slice(..promised / 2);
    reply.headers.insert(CONTENT_LENGTH, promised.into());
    let frames = [Ok(Frame::data(half)), Err(io::ErrorKind::UnexpectedEof.into())];
    response(reply, BodyExt::boxed(StreamBody::new(stream::iter(frames))))
}

fn response(reply: Reply, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    response
}
