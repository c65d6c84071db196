//! A plan as JSON. Nothing is left out of a long plan.

use greenroom_model::plan::{Next, Purpose, ReplaceOrder};
use greenroom_model::value::Value;
use serde_json::{Value as Json, json};

use super::attributes::{AttributeChange, Forces};
use super::promotion::PromotionView;
use super::{Counts, DriftView, Entry, EntryAction, OutputChange, PhaseView, PlanView, Seen};
use crate::view::value::json as value_json;
use crate::view::{self, Fields};

pub(super) fn fields(plan: &PlanView) -> Fields {
    view::fields(json!({
        "name": plan.name,
        "purpose": purpose(plan.purpose),
        "promotion": plan.promotion.as_ref().map(promotion),
        "counts": counts(plan.counts),
        "drift": plan.drift.iter().map(drift).collect::<Vec<_>>(),
        "records": plan.records,
        "phases": plan.phases.iter().map(phase).collect::<Vec<_>>(),
        "outputs": plan.outputs.iter().map(output).collect::<Vec<_>>(),
    }))
}

fn purpose(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Apply => "apply",
        Purpose::Destroy => "destroy",
        Purpose::Promote => "promote",
        Purpose::Rollback => "rollback",
        Purpose::Abort => "abort",
        Purpose::Retire => "retire",
    }
}

fn promotion(promotion: &PromotionView) -> Json {
    let PromotionView { candidate, replaces, image_set, shortest } = promotion;
    json!({
        "candidate": candidate.to_string(),
        "replaces": replaces.as_ref().map(ToString::to_string),
        "image_set": image_set,
        "shortest_seconds": shortest.map(|it| it.as_secs_f64()),
    })
}

fn counts(counts: Counts) -> Json {
    let Counts { add, change, replace, destroy, finish, read, gates } = counts;
    json!({
        "add": add,
        "change": change,
        "replace": replace,
        "destroy": destroy,
        "finish": finish,
        "read": read,
        "gates": gates,
    })
}

fn drift(drift: &DriftView) -> Json {
    let (seen, reason) = match &drift.seen {
        Seen::Gone => ("gone", None),
        Seen::Failed(reason) => ("failed", Some(reason)),
        Seen::Changed => ("changed", None),
    };
    json!({
        "address": drift.address.to_string(),
        "seen": seen,
        "reason": reason,
        "attributes": drift.attributes.iter().map(attribute).collect::<Vec<_>>(),
    })
}

fn phase(phase: &PhaseView) -> Json {
    let gates = phase
        .gates
        .iter()
        .map(|it| json!({ "name": it.name, "question": it.question, "asked": it.asked }));
    json!({
        "name": phase.name,
        "on_pass": next(&phase.on_pass),
        "on_fail": next(&phase.on_fail),
        "changes": phase.entries.iter().map(entry).collect::<Vec<_>>(),
        "gates": gates.collect::<Vec<_>>(),
        "steps": phase.steps.iter().map(|step| step.0.clone()).collect::<Vec<_>>(),
    })
}

fn next(next: &Next) -> Json {
    match next {
        Next::Phase(name) => json!({ "phase": name }),
        Next::Done => json!("done"),
        Next::RolledBack => json!("rolled_back"),
        Next::Halt => json!("halt"),
    }
}

fn entry(entry: &Entry) -> Json {
    let order = match entry.action {
        EntryAction::Replace(ReplaceOrder::DestroyFirst) => Some("destroy_first"),
        EntryAction::Replace(_) => Some("create_first"),
        _ => None,
    };
    json!({
        "address": entry.address.to_string(),
        "action": entry.action.as_str(),
        "order": order,
        "id": entry.id,
        "why": entry.why,
        "attributes": entry.attributes().iter().map(attribute).collect::<Vec<_>>(),
    })
}

fn attribute(attribute: &AttributeChange) -> Json {
    json!({
        "path": attribute.path.to_string(),
        "before": side(attribute.before.as_ref()),
        "after": side(attribute.after.as_ref()),
        "forces_replacement": match attribute.forces {
            Forces::Nothing => "no",
            Forces::Replacement => "yes",
            Forces::ReplacementIfDifferent => "if_different",
        },
    })
}

fn output(change: &OutputChange) -> Json {
    json!({
        "name": change.name,
        "before": side(change.before.as_ref()),
        "after": side(change.after.as_ref()),
    })
}

fn side(value: Option<&Value>) -> Json {
    value.map_or(Json::Null, value_json)
}
