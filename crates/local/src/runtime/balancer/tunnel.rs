//! Connections that change their protocol, such as WebSockets.

use http::header::HeaderValue;
use http::{Request, Response};
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use hyper::upgrade::{OnUpgrade, on};
use hyper_util::rt::TokioIo;
use tokio::io::copy_bidirectional;

use super::body::Answer;
use super::headers;
use super::listener::Listener;
use super::target::Serving;

/// The client's side of a connection that is to change its protocol.
pub(crate) struct Tunnel {
    pub(crate) protocol: HeaderValue,
    client: OnUpgrade,
}

impl Tunnel {
    /// What `request` asks for, if it does.
    pub(crate) fn asked_for(request: &mut Request<Incoming>) -> Option<Tunnel> {
        let protocol = headers::upgrade(request.headers())?;
        Some(Tunnel { protocol, client: on(request) })
    }

    /// Connects both sides, now that the target has agreed.
    pub(crate) fn open(
        self,
        mut response: Response<Incoming>,
        serving: Serving,
        listener: &Listener,
    ) -> Response<Answer> {
        let target = on(&mut response);
        let protocol = headers::upgrade(response.headers()).unwrap_or(self.protocol);
        let client = self.client;
        // The connection is the client's as before, though it is not served as HTTP any more.
        let held = (listener.busy.clone(), listener.counters.connection());
        tokio::spawn(async move {
            let _held = held;
            let (Ok(client), Ok(target)) = tokio::join!(client, target) else { return };
            let (mut client, mut target) = (TokioIo::new(client), TokioIo::new(target));
            tokio::select! {
                // How it ends is the business of the two.
                _ = copy_bidirectional(&mut client, &mut target) => {}
                () = serving.cut() => {}
            }
        });
        headers::strip_hop_by_hop(response.headers_mut());
        headers::set_upgrade(response.headers_mut(), protocol);
        response.map(|_| Either::Left(Full::default()))
    }
}
