//! Making residuals, and marks whose sources are residuals.

use std::sync::Arc;

use greenroom_model::expr::{Expr, Node};
use greenroom_model::span::Span;
use greenroom_model::value::Value;

use super::Problem;
use crate::expr::functions::{ERROR, SENSITIVE};

/// The deepest residual: one level less than the parser reads back, as some
/// nodes print with two.
const DEEPEST: u32 = 60;

/// The largest residual, in nodes: some hundreds of kilobytes of text.
const LARGEST: u32 = 50_000;

/// The expression that yields `value`: what is pending stands for itself, and
/// its reference for what is sensitive.
pub(super) fn expr_of(value: &Value, span: Span) -> Arc<Expr> {
    match value {
        Value::Pending(residual) => residual.clone(),
        Value::Sensitive(secret) => secret.source.clone(),
        Value::List(elements) if is_marked(value) => {
            let elements = elements.iter().map(|element| expr_of(element, span)).collect();
            Arc::new(Expr::new(Node::List(elements), span))
        }
        Value::Object(attributes) if is_marked(value) => {
            let literal =
                |name: &Arc<str>| Arc::new(Expr::literal(Value::String(name.clone()), span));
            let entries =
                attributes.iter().map(|(name, value)| (literal(name), expr_of(value, span)));
            Arc::new(Expr::new(Node::Object(entries.collect()), span))
        }
        known => Arc::new(Expr::literal(known.clone(), span)),
    }
}

/// `value` marked as sensitive, as `sensitive(…)` does it. Its source gives it back at apply: what is
/// sensitive in it already is there its own source, and what is known stands as it is.
#[must_use]
pub fn sensitive(value: Value, span: Span) -> Value {
    if value.is_sensitive() {
        return value;
    }
    let arguments = vec![expr_of(&value, span)];
    let call = Node::Call { name: SENSITIVE.into(), arguments, expand: false };
    marked(value, bounded(call, span).unwrap_or_else(|problem| error(&problem)))
}

/// Whether anything in `value` is pending or sensitive.
fn is_marked(value: &Value) -> bool {
    match value {
        Value::Pending(_) | Value::Sensitive(_) => true,
        Value::List(elements) => elements.iter().any(is_marked),
        Value::Object(attributes) => attributes.values().any(is_marked),
        _ => false,
    }
}

/// A pending value with this residual.
pub(super) fn pending(node: Node, span: Span) -> Result<Value, Problem> {
    Ok(Value::Pending(bounded(node, span)?))
}

/// `value`, marked as sensitive, with this source.
pub(super) fn mark(value: Value, source: Node, span: Span) -> Result<Value, Problem> {
    Ok(marked(value, bounded(source, span)?))
}

fn marked(value: Value, source: Arc<Expr>) -> Value {
    // What is pending inside comes with the whole at apply, marked then.
    if value.has_pending() { Value::Pending(source) } else { Value::sensitive(value, source) }
}

/// `error("…")`, which fails with this problem's message when it is evaluated.
pub(super) fn error(problem: &Problem) -> Arc<Expr> {
    let message = Arc::new(Expr::literal(Value::from(problem.message.as_str()), problem.span));
    let node = Node::Call { name: ERROR.into(), arguments: vec![message], expand: false };
    Arc::new(Expr::new(node, problem.span))
}

fn bounded(node: Node, span: Span) -> Result<Arc<Expr>, Problem> {
    let expr = Expr::new(node, span);
    if expr.depth() > DEEPEST {
        let message = format!(
            "what is known only after apply is nested more than {DEEPEST} levels deep here"
        );
        return Err(Problem::new(message, span));
    }
    if expr.size() > LARGEST {
        let message = format!("what is known only after apply has more than {LARGEST} parts here");
        return Err(Problem::new(message, span));
    }
    Ok(Arc::new(expr))
}
