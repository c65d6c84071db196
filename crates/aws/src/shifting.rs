//! What AWS does while traffic shifts, and that no single argument shows.

mod balancers;
mod forwards;
mod groups;
mod records;

use std::time::Duration;

use greenroom_model::plan::Horizon;
use greenroom_model::value::Value;
use greenroom_provider::CheckRequest;

use crate::peers::Peers;

/// What is known of the way ahead.
struct Ahead<'a> {
    planned: &'a [CheckRequest],
    peers: &'a Peers<'a>,
}

/// What goes wrong.
pub(crate) fn traps(planned: &[CheckRequest], region: &str) -> Vec<String> {
    let ahead = Ahead { planned, peers: &Peers::new(region, planned) };
    let found = forwards::traps(&ahead).into_iter();
    found.chain(groups::traps(&ahead)).chain(records::traps(&ahead)).collect()
}

/// What lets clients go on coming to where they were sent.
pub(crate) fn horizons(planned: &[CheckRequest], region: &str) -> Vec<Horizon> {
    let ahead = Ahead { planned, peers: &Peers::new(region, planned) };
    let found = forwards::horizons(&ahead).into_iter();
    found.chain(records::horizons(&ahead)).chain(balancers::horizons(&ahead)).collect()
}

impl<'a> Ahead<'a> {
    /// The planned objects of a type.
    fn of(&self, kind: &'static str) -> impl Iterator<Item = &'a CheckRequest> {
        self.planned.iter().filter(move |it| &*it.kind == kind)
    }
}

/// What lasts so many seconds, if that is a time.
fn horizon(seconds: i64, why: String) -> Option<Horizon> {
    let lasts = Duration::from_secs(u64::try_from(seconds).ok()?);
    Some(Horizon { lasts, why })
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

    pub(super) fn said(planned: &[CheckRequest]) -> Vec<String> {
        traps(planned, "eu-central-1")
    }

    /// The horizons, in seconds and in words.
    pub(super) fn lasting(planned: &[CheckRequest]) -> Vec<(u64, String)> {
        let horizons = horizons(planned, "eu-central-1").into_iter();
        horizons.map(|it| (it.lasts.as_secs(), it.why)).collect()
    }
}
