//! Syntax errors, said plainly.

use greenroom_model::span::Span;
use hcl_edit::parser::Error;

use super::{Mistake, unclosed};

/// What the text was parsed as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// Text with `${…}` in it.
    Template,
    /// An expression.
    Expression,
}

/// Turns a parser's error into a mistake at a place that can be sliced.
pub(super) fn explain(text: &str, error: &Error, start: Start) -> Mistake {
    if let Some(mistake) = unclosed::find(text, start) {
        return mistake;
    }
    let span = character_at(text, error.location().offset());
    let (message, help) = describe(text, span, error.message());
    Mistake {
        message,
        help,
        span: if message_is_about_key(error) { key_at(text, span) } else { span },
    }
}

fn describe(text: &str, span: Span, original: &str) -> (String, Option<String>) {
    let found = &text[span.range()];
    if original.contains("unique object key") {
        return ("this key is given twice".to_owned(), None);
    }
    if original.contains("nested levels") {
        return ("more than 64 levels are nested here".to_owned(), None);
    }
    if original.contains("chained binary operators") {
        return ("more than 128 operators are chained here".to_owned(), None);
    }
    if original.contains("escape sequence") || original.contains("hex code") {
        return (
            format!("`{found}` is no escape sequence"),
            Some("write `\\\\` for a backslash".to_owned()),
        );
    }
    let rest = &text[span.start as usize..];
    if rest.starts_with("%{") || rest.starts_with("${") {
        return introduced(&rest[..2]);
    }
    if found.is_empty() {
        return ("the expression ends too early".to_owned(), None);
    }
    (format!("unexpected `{}`", found.escape_debug()), expectation(original))
}

/// A `${` or `%{` whose content the parser could not read at all.
fn introduced(marker: &str) -> (String, Option<String>) {
    let kind = if marker == "%{" { "directive" } else { "expression" };
    let help = format!("write `{}{marker}` if the text itself is meant", &marker[..1]);
    (format!("`{marker}` does not start a valid {kind}"), Some(help))
}

/// The parser's own expectation, where it is short enough to help.
fn expectation(original: &str) -> Option<String> {
    let (_, expected) = original.split_once("expected ")?;
    (expected.len() <= 60).then(|| format!("expected {expected}"))
}

fn message_is_about_key(error: &Error) -> bool {
    error.message().contains("unique object key")
}

/// The word (or quoted text) that starts at `span`.
fn key_at(text: &str, span: Span) -> Span {
    let rest = &text[span.start as usize..];
    let length = rest
        .find(|c: char| c.is_whitespace() || matches!(c, '=' | ':' | '}'))
        .unwrap_or(rest.len());
    Span::of(span.start as usize..span.start as usize + length.max(span.len()))
}

/// The character around `offset`; empty only in an empty text.
fn character_at(text: &str, offset: usize) -> Span {
    let mut start = offset.min(text.len().saturating_sub(1));
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let length = text[start..].chars().next().map_or(0, char::len_utf8);
    Span::of(start..start + length)
}
