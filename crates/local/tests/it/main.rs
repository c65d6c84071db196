//! Tests of the provider with real processes, each in a root folder of its own.

// The lint knows test functions, but not the helpers beside them.
#![allow(clippy::unwrap_used)]

mod asking;
mod balancers;
mod dns;
mod dns_types;
mod images;
mod instances;
mod measuring;
mod mirroring;
mod provider;
#[path = "../../../../tests/registry/mod.rs"]
mod registry;
mod side;
mod site;
mod traffic;
mod values;
