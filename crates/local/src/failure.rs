//! The runtime's errors as failures: one line each, with all causes.

use std::error::Error;

use greenroom_oci::{PullError, RegistryError};
use greenroom_provider::{Failure, FailureKind};

use crate::runtime::balancer::BalancerError;
use crate::runtime::dns::ZoneError;
use crate::runtime::{FileError, PortError};

/// A failure with the whole chain of an error.
pub(crate) fn with(kind: FailureKind, error: &dyn Error) -> Failure {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        message.push_str(": ");
        message.push_str(&error.to_string());
        cause = error.source();
    }
    Failure::new(kind, message)
}

/// A failure of the root folder.
pub(crate) fn file(error: &FileError) -> Failure {
    with(FailureKind::Internal, error)
}

/// What class of failure a port's is.
pub(crate) fn port_kind(error: &PortError) -> FailureKind {
    match error {
        PortError::Taken { .. } => FailureKind::Held,
        PortError::Refused { .. } | PortError::Address { .. } => FailureKind::Argument,
        PortError::NoneFree(_) => FailureKind::Quota,
        PortError::File(_) => FailureKind::Internal,
    }
}

/// What class of failure it is that an image cannot be had.
pub(crate) fn pull_kind(error: &PullError) -> FailureKind {
    match error {
        PullError::Registry(error) => match error {
            RegistryError::Unreachable { .. } => FailureKind::Unavailable,
            RegistryError::Refused { status, .. } if status.is_server_error() => {
                FailureKind::Unavailable
            }
            RegistryError::Credentials(_) | RegistryError::Denied { .. } => FailureKind::Denied,
            RegistryError::Client { .. } => FailureKind::Internal,
            _ => FailureKind::Argument,
        },
        PullError::Layer { .. } | PullError::Layers { .. } | PullError::Unpack { .. } => {
            FailureKind::Argument
        }
        PullError::Write { .. } | PullError::Read { .. } => FailureKind::Internal,
    }
}

/// A failure of a load balancer.
pub(crate) fn balancer(error: &BalancerError) -> Failure {
    let kind = match error {
        BalancerError::Missing { .. } => FailureKind::NotFound,
        BalancerError::Stopped { .. } | BalancerError::Control(_) => FailureKind::Unavailable,
        BalancerError::Refused { port: Some(_), .. } => FailureKind::Held,
        BalancerError::Address(error) => port_kind(error),
        BalancerError::Refused { .. }
        | BalancerError::Confused { .. }
        | BalancerError::Launch(_)
        | BalancerError::File(_) => FailureKind::Internal,
    };
    let failure = with(kind, error);
    match error {
        BalancerError::Stopped { .. } => failure.help("apply again: it is started then"),
        _ => failure,
    }
}

/// A failure of a zone.
pub(crate) fn zone(error: &ZoneError) -> Failure {
    let kind = match error {
        ZoneError::Missing { .. } => FailureKind::NotFound,
        ZoneError::Stopped { .. } | ZoneError::Control(_) => FailureKind::Unavailable,
        ZoneError::Held { .. } | ZoneError::Refused { port: Some(_), .. } => FailureKind::Held,
        ZoneError::Port(error) => port_kind(error),
        ZoneError::Refused { .. }
        | ZoneError::Confused { .. }
        | ZoneError::Launch(_)
        | ZoneError::File(_) => FailureKind::Internal,
    };
    let failure = with(kind, error);
    match error {
        ZoneError::Stopped { .. } => failure.help("apply again: it is started then"),
        _ => failure,
    }
}
