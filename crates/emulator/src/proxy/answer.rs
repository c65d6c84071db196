//! Answers, and errors in the form of each protocol.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};

/// An answer to a call.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    /// An error as a service sends it.
    pub(crate) fn error(service: &str, status: u16, code: &str, message: &str) -> Answer {
        let escaped = quick_xml::escape::escape(message);
        let (kind, body) = match service {
            "ec2" => (
                "text/xml",
                format!(
                    "<Response><Errors><Error><Code>{code}</Code><Message>{escaped}</Message>\
                     </Error></Errors><RequestID>r</RequestID></Response>"
                ),
            ),
            "s3" => (
                "application/xml",
                format!("<Error><Code>{code}</Code><Message>{escaped}</Message></Error>"),
            ),
            "ssm" | "dynamodb" | "tagging" => {
                let message = message.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', " ");
                (
                    "application/x-amz-json-1.1",
                    format!(r#"{{"__type":"{code}","message":"{message}"}}"#),
                )
            }
            _ => (
                "text/xml",
                format!(
                    "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code>\
                     <Message>{escaped}</Message></Error><RequestId>r</RequestId></ErrorResponse>"
                ),
            ),
        };
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        if let Ok(code) = HeaderValue::from_str(code) {
            headers.insert("x-amzn-errortype", code);
        }
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
        Answer { status, headers, body: body.into() }
    }

    /// Too many requests, in the words of the service.
    pub(crate) fn throttled(service: &str) -> Answer {
        let (status, code) = match service {
            "ec2" => (503, "RequestLimitExceeded"),
            "s3" => (503, "SlowDown"),
            "ssm" | "dynamodb" => (400, "ThrottlingException"),
            _ => (400, "Throttling"),
        };
        Answer::error(service, status, code, "Rate exceeded")
    }

    /// A mistake of the service's.
    pub(crate) fn broken(service: &str) -> Answer {
        Answer::error(service, 500, "InternalError", "An internal error has occurred")
    }

    /// Whether this is how the servers say that they did not expect the call: AWS answers nothing
    /// in HTML.
    pub(crate) fn is_unknown(&self) -> bool {
        let html = self
            .headers
            .get(header::CONTENT_TYPE)
            .is_some_and(|kind| kind.to_str().is_ok_and(|kind| kind.starts_with("text/html")));
        let failed = self.status.is_server_error() || self.status == StatusCode::NOT_FOUND;
        html && failed
    }

    /// The code of an error.
    pub(crate) fn code(&self) -> String {
        if self.status.is_success() {
            return String::new();
        }
        let text = String::from_utf8_lossy(&self.body);
        let xml = text.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>"));
        let json = || text.split_once(r#""__type":""#).and_then(|(_, rest)| rest.split_once('"'));
        xml.or_else(json).map_or_else(String::new, |(code, _)| code.to_owned())
    }
}
