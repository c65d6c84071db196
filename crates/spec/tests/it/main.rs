//! What is said of specs, from text to diagnostics.

mod digest;
mod expressions;
mod gates;
mod pages;
mod project;
mod random;
mod references;
mod stage;
mod structure;
mod support;
mod template;
mod toml_mistakes;
mod values;
