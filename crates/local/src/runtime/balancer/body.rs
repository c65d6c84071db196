//! Bodies on their way through, streamed both ways.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::StatusCode;
use http_body_util::Either;
use http_body_util::Full;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::{Duration, Instant, sleep_until};

use super::counters::ErrorClass;
use super::target::{Cut, Serving};

/// What goes to a client: the balancer's own words, or a target's.
pub(crate) type Answer = Either<Full<Bytes>, ResponseBody>;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A request's body, which can be sent again for as long as nobody has taken anything of it.
pub(crate) struct Replay {
    shared: Arc<Mutex<Upload>>,
    size: SizeHint,
    empty: bool,
}

struct Upload {
    /// Gone with the first look at it.
    body: Option<Incoming>,
    /// When the client last sent something.
    active: Instant,
    /// Whether the client broke off.
    broken: bool,
}

impl Replay {
    pub(crate) fn new(body: Incoming) -> Replay {
        let (size, empty) = (body.size_hint(), body.is_end_stream());
        let upload = Upload { body: Some(body), active: Instant::now(), broken: false };
        Replay { shared: Arc::new(Mutex::new(upload)), size, empty }
    }

    /// The body for one attempt.
    pub(crate) fn attempt(&self) -> RequestBody {
        RequestBody {
            shared: Arc::clone(&self.shared),
            body: None,
            size: self.size,
            empty: self.empty,
        }
    }

    /// Whether there is nothing to send.
    pub(crate) fn is_empty(&self) -> bool {
        self.empty
    }

    /// Whether another attempt can send the whole body.
    pub(crate) fn is_whole(&self) -> bool {
        self.empty || lock(&self.shared).body.is_some()
    }

    /// Whether the client broke off.
    pub(crate) fn is_broken(&self) -> bool {
        lock(&self.shared).broken
    }

    /// Returns when neither side has sent anything for `limit`, counted from `start` on.
    pub(crate) async fn silence(&self, start: Instant, limit: Duration) {
        loop {
            let active = lock(&self.shared).active.max(start);
            if active + limit <= Instant::now() {
                return;
            }
            sleep_until(active + limit).await;
        }
    }
}

/// One attempt's view of a request's body.
pub(crate) struct RequestBody {
    shared: Arc<Mutex<Upload>>,
    body: Option<Incoming>,
    size: SizeHint,
    empty: bool,
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let shared = Arc::clone(&self.shared);
        if self.body.is_none() {
            self.body = lock(&shared).body.take();
        }
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let frame = ready!(Pin::new(body).poll_frame(cx));
        let mut upload = lock(&shared);
        upload.active = Instant::now();
        upload.broken |= matches!(frame, Some(Err(_)));
        Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().map_or(self.empty, Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| self.size, Body::size_hint)
    }
}

/// A target's answer; the request counts as in flight until its end.
pub(crate) struct ResponseBody {
    body: Incoming,
    /// The status that its answer was counted with.
    status: StatusCode,
    cut: Cut,
    serving: Serving,
}

impl ResponseBody {
    pub(crate) fn new(body: Incoming, status: StatusCode, serving: Serving) -> ResponseBody {
        ResponseBody { body, status, cut: serving.cut(), serving }
    }

    fn broken(&self, class: ErrorClass) {
        self.serving.group.counters.broken(self.status.as_u16(), class);
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if self.cut.as_mut().poll(cx).is_ready() {
            self.broken(ErrorClass::Deregistered);
            return Poll::Ready(Some(Err("the target has left".into())));
        }
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if matches!(frame, Some(Err(_))) {
            self.broken(ErrorClass::Body);
        }
        Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

fn lock(upload: &Mutex<Upload>) -> std::sync::MutexGuard<'_, Upload> {
    upload.lock().unwrap_or_else(PoisonError::into_inner)
}
