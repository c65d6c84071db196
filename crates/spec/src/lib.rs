//! Specs: TOML and expressions, with spans and diagnostics.
//!
//! Files come in as text, typed specs and diagnostics go out. The expression language lives here
//! whole, parser, evaluator and functions: pure functions of an expression and a scope.
//! Deliberately absent: reading files, providers (their schemas come in as data), and everything
//! about what exists in the world.

pub mod check;
pub mod diagnostic;
pub mod expr;
pub mod image;
pub mod json_schema;
pub mod location;
pub mod near;
pub mod node;
pub mod parse;
pub mod project;
pub mod promotion;
pub mod reference_pages;
pub mod schemas;
pub mod source;
pub mod template;
pub mod version;

mod digest;
