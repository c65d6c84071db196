//! Asking a server on behalf of a client.

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use super::answer::Answer;
use super::call::Call;

/// Headers about one connection, which are not those of the other.
const HOP_BY_HOP: [&str; 4] = ["connection", "content-length", "transfer-encoding", "keep-alive"];

pub(crate) struct Client(hyper_util::client::legacy::Client<HttpConnector, Full<Bytes>>);

impl Client {
    pub(crate) fn new() -> Client {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = hyper_util::client::legacy::Client::builder(TokioExecutor::new());
        Client(client.build(connector))
    }

    /// The server's answer to a call.
    pub(crate) async fn ask(&self, port: u16, call: &Call) -> Answer {
        let uri = format!("http://127.0.0.1:{port}{}", call.path);
        let mut request = http::Request::builder().method(call.method.clone()).uri(uri);
        for (name, value) in &call.headers {
            if !HOP_BY_HOP.contains(&name.as_str()) && name != header::HOST {
                request = request.header(name, value);
            }
        }
        if let Ok(account) = HeaderValue::from_str(&call.account) {
            request = request.header("x-moto-account-id", account);
        }
        let request = request.body(Full::new(call.body.clone())).expect("a request was one before");
        match self.0.request(request).await {
            Ok(response) => read(response).await,
            Err(error) => {
                let message = format!("the server does not answer: {error}");
                Answer::error(&call.service, 502, "BadGateway", &message)
            }
        }
    }
}

async fn read(response: http::Response<hyper::body::Incoming>) -> Answer {
    let (mut parts, body) = response.into_parts();
    for name in HOP_BY_HOP {
        parts.headers.remove(name);
    }
    match body.collect().await {
        Ok(body) => Answer { status: parts.status, headers: parts.headers, body: body.to_bytes() },
        Err(_) => {
            Answer { status: StatusCode::BAD_GATEWAY, headers: parts.headers, body: Bytes::new() }
        }
    }
}
