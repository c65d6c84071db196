//! The provider `aws`: EC2, load balancers and Route 53, natively on the AWS SDK for Rust.
//!
//! One file a resource type below `types`, one a data source below `data`; what is the same for
//! all of them stands beside: looking (coalesced), waiting, tags, errors. Types, arguments and
//! attributes have the names that Terraform's AWS provider gave them.
//! Deliberately absent: the engine, the store, other providers.

mod access;
mod aws;
mod batches;
mod cloudwatch;
mod data;
mod error;
mod looks;
mod peers;
mod provider;
mod reads;
mod resource;
mod retag;
mod send;
mod settings;
mod shifting;
mod tags;
mod types;

pub use access::Access;
pub use aws::Pace;
pub use provider::{AwsProvider, schema};
pub use settings::resolve;
