//! Forwarding to the servers, and the guard against what they do not know.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::header::{
    AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, TRANSFER_ENCODING,
};
use http::{HeaderMap, HeaderValue, Method, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use xmltree::Element;

use crate::call::{Call, Parameters};
use crate::reply::{Failure, Reply};
use crate::servers::{Kind, Servers};

/// How often a look that a server failed is sent again.
const LOOKS: u32 = 5;

/// The servers, and what they did not know.
#[derive(Debug)]
pub(crate) struct Backend {
    servers: Servers,
    client: Client<HttpConnector, Full<Bytes>>,
    unsupported: Mutex<Vec<Unsupported>>,
}

/// A call to which the emulator has no answer. A test that makes one proves nothing.
#[derive(Clone, Debug)]
pub(crate) struct Unsupported {
    pub(crate) account: String,
    name: String,
    parameters: Parameters,
    reason: String,
}

impl fmt::Display for Unsupported {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Unsupported { name, parameters, reason, .. } = self;
        write!(formatter, "the emulator does not know {name} with {parameters:?}: {reason}")
    }
}

impl Backend {
    pub(crate) fn new(servers: Servers) -> Backend {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        // moto closes each connection; what it closes must not be used for the next call.
        let client = Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(0)
            .retry_canceled_requests(false)
            .build(connector);
        Backend { servers, client, unsupported: Mutex::default() }
    }

    /// What is at a URL, as a machine without credentials gets it; none if it gets nothing.
    pub(crate) async fn get(&self, url: &str) -> Option<Bytes> {
        let answer = self.client.get(url.parse().ok()?).await.ok()?;
        let found = answer.status().is_success();
        let content = answer.into_body().collect().await.ok()?.to_bytes();
        found.then_some(content)
    }

    /// Starts the server of most services, and spares the first test its slow first call.
    pub(crate) async fn warm_up(&self) -> Result<(), crate::StartError> {
        self.servers.get(Kind::Moto).await?;
        let request = Request::new(Bytes::new()).into_parts().0;
        let mut blank = Call::read(request, Bytes::new());
        crate::world::DEFAULT_ACCOUNT.clone_into(&mut blank.account);
        "us-east-1".clone_into(&mut blank.region);
        self.send(&blank.ask("ec2", "DescribeVpcs", &[])).await;
        Ok(())
    }

    /// Has a call carried out. What the servers do not know is an answer that no client repeats.
    pub(crate) async fn send(&self, call: &Call) -> Reply {
        let kind = Kind::of(&call.service);
        let mut answer = self.forward(kind, call).await;
        // A server that lists what another call changes at that moment may stumble over it.
        let mut left = if call.is_look() { LOOKS } else { 0 };
        while left > 0 && answer.as_ref().is_ok_and(unknown) {
            answer = self.forward(kind, call).await;
            left -= 1;
        }
        match answer {
            Ok(reply) if unknown(&reply) => self.refuse(kind, call, &shown(&reply)),
            Ok(reply) => reply,
            Err(reason) => self.refuse(kind, call, &reason),
        }
    }

    /// Asks EC2 or Elastic Load Balancing on behalf of a caller; the document that is answered.
    ///
    /// # Errors
    ///
    /// When that is refused, which says more about our question than about the caller's.
    pub(crate) async fn ask(
        &self,
        call: &Call,
        service: &str,
        action: &str,
        parameters: &[(&str, &str)],
    ) -> Result<Element, Failure> {
        let reply = self.send(&call.ask(service, action, parameters)).await;
        let document = reply.document().filter(|_| reply.status.is_success());
        document.ok_or_else(|| {
            let code = reply.code().unwrap_or_default();
            Failure::new(reply.status, &code, format!("the emulator asked {action} in vain"))
        })
    }

    /// The calls that the servers did not know so far.
    pub(crate) fn unsupported(&self) -> Vec<Unsupported> {
        self.recorded().clone()
    }

    async fn forward(&self, kind: Kind, call: &Call) -> Result<Reply, String> {
        let server = self.servers.get(kind).await.map_err(|error| error.to_string())?;
        let request = Request::builder()
            .method(&call.method)
            .uri(format!("http://127.0.0.1:{}{}", server.port, call.target));
        let mut request =
            request.body(Full::new(call.body.clone())).map_err(|error| error.to_string())?;
        *request.headers_mut() = headers(kind, call);
        let response = self.client.request(request).await;
        let (parts, body) = response.map_err(|error| chain(&error))?.into_parts();
        let body = body.collect().await.map_err(|error| chain(&error))?.to_bytes();
        let mut headers = parts.headers;
        hop(&mut headers, call.method == Method::HEAD);
        Ok(Reply { status: parts.status, headers, body })
    }

    fn refuse(&self, kind: Kind, call: &Call, reason: &str) -> Reply {
        let reason = format!("{reason}\n{} said:\n{}", kind.name(), self.servers.said(kind));
        let unsupported = Unsupported {
            account: call.account.clone(),
            name: call.name(),
            parameters: call.parameters.clone(),
            reason,
        };
        // The colours of a server's log have no place in a document.
        let message: String =
            unsupported.to_string().chars().filter(|it| !it.is_control() || *it == '\n').collect();
        self.recorded().push(unsupported);
        Failure::of_caller("EmulatorDoesNotKnow", message).reply(call.protocol)
    }

    fn recorded(&self) -> MutexGuard<'_, Vec<Unsupported>> {
        self.unsupported.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether this is how a server fails on what it does not know: AWS answers no such thing.
fn unknown(reply: &Reply) -> bool {
    let content = reply.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let html = content.is_some_and(|content| content.starts_with("text/html"));
    reply.status.is_server_error() || (html && !reply.status.is_success())
}

fn shown(reply: &Reply) -> String {
    let body: String = String::from_utf8_lossy(&reply.body).chars().take(300).collect();
    format!("{} {body}", reply.status)
}

fn chain(error: &dyn std::error::Error) -> String {
    let sources = std::iter::successors(Some(error), |error| error.source());
    sources.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// The headers of the forwarded call: each server is told the account in its own way.
fn headers(kind: Kind, call: &Call) -> HeaderMap {
    let mut headers = call.headers.clone();
    for name in [CONNECTION, CONTENT_LENGTH, EXPECT, TRANSFER_ENCODING] {
        headers.remove(name);
    }
    let Ok(account) = HeaderValue::from_str(&call.account) else { return headers };
    match kind {
        Kind::Moto => drop(headers.insert("x-moto-account-id", account)),
        Kind::Ministack => {
            let signed = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
            let renamed = signed.map(|signed| signed.replacen(&call.access_key, &call.account, 1));
            if let Some(Ok(renamed)) = renamed.map(|signed| HeaderValue::from_str(&signed)) {
                headers.insert(AUTHORIZATION, renamed);
            }
        }
    }
    headers
}

/// Takes out what is about the connection. The length stays where there is no body to measure.
fn hop(headers: &mut HeaderMap, keep_length: bool) {
    headers.remove(CONNECTION);
    headers.remove(TRANSFER_ENCODING);
    if !keep_length {
        headers.remove(CONTENT_LENGTH);
    }
}
