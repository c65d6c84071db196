//! What reading a file needs everywhere: where it stands, what is wrong, how strings become nodes.

use std::sync::Arc;
use std::time::Duration;

use greenroom_model::address::is_identifier;
use greenroom_model::span::Span;
use greenroom_model::value::Value;

use super::document::Document;
use super::duration;
use super::item::{Field, Item, ItemKind, Table};
use super::offsets::offsets;
use crate::diagnostic::Diagnostic;
use crate::expr::{self, Mistake};
use crate::node::{Entry, Expression, Node, NodeKind, OffsetMap};
use crate::source::{FileId, Located, Place};

/// One file being read.
pub(super) struct Reader<'a> {
    pub(super) file: FileId,
    text: &'a str,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// Whether keys may be lost to syntax errors, so that nothing is said to be missing.
    pub(super) damaged: bool,
}

/// How the strings of a value are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strings {
    /// As templates.
    Templates,
    /// As they are; one that looks like an expression is a mistake.
    Plain,
}

impl<'a> Reader<'a> {
    /// Parses the file as TOML.
    pub(super) fn open(file: FileId, text: &'a str) -> (Reader<'a>, Table) {
        let Document { root, diagnostics, damaged } = Document::read(file, text);
        (Reader { file, text, diagnostics, damaged }, root)
    }

    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Says that `item` should be something else, unless it is reported already.
    pub(super) fn wrong(&mut self, item: &Item, what: &str, wanted: &str) {
        if !matches!(item.kind, ItemKind::Invalid) {
            self.report(wrong_type(what, wanted, item.describe(), item.at));
        }
    }

    /// The file's first byte: the place of what is not there at all.
    pub(super) fn start(&self) -> Place {
        Place { file: self.file, span: Span::default() }
    }

    pub(super) fn text(&mut self, item: Item, what: &str) -> Option<Located<Arc<str>>> {
        match item.kind {
            ItemKind::Text(value) => Some(Located { value, at: item.at }),
            _ => {
                self.wrong(&item, what, "a string");
                None
            }
        }
    }

    pub(super) fn texts(&mut self, item: Item, what: &str) -> Vec<Located<Arc<str>>> {
        match item.kind {
            ItemKind::Array(items) => {
                items.into_iter().filter_map(|item| self.text(item, what)).collect()
            }
            _ => {
                self.wrong(&item, what, "a list of strings");
                Vec::new()
            }
        }
    }

    pub(super) fn flag(&mut self, item: Item, what: &str) -> Option<Located<bool>> {
        match item.kind {
            ItemKind::Scalar(Value::Bool(value)) => Some(Located { value, at: item.at }),
            _ => {
                self.wrong(&item, what, "`true` or `false`");
                None
            }
        }
    }

    pub(super) fn integer(
        &mut self,
        item: Item,
        what: &str,
        wanted: &str,
        range: std::ops::RangeInclusive<i64>,
    ) -> Option<Located<i64>> {
        let ItemKind::Scalar(value) = &item.kind else {
            self.wrong(&item, what, wanted);
            return None;
        };
        if let Some(value) = value.as_i64().filter(|value| range.contains(value)) {
            return Some(Located { value, at: item.at });
        }
        let found = value.as_number().map_or_else(|| value.kind().to_owned(), |it| it.to_string());
        self.report(wrong_type(what, wanted, &found, item.at));
        None
    }

    pub(super) fn duration(&mut self, item: Item, what: &str) -> Option<Located<Duration>> {
        let Located { value: text, at } = self.text(item, what)?;
        let value = duration::parse(&text);
        if value.is_none() {
            self.report(
                Diagnostic::error("spec::duration", format!("`{text}` is not a duration"))
                    .at(at, format!("{what} is a duration"))
                    .help("write it as `90s`, `5m` or `1h30m`; units are ms, s, m, h, d"),
            );
        }
        value.map(|value| Located { value, at })
    }

    /// Reads a value whose strings are templates, or are not.
    pub(super) fn node(&mut self, item: Item, strings: Strings) -> Node {
        let at = item.at;
        let kind = match item.kind {
            ItemKind::Text(text) => self.string(text, at, strings),
            ItemKind::Scalar(value) => NodeKind::Literal(value),
            ItemKind::Array(items) => {
                NodeKind::Array(items.into_iter().map(|it| self.node(it, strings)).collect())
            }
            ItemKind::Table(table) => self.table(table, strings),
            ItemKind::Invalid => NodeKind::Invalid,
        };
        Node { at, kind }
    }

    /// Reads a table of values.
    pub(super) fn table(&mut self, table: Table, strings: Strings) -> NodeKind {
        let entry = |(name, Field { key, value }): (Arc<str>, Field)| {
            (name, Entry { key, value: self.node(value, strings) })
        };
        NodeKind::Table(table.into_iter().map(entry).collect())
    }

    fn string(&mut self, text: Arc<str>, at: Place, strings: Strings) -> NodeKind {
        if !text.contains("${") && !text.contains("%{") {
            return NodeKind::Literal(Value::String(text));
        }
        match strings {
            Strings::Templates => self.template(&text, at),
            Strings::Plain if text.contains("${") => {
                self.report(
                    Diagnostic::error("spec::no_expression", "no expression can stand here")
                        .at(at, "this is taken as it is")
                        .help("in a template, a local can hold what is computed"),
                );
                NodeKind::Invalid
            }
            Strings::Plain => NodeKind::Literal(Value::String(text)),
        }
    }

    fn template(&mut self, text: &str, at: Place) -> NodeKind {
        self.expression(expr::parse_template(text), at)
    }

    /// Reads a reference, written bare or as a template.
    pub(super) fn reference(&mut self, text: &str, at: Place) -> NodeKind {
        if text.contains("${") {
            return self.template(text, at);
        }
        self.expression(expr::parse_expression(text), at)
    }

    fn expression(
        &mut self,
        parsed: Result<greenroom_model::expr::Expr, Vec<Mistake>>,
        at: Place,
    ) -> NodeKind {
        let offsets = offsets(self.text, at.span);
        match parsed {
            Ok(expr) => match expr.as_literal() {
                Some(value) => NodeKind::Literal(value.clone()),
                None => NodeKind::Expression(Arc::new(Expression { expr: expr.into(), offsets })),
            },
            Err(mistakes) => {
                for mistake in mistakes {
                    self.mistake(mistake, at.file, &offsets);
                }
                NodeKind::Invalid
            }
        }
    }

    fn mistake(&mut self, mistake: Mistake, file: FileId, offsets: &OffsetMap) {
        let start = offsets.to_file(mistake.span.start);
        let span = Span::new(start, offsets.to_file(mistake.span.end));
        self.report(
            Diagnostic::error("spec::expression", mistake.message)
                .at(Place { file, span }, "in this expression")
                .maybe_help(mistake.help),
        );
    }

    /// Whether `name` can be a name; reported if not.
    pub(super) fn check_name(&mut self, name: &str, at: Place) -> bool {
        let fits = is_identifier(name);
        if !fits {
            self.report(
                Diagnostic::error("spec::name", format!("`{name}` cannot be a name"))
                    .at(at, "not a name")
                    .help(
                        "a name starts with a letter or `_`; letters, digits, `_` and `-` follow",
                    ),
            );
        }
        fits
    }
}

/// A value that is not what its key asks for.
fn wrong_type(what: &str, wanted: &str, found: &str, at: Place) -> Diagnostic {
    Diagnostic::error("spec::wrong_type", format!("{what} must be {wanted}, not {found}"))
        .at(at, format!("{found} here"))
}
