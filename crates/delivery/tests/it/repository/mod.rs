//! The repository of artifacts: what all kinds of it have in common, and what is each one's own.

mod artifactory;
mod artifactory_server;
mod backend;
#[cfg(feature = "s3")]
mod bucket;
mod contract;
mod folder;
