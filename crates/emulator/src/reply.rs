//! What is answered to a call.

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};
use xmltree::Element;

use crate::call::Protocol;
use crate::xml;

/// An answer as it goes to the client.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// An error as AWS would say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) status: StatusCode,
    pub(crate) code: String,
    pub(crate) message: String,
}

impl Failure {
    /// An error of the caller's (400).
    pub(crate) fn of_caller(code: &str, message: impl Into<String>) -> Failure {
        Failure::new(StatusCode::BAD_REQUEST, code, message)
    }

    pub(crate) fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Failure {
        Failure { status, code: code.to_owned(), message: message.into() }
    }

    /// The refusal of a service that is called too often.
    pub(crate) fn throttled(service: &str) -> Failure {
        let unavailable = StatusCode::SERVICE_UNAVAILABLE;
        match service {
            "ec2" => Failure::new(unavailable, "RequestLimitExceeded", "Request limit exceeded."),
            "s3" => Failure::new(unavailable, "SlowDown", "Please reduce your request rate."),
            "dynamodb" | "ssm" => Failure::of_caller("ThrottlingException", "Rate exceeded"),
            _ => Failure::of_caller("Throttling", "Rate exceeded"),
        }
    }

    /// The failure of a service that is to blame itself.
    pub(crate) fn internal() -> Failure {
        let message = "An internal error has occurred";
        Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", message)
    }

    /// As the service says it.
    pub(crate) fn reply(&self, protocol: Protocol) -> Reply {
        let (content, body) = match protocol {
            Protocol::Json => ("application/x-amz-json-1.1", self.json()),
            Protocol::Cbor => ("application/cbor", self.cbor()),
            _ => ("text/xml", xml::write(&self.xml(protocol))),
        };
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content));
        if protocol == Protocol::Cbor {
            headers.insert("smithy-protocol", HeaderValue::from_static("rpc-v2-cbor"));
        }
        if let Ok(code) = HeaderValue::from_str(&self.code) {
            headers.insert("x-amzn-errortype", code);
        }
        Reply { status: self.status, headers, body }
    }

    fn xml(&self, protocol: Protocol) -> Element {
        let (code, message) = (xml::leaf("Code", &self.code), xml::leaf("Message", &self.message));
        let blame = if self.status.is_server_error() { "Receiver" } else { "Sender" };
        match protocol {
            Protocol::Ec2 => {
                let errors = xml::branch("Errors", [xml::branch("Error", [code, message])]);
                xml::branch("Response", [errors, xml::leaf("RequestID", "emulator")])
            }
            Protocol::S3 => xml::branch("Error", [code, message]),
            _ => {
                let error = xml::branch("Error", [xml::leaf("Type", blame), code, message]);
                xml::branch("ErrorResponse", [error, xml::leaf("RequestId", "emulator")])
            }
        }
    }

    fn json(&self) -> Bytes {
        let body = serde_json::json!({ "__type": self.code, "message": self.message });
        body.to_string().into()
    }

    fn cbor(&self) -> Bytes {
        let pairs = [("__type", &self.code), ("message", &self.message)];
        let text = |text: &str| ciborium::Value::Text(text.to_owned());
        let fields = pairs.map(|(name, value)| (text(name), text(value)));
        let mut body = Vec::new();
        ciborium::into_writer(&ciborium::Value::Map(fields.into()), &mut body)
            .expect("memory takes any document");
        body.into()
    }
}

impl Reply {
    /// The success that tells this document.
    pub(crate) fn xml(document: &Element) -> Reply {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/xml"));
        Reply { status: StatusCode::OK, headers, body: xml::write(document) }
    }

    /// The document that it holds, if it holds one.
    pub(crate) fn document(&self) -> Option<Element> {
        let content = self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        content.filter(|content| content.contains("xml")).and_then(|_| xml::parse(&self.body))
    }

    /// Replaces the document.
    pub(crate) fn set_document(&mut self, document: &Element) {
        self.body = xml::write(document);
        self.headers.remove(CONTENT_LENGTH);
    }

    /// The code of the error that it tells, if it tells one.
    pub(crate) fn code(&self) -> Option<String> {
        if self.status.is_success() {
            return None;
        }
        if let Some(document) = self.document() {
            return xml::texts(&document, "Code").into_iter().next();
        }
        let header = self.headers.get("x-amzn-errortype").and_then(|value| value.to_str().ok());
        let named = header.map(str::to_owned).or_else(|| self.code_in_body());
        named.map(|code| code.rsplit('#').next().unwrap_or_default().to_owned())
    }

    fn code_in_body(&self) -> Option<String> {
        let body: serde_json::Value = serde_json::from_slice(&self.body).ok()?;
        body.get("__type")?.as_str().map(str::to_owned)
    }
}
