//! References, attributes and indices.

use std::sync::Arc;

use greenroom_model::expr::{Expr, Node, Selector};
use greenroom_model::span::Span;
use greenroom_model::value::{Object, Value};

use super::residual::{expr_of, mark, pending};
use super::{Env, Key, Machine, Problem, redacted};

/// An evaluated selector.
pub(super) enum Hop {
    /// A known key; with its source, if it is sensitive.
    Known(Key, Option<Arc<Expr>>),
    /// A key that is pending.
    Pending(Arc<Expr>),
}

impl Machine<'_> {
    pub(super) fn reference(
        &self,
        expr: &Expr,
        root: &Arc<str>,
        path: &[Selector],
        env: Env<'_>,
    ) -> Result<Value, Problem> {
        let span = expr.span();
        let hops = self.hops(path, env)?;
        let keys: Vec<Key> = hops.iter().map_while(Hop::key).cloned().collect();
        match self.scope.resolve(root, &keys, span)? {
            None => {
                pending(Node::Reference { root: root.clone(), path: selectors(&hops, span) }, span)
            }
            Some((value, used)) => select(value, hops.get(used..).unwrap_or_default(), span),
        }
    }

    pub(super) fn hops(&self, path: &[Selector], env: Env<'_>) -> Result<Vec<Hop>, Problem> {
        path.iter().map(|selector| self.hop(selector, env)).collect()
    }

    fn hop(&self, selector: &Selector, env: Env<'_>) -> Result<Hop, Problem> {
        match selector {
            Selector::Attribute(name) => Ok(Hop::Known(Key::Key(name.clone()), None)),
            Selector::Index(index) => match self.eval(index, env)? {
                Value::Pending(residual) => Ok(Hop::Pending(residual)),
                Value::Sensitive(secret) if secret.value.is_pending() => {
                    Ok(Hop::Pending(secret.source.clone()))
                }
                Value::Sensitive(secret) => Ok(Hop::Known(
                    key(&secret.value, index.span()).map_err(redacted)?,
                    Some(secret.source.clone()),
                )),
                known => Ok(Hop::Known(key(&known, index.span())?, None)),
            },
        }
    }
}

impl Hop {
    fn key(&self) -> Option<&Key> {
        match self {
            Hop::Known(key, _) => Some(key),
            Hop::Pending(_) => None,
        }
    }

    fn selector(&self, span: Span) -> Selector {
        match self {
            Hop::Pending(index) | Hop::Known(_, Some(index)) => Selector::Index(index.clone()),
            Hop::Known(key, None) => Selector::from_step(key, span),
        }
    }
}

/// Walks from `value` along `hops`.
pub(super) fn select(value: Value, hops: &[Hop], span: Span) -> Result<Value, Problem> {
    if !hops.iter().any(|hop| matches!(hop, Hop::Known(_, Some(_)))) {
        return walk(value, hops, span);
    }
    let source = Expr::select(expr_of(&value, span), selectors(hops, span), span);
    mark(walk(value, hops, span).map_err(redacted)?, source.node().clone(), span)
}

fn walk(mut value: Value, hops: &[Hop], span: Span) -> Result<Value, Problem> {
    for (at, hop) in hops.iter().enumerate() {
        let rest = &hops[at..];
        value = match (&value, hop) {
            (Value::Pending(residual), _) => return behind(residual.clone(), rest, span),
            (Value::Sensitive(secret), _) => {
                let found = walk(secret.value.clone(), rest, span)
                    .map_err(|problem| Problem { help: None, ..problem })?;
                let source = Expr::select(secret.source.clone(), selectors(rest, span), span);
                return mark(found, source.node().clone(), span);
            }
            (known, Hop::Pending(_)) => return behind(expr_of(known, span), rest, span),
            (known, Hop::Known(key, _)) => enter(known, key, span)?,
        };
    }
    Ok(value)
}

/// A pending value: `hops` behind what `of` will be.
fn behind(of: Arc<Expr>, hops: &[Hop], span: Span) -> Result<Value, Problem> {
    pending(Expr::select(of, selectors(hops, span), span).node().clone(), span)
}

pub(super) fn selectors(hops: &[Hop], span: Span) -> Vec<Selector> {
    hops.iter().map(|hop| hop.selector(span)).collect()
}

fn key(index: &Value, span: Span) -> Result<Key, Problem> {
    let refuse = |what: &str| Err(Problem::new(format!("{what} is no index"), span));
    match index {
        Value::String(name) => Ok(Key::Key(name.clone())),
        Value::Bool(truth) => Ok(Key::Key(truth.to_string().into())),
        Value::Number(number) => {
            match number.as_i64().and_then(|integer| usize::try_from(integer).ok()) {
                Some(integer) => Ok(Key::Index(integer)),
                None => refuse(&number.to_string()),
            }
        }
        other => refuse(other.kind()),
    }
}

fn enter(value: &Value, key: &Key, span: Span) -> Result<Value, Problem> {
    match (value, key) {
        (Value::Object(object), Key::Key(name)) => attribute(object, name, span),
        (Value::Object(object), Key::Index(index)) => attribute(object, &index.to_string(), span),
        (Value::List(elements), Key::Index(index)) => element(elements, *index, span),
        (Value::List(elements), Key::Key(name)) => match name.parse() {
            Ok(index) => element(elements, index, span),
            Err(_) => Err(Problem::new(format!("a list has no attribute `{name}`"), span)
                .with_help("write `[0]` for one element or `[*]` for all of them")),
        },
        (other, Key::Key(name)) => {
            Err(Problem::new(format!("{} has no attribute `{name}`", other.kind()), span))
        }
        (other, Key::Index(index)) => {
            Err(Problem::new(format!("{} has no element {index}", other.kind()), span))
        }
    }
}

fn attribute(object: &Object, name: &str, span: Span) -> Result<Value, Problem> {
    if let Some(value) = object.get(name) {
        return Ok(value.clone());
    }
    let problem = Problem::new(format!("this object has no attribute `{name}`"), span);
    let near = object.keys().map(|known| (strsim::jaro_winkler(known, name), known));
    Err(match near.max_by(|a, b| a.0.total_cmp(&b.0)) {
        Some((likeness, near)) if likeness > 0.85 => {
            problem.with_help(format!("did you mean `{near}`?"))
        }
        _ => problem,
    })
}

fn element(elements: &[Value], index: usize, span: Span) -> Result<Value, Problem> {
    elements.get(index).cloned().ok_or_else(|| {
        let count = elements.len();
        let noun = if count == 1 { "element" } else { "elements" };
        Problem::new(format!("there is no element {index} in a list of {count} {noun}"), span)
    })
}
