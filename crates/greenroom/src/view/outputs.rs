//! Outputs: what an environment tells those who use it.

use std::collections::BTreeMap;

use greenroom_delivery::outputs::{self, bare};
use greenroom_model::state::State;
use greenroom_model::value::Value;
use serde_json::{Value as Json, json};

use super::value::{Style, json as value_json, revealed_json, text};
use super::{Fields, Kind, Message, fields};
use crate::palette::Palette;

/// The outputs of a state: those of the environment by their names, those of the front as
/// `front.NAME`, as expressions do. For a front alone, its own by their names.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Outputs {
    /// The values by name.
    pub(crate) values: BTreeMap<String, Value>,
    /// Whether secrets are shown, because one was asked for by its name.
    pub(crate) revealed: bool,
}

impl Outputs {
    /// All outputs of a state.
    pub(crate) fn of(state: &State) -> Outputs {
        let values = outputs::of(state);
        Outputs { values, revealed: false }
    }

    /// One of them, with its secrets shown.
    pub(crate) fn only(&self, name: &str) -> Option<Outputs> {
        let value = self.values.get(name)?.clone();
        Some(Outputs { values: [(name.to_owned(), value)].into(), revealed: true })
    }

    fn json(&self, value: &Value) -> Json {
        if self.revealed { revealed_json(value) } else { value_json(value) }
    }
}

impl Message for Outputs {
    fn kind(&self) -> Kind {
        Kind::Outputs
    }

    fn fields(&self) -> Fields {
        let outputs: Json = self
            .values
            .iter()
            .map(|(name, value)| {
                let entry = json!({
                    "value": self.json(value),
                    "sensitive": value.has_sensitive(),
                });
                (name.clone(), entry)
            })
            .collect();
        fields(json!({ "outputs": outputs }))
    }

    fn text(&self, _: Palette) -> String {
        if let (true, Some(value)) = (self.revealed, self.values.values().next()) {
            return format!("{}\n", bare(value));
        }
        let width = self.values.keys().map(|name| name.chars().count()).max().unwrap_or(0);
        let line = |(name, value): (&String, &Value)| {
            format!("{name:width$} = {}\n", text(value, Style { own: None, full: true }))
        };
        self.values.iter().map(line).collect()
    }
}

/// The bare text of a scalar; `None` for a list or an object.
pub(crate) fn raw(value: &Value) -> Option<String> {
    match value.unmarked() {
        Value::List(_) | Value::Object(_) | Value::Pending(_) => None,
        Value::Null => Some(String::new()),
        _ => Some(bare(value)),
    }
}

#[cfg(test)]
mod tests {
    use greenroom_model::expr::Expr;

    use super::*;

    fn outputs() -> Outputs {
        let secret = Value::sensitive("s3cret".into(), Expr::reference("var", ["token"]));
        let list = Value::list([Value::from(1), Value::from("a")]);
        let values = [("url", "http://x".into()), ("token", secret), ("front.ids", list)];
        Outputs {
            values: values.into_iter().map(|(name, it)| (name.to_owned(), it)).collect(),
            revealed: false,
        }
    }

    #[test]
    fn a_list_of_outputs_keeps_secrets() {
        insta::assert_snapshot!(outputs().text(Palette::PLAIN), @r#"
        front.ids = [1, "a"]
        token     = (sensitive)
        url       = "http://x"
        "#);
        assert!(!Json::Object(outputs().fields()).to_string().contains("s3cret"));
    }

    #[test]
    fn one_output_is_printed_bare() {
        let bare = |name: &str| outputs().only(name).expect("there").text(Palette::PLAIN);
        assert_eq!(bare("url"), "http://x\n");
        assert_eq!(bare("token"), "s3cret\n");
        assert_eq!(bare("front.ids"), "[1,\"a\"]\n");
        assert_eq!(outputs().only("none"), None);
    }

    #[test]
    fn only_scalars_are_raw() {
        assert_eq!(raw(&"a\n".into()), Some("a\n".to_owned()));
        assert_eq!(raw(&3.into()), Some("3".to_owned()));
        assert_eq!(raw(&Value::list([Value::Null])), None);
    }
}
