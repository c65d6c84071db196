//! Finds what is opened and never closed, once the parser has refused a text.
//!
//! This is no second parser: it only matches brackets, quotes and directives,
//! because the parser says "unexpected token" at the opening for all of them.

use greenroom_model::span::Span;

use super::Mistake;
use super::syntax::Start;

/// What is open at some point of the text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    /// `${` or `%{`
    Marker,
    Bracket(char),
    Quote,
}

/// The innermost thing that is open at the end of `text`, if any.
pub(super) fn find(text: &str, start: Start) -> Option<Mistake> {
    let mut scan = Scan { text, start, open: Vec::new(), directives: Vec::new() };
    scan.run();
    scan.mistake()
}

struct Scan<'a> {
    text: &'a str,
    start: Start,
    open: Vec<(Open, usize)>,
    directives: Vec<(&'static str, usize)>,
}

impl Scan<'_> {
    fn run(&mut self) {
        let mut at = 0;
        while let Some(character) = self.text[at..].chars().next() {
            at += if self.in_text() {
                self.text_step(at, character)
            } else {
                self.code_step(at, character)
            };
        }
    }

    fn in_text(&self) -> bool {
        match self.open.last() {
            None => self.start == Start::Template,
            Some((open, _)) => *open == Open::Quote,
        }
    }

    /// One step in literal text; returns its length.
    fn text_step(&mut self, at: usize, character: char) -> usize {
        let rest = &self.text[at..];
        if rest.starts_with("$${") || rest.starts_with("%%{") {
            return 3;
        }
        if rest.starts_with("${") || rest.starts_with("%{") {
            self.open.push((Open::Marker, at));
            self.directive(at);
            return 2;
        }
        match (self.open.last(), character) {
            (Some((Open::Quote, _)), '"') => drop(self.open.pop()),
            (Some((Open::Quote, _)), '\\') => {
                return 1 + rest[1..].chars().next().map_or(0, char::len_utf8);
            }
            _ => {}
        }
        character.len_utf8()
    }

    /// One step in an expression; returns its length.
    fn code_step(&mut self, at: usize, character: char) -> usize {
        match character {
            '"' => self.open.push((Open::Quote, at)),
            '(' | '[' | '{' => self.open.push((Open::Bracket(character), at)),
            ')' => self.close('(', at),
            ']' => self.close('[', at),
            '}' => self.close('{', at),
            _ => {}
        }
        character.len_utf8()
    }

    /// Closes what fits; a bracket that does not fit is the parser's business.
    fn close(&mut self, bracket: char, _at: usize) {
        let fits = |open: &Open| {
            *open == Open::Bracket(bracket) || (bracket == '{' && *open == Open::Marker)
        };
        if self.open.last().is_some_and(|(open, _)| fits(open)) {
            self.open.pop();
        }
    }

    /// Notes `%{ if`, `%{ for` and what ends them.
    fn directive(&mut self, at: usize) {
        let Some(rest) = self.text[at..].strip_prefix("%{") else { return };
        let word = rest.trim_start_matches('~').trim_start();
        let starts = |name: &str| {
            word.strip_prefix(name).is_some_and(|after| !after.starts_with(char::is_alphanumeric))
        };
        if starts("if") {
            self.directives.push(("if", at));
        } else if starts("for") {
            self.directives.push(("for", at));
        } else if starts("endif") || starts("endfor") {
            self.directives.pop();
        }
    }

    fn mistake(&self) -> Option<Mistake> {
        if let Some((open, at)) = self.open.last() {
            let length = if *open == Open::Marker { 2 } else { 1 };
            let span = Span::of(*at..at + length);
            let message = format!("`{}` is not closed", &self.text[span.range()]);
            return Some(Mistake { message, help: None, span });
        }
        let (name, at) = self.directives.last()?;
        let message = format!("`%{{ {name} }}` is not closed");
        let help = Some(format!("end it with `%{{ end{name} }}`"));
        Some(Mistake { message, help, span: Span::of(*at..at + 2) })
    }
}
