//! A fake of EC2 that only lists instances and volumes, but as many as are wanted, at once.
//!
//! It measures its caller: how many requests and how much time a look at 10,000 instances takes,
//! for which the real servers need minutes. It creates, changes and checks nothing.

mod pages;
mod select;

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};

use crate::StartError;
use crate::call::Call;
use crate::log::{Log, Outcome};
use crate::reply::{Failure, Reply};
use pages::Kind;
use select::Selection;

/// One instance of the fake, with one volume.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FakeInstance {
    /// `i-…`
    pub instance_id: String,
    /// `vol-…`
    pub volume_id: String,
    /// The tags of both, in order.
    pub tags: Vec<(String, String)>,
}

/// Answers `DescribeInstances` and `DescribeVolumes` over instances that never change, in pages of
/// up to 1,000 and with the filters `instance-id`, `volume-id` and `tag:KEY`. It ends when dropped.
#[derive(Debug)]
pub struct FakeEc2 {
    address: SocketAddr,
    shared: Arc<Shared>,
    runtime: Option<Runtime>,
}

#[derive(Debug)]
struct Shared {
    instances: Vec<FakeInstance>,
    /// What each is told as, written once.
    told: [Vec<String>; 2],
    log: Log,
}

impl FakeEc2 {
    /// Starts a fake with these instances, on a thread of its own.
    ///
    /// # Errors
    ///
    /// If it cannot listen.
    pub fn start(instances: Vec<FakeInstance>) -> Result<FakeEc2, StartError> {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.map_err(StartError::Listen)?;
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
        let listener = listener.map_err(StartError::Listen)?;
        listener.set_nonblocking(true).map_err(StartError::Listen)?;
        let address = listener.local_addr().map_err(StartError::Listen)?;
        let told = [Kind::Instances, Kind::Volumes]
            .map(|kind| instances.iter().map(|instance| kind.item(instance)).collect());
        let shared = Arc::new(Shared { instances, told, log: Log::default() });
        runtime.spawn(listen(listener, shared.clone()));
        Ok(FakeEc2 { address, shared, runtime: Some(runtime) })
    }

    /// The endpoint URL of EC2.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many requests of each name there were: `ec2:DescribeInstances`.
    #[must_use]
    pub fn counts(&self) -> std::collections::BTreeMap<String, usize> {
        self.shared.log.counts(None)
    }

    /// Forgets all requests so far.
    pub fn clear_log(&self) {
        self.shared.log.clear(None);
    }
}

impl Drop for FakeEc2 {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Shared {
    fn answer(&self, call: &Call) -> Result<Reply, Failure> {
        let unknown = || Failure::of_caller("InvalidAction", "The fake does not know it");
        let kind = Kind::of(&call.action).ok_or_else(unknown)?;
        let selection = Selection::read(call, kind)?;
        Ok(kind.page(&selection, &self.instances, &self.told[kind.index()]))
    }
}

async fn listen(listener: std::net::TcpListener, shared: Arc<Shared>) {
    let listener = TcpListener::from_std(listener).expect("the listener does not block");
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, shared.clone()));
        }
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    // A connection that cannot be set up so is only slower.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| answer(request, shared.clone()));
    // It ends with an error when its client is gone.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(
    request: Request<Incoming>,
    shared: Arc<Shared>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let call = Call::read(parts, body);
    let seq = shared.log.begin(&call);
    let reply = shared.answer(&call).unwrap_or_else(|failure| failure.reply(call.protocol));
    shared.log.end(seq, Outcome::answered(&reply));
    let mut response = Response::new(Full::new(reply.body));
    *response.status_mut() = reply.status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/xml"));
    Ok(response)
}
