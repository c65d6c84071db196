//! Templates: literal text, `${…}`, and directives, which become conditionals
//! and joined `for`s.

use std::sync::Arc;

use greenroom_model::expr::{Expr, For, Node, Part};
use greenroom_model::span::Span;
use greenroom_model::value::Value;
use hcl_edit::Span as _;
use hcl_edit::template::{
    Directive, Element, ForDirective, IfDirective, StringTemplate, Strip, Template,
};

use super::lower::{Lowering, literal, node};

/// How the literal text of a template is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Escapes {
    /// As it is, or unescaped by the parser already.
    Done,
    /// Within quotes and within a directive: the parser leaves it escaped.
    Left,
}

/// Which ends of a template lose their white space.
#[derive(Clone, Copy)]
struct Trim {
    start: bool,
    end: bool,
}

impl Lowering<'_> {
    /// Lowers a template; a lone `${…}` is its expression.
    pub(super) fn template(&mut self, template: &Template, span: Span) -> Arc<Expr> {
        self.elements(template, span, Escapes::Done)
    }

    /// Lowers a quoted template.
    pub(super) fn quoted(&mut self, template: &StringTemplate, span: Span) -> Arc<Expr> {
        self.elements(template, span, Escapes::Left)
    }

    fn elements(&mut self, template: &Template, span: Span, inner: Escapes) -> Arc<Expr> {
        if let Some(Element::Interpolation(lone)) = template.as_single_element() {
            return self.expression(&lone.expr);
        }
        let trim = Trim { start: false, end: false };
        self.parts(template, trim, span, Escapes::Done, inner)
    }

    /// Lowers the elements to parts; `own` says how this template's text is
    /// written, `inner` how that of its directives is.
    fn parts(
        &mut self,
        template: &Template,
        trim: Trim,
        span: Span,
        own: Escapes,
        inner: Escapes,
    ) -> Arc<Expr> {
        let mut parts = Vec::new();
        let mut previous_trims = trim.start;
        let mut elements = template.iter().peekable();
        while let Some(element) = elements.next() {
            match element {
                Element::Literal(text) => {
                    let next_trims = elements.peek().map_or(trim.end, |next| trims_before(next));
                    push_text(
                        &mut parts,
                        &trimmed(&unescaped(text, own), previous_trims, next_trims),
                    );
                }
                Element::Interpolation(interpolation) => {
                    push(&mut parts, self.expression(&interpolation.expr));
                }
                Element::Directive(directive) => push(&mut parts, self.directive(directive, inner)),
            }
            previous_trims = trims_after(element);
        }
        finish(parts, span)
    }

    fn directive(&mut self, directive: &Directive, inner: Escapes) -> Arc<Expr> {
        match directive {
            Directive::If(directive) => self.if_directive(directive, inner),
            Directive::For(directive) => self.for_directive(directive, inner),
        }
    }

    fn if_directive(&mut self, directive: &IfDirective, inner: Escapes) -> Arc<Expr> {
        let span = self.span(directive.span());
        let test = self.expression(&directive.if_expr.cond_expr);
        let end = starts(directive.endif_expr.strip);
        let middle = directive.else_expr.as_ref().map(|other| other.strip);
        let trim = Trim { start: ends(directive.if_expr.strip), end: middle.map_or(end, starts) };
        let then = self.parts(&directive.if_expr.template, trim, span, inner, inner);
        let otherwise = match &directive.else_expr {
            Some(other) => {
                let trim = Trim { start: ends(other.strip), end };
                self.parts(&other.template, trim, span, inner, inner)
            }
            None => literal(Value::from(""), span),
        };
        node(Node::Conditional { test, then, otherwise }, span)
    }

    fn for_directive(&mut self, directive: &ForDirective, inner: Escapes) -> Arc<Expr> {
        let span = self.span(directive.span());
        let parts = &directive.for_expr;
        let over = self.expression(&parts.collection_expr);
        let key_name = parts.key_var.as_ref().map(|name| name.as_str());
        let trim = Trim { start: ends(parts.strip), end: starts(directive.endfor_expr.strip) };
        let list = self.bind(key_name, parts.value_var.as_str(), |lowering, binder| {
            let value = lowering.parts(&parts.template, trim, span, inner, inner);
            let with_key = key_name.is_some();
            node(
                Node::For(Box::new(For {
                    binder,
                    with_key,
                    over,
                    key: None,
                    value,
                    test: None,
                    group: false,
                })),
                span,
            )
        });
        let arguments = vec![literal(Value::from(""), span), list];
        node(Node::Call { name: "join".into(), arguments, expand: false }, span)
    }
}

fn finish(parts: Vec<Part>, span: Span) -> Arc<Expr> {
    match parts.as_slice() {
        [] => literal(Value::from(""), span),
        [Part::Text(text)] => literal(Value::String(text.clone()), span),
        _ => node(Node::Template(parts), span),
    }
}

fn push(parts: &mut Vec<Part>, expr: Arc<Expr>) {
    match expr.as_literal() {
        Some(Value::String(text)) => push_text(parts, text),
        _ => parts.push(Part::Interpolation(expr)),
    }
}

fn push_text(parts: &mut Vec<Part>, text: &str) {
    if text.is_empty() {
        return;
    }
    match parts.last_mut() {
        Some(Part::Text(before)) => *before = format!("{before}{text}").into(),
        _ => parts.push(Part::Text(text.into())),
    }
}

fn trimmed(text: &str, start: bool, end: bool) -> String {
    let text = if start { text.trim_start() } else { text };
    let text = if end { text.trim_end() } else { text };
    text.to_owned()
}

fn trims_before(element: &Element) -> bool {
    match element {
        Element::Literal(_) => false,
        Element::Interpolation(interpolation) => starts(interpolation.strip),
        Element::Directive(directive) => match &**directive {
            Directive::If(directive) => starts(directive.if_expr.strip),
            Directive::For(directive) => starts(directive.for_expr.strip),
        },
    }
}

fn trims_after(element: &Element) -> bool {
    match element {
        Element::Literal(_) => false,
        Element::Interpolation(interpolation) => ends(interpolation.strip),
        Element::Directive(directive) => match &**directive {
            Directive::If(directive) => ends(directive.endif_expr.strip),
            Directive::For(directive) => ends(directive.endfor_expr.strip),
        },
    }
}

fn starts(strip: Strip) -> bool {
    matches!(strip, Strip::Start | Strip::Both)
}

fn ends(strip: Strip) -> bool {
    matches!(strip, Strip::End | Strip::Both)
}

fn unescaped(text: &str, escapes: Escapes) -> String {
    if escapes == Escapes::Done || !text.contains('\\') {
        return text.to_owned();
    }
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        result.push_str(&rest[..at]);
        let (character, length) = escape(&rest[at..]);
        result.push(character);
        rest = &rest[at + length..];
    }
    result + rest
}

/// The character that the escape sequence at the start of `text` stands for,
/// and its length; what is none stands for itself.
fn escape(text: &str) -> (char, usize) {
    let hex = |length: usize| {
        let code = u32::from_str_radix(text.get(2..2 + length)?, 16).ok()?;
        Some((char::from_u32(code)?, 2 + length))
    };
    let found = match text.as_bytes().get(1) {
        Some(b'n') => Some(('\n', 2)),
        Some(b'r') => Some(('\r', 2)),
        Some(b't') => Some(('\t', 2)),
        Some(b'"') => Some(('"', 2)),
        Some(b'\\') => Some(('\\', 2)),
        Some(b'u') => hex(4),
        Some(b'U') => hex(8),
        _ => None,
    };
    found.unwrap_or(('\\', 1))
}
