//! Expressions: parsed by `hcl-edit`, lowered to [`greenroom_model::expr`],
//! evaluated by our own partial evaluator.
//!
//! Everything here is pure: names and files come from a [`Scope`], there is no
//! clock and no randomness, and equal inputs give equal values. So a residual
//! that a plan stores is evaluated at apply by the same function.
//!
//! What stays true, and is tested over random expressions:
//!
//! - A residual, settled with everything known, gives what evaluating the whole
//!   expression at once gives; also after a trip through its text.
//! - Partial evaluation fails only where full evaluation fails.
//! - A residual carries the references of secrets, never their values.

mod convert;
mod eval;
pub mod functions;
mod parse;
mod references;

pub use eval::{Key, NoScope, Problem, Scope, evaluate, sensitive};
pub use parse::{Mistake, parse_expression, parse_template};
pub use references::{Reference, references};
