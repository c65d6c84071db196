//! Tests of the engine from outside.

mod formats;
mod planning;
mod promoting;
mod replaying;
mod scheduling;
mod settling;
