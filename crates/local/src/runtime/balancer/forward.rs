//! One request: to a target and back.
//!
//! A request goes to another target only if it is certain that the first did not begin to serve
//! it, or if serving it twice does no harm; and only with its body still whole.

use std::error::Error as _;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::request::Parts;
use http::{Method, Request, Response, StatusCode, Uri, Version};
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy;
use tokio::time::Instant;

use super::body::{Answer, Replay, RequestBody, ResponseBody};
use super::config::FixedResponse;
use super::counters::ErrorClass;
use super::group::Group;
use super::headers;
use super::listener::{Decision, Listener};
use super::mirror;
use super::target::{Serving, Target};
use super::tunnel::Tunnel;

/// Answers one request of a listener.
pub(crate) async fn respond(
    listener: &Arc<Listener>,
    peer: SocketAddr,
    mut request: Request<Incoming>,
) -> Response<Answer> {
    let start = Instant::now();
    let tunnel = Tunnel::asked_for(&mut request);
    let (mut head, body) = request.into_parts();
    headers::forward(&mut head.headers, peer, listener.port);
    let answer = match forwardable(&head) {
        Ok(path) => Exchange { listener, head, path, body: Replay::new(body), tunnel }.run().await,
        Err((status, message)) => own(status, message),
    };
    listener.counters.answered(answer.status().as_u16(), start.elapsed());
    answer
}

/// The path of a request that a target can be asked for, or why there is none.
fn forwardable(head: &Parts) -> Result<String, (StatusCode, &'static str)> {
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    match (&head.method, path) {
        (&Method::CONNECT, _) => {
            Err((StatusCode::METHOD_NOT_ALLOWED, "this load balancer makes no tunnels"))
        }
        (_, path) if path.starts_with('/') => Ok(path.to_owned()),
        _ => Err((StatusCode::BAD_REQUEST, "the request has no path")),
    }
}

/// A request with everything that another attempt needs.
struct Exchange<'a> {
    listener: &'a Arc<Listener>,
    head: Parts,
    path: String,
    body: Replay,
    tunnel: Option<Tunnel>,
}

impl Exchange<'_> {
    async fn run(mut self) -> Response<Answer> {
        let mut tried: Vec<Arc<Target>> = Vec::new();
        let mut last: Option<Attempt> = None;
        loop {
            let (group, target) = match self.listener.decide(&tried) {
                Decision::Fixed(response) => return fixed(response),
                Decision::Nobody(group) => return self.nobody(last, group),
                Decision::Perhaps(target) => {
                    target.check().await;
                    if !target.health().is_healthy() {
                        tried.push(target);
                    }
                    continue;
                }
                Decision::Target(group, target) => (group, target),
            };
            match last.take() {
                None => self.mirror(&group),
                Some(attempt) => attempt.give_way(&group),
            }
            let serving = Serving::start(group, target, &self.listener.counters);
            let start = Instant::now();
            match self.attempt(&serving).await {
                Ok(response) => {
                    serving.group.counters.answered(response.status().as_u16(), start.elapsed());
                    return self.relay(response, serving);
                }
                Err(failure) if failure.harmless && self.body.is_whole() => {
                    serving.group.counters.error(failure.class);
                    tried.push(Arc::clone(&serving.target));
                    last = Some(Attempt { group: serving.group.clone(), class: failure.class });
                }
                Err(failure) => {
                    serving.group.counters.failed(failure.class);
                    return self.failed(failure.class);
                }
            }
        }
    }

    /// Sends copies to whom they are due, now that `chosen` is to serve the request.
    fn mirror(&self, chosen: &Arc<Group>) {
        let has_no_body = self.tunnel.is_none() && self.body.is_empty();
        if !has_no_body || !mirror::can_be_copied(&self.head) {
            return;
        }
        for group in self.listener.copied_to(chosen) {
            mirror::send(group, &self.head, &self.path, self.listener.idle_timeout());
        }
    }

    async fn attempt(&self, serving: &Serving) -> Result<Response<Incoming>, Failure> {
        let request = self.request(&serving.target)?;
        let silence = self.body.silence(Instant::now(), self.listener.idle_timeout());
        tokio::select! {
            answer = serving.target.client.request(request) => {
                answer.map_err(|error| self.classify(&error))
            }
            () = silence => Err(Failure { class: ErrorClass::Timeout, harmless: false }),
            () = serving.cut() => Err(Failure { class: ErrorClass::Deregistered, harmless: false }),
        }
    }

    fn request(&self, target: &Target) -> Result<Request<RequestBody>, Failure> {
        let uri: Uri = format!("http://{}{}", target.address, self.path)
            .parse()
            .map_err(|_| Failure { class: ErrorClass::Client, harmless: false })?;
        let mut request = Request::new(self.body.attempt());
        *request.method_mut() = self.head.method.clone();
        *request.uri_mut() = uri;
        *request.version_mut() = Version::HTTP_11;
        *request.headers_mut() = self.head.headers.clone();
        if let Some(tunnel) = &self.tunnel {
            headers::set_upgrade(request.headers_mut(), tunnel.protocol.clone());
        }
        Ok(request)
    }

    /// Says what went wrong, and whether another target may be asked.
    fn classify(&self, error: &legacy::Error) -> Failure {
        if self.body.is_broken() {
            return Failure { class: ErrorClass::Client, harmless: false };
        }
        if error.is_connect() {
            return Failure { class: ErrorClass::Connect, harmless: true };
        }
        // Canceled: it was given to a connection that closed before a byte of it was sent.
        let unsent = error
            .source()
            .and_then(|source| source.downcast_ref::<hyper::Error>())
            .is_some_and(hyper::Error::is_canceled);
        let repeatable = self.head.method.is_idempotent() && self.body.is_empty();
        Failure { class: ErrorClass::Reset, harmless: unsent || repeatable }
    }

    /// Passes a target's answer on.
    fn relay(&mut self, mut response: Response<Incoming>, serving: Serving) -> Response<Answer> {
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            let Some(tunnel) = self.tunnel.take() else {
                return own(StatusCode::BAD_GATEWAY, "the target changed the protocol unasked");
            };
            return tunnel.open(response, serving, self.listener);
        }
        headers::strip_hop_by_hop(response.headers_mut());
        *response.version_mut() = Version::HTTP_11;
        let status = response.status();
        response.map(|body| Either::Right(ResponseBody::new(body, status, serving)))
    }

    /// There is nobody left to ask: it counts for the group that was asked last, else for the one
    /// whose turn it would have been.
    fn nobody(&self, last: Option<Attempt>, due: Option<Arc<Group>>) -> Response<Answer> {
        if let Some(Attempt { group, class }) = last {
            group.counters.lost(class);
            return self.failed(class);
        }
        if let Some(group) = due {
            group.counters.failed(ErrorClass::NoTarget);
        }
        self.failed(ErrorClass::NoTarget)
    }

    fn failed(&self, class: ErrorClass) -> Response<Answer> {
        self.listener.counters.error(class);
        match class {
            ErrorClass::NoTarget => {
                own(StatusCode::SERVICE_UNAVAILABLE, "no target of this listener is healthy")
            }
            ErrorClass::Timeout => own(StatusCode::GATEWAY_TIMEOUT, "the target did not answer"),
            ErrorClass::Deregistered => own(StatusCode::BAD_GATEWAY, "the target has left"),
            ErrorClass::Client => own(StatusCode::BAD_REQUEST, "the request is not complete"),
            ErrorClass::Connect => own(StatusCode::BAD_GATEWAY, "no target could be connected to"),
            ErrorClass::Reset | ErrorClass::Body => {
                own(StatusCode::BAD_GATEWAY, "the target closed the connection")
            }
        }
    }
}

struct Failure {
    class: ErrorClass,
    /// Whether another attempt cannot make anything happen twice.
    harmless: bool,
}

/// An attempt that failed, of a request that may still be served.
struct Attempt {
    group: Arc<Group>,
    class: ErrorClass,
}

impl Attempt {
    /// The request is tried again. Its group has lost it, unless `next` is that group itself.
    fn give_way(self, next: &Arc<Group>) {
        if !Arc::ptr_eq(&self.group, next) {
            self.group.counters.lost(self.class);
        }
    }
}

fn fixed(fixed: FixedResponse) -> Response<Answer> {
    let mut response = Response::new(Either::Left(Full::from(fixed.message_body)));
    *response.status_mut() =
        StatusCode::from_u16(fixed.status_code).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    if let Ok(value) = HeaderValue::from_str(&fixed.content_type) {
        response.headers_mut().insert(CONTENT_TYPE, value);
    }
    response
}

/// The balancer's own answer.
fn own(status: StatusCode, message: &'static str) -> Response<Answer> {
    let body = Bytes::from(format!("greenroom load balancer: {message}\n"));
    let mut response = Response::new(Either::Left(Full::new(body)));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}
