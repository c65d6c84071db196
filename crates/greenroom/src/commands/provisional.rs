//! What a plan of a state that is not there yet cannot promise.
//!
//! A new state gets its lineage when it is made, and uids, and whatever is derived from them,
//! follow from the lineage. A plan that is only shown is therefore made twice, for two lineages:
//! where the two differ, the value is known only after apply.

use std::collections::BTreeMap;
use std::sync::Arc;

use greenroom_engine::diff::pending_attribute;
use greenroom_model::address::Address;
use greenroom_model::expr::Expr;
use greenroom_model::plan::{Action, Change, Operation, Plan};
use greenroom_model::value::{Object, Value};

/// `plan` without the values that `other`, the same plan for another lineage, has otherwise.
pub(super) fn promised(mut plan: Plan, other: &Plan) -> Plan {
    let others: BTreeMap<&Address, &Change> = other.operations().filter_map(created).collect();
    for operation in plan.phases.iter_mut().flat_map(|phase| &mut phase.operations) {
        if let Action::Create(change) = &mut operation.action {
            let other = others.get(&change.address);
            let of = |part: fn(&Change) -> &Value| other.map(|it| part(it));
            change.planned = attributes(&change.address, &change.planned, of(|it| &it.planned));
            change.config = attributes(&change.address, &change.config, of(|it| &it.config));
        }
    }
    for (scope, outputs) in &mut plan.outputs {
        for (name, output) in outputs {
            let other = other.outputs.get(scope).and_then(|it| it.get(name));
            let late = || Value::pending(Expr::reference("output", [name.clone()]));
            output.value = common(&output.value, other.map(|it| &it.value), &late);
        }
    }
    plan
}

fn created(operation: &Operation) -> Option<(&Address, &Change)> {
    match &operation.action {
        Action::Create(change) => Some((&change.address, change)),
        _ => None,
    }
}

fn attributes(address: &Address, value: &Value, other: Option<&Value>) -> Value {
    let Some(entries) = value.as_object() else { return value.clone() };
    let kept = entries.iter().map(|(name, value)| {
        let late = || pending_attribute(address, name);
        (name.clone(), common(value, other.and_then(|it| it.get(name)), &late))
    });
    Value::from(kept.collect::<Object>())
}

/// What two values have in common; `late` stands where they differ.
fn common(value: &Value, other: Option<&Value>, late: &dyn Fn() -> Value) -> Value {
    match (value, other) {
        (value, Some(other)) if value == other => value.clone(),
        (Value::Object(entries), Some(other @ Value::Object(_))) => {
            let part =
                |(name, it): (&Arc<str>, &Value)| (name.clone(), common(it, other.get(name), late));
            Value::from(entries.iter().map(part).collect::<Object>())
        }
        (Value::List(elements), Some(Value::List(others))) if elements.len() == others.len() => {
            let pairs = elements.iter().zip(others.iter());
            Value::list(pairs.map(|(value, other)| common(value, Some(other), late)))
        }
        _ => late(),
    }
}
