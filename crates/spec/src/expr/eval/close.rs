//! Expressions as they are written, closed over the variables around them.
//!
//! Putting in what the variables hold would put in secrets; so a variable
//! becomes the way from what its `for` goes over to its element.

use std::sync::Arc;

use greenroom_model::expr::{Expr, Node, Selector};
use greenroom_model::value::Value;

use super::residual::expr_of;
use super::{Env, find};

/// `expr`, with the variables of the `for`s around it replaced.
pub(super) fn close(expr: &Arc<Expr>, env: Env<'_>) -> Arc<Expr> {
    if env.is_none() { expr.clone() } else { replace(expr, env, &mut Vec::new()) }
}

/// `bound` are the binders of the `for`s inside the expression.
fn replace(expr: &Arc<Expr>, env: Env<'_>, bound: &mut Vec<u32>) -> Arc<Expr> {
    match expr.node() {
        Node::Variable { binder, key } if !bound.contains(binder) => {
            element(*binder, *key, env).unwrap_or_else(|| expr.clone())
        }
        Node::For(parts) => {
            bound.push(parts.binder);
            let node = expr.node().map_children(&mut |child| replace(child, env, bound));
            bound.pop();
            Arc::new(Expr::new(node, expr.span()))
        }
        node => Arc::new(Expr::new(
            node.map_children(&mut |child| replace(child, env, bound)),
            expr.span(),
        )),
    }
}

fn element(binder: u32, key: bool, env: Env<'_>) -> Option<Arc<Expr>> {
    let (frame, variable) = find(binder, env)?;
    let span = frame.over.map(|over| over.span()).unwrap_or_default();
    match frame.over {
        _ if key => Some(expr_of(&variable.key, span)),
        // Within a residual the variable stands for itself.
        Some(over) if !variable.value.is_pending() => {
            let selector = match variable.key.unmarked() {
                Value::String(name) => Selector::Attribute(name.clone()),
                _ => Selector::Index(expr_of(&variable.key, span)),
            };
            Some(Arc::new(Expr::select(close(over, frame.outer), vec![selector], span)))
        }
        _ => Some(expr_of(&variable.value, span)),
    }
}
