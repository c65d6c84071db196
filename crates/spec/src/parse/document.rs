//! From text to the TOML tree, with all syntax errors that are worth telling.

use greenroom_model::span::Span;
use toml::de::{DeTable, Error};

use super::duplicate;
use super::item::{Conversion, Table};
use super::lines::Lines;
use super::quotes::{self, EarlyEnd, Repaired};
use crate::diagnostic::Diagnostic;
use crate::source::{FileId, Place};

/// A TOML file as far as it could be read.
pub(super) struct Document {
    pub(super) root: Table,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// Whether keys may be lost, so that nothing can be said about what is not there.
    pub(super) damaged: bool,
}

impl Document {
    pub(super) fn read(file: FileId, text: &str) -> Document {
        let (tree, errors) = DeTable::parse_recoverable(text);
        if !errors.is_empty() {
            return Document::repaired(file, text);
        }
        let mut diagnostics = Vec::new();
        let root =
            Conversion { file, text, broken: &[], masked: &[], diagnostics: &mut diagnostics }
                .table(tree.get_ref());
        Document { root, diagnostics, damaged: false }
    }

    /// What can be read in spite of syntax errors.
    fn repaired(file: FileId, text: &str) -> Document {
        let Repaired { text: repaired, early_ends, errors } = quotes::repair(text);
        let mut diagnostics: Vec<_> =
            early_ends.iter().map(|early| early_end(file, text, early)).collect();
        let told = without_consequences(&errors, text);
        diagnostics.extend(told.iter().map(|error| syntax(file, text, error)));
        let (tree, _) = DeTable::parse_recoverable(&repaired);
        let spoiling = errors.iter().filter(|error| !is_duplicate(error));
        let broken: Vec<u32> = spoiling.map(|error| span(error, text).start).collect();
        let masked: Vec<Span> = early_ends.iter().map(|early| early.whole).collect();
        let root = Conversion {
            file,
            text: &repaired,
            broken: &broken,
            masked: &masked,
            diagnostics: &mut diagnostics,
        }
        .table(tree.get_ref());
        let lines = Lines::of(text);
        let damaged = errors.iter().any(|error| loses_keys(error, text, &lines));
        Document { root, diagnostics, damaged }
    }
}

fn early_end(file: FileId, text: &str, early: &EarlyEnd) -> Diagnostic {
    Diagnostic::error("spec::quotes", "a quote inside the expression ends the string")
        .at(Place { file, span: early.quote }, "the string ends here")
        .help(format!("write it in quotes that may hold others: {}", early.corrected(text)))
}

fn syntax(file: FileId, text: &str, error: &Error) -> Diagnostic {
    let at = span(error, text);
    let place = Place { file, span: at };
    if !is_duplicate(error) {
        return Diagnostic::error("spec::syntax", explain(error, at)).at(place, "here");
    }
    let name = text.get(at.range()).unwrap_or_default().trim_matches(['"', '\'']);
    let found = Diagnostic::error("spec::duplicate", format!("`{name}` is there twice"))
        .at(place, "the second time");
    match duplicate::first_place(text, at) {
        Some(span) => found.at(Place { file, span }, "the first time"),
        None => found,
    }
}

/// The parser's words, or better ones where it guesses what was meant.
fn explain(error: &Error, at: Span) -> String {
    let message = error.message();
    match message.starts_with("string values must be quoted") {
        true if at.is_empty() => "a value is missing".to_owned(),
        true => "a string stands in quotes".to_owned(),
        false => message.trim_end_matches(", expected nothing").to_owned(),
    }
}

/// The errors that are no mere consequence of others: the first of each line, nothing from a
/// bracket that is missing to the end of what it swallows, no keys that are there twice because
/// their table is.
fn without_consequences<'a>(errors: &'a [Error], text: &str) -> Vec<&'a Error> {
    let lines = Lines::of(text);
    let mut told = Vec::new();
    let mut last_line = None;
    let mut swallowed = 0;
    let mut table_twice = None;
    for (position, error) in errors.iter().enumerate() {
        let at = quotes::offset(error);
        let line = lines.start(at);
        if at < swallowed || last_line.replace(line) == Some(line) {
            continue;
        }
        if is_duplicate(error) {
            let table = text[..at].rfind("\n[").map_or(0, |newline| newline + 1);
            let is_header = table == line;
            if !is_header && table_twice == Some(table) {
                continue;
            }
            table_twice = is_header.then_some(table).or(table_twice);
        }
        told.push(error);
        if is_about_brackets(error) {
            let closing = errors[position..].iter().find(|later| is_unclosed(later));
            swallowed = closing.map_or(0, |closing| quotes::offset(closing) + 1);
        }
    }
    told
}

fn is_duplicate(error: &Error) -> bool {
    error.message().starts_with("duplicate key")
}

fn is_about_brackets(error: &Error) -> bool {
    ["array", "inline table", "key-value pairs"].iter().any(|part| error.message().contains(part))
}

fn is_unclosed(error: &Error) -> bool {
    ["unclosed array", "unclosed inline table"].iter().any(|it| error.message().starts_with(it))
}

/// Whether a key, and not only a value, is gone.
fn loses_keys(error: &Error, text: &str, lines: &Lines) -> bool {
    let at = quotes::offset(error).min(text.len());
    let line = &text.as_bytes()[lines.start(at)..at];
    !is_duplicate(error)
        && (is_about_brackets(error)
            || error.message().contains("multi-line")
            || !line.contains(&b'='))
}

/// The place of an error, on character boundaries.
fn span(error: &Error, text: &str) -> Span {
    let range = error.span().unwrap_or(0..0);
    let floor = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    Span::of(floor(range.start)..floor(range.end))
}
