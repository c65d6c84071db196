//! Reports of a pipeline for those who were not there: a page for people, and JUnit XML for what
//! shows the results of continuous integration.
//!
//! Pure functions of a record; nothing is read, written or decided here.

mod html;
mod junit;
#[cfg(test)]
mod sample;
mod step;
mod verdict;

use serde_json::Value;

pub(crate) use html::html;
pub(crate) use junit::junit;

/// A value of a matrix as people write it: text without quotes.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
