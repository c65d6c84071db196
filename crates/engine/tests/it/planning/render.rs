//! A compact text of plans and mistakes.

use greenroom_model::plan::{
    Action, Change, Operation, Phase, Plan, Removal, RemovalReason, ReplaceOrder, ReplaceReason,
};
use greenroom_model::plan::{Drift, DriftSeen};
use greenroom_model::schema::Strength;
use greenroom_model::value::Value;
use greenroom_spec::diagnostic::Diagnostic;
use greenroom_spec::source::{Place, Sources};

/// A plan, one line an operation: its position, what it does, and what it waits for (`~` where
/// acceptance is enough).
pub(super) fn plan(plan: &Plan) -> String {
    let mut lines: Vec<String> = plan.drift.iter().map(drift).collect();
    for phase in &plan.phases {
        if plan.phases.len() > 1 {
            lines.push(format!("phase {}", phase.name));
        }
        for (position, operation) in phase.operations.iter().enumerate() {
            lines.push(format!("{position} {}{}", text(operation), needs(phase, operation)));
        }
    }
    for (scope, outputs) in &plan.outputs {
        for (name, output) in outputs.iter().filter(|(_, it)| !it.is_unchanged()) {
            lines.push(format!("output {scope}.{name} = {:?}", output.value));
        }
    }
    if lines.is_empty() { "no changes".to_owned() } else { lines.join("\n") }
}

fn drift(drift: &Drift) -> String {
    let seen = match &drift.seen {
        DriftSeen::Gone => "gone".to_owned(),
        DriftSeen::Failed { reason, .. } => format!("failed: {reason}"),
        DriftSeen::Changed { .. } => "changed".to_owned(),
    };
    format!("drift {} {seen}", drift.address)
}

fn text(operation: &Operation) -> String {
    match &operation.action {
        Action::Create(change) => match &change.replaces {
            None => format!("+ {} {}", change.address, attributes(change)),
            Some(replacement) => {
                let order = match replacement.order {
                    ReplaceOrder::DestroyFirst => "after the old one",
                    ReplaceOrder::CreateFirst => "before the old one",
                    ReplaceOrder::CreateFirstForReference => "before the old one, for a reference",
                };
                format!("+ {} {order}: {}", change.address, reason(&replacement.reason))
            }
        },
        Action::Update(change) => format!("~ {} {}", change.address, differing(change)),
        Action::Delete(removal) => format!("- {}{}", removal.address, why(removal)),
        Action::Complete { address, .. } => format!("complete {address}"),
        Action::Read { address, .. } => format!("read {address}"),
        Action::Gate { name, .. } => format!("gate {name}"),
        other => format!("{other:?}"),
    }
}

fn attributes(change: &Change) -> String {
    let given = change.config.as_object().into_iter().flatten();
    let given = given.filter(|(_, value)| !value.is_null());
    given.map(|(name, value)| format!("{name}={}", short(value))).collect::<Vec<_>>().join(" ")
}

fn differing(change: &Change) -> String {
    let prior = change.prior.clone().unwrap_or_default();
    let planned = change.planned.as_object().into_iter().flatten();
    let differ = planned.filter(|(name, value)| {
        prior.get(name).map(Value::reveal).unwrap_or_default() != value.reveal()
    });
    let text = differ.map(|(name, value)| {
        format!("{name}: {} -> {}", short(prior.get(name).unwrap_or(&Value::Null)), short(value))
    });
    text.collect::<Vec<_>>().join(" ")
}

fn short(value: &Value) -> String {
    format!("{value:?}")
}

fn why(removal: &Removal) -> String {
    let deposed = if removal.deposed { " (old)" } else { "" };
    let reason = match &removal.reason {
        RemovalReason::NotConfigured => ": not configured".to_owned(),
        RemovalReason::Destroyed => ": destroyed".to_owned(),
        RemovalReason::Deposed => ": left behind".to_owned(),
        RemovalReason::Replaced { .. } => String::new(),
    };
    format!("{deposed}{reason}")
}

fn reason(reason: &ReplaceReason) -> String {
    let list = |paths: &[greenroom_model::value::Path]| {
        paths.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    };
    match reason {
        ReplaceReason::Attributes(paths) => list(paths),
        ReplaceReason::Pending(paths) => format!("{} may differ", list(paths)),
        ReplaceReason::Failed(why) => format!("failed: {why}"),
        ReplaceReason::Triggered(by) => format!("{by} changes"),
    }
}

fn needs(phase: &Phase, operation: &Operation) -> String {
    if operation.needs.is_empty() {
        return String::new();
    }
    let needs = operation.needs.iter().map(|need| {
        assert!((need.operation as usize) < phase.operations.len());
        let weak = if need.until == Strength::Accepted { "~" } else { "" };
        format!("{}{weak}", need.operation)
    });
    format!(" <- {}", needs.collect::<Vec<_>>().join(" "))
}

/// Mistakes with their places, a line each.
pub(super) fn mistakes(sources: &Sources, found: &[Diagnostic]) -> String {
    let lines = found.iter().filter(|it| it.is_error()).map(|it| {
        let place = |place: Place| {
            let source = sources.get(place.file);
            let (line, column) = source.line_and_column(place.span.start as usize);
            format!("{}:{line}:{column}", source.name)
        };
        let mut text = format!("{}: {}", it.code, it.message);
        for label in &it.labels {
            text += &format!("\n  {} {}", place(label.place), label.text);
        }
        text
    });
    lines.collect::<Vec<_>>().join("\n")
}
