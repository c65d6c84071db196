//! Values as text and as JSON. Nothing sensitive is ever in either.

use std::fmt::Write;

use greenroom_model::value::Value;
use serde_json::{Value as Json, json};

/// What stands in the place of a secret.
pub(crate) const SENSITIVE: &str = "(sensitive)";

/// How much of a text, and of a residual, is shown.
const LONGEST_TEXT: usize = 160;
const LONGEST_RESIDUAL: usize = 80;

/// Whose value is shown, and how much of it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Style<'a> {
    /// The reference of the object that the value belongs to: what is pending on the object itself
    /// needs no further explanation.
    pub(crate) own: Option<&'a str>,
    /// Whether long texts are shown in full.
    pub(crate) full: bool,
}

/// A value as an expression would have it.
pub(crate) fn text(value: &Value, style: Style<'_>) -> String {
    let mut out = String::new();
    write_value(&mut out, value, style);
    out
}

fn write_value(out: &mut String, value: &Value, style: Style<'_>) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Value::Number(number) => write!(out, "{number}").expect("a string takes everything"),
        Value::String(text) => out.push_str(&quoted(text, style.full)),
        Value::Sensitive(_) => out.push_str(SENSITIVE),
        Value::Pending(residual) => out.push_str(&pending(&residual.to_string(), style)),
        Value::List(elements) => {
            out.push('[');
            for (position, element) in elements.iter().enumerate() {
                out.push_str(if position > 0 { ", " } else { "" });
                write_value(out, element, style);
            }
            out.push(']');
        }
        Value::Object(attributes) if attributes.is_empty() => out.push_str("{}"),
        Value::Object(attributes) => {
            out.push_str("{ ");
            for (position, (name, attribute)) in attributes.iter().enumerate() {
                out.push_str(if position > 0 { ", " } else { "" });
                write!(out, "{name} = ").expect("a string takes everything");
                write_value(out, attribute, style);
            }
            out.push_str(" }");
        }
    }
}

fn pending(residual: &str, style: Style<'_>) -> String {
    let rest = style.own.and_then(|own| residual.strip_prefix(own));
    if rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '['])) {
        return "(known after apply)".to_owned();
    }
    let limit = if style.full { usize::MAX } else { LONGEST_RESIDUAL };
    match cut(residual, limit) {
        (all, 0) => format!("(known after apply: {all})"),
        (start, _) => format!("(known after apply: {start}…)"),
    }
}

fn quoted(text: &str, full: bool) -> String {
    let (start, more) = cut(text, if full { usize::MAX } else { LONGEST_TEXT });
    // JSON's escapes are HCL's, and leave no control character for a terminal to obey.
    let quoted = escape_controls(&Json::from(start).to_string());
    if more == 0 { quoted } else { format!("{quoted} (and {more} more characters)") }
}

/// JSON leaves the controls U+007F to U+009F as they are.
fn escape_controls(text: &str) -> String {
    if !text.contains(char::is_control) {
        return text.to_owned();
    }
    let escape = |c: char| {
        if c.is_control() { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() }
    };
    text.chars().map(escape).collect()
}

/// The first `limit` characters, and how many follow.
fn cut(text: &str, limit: usize) -> (&str, usize) {
    match text.char_indices().nth(limit) {
        Some((end, _)) => (&text[..end], text[end..].chars().count()),
        None => (text, 0),
    }
}

/// A value as JSON: what is pending is `{"$pending": "EXPRESSION"}`, what is sensitive
/// `{"$sensitive": true}`.
pub(crate) fn json(value: &Value) -> Json {
    match value {
        Value::Sensitive(_) => json!({ "$sensitive": true }),
        Value::Pending(residual) => json!({ "$pending": residual.to_string() }),
        Value::List(elements) => elements.iter().map(json).collect(),
        Value::Object(attributes) => {
            attributes.iter().map(|(name, value)| (name.to_string(), json(value))).collect()
        }
        plain => serde_json::to_value(plain).unwrap_or(Json::Null),
    }
}

/// A value with its secrets, for those who asked for it by name.
pub(crate) fn revealed_json(value: &Value) -> Json {
    json(&value.reveal())
}

#[cfg(test)]
mod tests {
    use greenroom_model::expr::Expr;

    use super::*;

    fn shown(value: impl Into<Value>) -> String {
        text(&value.into(), Style { own: Some("thing.a"), full: false })
    }

    fn secret(value: &str) -> Value {
        Value::sensitive(value.into(), Expr::reference("var", ["token"]))
    }

    #[test]
    fn values_look_as_in_an_expression() {
        let value = Value::object([
            ("list", Value::list([Value::from(1), Value::Null, Value::from(true)])),
            ("none", Value::object::<&str>([])),
            ("text", Value::from("a \"b\"\n")),
        ]);
        assert_eq!(shown(value), r#"{ list = [1, null, true], none = {}, text = "a \"b\"\n" }"#);
    }

    #[test]
    fn what_is_pending_says_what_it_will_be_unless_it_is_the_objects_own() {
        let pending = |name: &str, path: [&str; 1]| {
            Value::pending(Expr::reference(name, ["a", path[0]].map(std::sync::Arc::<str>::from)))
        };
        assert_eq!(shown(pending("thing", ["id"])), "(known after apply)");
        assert_eq!(shown(pending("other", ["id"])), "(known after apply: other.a.id)");
    }

    #[test]
    fn no_secret_is_shown_however_deep_it_is() {
        let value = Value::object([("deep", Value::list([secret("s3cret")]))]);
        assert_eq!(shown(value.clone()), "{ deep = [(sensitive)] }");
        assert_eq!(json(&value).to_string(), r#"{"deep":[{"$sensitive":true}]}"#);
        assert_eq!(revealed_json(&value).to_string(), r#"{"deep":["s3cret"]}"#);
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let long = "é".repeat(LONGEST_TEXT + 5);
        assert!(shown(long.as_str()).ends_with("\" (and 5 more characters)"));
        let full = text(&long.as_str().into(), Style { own: None, full: true });
        assert_eq!(full, format!("\"{long}\""));
    }

    #[test]
    fn a_text_cannot_command_the_terminal() {
        let evil = shown("\u{1b}[2J\u{9b}2J\u{7f}");
        assert!(!evil.contains(char::is_control), "{evil:?}");
    }
}
