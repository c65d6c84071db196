//! placeholder
pub mod expr;
pub mod span;
pub mod value;
