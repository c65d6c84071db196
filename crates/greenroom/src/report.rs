//! Reports of pipelines and promotions for those who were not there: pages for people, and JUnit XML
//! for what shows the results of continuous integration.
//!
//! Pure functions of a record or an account; nothing is read, written or decided here.

mod html;
mod junit;
mod page;
#[cfg(test)]
mod parsed;
mod promotion;
#[cfg(test)]
mod sample;
mod scale;
mod step;
mod verdict;

pub(crate) use html::html;
pub(crate) use junit::junit;
pub(crate) use promotion::promotion;
