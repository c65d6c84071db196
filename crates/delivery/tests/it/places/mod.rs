//! Places and the line of those who wait for one.

mod decisions;
mod interleavings;
mod waits;

use greenroom_delivery::places::{Limits, Me};
use greenroom_store::{Segment, StateName};

pub(crate) fn state(text: &str) -> StateName {
    format!("shop/{text}").parse().unwrap()
}

/// The process `ticket`, which wants the environment `text`.
pub(crate) fn me(text: &str, ticket: &str) -> Me {
    let introduction = format!("{ticket}@ci");
    Me { state: state(text), ticket: ticket.to_owned(), introduction }
}

pub(crate) fn limits(project: Option<u32>, stages: &[(&str, u32)]) -> Limits {
    let stage = |(name, most): &(&str, u32)| (Segment::new(name).unwrap(), *most);
    Limits { project, stages: stages.iter().map(stage).collect() }
}
