//! Partial evaluation: what is known is computed, what is not becomes a residual.
//!
//! Each operation looks at its operands. If one is pending, the result is the
//! same operation over the operands as expressions. If one is sensitive, the
//! operation is computed, and its result is marked; that residual, in which
//! references stand for the secrets, is the mark's source.

mod call;
mod close;
mod comprehension;
mod operators;
mod residual;
mod select;

use std::sync::Arc;

use greenroom_model::expr::{Expr, Node, Part};
use greenroom_model::span::Span;
use greenroom_model::value::{Object, Value};

use super::convert;
pub use residual::sensitive;
use residual::{expr_of, mark, pending};

pub use greenroom_model::value::Step as Key;

/// The world that an expression sees.
pub trait Scope {
    /// Finds what `root` followed by `path` refers to.
    ///
    /// Returns the value and how many keys of `path` led to it; the evaluator
    /// walks the rest. `None` if the value is known only after apply. `path`
    /// ends before the first key that is itself pending.
    ///
    /// # Errors
    ///
    /// The reference leads nowhere; `span` is its place.
    fn resolve(
        &self,
        root: &str,
        path: &[Key],
        span: Span,
    ) -> Result<Option<(Value, usize)>, Problem>;

    /// The content of the file at `path`, as written in the expression.
    ///
    /// # Errors
    ///
    /// There is no such file, or expressions cannot read files here.
    fn file(&self, path: &str) -> Result<Arc<[u8]>, Problem> {
        Err(Problem::new(format!("cannot read `{path}`: there are no files here"), Span::default()))
    }

    /// The paths of all files that [`file`](Scope::file) can read, for
    /// `fileset` and `fileexists`.
    ///
    /// # Errors
    ///
    /// Expressions cannot read files here.
    fn files(&self) -> Result<Vec<Arc<str>>, Problem> {
        Err(Problem::new("there are no files here", Span::default()))
    }
}

/// A scope without any name or file: for expressions that stand alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoScope;

impl Scope for NoScope {
    fn resolve(
        &self,
        root: &str,
        _: &[Key],
        span: Span,
    ) -> Result<Option<(Value, usize)>, Problem> {
        Err(Problem::new(format!("`{root}` refers to nothing here"), span))
    }
}

/// Why an expression has no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Problem {
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Where, in the text that the expression was parsed from.
    pub span: Span,
}

impl Problem {
    /// Makes a problem without help.
    pub fn new(message: impl Into<String>, span: Span) -> Problem {
        Problem { message: message.into(), help: None, span }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn with_help(self, help: impl Into<String>) -> Problem {
        Problem { help: Some(help.into()), ..self }
    }
}

/// The problem without its reason, which would show a secret.
fn redacted(problem: Problem) -> Problem {
    let message = "this fails, but its values are sensitive, so the reason is not shown";
    Problem::new(message, problem.span)
}

/// Evaluates `expr` as far as `scope` knows the world.
///
/// Parts that are not known come back as [`Value::Pending`] with their
/// residual, inside lists and objects too. What is computed from a sensitive
/// value is sensitive.
///
/// # Errors
///
/// The first mistake in a place that is certainly reached. One in a place that
/// may not be reached becomes `error("…")` in the residual.
pub fn evaluate(expr: &Expr, scope: &dyn Scope) -> Result<Value, Problem> {
    Machine { scope }.eval(expr, None)
}

/// One evaluation.
struct Machine<'a> {
    scope: &'a dyn Scope,
}

/// The variables of a `for` (or of a template file) and those around it.
struct Frame<'a> {
    outer: Env<'a>,
    /// The number of the first binder; the others follow.
    first: u32,
    /// What the `for` goes over, as it is written; none in a template file.
    over: Option<&'a Arc<Expr>>,
    variables: &'a [Variable],
}

type Env<'a> = Option<&'a Frame<'a>>;

struct Variable {
    key: Value,
    value: Value,
}

impl Machine<'_> {
    fn eval(&self, expr: &Expr, env: Env<'_>) -> Result<Value, Problem> {
        let span = expr.span();
        match expr.node() {
            Node::Literal(value) => Ok(value.clone()),
            Node::List(elements) => {
                let values = elements.iter().map(|element| self.eval(element, env));
                Ok(Value::from(values.collect::<Result<Vec<_>, _>>()?))
            }
            Node::Object(entries) => self.object(entries, span, env),
            Node::Template(parts) => self.template(parts, span, env),
            Node::Reference { root, path } => self.reference(expr, root, path, env),
            Node::Variable { binder, key } => lookup(*binder, *key, span, env),
            Node::Select { of, path } => {
                let value = self.eval(of, env)?;
                select::select(value, &self.hops(path, env)?, span)
            }
            Node::Splat { of, path } => self.splat(of, path, span, env),
            Node::Unary { operator, of } => self.unary(*operator, of, span, env),
            Node::Binary { operator, left, right } => {
                self.binary(*operator, left, right, span, env)
            }
            Node::Conditional { test, then, otherwise } => {
                self.conditional([test, then, otherwise], span, env)
            }
            Node::For(parts) => self.comprehension(parts, span, env),
            Node::Call { name, arguments, expand } => {
                self.call(name, arguments, *expand, span, env)
            }
        }
    }

    /// Evaluates what may not be reached: a mistake becomes `error("…")`.
    fn maybe(&self, expr: &Expr, env: Env<'_>) -> Arc<Expr> {
        match self.eval(expr, env) {
            Ok(value) => expr_of(&value, expr.span()),
            Err(problem) => residual::error(&problem),
        }
    }

    fn object(
        &self,
        entries: &[(Arc<Expr>, Arc<Expr>)],
        span: Span,
        env: Env<'_>,
    ) -> Result<Value, Problem> {
        let mut object = Object::new();
        for (key, value) in entries {
            let Some(name) = known_key(&self.eval(key, env)?, key.span())? else {
                return self.object_without_keys(entries, span, env);
            };
            // As in Terraform, the later of two equal computed keys counts.
            object.insert(name, self.eval(value, env)?);
        }
        Ok(Value::from(object))
    }

    /// An object one of whose keys is pending or sensitive.
    fn object_without_keys(
        &self,
        entries: &[(Arc<Expr>, Arc<Expr>)],
        span: Span,
        env: Env<'_>,
    ) -> Result<Value, Problem> {
        let mut keys = Vec::with_capacity(entries.len());
        let mut values = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            keys.push(self.eval(key, env)?);
            values.push(self.eval(value, env)?);
        }
        let exprs =
            keys.iter().zip(&values).map(|(key, value)| (expr_of(key, span), expr_of(value, span)));
        let node = Node::Object(exprs.collect());
        if keys.iter().any(Value::is_pending) {
            return pending(node, span);
        }
        let keys =
            keys.iter().map(|key| convert::key(key.unmarked()).map_err(|fault| fault.at(span)));
        let keys = keys.collect::<Result<Vec<_>, _>>()?;
        mark(Value::object(keys.into_iter().zip(values)), node, span)
    }

    fn template(&self, parts: &[Part], span: Span, env: Env<'_>) -> Result<Value, Problem> {
        let mut text = String::new();
        let mut values = Vec::new();
        for part in parts {
            match part {
                Part::Text(piece) => text.push_str(piece),
                Part::Interpolation(expr) => {
                    let value = self.eval(expr, env)?;
                    if matches!(value, Value::Pending(_) | Value::Sensitive(_)) {
                        values.push((text.len(), value));
                    } else {
                        append(&mut text, &value, expr.span())?;
                    }
                }
            }
        }
        if values.is_empty() {
            Ok(Value::from(text))
        } else {
            blocked_template(&text, &values, span)
        }
    }
}

/// A template in which values stand at offsets of `text` that are pending or
/// sensitive.
fn blocked_template(text: &str, values: &[(usize, Value)], span: Span) -> Result<Value, Problem> {
    let mut parts = Vec::new();
    let mut revealed = String::new();
    let mut done = 0;
    for (at, value) in values {
        if done < *at {
            parts.push(Part::Text(text[done..*at].into()));
        }
        revealed.push_str(&text[done..*at]);
        done = *at;
        parts.push(Part::Interpolation(expr_of(value, span)));
        if !value.is_pending() {
            append(&mut revealed, value.unmarked(), span)?;
        }
    }
    if done < text.len() {
        parts.push(Part::Text(text[done..].into()));
        revealed.push_str(&text[done..]);
    }
    if values.iter().any(|(_, value)| value.is_pending()) {
        return pending(Node::Template(parts), span);
    }
    mark(Value::from(revealed), Node::Template(parts), span)
}

fn append(text: &mut String, value: &Value, span: Span) -> Result<(), Problem> {
    convert::append_text(text, value).map_err(|fault| fault.at(span))
}

/// The name that `key` is, unless it is pending or sensitive.
fn known_key(key: &Value, span: Span) -> Result<Option<Arc<str>>, Problem> {
    match key {
        Value::Pending(_) | Value::Sensitive(_) => Ok(None),
        known => convert::key(known).map(Some).map_err(|fault| fault.at(span)),
    }
}

fn lookup(binder: u32, key: bool, span: Span, env: Env<'_>) -> Result<Value, Problem> {
    match find(binder, env) {
        Some((_, variable)) if key => Ok(variable.key.clone()),
        Some((_, variable)) => Ok(variable.value.clone()),
        None => Err(Problem::new("this variable belongs to no `for`", span)),
    }
}

fn find<'a>(binder: u32, mut env: Env<'a>) -> Option<(&'a Frame<'a>, &'a Variable)> {
    while let Some(frame) = env {
        let variable =
            binder.checked_sub(frame.first).and_then(|at| frame.variables.get(at as usize));
        if let Some(variable) = variable {
            return Some((frame, variable));
        }
        env = frame.outer;
    }
    None
}
