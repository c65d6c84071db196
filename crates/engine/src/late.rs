//! What an expression uses that there is while planning and no more at apply: files, and names of
//! the template that a plan does not hold.

use std::collections::BTreeMap;

use greenroom_model::expr::{Expr, Node};
use greenroom_model::plan::{Action, Plan};
use greenroom_model::value::Value;
use greenroom_spec::expr::functions;

use crate::world::{UNKNOWN, names_in};

/// Roots of references that only a template gives a meaning to.
const OF_THE_TEMPLATE: [&str; 5] = ["count", "each", "environment", "image", "local"];

/// The first part of a residual that cannot be evaluated at apply, as it is written.
pub(crate) fn in_residual(expr: &Expr) -> Option<String> {
    match expr.node() {
        Node::Call { name, .. } if functions::find(name).is_some_and(|it| it.reads_files()) => {
            return Some(format!("{name}(…)"));
        }
        Node::Reference { root, .. } if OF_THE_TEMPLATE.contains(&&**root) => {
            return Some(expr.to_string());
        }
        _ => {}
    }
    let mut found = None;
    expr.node().each_child(&mut |child| found = found.take().or_else(|| in_residual(child)));
    found
}

/// The same in what is pending inside a value.
pub(crate) fn in_pending(value: &Value) -> Option<String> {
    match value {
        // Of a mistake that is reported already, nothing more is to be said.
        Value::Pending(residual) if names_in(residual).contains(UNKNOWN) => None,
        Value::Pending(residual) => in_residual(residual),
        Value::List(elements) => elements.iter().find_map(in_pending),
        Value::Object(entries) => entries.values().find_map(in_pending),
        _ => None,
    }
}

/// The source of a secret in `plan` that its file could not give back at apply: the file holds
/// sources in the place of secrets.
#[must_use]
pub fn lost_source(plan: &Plan) -> Option<String> {
    let outputs = plan.outputs.values().flat_map(BTreeMap::values).map(|it| &it.value);
    let actions = plan.operations().flat_map(|operation| match &operation.action {
        Action::Create(change) | Action::Update(change) => vec![&change.planned, &change.config],
        Action::Read { config, .. } => vec![config],
        _ => Vec::new(),
    });
    outputs.chain(actions).find_map(in_sources)
}

fn in_sources(value: &Value) -> Option<String> {
    match value {
        Value::Sensitive(secret) => in_residual(&secret.source),
        Value::List(elements) => elements.iter().find_map(in_sources),
        Value::Object(entries) => entries.values().find_map(in_sources),
        _ => None,
    }
}
