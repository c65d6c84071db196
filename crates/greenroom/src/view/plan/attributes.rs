//! What differs between two values, as far down as it helps.

use std::collections::BTreeSet;
use std::sync::Arc;

use greenroom_model::value::{Object, Path, Step, Value};

/// A part that is other after than before.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AttributeChange {
    /// Which part.
    pub(crate) path: Path,
    /// What it was; `None` if it was not there.
    pub(crate) before: Option<Value>,
    /// What it will be; `None` if it will not be there.
    pub(crate) after: Option<Value>,
    /// What its change asks for.
    pub(crate) forces: Forces,
}

/// Whether a change needs a new object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Forces {
    Nothing,
    Replacement,
    /// Only if it turns out to differ.
    ReplacementIfDifferent,
}

/// A list of at most so many scalars is shown as a whole.
const SHORT_LIST: usize = 8;

/// The parts that differ, in order. Null and absent are the same.
///
/// Where a part is sensitive on one side, it is on both in what comes out.
pub(crate) fn differences(before: Option<&Value>, after: Option<&Value>) -> Vec<AttributeChange> {
    let mut found = Vec::new();
    collect(before, after, &mut Path::default(), &mut found);
    found
}

fn collect(
    before: Option<&Value>,
    after: Option<&Value>,
    path: &mut Path,
    found: &mut Vec<AttributeChange>,
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
    found: &mut Vec<AttributeChange>,
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

fn objects(before: &Object, after: &Object, path: &mut Path, found: &mut Vec<AttributeChange>) {
    let names: BTreeSet<&Arc<str>> = before.keys().chain(after.keys()).collect();
    for name in names {
        path.0.push(Step::Key(name.clone()));
        collect(before.get(name), after.get(name), path, found);
        path.0.pop();
    }
}

fn lists(before: &[Value], after: &[Value], path: &mut Path, found: &mut Vec<AttributeChange>) {
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

fn change(path: &Path, before: Option<Value>, after: Option<Value>) -> AttributeChange {
    AttributeChange { path: path.clone(), before, after, forces: Forces::Nothing }
}

#[cfg(test)]
mod tests {
    use greenroom_model::expr::Expr;

    use super::*;
    use crate::view::value::{Style, text};

    fn shown(before: Option<Value>, after: Option<Value>) -> Vec<String> {
        let side = |value: Option<Value>| {
            value.map_or("nothing".to_owned(), |it| text(&it, Style::default()))
        };
        differences(before.as_ref(), after.as_ref())
            .into_iter()
            .map(|it| format!("{}: {} -> {}", it.path, side(it.before), side(it.after)))
            .collect()
    }

    fn secret(value: &str) -> Value {
        Value::sensitive(value.into(), Expr::reference("var", ["token"]))
    }

    #[test]
    fn nested_parts_are_compared_where_they_are() {
        let value = |port: i64| {
            Value::object([(
                "rules",
                Value::list([Value::object([("port", Value::from(port)), ("to", "x".into())])]),
            )])
        };
        assert_eq!(shown(Some(value(80)), Some(value(81))), ["rules[0].port: 80 -> 81"]);
    }

    #[test]
    fn short_lists_are_shown_whole_and_long_ones_by_element() {
        let list = |count: i64| Value::object([("l", Value::list((0..count).map(Value::from)))]);
        assert_eq!(shown(Some(list(1)), Some(list(2))), ["l: [0] -> [0, 1]"]);
        assert_eq!(shown(Some(list(9)), Some(list(10))), ["l[9]: nothing -> 9"]);
    }

    #[test]
    fn null_and_absent_are_the_same() {
        let value = Value::object([("a", Value::Null)]);
        assert_eq!(shown(Some(value), Some(Value::object::<&str>([]))), [""; 0]);
    }

    #[test]
    fn a_changed_secret_shows_neither_side() {
        let plain = |text: &str| Value::object([("t", Value::from(text))]);
        let marked = |text: &str| Value::object([("t", secret(text))]);
        assert_eq!(
            shown(Some(plain("old")), Some(marked("new"))),
            ["t: (sensitive) -> (sensitive)"]
        );
        assert_eq!(shown(Some(plain("same")), Some(marked("same"))), [""; 0]);
        assert_eq!(shown(None, Some(marked("new"))), ["t: nothing -> (sensitive)"]);
    }

    #[test]
    fn an_object_that_appears_is_shown_by_its_parts() {
        let value = Value::object([("a", Value::object([("b", Value::from(1))]))]);
        assert_eq!(shown(None, Some(value.clone())), ["a.b: nothing -> 1"]);
        assert_eq!(shown(Some(value), None), ["a.b: 1 -> nothing"]);
        let empty = Value::object([("a", Value::object::<&str>([]))]);
        assert_eq!(shown(None, Some(empty)), ["a: nothing -> {}"]);
    }
}
