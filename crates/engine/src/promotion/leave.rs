//! The plan by which environments without traffic leave the front, and go.

use std::collections::BTreeMap;

use greenroom_model::address::Scope;
use greenroom_model::plan::{Next, Operation, Plan, Purpose};
use greenroom_model::roster::{Course, Mark, Placing, Roster};

use super::compose::{expect, in_front};
use super::draft::PhaseDraft;

const LEAVE: &str = "leave";
const REMOVE: &str = "remove";

/// Puts together what makes the front forget environments, `front`, and what removes them,
/// `removed`, which is against the forecast of the first.
#[must_use]
pub fn leave(roster: &Roster, leaving: &[Scope], front: Plan, removed: &Plan) -> Plan {
    let unconcerned = |entries| Mark { entries, verified: false, course: Course::Unconcerned };
    let outside = leaving.iter().filter_map(|scope| {
        let entry = roster.entries.get(scope)?;
        let (role, weight) = (entry.role, entry.weight);
        let placing = Placing { role, weight, admitted: false, retain: None };
        Some((scope.clone(), Some(placing)))
    });
    let mut first = PhaseDraft::marked(LEAVE, unconcerned(outside.collect()));
    let changes = first.graft(&front, in_front, PhaseDraft::BEGIN);
    first.verify(&changes);

    let forgotten: BTreeMap<Scope, Option<Placing>> =
        leaving.iter().map(|scope| (scope.clone(), None)).collect();
    let mut second = PhaseDraft::marked(REMOVE, unconcerned(BTreeMap::new()));
    let mut gone = second.graft(removed, |it| is_leaving(it, leaving), PhaseDraft::BEGIN);
    gone.push(PhaseDraft::BEGIN);
    second.mark("forgotten", unconcerned(forgotten), &gone);

    let mut phases = vec![
        first.finish(Next::Phase(REMOVE.into()), Next::Halt),
        second.finish(Next::Done, Next::Halt),
    ];
    expect(&mut phases);
    let mut outputs = front.outputs.clone();
    outputs.retain(|scope, _| !leaving.contains(scope));
    Plan { purpose: Purpose::Retire, phases, outputs, ..front }
}

fn is_leaving(operation: &Operation, leaving: &[Scope]) -> bool {
    operation.action.address().is_some_and(|it| leaving.contains(&it.scope))
}
