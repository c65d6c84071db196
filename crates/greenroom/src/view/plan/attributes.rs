//! What differs between two values, and what its change asks for.

use greenroom_model::value::{self, Difference, Path, Value};

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

/// The parts that differ, in order; see [`value::differences`].
pub(crate) fn differences(before: Option<&Value>, after: Option<&Value>) -> Vec<AttributeChange> {
    let found = value::differences(before, after).into_iter();
    found
        .map(|Difference { path, before, after }| AttributeChange {
            path,
            before,
            after,
            forces: Forces::Nothing,
        })
        .collect()
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
