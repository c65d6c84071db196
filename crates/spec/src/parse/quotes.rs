//! The mistake everybody makes: `"${f("x")}"`, where the second quote ends the string.
//!
//! Left as it is, it takes the rest of its line with it, and of its array. So these strings are
//! found by a look at the lines with errors, and masked by strings of the same length: one
//! mistake is then one diagnostic, and every other place keeps its offset.

use std::borrow::Cow;

use greenroom_model::span::Span;
use toml::de::{DeTable, Error};

use super::lines::Lines;

/// A basic string that quotes in its expression end too early.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct EarlyEnd {
    /// The string as it was meant, with its quotes.
    pub(super) whole: Span,
    /// The quote that ends it.
    pub(super) quote: Span,
}

/// Text in which early ends are masked, with the errors that remain, sorted by place.
pub(super) struct Repaired<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) early_ends: Vec<EarlyEnd>,
    pub(super) errors: Vec<Error>,
}

/// Masks all early ends.
pub(super) fn repair(text: &str) -> Repaired<'_> {
    // Each round masks all that it finds; later rounds see what an earlier error hid.
    const ROUNDS: usize = 8;
    let mut repaired = Repaired { text: text.into(), early_ends: Vec::new(), errors: Vec::new() };
    for _ in 0..ROUNDS {
        repaired.errors = sorted(DeTable::parse_recoverable(&repaired.text).1);
        let found = early_ends(&repaired.text, &repaired.errors);
        if found.is_empty() {
            break;
        }
        repaired.text = mask(&repaired.text, &found).into();
        repaired.early_ends.extend(found);
    }
    repaired.early_ends.sort_by_key(|early| early.whole);
    repaired
}

impl EarlyEnd {
    /// The string in a form that can hold its quotes.
    pub(super) fn corrected(&self, text: &str) -> String {
        let whole = &text[self.whole.range()];
        let inner = &whole[1..whole.len() - 1];
        let quotes = if inner.contains('\'') { "\"\"\"" } else { "'" };
        format!("{quotes}{inner}{quotes}")
    }
}

/// The offset at which an error is reported.
pub(super) fn offset(error: &Error) -> usize {
    error.span().map_or(0, |span| span.start)
}

fn sorted(mut errors: Vec<Error>) -> Vec<Error> {
    errors.sort_by_key(offset);
    errors
}

fn early_ends(text: &str, errors: &[Error]) -> Vec<EarlyEnd> {
    let lines = Lines::of(text);
    let mut starts: Vec<usize> = errors.iter().map(|error| lines.start(offset(error))).collect();
    starts.dedup();
    let mut found = Vec::new();
    for start in starts {
        let line = text[start..].lines().next().unwrap_or_default();
        scan_line(line, &mut |whole, quote| {
            let span = |from: usize, to: usize| Span::of(start + from..start + to);
            found.push(EarlyEnd { whole: span(whole.0, whole.1), quote: span(quote, quote + 1) });
        });
    }
    found
}

/// Finds the strings of a line that end within an expression. Lines of multi-line strings are
/// left alone from there on.
fn scan_line(line: &str, found: &mut dyn FnMut((usize, usize), usize)) {
    let bytes = line.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let start = at;
        let end = match byte {
            b'#' => return,
            b'\'' if !line[at..].starts_with("'''") => {
                line[at + 1..].find('\'').map(|n| at + 1 + n)
            }
            b'"' if !line[at..].starts_with("\"\"\"") => basic_end(bytes, at + 1),
            b'\'' | b'"' => return,
            _ => Some(at),
        };
        let Some(end) = end else { return };
        at = end + 1;
        if byte == b'"' {
            // One that never ends would be searched to the end of the line for every quote in it.
            let Some(meant) = template_end(bytes, start + 1) else { return };
            if meant > end {
                found((start, meant + 1), end);
                at = meant + 1;
            }
        }
    }
}

/// Where the basic string whose text starts at `at` ends, by TOML's rules.
fn basic_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// Where it ends if quotes within `${…}` and `%{…}` are those of the expression.
fn template_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    enum Inside {
        Text,
        Code,
    }
    let mut stack = vec![Inside::Text];
    loop {
        let byte = *bytes.get(at)?;
        let opens = |at: usize| bytes.get(at + 1) == Some(&b'{');
        at += 1;
        match (stack.last()?, byte) {
            (Inside::Text, b'"') => {
                stack.pop();
                if stack.is_empty() {
                    return Some(at - 1);
                }
            }
            (Inside::Text, b'\\') => at += 1,
            (Inside::Text, b'$' | b'%') if bytes.get(at) == Some(&byte) && opens(at) => at += 2,
            (Inside::Text, b'$' | b'%') if opens(at - 1) => {
                stack.push(Inside::Code);
                at += 1;
            }
            (Inside::Code, b'{') => stack.push(Inside::Code),
            (Inside::Code, b'"') => stack.push(Inside::Text),
            (Inside::Code, b'}') => {
                stack.pop();
            }
            _ => {}
        }
    }
}

/// Puts strings of blanks where the early ends were meant to be.
fn mask(text: &str, early_ends: &[EarlyEnd]) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut done = 0;
    for early in early_ends {
        let range = early.whole.range();
        masked.push_str(&text[done..range.start]);
        masked.push('"');
        masked.extend(std::iter::repeat_n(' ', range.len() - 2));
        masked.push('"');
        done = range.end;
    }
    masked.push_str(&text[done..]);
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meant(text: &str) -> Vec<String> {
        let repaired = repair(text);
        assert_eq!(repaired.text.len(), text.len());
        repaired.early_ends.iter().map(|early| early.corrected(text)).collect()
    }

    #[test]
    fn strings_that_end_in_an_expression_are_found_whole() {
        assert_eq!(meant("x = \"${f(\"a\")}\"\n"), ["'${f(\"a\")}'"]);
        assert_eq!(meant("x = \"${a == \"\" ? 1 : 2}-b\" # c\"\n"), ["'${a == \"\" ? 1 : 2}-b'"]);
        assert_eq!(meant("x = \"it's ${f(\"a\")}\"\n"), ["\"\"\"it's ${f(\"a\")}\"\"\""]);
        assert_eq!(meant("x = \"${f(\"${g(\"y\")}\")}\"\n"), ["'${f(\"${g(\"y\")}\")}'"]);
    }

    #[test]
    fn what_follows_in_an_array_is_not_lost() {
        let text = "x = [\"${f(\"a\")}\", \"b\"]\ny = { z = \"${{a = \"b\"}}\" }\nw = 1\n";
        assert_eq!(meant(text), ["'${f(\"a\")}'", "'${{a = \"b\"}}'"]);
        assert!(repair(text).errors.is_empty());
    }

    #[test]
    fn sound_strings_stay() {
        for text in ["x = \"${a}\"\n", "x = '${f(\"a\")}'\n", "x = \"$${f(\" \ny = 1\n"] {
            assert_eq!(meant(text), Vec::<String>::new(), "{text}");
        }
    }
}
