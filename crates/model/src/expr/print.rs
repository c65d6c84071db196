//! Expressions as HCL text.
//!
//! Operands that are operations themselves stand in parentheses, so precedence
//! never matters. `for` variables are called `_k0`, `_v0` after the number of
//! their `for`, so that no name is captured when residuals are put together.

use std::fmt::{self, Display, Formatter, Write};

use super::{BinaryOperator, Expr, For, Node, Part, Selector, UnaryOperator};
use crate::value::{Number, Value};

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.node() {
            Node::Literal(value) => literal(f, value),
            Node::List(elements) => {
                f.write_char('[')?;
                separated(f, elements, |f, element| element.fmt(f))?;
                f.write_char(']')
            }
            Node::Object(entries) => braced(f, entries, |f, (key, value)| entry(f, key, value)),
            Node::Template(parts) => template(f, parts),
            Node::Reference { root, path } => {
                f.write_str(root)?;
                selectors(f, path)
            }
            Node::Variable { binder, key: true } => write!(f, "_k{binder}"),
            Node::Variable { binder, key: false } => write!(f, "_v{binder}"),
            Node::Select { of, path } => {
                Operand(of).fmt(f)?;
                selectors(f, path)
            }
            Node::Splat { of, path } => {
                Operand(of).fmt(f)?;
                f.write_str("[*]")?;
                selectors(f, path)
            }
            Node::Unary { operator, of } => write!(f, "{operator}{}", Operand(of)),
            Node::Binary { operator, left, right } => {
                write!(f, "{} {operator} {}", Operand(left), Operand(right))
            }
            Node::Conditional { test, then, otherwise } => {
                write!(f, "{} ? {then} : {otherwise}", Operand(test))
            }
            Node::For(parts) => comprehension(f, parts),
            Node::Call { name, arguments, expand } => {
                write!(f, "{name}(")?;
                separated(f, arguments, |f, argument| argument.fmt(f))?;
                f.write_str(if *expand { "...)" } else { ")" })
            }
        }
    }
}

/// An expression where an operator or a selector stands beside it.
struct Operand<'a>(&'a Expr);

impl Display for Operand<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if binds_tightly(self.0.node()) { self.0.fmt(f) } else { write!(f, "({})", self.0) }
    }
}

fn binds_tightly(node: &Node) -> bool {
    match node {
        Node::Literal(Value::Number(number)) => *number >= Number::from(0),
        Node::Literal(_) | Node::List(_) | Node::Object(_) | Node::Template(_) | Node::For(_) => {
            true
        }
        Node::Reference { .. }
        | Node::Variable { .. }
        | Node::Select { .. }
        | Node::Call { .. } => true,
        // What follows a splat would become part of it.
        Node::Splat { .. }
        | Node::Unary { .. }
        | Node::Binary { .. }
        | Node::Conditional { .. } => false,
    }
}

fn literal(f: &mut Formatter<'_>, value: &Value) -> fmt::Result {
    match value {
        Value::Null => f.write_str("null"),
        Value::Bool(truth) => write!(f, "{truth}"),
        Value::Number(number) => literal_number(f, *number),
        Value::String(text) => {
            f.write_char('"')?;
            quoted(f, text)?;
            f.write_char('"')
        }
        Value::List(elements) => {
            f.write_char('[')?;
            separated(f, elements.iter(), literal)?;
            f.write_char(']')
        }
        Value::Object(attributes) => braced(f, attributes.iter(), |f, (name, value)| {
            key_text(f, name)?;
            f.write_str(" = ")?;
            literal(f, value)
        }),
        // A literal holds neither; should one get here, nothing is revealed.
        Value::Sensitive(secret) => secret.source.fmt(f),
        Value::Pending(residual) => residual.fmt(f),
    }
}

/// Large and tiny numbers are written with an exponent, as no one reads 300 digits.
fn literal_number(f: &mut Formatter<'_>, number: Number) -> fmt::Result {
    let float = number.as_f64();
    if number.as_i64().is_some() || (1e-6..1e21).contains(&float.abs()) {
        write!(f, "{number}")
    } else {
        write!(f, "{float:e}")
    }
}

fn entry(f: &mut Formatter<'_>, key: &Expr, value: &Expr) -> fmt::Result {
    match key.node() {
        Node::Literal(Value::String(name)) => key_text(f, name)?,
        _ => write!(f, "({key})")?,
    }
    write!(f, " = {value}")
}

/// Words that mean something else at the start of an entry.
const RESERVED: [&str; 4] = ["for", "null", "true", "false"];

fn key_text(f: &mut Formatter<'_>, name: &str) -> fmt::Result {
    if is_name(name) && !RESERVED.contains(&name) {
        return f.write_str(name);
    }
    f.write_char('"')?;
    quoted(f, name)?;
    f.write_char('"')
}

fn template(f: &mut Formatter<'_>, parts: &[Part]) -> fmt::Result {
    f.write_char('"')?;
    for (position, part) in parts.iter().enumerate() {
        match part {
            // A `$` right before `${` would escape it.
            Part::Text(text) if text.ends_with('$') && position + 1 < parts.len() => {
                quoted(f, &text[..text.len() - 1])?;
                f.write_str("\\u0024")?;
            }
            Part::Text(text) => quoted(f, text)?,
            Part::Interpolation(expr) => write!(f, "${{{expr}}}")?,
        }
    }
    // A lone interpolation would keep its type; a template is a string.
    if let [Part::Interpolation(_)] = parts {
        f.write_str("${\"\"}")?;
    }
    f.write_char('"')
}

fn comprehension(f: &mut Formatter<'_>, parts: &For) -> fmt::Result {
    let binder = parts.binder;
    f.write_str(if parts.key.is_some() { "{for " } else { "[for " })?;
    if parts.with_key {
        write!(f, "_k{binder}, ")?;
    }
    write!(f, "_v{binder} in {} : ", parts.over)?;
    if let Some(key) = &parts.key {
        write!(f, "{key} => ")?;
    }
    parts.value.fmt(f)?;
    if parts.group {
        f.write_str("...")?;
    }
    if let Some(test) = &parts.test {
        write!(f, " if {test}")?;
    }
    f.write_str(if parts.key.is_some() { "}" } else { "]" })
}

fn selectors(f: &mut Formatter<'_>, path: &[Selector]) -> fmt::Result {
    for selector in path {
        match selector {
            Selector::Attribute(name) if is_name(name) => write!(f, ".{name}")?,
            Selector::Attribute(name) => {
                f.write_str("[\"")?;
                quoted(f, name)?;
                f.write_str("\"]")?;
            }
            Selector::Index(index) => write!(f, "[{index}]")?,
        }
    }
    Ok(())
}

fn is_name(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && characters.all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

fn quoted(f: &mut Formatter<'_>, text: &str) -> fmt::Result {
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            '$' | '%' if characters.peek() == Some(&'{') => write!(f, "{character}{character}")?,
            control if control.is_control() => write!(f, "\\u{:04x}", u32::from(control))?,
            other => f.write_char(other)?,
        }
    }
    Ok(())
}

fn separated<T>(
    f: &mut Formatter<'_>,
    items: impl IntoIterator<Item = T>,
    mut print: impl FnMut(&mut Formatter<'_>, T) -> fmt::Result,
) -> fmt::Result {
    for (position, item) in items.into_iter().enumerate() {
        if position > 0 {
            f.write_str(", ")?;
        }
        print(f, item)?;
    }
    Ok(())
}

fn braced<T>(
    f: &mut Formatter<'_>,
    items: impl IntoIterator<Item = T, IntoIter: ExactSizeIterator>,
    print: impl FnMut(&mut Formatter<'_>, T) -> fmt::Result,
) -> fmt::Result {
    let items = items.into_iter();
    if items.len() == 0 {
        return f.write_str("{}");
    }
    f.write_str("{ ")?;
    separated(f, items, print)?;
    f.write_str(" }")
}

impl Display for UnaryOperator {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            UnaryOperator::Not => "!",
            UnaryOperator::Negate => "-",
        })
    }
}

impl Display for BinaryOperator {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            BinaryOperator::Or => "||",
            BinaryOperator::And => "&&",
            BinaryOperator::Equal => "==",
            BinaryOperator::NotEqual => "!=",
            BinaryOperator::Less => "<",
            BinaryOperator::LessOrEqual => "<=",
            BinaryOperator::Greater => ">",
            BinaryOperator::GreaterOrEqual => ">=",
            BinaryOperator::Add => "+",
            BinaryOperator::Subtract => "-",
            BinaryOperator::Multiply => "*",
            BinaryOperator::Divide => "/",
            BinaryOperator::Remainder => "%",
        })
    }
}
