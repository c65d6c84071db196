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

pub(crate) use html::html;
pub(crate) use junit::junit;
