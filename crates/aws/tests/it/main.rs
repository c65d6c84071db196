//! The provider on real AWS API servers: every type through its life, by the real engine.

mod lab;
mod lifecycle;

mod instance;
mod vpc;
