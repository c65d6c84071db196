//! Greenroom's embedded providers: `local`, with processes, load balancers and
//! name servers on one machine, and
//! `greenroom`, with values that live in the state alone.
//!
//! Two halves: the types ([`LocalProvider`], [`ValueProvider`]) say what exists as schemas and
//! values; the [`runtime`] below them deals in folders, processes and sockets and knows neither.
//! Deliberately absent: plans, states and other providers. Unix only.

mod failure;
mod horizons;
mod measure;
mod provider;
pub mod runtime;
mod types;
mod value;

pub use provider::{LocalOptions, LocalProvider};
pub use value::ValueProvider;
