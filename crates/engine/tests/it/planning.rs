//! Plans: what becomes of specs and a state.

mod changes;
mod edges;
mod images;
mod mistakes;
mod outputs;
mod render;
mod repetition;
mod replacements;
pub(crate) mod support;
