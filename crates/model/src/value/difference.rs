//! What differs between two values, as far down as it helps.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::{Object, Path, Step, Value};

/// A part that two values have not alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Which part.
    pub path: Path,
    /// What it is in the first; `None` if it is not there.
    pub before: Option<Value>,
    /// What it is in the second; `None` if it is not there.
    pub after: Option<Value>,
}

/// What was expected beside what was found; of a secret, only that it differs.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Difference { path, before, after } = self;
        write!(f, "{path}: {} expected, {} found", side(before), side(after))
    }
}

fn side(value: &Option<Value>) -> String {
    match value {
        None => "nothing".to_owned(),
        Some(value) if value.has_sensitive() => "a secret".to_owned(),
        Some(value) => format!("{value:?}"),
    }
}

/// A list of at most so many scalars is compared as a whole.
const SHORT_LIST: usize = 8;

/// The parts that differ, in order. Null and absent are the same.
///
/// Where a part is sensitive on one side, it is on both in what comes out.
#[must_use]
pub fn differences(before: Option<&Value>, after: Option<&Value>) -> Vec<Difference> {
    let mut found = Vec::new();
    collect(before, after, &mut Path::default(), &mut found);
    found
}

fn collect(
    before: Option<&Value>,
    after: Option<&Value>,
    path: &mut Path,
    found: &mut Vec<Difference>,
) {
    let (before, after) = (there(before), there(after));
    if before == after {
        return;
    }
    if before.into_iter().chain(after).any(Value::is_sensitive) {
        return collect_secret(before, after, path, found);
    }
    match (before, after) {
        (Some(Value::Object(before)), Some(Value::Object(after))) => {
            objects(before, after, path, found);
        }
        (None, Some(Value::Object(after))) if !after.is_empty() || path.0.is_empty() => {
            objects(&Object::new(), after, path, found);
        }
        (Some(Value::Object(before)), None) if !before.is_empty() || path.0.is_empty() => {
            objects(before, &Object::new(), path, found);
        }
        (Some(Value::List(before)), Some(Value::List(after)))
            if !is_short(before) || !is_short(after) =>
        {
            lists(before, after, path, found);
        }
        (None, Some(Value::List(after))) if !is_short(after) => lists(&[], after, path, found),
        (Some(Value::List(before)), None) if !is_short(before) => lists(before, &[], path, found),
        _ => found.push(change(path, before.cloned(), after.cloned())),
    }
}

fn there(value: Option<&Value>) -> Option<&Value> {
    value.filter(|value| !value.is_null())
}

/// A secret that only gains or loses its mark has not changed.
fn collect_secret(
    before: Option<&Value>,
    after: Option<&Value>,
    path: &Path,
    found: &mut Vec<Difference>,
) {
    if before.map(Value::reveal) == after.map(Value::reveal) {
        return;
    }
    let source = before.into_iter().chain(after).find_map(|value| match value {
        Value::Sensitive(secret) => Some(secret.source.clone()),
        _ => None,
    });
    let hide = |value: Option<&Value>| match (value, &source) {
        (Some(value), Some(source)) => Some(Value::sensitive(value.clone(), source.clone())),
        (value, _) => value.cloned(),
    };
    found.push(change(path, hide(before), hide(after)));
}

fn objects(before: &Object, after: &Object, path: &mut Path, found: &mut Vec<Difference>) {
    let names: BTreeSet<&Arc<str>> = before.keys().chain(after.keys()).collect();
    for name in names {
        path.0.push(Step::Key(name.clone()));
        collect(before.get(name), after.get(name), path, found);
        path.0.pop();
    }
}

fn lists(before: &[Value], after: &[Value], path: &mut Path, found: &mut Vec<Difference>) {
    for index in 0..before.len().max(after.len()) {
        path.0.push(Step::Index(index));
        collect(before.get(index), after.get(index), path, found);
        path.0.pop();
    }
}

fn is_short(elements: &[Value]) -> bool {
    let scalar = |value: &Value| !matches!(value, Value::List(_) | Value::Object(_));
    elements.len() <= SHORT_LIST && elements.iter().all(scalar)
}

fn change(path: &Path, before: Option<Value>, after: Option<Value>) -> Difference {
    Difference { path: path.clone(), before, after }
}
