//! The built binary with the provider `aws`, on emulated APIs: the example project as it is.
//!
//! What is left over is read from the APIs, not from what Greenroom says of it.

mod baking;
mod cloud;
mod denied;
mod extending;
#[cfg(feature = "fail-points")]
mod killed;
#[cfg(feature = "fail-points")]
mod on_s3;
#[cfg(feature = "fail-points")]
#[path = "../points/mod.rs"]
mod points;
mod promoting;
mod reads;
mod reap;
mod repository;
mod shop;
mod weather;
