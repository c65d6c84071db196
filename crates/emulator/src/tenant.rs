//! What the proxy knows of one account.

use crate::faults::Faults;
use crate::names::Names;
use crate::tokens::Tokens;

/// What the proxy knows of one account.
#[derive(Debug, Default)]
pub(crate) struct Tenant {
    pub(crate) faults: Faults,
    pub(crate) tokens: Tokens,
    pub(crate) names: Names,
}
