//! The TOML tree, owned: every value with its place, strings not yet read as templates.

use std::collections::BTreeMap;
use std::sync::Arc;

use greenroom_model::span::Span;
use greenroom_model::value::{Number, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diagnostic::Diagnostic;
use crate::source::{FileId, Place};

/// A TOML value.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) at: Place,
    pub(super) kind: ItemKind,
}

#[derive(Clone, Debug)]
pub(super) enum ItemKind {
    /// A string, decoded.
    Text(Arc<str>),
    /// A number, a bool, or a date as text.
    Scalar(Value),
    Array(Vec<Item>),
    Table(Table),
    /// Something that is already reported.
    Invalid,
}

/// The fields of a table by key.
pub(super) type Table = BTreeMap<Arc<str>, Field>;

/// One key of a table with its value.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) key: Place,
    pub(super) value: Item,
}

impl Item {
    /// What this is, for messages.
    pub(super) fn describe(&self) -> &'static str {
        match &self.kind {
            ItemKind::Text(_) => "a string",
            ItemKind::Scalar(value) => value.kind(),
            ItemKind::Array(_) => "a list",
            ItemKind::Table(_) => "a table",
            ItemKind::Invalid => "invalid",
        }
    }
}

/// Makes items of what the TOML parser returns.
pub(super) struct Conversion<'a> {
    pub(super) file: FileId,
    pub(super) text: &'a str,
    /// Offsets of syntax errors that spoil the value they lie in, sorted.
    pub(super) broken: &'a [u32],
    /// Values that could not be read, sorted by their start.
    pub(super) masked: &'a [Span],
    pub(super) diagnostics: &'a mut Vec<Diagnostic>,
}

impl Conversion<'_> {
    pub(super) fn table(&mut self, table: &DeTable<'_>) -> Table {
        let mut fields = Table::new();
        for (key, value) in table {
            let field = Field { key: self.place(Span::of(key.span())), value: self.item(value) };
            fields.insert(Arc::from(&**key.get_ref()), field);
        }
        fields
    }

    fn item(&mut self, value: &Spanned<DeValue<'_>>) -> Item {
        let span = Span::of(value.span());
        let at = self.place(span);
        let kind = match value.get_ref() {
            written if self.is_spoilt(written, span) => {
                return Item { at, kind: ItemKind::Invalid };
            }
            DeValue::String(text) => ItemKind::Text(Arc::from(&**text)),
            DeValue::Integer(integer) => self.integer(integer.as_str(), integer.radix(), at),
            DeValue::Float(float) => self.float(float.as_str(), at),
            DeValue::Boolean(truth) => ItemKind::Scalar(Value::from(*truth)),
            DeValue::Datetime(date) => ItemKind::Scalar(Value::from(date.to_string())),
            DeValue::Array(array) => {
                ItemKind::Array(array.iter().map(|it| self.item(it)).collect())
            }
            DeValue::Table(table) => ItemKind::Table(self.table(table)),
        };
        Item { at, kind }
    }

    /// Whether a syntax error lies in the value's text. A table's span is its header only, so
    /// only an inline table can be.
    fn is_spoilt(&self, value: &DeValue<'_>, span: Span) -> bool {
        let has_text = !value.is_table() || self.text[span.range()].starts_with('{');
        let first = self.broken.partition_point(|&offset| offset < span.start);
        has_text && self.broken.get(first).is_some_and(|&offset| offset <= span.end)
            || self.masked.binary_search_by_key(&span.start, |masked| masked.start).is_ok()
    }

    fn integer(&mut self, digits: &str, radix: u32, at: Place) -> ItemKind {
        match i64::from_str_radix(digits, radix) {
            Ok(integer) => ItemKind::Scalar(Value::from(integer)),
            Err(_) => self.bad_number("the number does not fit into 64 bits", at),
        }
    }

    fn float(&mut self, digits: &str, at: Place) -> ItemKind {
        let number = digits.parse::<f64>().ok().and_then(|float| Number::try_from(float).ok());
        match number {
            Some(number) => ItemKind::Scalar(Value::from(number)),
            None => self.bad_number("the number is not finite", at),
        }
    }

    fn bad_number(&mut self, message: &str, at: Place) -> ItemKind {
        self.diagnostics.push(Diagnostic::error("spec::number", message).at(at, "this number"));
        ItemKind::Invalid
    }

    fn place(&self, span: Span) -> Place {
        Place { file: self.file, span }
    }
}
