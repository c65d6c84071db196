//! The expression language as a whole: against Terraform, with pending and
//! sensitive values, and as properties.

mod golden;
mod partial;
mod properties;
mod sensitive;
mod world;
