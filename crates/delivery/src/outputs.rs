//! What an environment tells those who use it.

use std::collections::BTreeMap;

use greenroom_model::address::Scope;
use greenroom_model::state::State;
use greenroom_model::value::Value;

/// The outputs of a state: those of the environment by their names, those of the front as
/// `front.NAME`, as expressions do. For a front alone, its own by their names.
#[must_use]
pub fn of(state: &State) -> BTreeMap<String, Value> {
    let alone = state.scopes.len() == 1;
    let name = |scope: &Scope, name: &str| match scope.is_front() && !alone {
        true => format!("{scope}.{name}"),
        false => name.to_owned(),
    };
    let outputs = state
        .scopes
        .iter()
        .flat_map(|(scope, it)| it.outputs.iter().map(move |output| (scope, output)));
    outputs.map(|(scope, (output, value))| (name(scope, output), value.clone())).collect()
}

/// A text as it is, anything else as JSON, secrets in clear: what a script wants to have.
///
/// # Panics
///
/// The value is pending, which an output of a state never is.
#[must_use]
pub fn bare(value: &Value) -> String {
    match value.unmarked() {
        Value::String(text) => text.to_string(),
        other => serde_json::to_string(other).expect("an output of a state is not pending"),
    }
}
