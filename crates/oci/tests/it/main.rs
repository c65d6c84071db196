//! Images pushed to and pulled from a real registry.
#![allow(clippy::unwrap_used, missing_docs)]
