//! Tests of the provider with real processes, each in a root folder of its own.

// The lint knows test functions, but not the helpers beside them.
#![allow(clippy::unwrap_used)]

mod balancers;
mod instances;
mod provider;
mod site;
mod traffic;
mod values;
