//! Delivery: what turns environments into a pipeline.
//!
//! So far the gates: real probes behind the driver's trait. Deliberately absent: rendering, and
//! everything about resources; what is made and in which order, the engine says.

pub mod gates;
