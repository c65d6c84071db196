//! The way of a request: listen, read, decide, forward, answer.

mod backend;
mod connection;
mod listen;
mod pipeline;

pub(crate) use backend::Backend;
pub(crate) use listen::listen;
