//! What AWS is known for while traffic shifts, and that no single argument shows.

mod forwards;
mod groups;
mod records;

use std::time::Duration;

use greenroom_model::value::Value;
use greenroom_provider::{CheckRequest, TrapRequest};

use crate::peers::Peers;

/// What is known of the way ahead.
struct Ahead<'a> {
    planned: &'a [CheckRequest],
    peers: &'a Peers<'a>,
    /// The shortest time between two weights, if there are several.
    shortest_pause: Option<Duration>,
}

/// All traps, each said once.
pub(crate) fn traps(request: &TrapRequest<'_>, region: &str) -> Vec<String> {
    let TrapRequest { planned, shortest_pause } = *request;
    let peers = Peers::new(region, planned);
    let ahead = Ahead { planned, peers: &peers, shortest_pause };
    let found = forwards::traps(&ahead).into_iter();
    found.chain(groups::traps(&ahead)).chain(records::traps(&ahead)).collect()
}

impl<'a> Ahead<'a> {
    /// The planned objects of a type.
    fn of(&self, kind: &'static str) -> impl Iterator<Item = &'a CheckRequest> {
        self.planned.iter().filter(move |it| &*it.kind == kind)
    }

    /// The shortest pause, if something that lasts so many seconds outlives it.
    fn outlived_by(&self, seconds: i64) -> Option<Duration> {
        let seconds = Duration::from_secs(u64::try_from(seconds).ok()?);
        self.shortest_pause.filter(|pause| seconds > *pause)
    }
}

/// The tables of an argument that may hold several.
fn tables<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value.get(name).and_then(Value::as_list).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use greenroom_model::expr::Expr;

    use super::*;

    pub(super) fn object(address: &str, planned: Value) -> CheckRequest {
        let address: greenroom_model::address::Address = address.parse().expect("an address");
        CheckRequest { kind: address.block.kind.clone(), address, planned }
    }

    pub(super) fn one(fields: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
        Value::list([Value::object(fields)])
    }

    pub(super) fn pending(group: &'static str) -> Value {
        Value::pending(Expr::reference("aws_lb_target_group", [group, "arn"]))
    }

    /// What is said with a shortest pause of so many seconds.
    pub(super) fn said(planned: &[CheckRequest], pause: u64) -> Vec<String> {
        let shortest_pause = Some(Duration::from_secs(pause));
        traps(&TrapRequest { planned, shortest_pause }, "eu-central-1")
    }
}
