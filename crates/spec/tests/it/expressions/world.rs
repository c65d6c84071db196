//! A scope that is a map of names.

use std::collections::BTreeMap;
use std::sync::Arc;

use greenroom_model::expr::Expr;
use greenroom_model::span::Span;
use greenroom_model::value::Value;
use greenroom_spec::expr::{Key, Problem, Scope, evaluate, parse_expression, parse_template};

/// Names with what they stand for; `None` is pending.
#[derive(Default)]
pub(super) struct World {
    pub(super) names: BTreeMap<String, Option<Value>>,
    pub(super) files: BTreeMap<&'static str, &'static str>,
}

impl World {
    /// Adds `name`, given as an expression; sensitive values keep its name.
    pub(super) fn with(mut self, name: &str, expression: &str) -> World {
        self.names.insert(name.to_owned(), Some(run(expression, &World::default())));
        self
    }

    pub(super) fn secret(mut self, name: &str, expression: &str) -> World {
        let source = Expr::reference(name, [] as [&str; 0]);
        let value = Value::sensitive(run(expression, &World::default()), source);
        self.names.insert(name.to_owned(), Some(value));
        self
    }

    pub(super) fn pending(mut self, name: &str) -> World {
        self.names.insert(name.to_owned(), None);
        self
    }

    pub(super) fn file(mut self, path: &'static str, text: &'static str) -> World {
        self.files.insert(path, text);
        self
    }
}

impl Scope for World {
    fn resolve(
        &self,
        root: &str,
        _: &[Key],
        span: Span,
    ) -> Result<Option<(Value, usize)>, Problem> {
        match self.names.get(root) {
            Some(value) => Ok(value.clone().map(|value| (value, 0))),
            None => Err(Problem::new(format!("nothing is called `{root}`"), span)),
        }
    }

    fn file(&self, path: &str) -> Result<Arc<[u8]>, Problem> {
        let text =
            self.files.get(path).ok_or_else(|| Problem::new("no such file", Span::default()))?;
        Ok(text.as_bytes().into())
    }

    fn files(&self) -> Result<Vec<Arc<str>>, Problem> {
        Ok(self.files.keys().map(|path| Arc::from(*path)).collect())
    }
}

/// The value of an expression that has one.
pub(super) fn run(expression: &str, world: &World) -> Value {
    let expr = parse_expression(expression)
        .unwrap_or_else(|mistakes| panic!("{expression}: {mistakes:?}"));
    evaluate(&expr, world).unwrap_or_else(|problem| panic!("{expression}: {problem}"))
}

/// The value as text: pending parts as `pending(…)`; or the problem.
pub(super) fn shown(template: &str, world: &World) -> String {
    let expr =
        parse_template(template).unwrap_or_else(|mistakes| panic!("{template}: {mistakes:?}"));
    match evaluate(&expr, world) {
        Ok(value) => format!("{value:?}"),
        Err(problem) => format!("error: {problem}"),
    }
}

/// Evaluates what is pending in `value` again, over `world`; through its text
/// if `as_text`.
pub(super) fn settle(value: &Value, world: &World, as_text: bool) -> Result<Value, String> {
    match value {
        Value::Pending(residual) if as_text => {
            let text = residual.to_string();
            let expr =
                parse_expression(&text).map_err(|mistakes| format!("{text}: {mistakes:?}"))?;
            evaluate(&expr, world).map_err(|problem| format!("{text}: {problem}"))
        }
        Value::Pending(residual) => {
            evaluate(residual, world).map_err(|problem| problem.to_string())
        }
        Value::List(elements) => {
            let settled = elements.iter().map(|element| settle(element, world, as_text));
            Ok(Value::from(settled.collect::<Result<Vec<_>, _>>()?))
        }
        Value::Object(attributes) => {
            let settled = attributes
                .iter()
                .map(|(name, value)| Ok((name.clone(), settle(value, world, as_text)?)));
            Ok(Value::object(settled.collect::<Result<Vec<_>, String>>()?))
        }
        known => Ok(known.clone()),
    }
}
