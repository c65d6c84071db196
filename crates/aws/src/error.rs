//! What AWS answers when it does not do what was asked.
//!
//! Error codes: EC2 API Reference, "Error codes for the Amazon EC2 API"; the other services name
//! theirs the same way, without a common list.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use greenroom_provider::{Failure, FailureKind};

/// A call that did not succeed.
#[derive(Debug, Clone)]
pub(crate) struct ApiError {
    /// The call, as permissions name it: `ec2:CreateVpc`.
    pub(crate) action: &'static str,
    /// AWS's code; `None` where no answer came.
    pub(crate) code: Option<String>,
    /// AWS's words, or ours where no answer came.
    pub(crate) message: String,
    /// What it means for the world and for the next attempt.
    pub(crate) class: Class,
}

/// What an error means for the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// Refused for now, nothing was done: the same call may succeed later.
    Throttled,
    /// Refused, nothing was done.
    Refused(FailureKind),
    /// Nothing was sent.
    NotSent(FailureKind),
    /// Nobody can say whether it was done.
    Ambiguous,
}

/// Turns the SDK's error of `action` into ours: for `map_err`.
pub(crate) fn at<E>(action: &'static str) -> impl Fn(SdkError<E, HttpResponse>) -> ApiError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    move |error| ApiError::new(action, &error)
}

impl ApiError {
    fn new<E>(action: &'static str, error: &SdkError<E, HttpResponse>) -> ApiError
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        match error {
            SdkError::ServiceError(answer) => {
                let code = answer.err().code().map(str::to_owned);
                let said = answer.err().message();
                let status = answer.raw().status().as_u16();
                let class = classify(code.as_deref().unwrap_or_default(), status);
                let message = said.map_or_else(|| unexplained(answer.raw()), str::to_owned);
                ApiError { action, code, message, class }
            }
            SdkError::ConstructionFailure(_) => {
                let class = Class::NotSent(FailureKind::Argument);
                ApiError { action, code: None, message: chain(error), class }
            }
            SdkError::DispatchFailure(failure) => {
                let class = match credentials(error) {
                    true => Class::NotSent(FailureKind::Credentials),
                    false if failure.is_user() => Class::NotSent(FailureKind::Unavailable),
                    false => Class::Ambiguous,
                };
                ApiError { action, code: None, message: chain(error), class }
            }
            _ => ApiError { action, code: None, message: chain(error), class: Class::Ambiguous },
        }
    }

    /// Whether AWS says that something is not there.
    pub(crate) fn is_not_found(&self) -> bool {
        self.class == Class::Refused(FailureKind::NotFound)
    }

    /// Whether AWS answered with this code.
    pub(crate) fn has_code(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
    }
}

/// What an answer says that is none of the API's: most often something on the way sent it.
fn unexplained(answer: &HttpResponse) -> String {
    let status = answer.status().as_u16();
    let body = String::from_utf8_lossy(answer.body().bytes().unwrap_or_default()).into_owned();
    let body: String = body.split_whitespace().collect::<Vec<_>>().join(" ");
    match body.char_indices().nth(200) {
        _ if body.is_empty() => format!("HTTP status {status}"),
        None => format!("HTTP status {status}: {body}"),
        Some((end, _)) => format!("HTTP status {status}: {}…", &body[..end]),
    }
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Failure {
        let code = error.code.as_deref().map(|code| format!(" ({code})")).unwrap_or_default();
        let message = format!("{}: {}{code}", error.action, error.message);
        match error.class {
            Class::Throttled => Failure::new(FailureKind::Unavailable, message)
                .help("AWS limits how often this may be asked; apply again in a while"),
            Class::Refused(kind) | Class::NotSent(kind) => refused(&error, kind, message),
            Class::Ambiguous => Failure::new(FailureKind::Unavailable, message).unknown_effect(),
        }
    }
}

fn refused(error: &ApiError, kind: FailureKind, message: String) -> Failure {
    match kind {
        FailureKind::Credentials if error.code.is_some() => {
            Failure::new(kind, "the AWS credentials have expired or are not valid".to_owned())
                .help(format!("renew them, then run this command again; AWS says: {message}"))
        }
        FailureKind::Credentials => no_credentials(&message),
        FailureKind::Denied => {
            Failure::new(kind, format!("the permission `{}` is missing", error.action))
                .help(format!("AWS says: {}", error.message))
        }
        FailureKind::Quota => Failure::new(kind, message)
            .help("ask for more under Service Quotas, or use less; the code names which"),
        FailureKind::Stranger => Failure::new(kind, message).help(TAKE_OVER),
        _ => Failure::new(kind, message),
    }
}

/// Nothing that the SDK looks at says who asks; `why` are its words.
pub(crate) fn no_credentials(why: &str) -> Failure {
    Failure::new(FailureKind::Credentials, "there are no AWS credentials")
        .help(format!("set AWS_PROFILE or AWS_ACCESS_KEY_ID, or sign in; the SDK says: {why}"))
}

/// What to do where somebody else's object stands in the place of one that was to be made.
pub(crate) const TAKE_OVER: &str =
    "nothing was touched; choose another name, or take it over with `greenroom import`";

/// The class of an error code. The order counts: some codes match several patterns.
fn classify(code: &str, status: u16) -> Class {
    const THROTTLED: [&str; 9] = [
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "PriorRequestNotComplete",
        "TooManyRequestsException",
    ];
    if THROTTLED.contains(&code) {
        return Class::Throttled;
    }
    if let Some(kind) = kind_of(code) {
        return Class::Refused(kind);
    }
    match status {
        401 | 403 => Class::Refused(FailureKind::Denied),
        400..=499 => Class::Refused(FailureKind::Argument),
        _ => Class::Ambiguous,
    }
}

fn kind_of(code: &str) -> Option<FailureKind> {
    if is_expired(code) {
        Some(FailureKind::Credentials)
    } else if is_denied(code) {
        Some(FailureKind::Denied)
    } else if is_quota(code) {
        Some(FailureKind::Quota)
    } else if is_held(code) {
        Some(FailureKind::Held)
    } else if is_taken(code) {
        Some(FailureKind::Stranger)
    } else if is_not_found(code) {
        Some(FailureKind::NotFound)
    } else {
        None
    }
}

fn is_expired(code: &str) -> bool {
    matches!(
        code,
        "ExpiredToken"
            | "ExpiredTokenException"
            | "RequestExpired"
            | "AuthFailure"
            | "InvalidClientTokenId"
            | "UnrecognizedClientException"
            | "SignatureDoesNotMatch"
    )
}

fn is_denied(code: &str) -> bool {
    matches!(
        code,
        "UnauthorizedOperation" | "AccessDenied" | "AccessDeniedException" | "OptInRequired"
    )
}

fn is_quota(code: &str) -> bool {
    code.ends_with("LimitExceeded")
        || code.ends_with("LimitExceededException")
        || code.starts_with("Insufficient")
        || code.starts_with("TooMany")
        || matches!(code, "InstanceLimitExceeded" | "Unsupported" | "LimitExceeded")
}

fn is_held(code: &str) -> bool {
    code.ends_with("InUse")
        || code.ends_with("InUseException")
        || matches!(
            code,
            "DependencyViolation"
                | "DeleteConflict"
                | "HostedZoneNotEmpty"
                | "InvalidGroup.InUse"
                | "OperationNotPermitted"
                | "ResourceInUse"
        )
}

fn is_taken(code: &str) -> bool {
    code.starts_with("Duplicate")
        || code.ends_with(".Duplicate")
        || code.ends_with("AlreadyExists")
        || code.ends_with("AlreadyExistsException")
}

fn is_not_found(code: &str) -> bool {
    code.ends_with("NotFound")
        || code.ends_with("NotFoundException")
        || code.starts_with("NoSuch")
        || code == "InvalidAMIID.Unavailable"
}

fn credentials(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<CredentialsError>() {
            return true;
        }
        cause = error.source();
    }
    false
}

/// The error and all its causes, in one line.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        message.push_str(": ");
        message.push_str(&error.to_string());
        cause = error.source();
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_says_what_became_of_the_call() {
        for (code, status, class) in [
            ("RequestLimitExceeded", 503, Class::Throttled),
            ("Throttling", 400, Class::Throttled),
            ("InternalError", 500, Class::Ambiguous),
            ("ServiceUnavailable", 503, Class::Ambiguous),
            ("InvalidVpcID.NotFound", 400, Class::Refused(FailureKind::NotFound)),
            ("NoSuchEntity", 404, Class::Refused(FailureKind::NotFound)),
            ("InvalidGroup.Duplicate", 400, Class::Refused(FailureKind::Stranger)),
            ("EntityAlreadyExists", 409, Class::Refused(FailureKind::Stranger)),
            ("DependencyViolation", 400, Class::Refused(FailureKind::Held)),
            ("VcpuLimitExceeded", 400, Class::Refused(FailureKind::Quota)),
            ("InsufficientInstanceCapacity", 500, Class::Refused(FailureKind::Quota)),
            ("UnauthorizedOperation", 403, Class::Refused(FailureKind::Denied)),
            ("ExpiredToken", 400, Class::Refused(FailureKind::Credentials)),
            ("InvalidParameterValue", 400, Class::Refused(FailureKind::Argument)),
        ] {
            assert_eq!(classify(code, status), class, "{code}");
        }
    }
}
