//! What may be a record or a request.

use crate::error::StoreError;
use crate::name::StateName;

/// Refuses what would not be one line.
pub(crate) fn check_payload(state: &StateName, payload: &[u8]) -> Result<(), StoreError> {
    let problem = match payload {
        [] => "is empty",
        bytes if bytes.contains(&b'\n') => "has a line break",
        _ => return Ok(()),
    };
    Err(StoreError::Payload { state: state.clone(), problem })
}
