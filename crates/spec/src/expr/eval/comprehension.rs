//! `for` expressions and splats.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use greenroom_model::expr::{Expr, For, Node, Selector};
use greenroom_model::span::Span;
use greenroom_model::value::{Object, Path, Value};

use super::operators::truth;
use super::residual::{expr_of, mark, pending};
use super::select::{Hop, select, selectors};
use super::{Env, Frame, Key, Machine, Problem, Variable, known_key, redacted};

/// What one element contributes.
enum Item {
    /// It was filtered out.
    Dropped,
    /// An element of the list, or an entry of the object.
    Kept(Option<Arc<str>>, Value),
    /// Whether or where it goes is pending.
    Blocked,
}

/// What came out of a collection that is known.
enum Outcome {
    Value(Value),
    Blocked,
}

impl Machine<'_> {
    pub(super) fn comprehension(
        &self,
        parts: &For,
        span: Span,
        env: Env<'_>,
    ) -> Result<Value, Problem> {
        let over = self.eval(&parts.over, env)?;
        if over.is_pending() {
            return pending(self.symbolic(parts, &over, span, env), span);
        }
        let mut secret = over.is_sensitive();
        match self.each(parts, &over, &mut secret, span, env)? {
            Outcome::Blocked => pending(self.symbolic(parts, &over, span, env), span),
            Outcome::Value(value) if secret => {
                mark(value, self.symbolic(parts, &over, span, env), span)
            }
            Outcome::Value(value) => Ok(value),
        }
    }

    /// The same `for` over `over`, its body evaluated once with the variables
    /// standing for themselves.
    fn symbolic(&self, parts: &For, over: &Value, span: Span, env: Env<'_>) -> Node {
        let itself = |key: bool| {
            Value::pending(Expr::new(Node::Variable { binder: parts.binder, key }, span))
        };
        let variables = [Variable { key: itself(true), value: itself(false) }];
        let frame = Frame {
            outer: env,
            first: parts.binder,
            over: Some(&parts.over),
            variables: &variables,
        };
        // The collection may turn out empty, so nothing in here is certain.
        let body = |expr: &Arc<Expr>| self.maybe(expr, Some(&frame));
        Node::For(Box::new(For {
            binder: parts.binder,
            with_key: parts.with_key,
            over: expr_of(over, span),
            key: parts.key.as_ref().map(body),
            value: body(&parts.value),
            test: parts.test.as_ref().map(body),
            group: parts.group,
        }))
    }

    fn each(
        &self,
        parts: &For,
        over: &Value,
        secret: &mut bool,
        span: Span,
        env: Env<'_>,
    ) -> Result<Outcome, Problem> {
        let mut collected = Collected::new(parts, span);
        let mut visit = |variable: Variable| {
            let variables = [variable];
            let frame = Frame {
                outer: env,
                first: parts.binder,
                over: Some(&parts.over),
                variables: &variables,
            };
            match self.item(parts, secret, Some(&frame))? {
                Item::Dropped => Ok(true),
                Item::Blocked => Ok(false),
                Item::Kept(key, value) => collected.add(key, value).map(|()| true),
            }
        };
        let part = |value: &Value, step: Key| part_of(over, value, step);
        match over.unmarked() {
            Value::List(elements) => {
                for (index, element) in elements.iter().enumerate() {
                    let key = Value::from(i64::try_from(index).unwrap_or(i64::MAX));
                    if !visit(Variable { key, value: part(element, Key::Index(index)) })? {
                        return Ok(Outcome::Blocked);
                    }
                }
            }
            Value::Object(attributes) => {
                for (name, value) in attributes.iter() {
                    let key = Value::String(name.clone());
                    if !visit(Variable { key, value: part(value, Key::Key(name.clone())) })? {
                        return Ok(Outcome::Blocked);
                    }
                }
            }
            other => {
                let message = format!("`for` goes over a list or an object, not {}", other.kind());
                return Err(Problem::new(message, parts.over.span()));
            }
        }
        Ok(Outcome::Value(collected.finish()))
    }

    fn item(&self, parts: &For, secret: &mut bool, env: Env<'_>) -> Result<Item, Problem> {
        if let Some(test) = &parts.test {
            let value = self.eval(test, env)?;
            if value.is_pending() {
                return Ok(Item::Blocked);
            }
            *secret |= value.is_sensitive();
            if !truth(&value, test.span())? {
                return Ok(Item::Dropped);
            }
        }
        let key = match &parts.key {
            None => None,
            Some(key) => {
                let value = self.eval(key, env)?;
                if value.is_pending() {
                    return Ok(Item::Blocked);
                }
                *secret |= value.is_sensitive();
                known_key(value.unmarked(), key.span())?
            }
        };
        Ok(Item::Kept(key, self.eval(&parts.value, env)?))
    }

    pub(super) fn splat(
        &self,
        of: &Expr,
        path: &[Selector],
        span: Span,
        env: Env<'_>,
    ) -> Result<Value, Problem> {
        let value = self.eval(of, env)?;
        let hops = self.hops(path, env)?;
        let node =
            |value: &Value| Node::Splat { of: expr_of(value, span), path: selectors(&hops, span) };
        if value.is_pending() {
            return pending(node(&value), span);
        }
        let result = spread(value.unmarked(), &hops, span);
        let result = if value.is_sensitive() { result.map_err(redacted)? } else { result? };
        if value.is_sensitive() { mark(result, node(&value), span) } else { Ok(result) }
    }
}

/// An element of `over`, marked if `over` is.
fn part_of(over: &Value, element: &Value, step: Key) -> Value {
    match over {
        Value::Sensitive(secret) => {
            Value::sensitive(element.clone(), Expr::part(&secret.source, &Path(vec![step])))
        }
        _ => element.clone(),
    }
}

fn spread(value: &Value, hops: &[Hop], span: Span) -> Result<Value, Problem> {
    let elements = match value {
        Value::Null => &[],
        Value::List(elements) => elements.as_slice(),
        single => std::slice::from_ref(single),
    };
    let results = elements.iter().map(|element| select(element.clone(), hops, span));
    Ok(Value::from(results.collect::<Result<Vec<_>, _>>()?))
}

/// The list or object that a `for` makes.
struct Collected {
    list: Vec<Value>,
    object: Object,
    groups: BTreeMap<Arc<str>, Vec<Value>>,
    shape: Shape,
    span: Span,
}

#[derive(Clone, Copy)]
enum Shape {
    List,
    Object,
    Groups,
}

impl Collected {
    fn new(parts: &For, span: Span) -> Collected {
        let shape = match (&parts.key, parts.group) {
            (None, _) => Shape::List,
            (Some(_), false) => Shape::Object,
            (Some(_), true) => Shape::Groups,
        };
        Collected { list: Vec::new(), object: Object::new(), groups: BTreeMap::new(), shape, span }
    }

    fn add(&mut self, key: Option<Arc<str>>, value: Value) -> Result<(), Problem> {
        match (self.shape, key) {
            (Shape::Groups, Some(key)) => self.groups.entry(key).or_default().push(value),
            (Shape::Object, Some(key)) => match self.object.entry(key) {
                Entry::Vacant(free) => drop(free.insert(value)),
                Entry::Occupied(taken) => {
                    let message = format!("two elements have the key `{}`", taken.key());
                    let help =
                        "write `...` behind the value to collect all values of a key in a list";
                    return Err(Problem::new(message, self.span).with_help(help));
                }
            },
            (Shape::List, _) | (_, None) => self.list.push(value),
        }
        Ok(())
    }

    fn finish(self) -> Value {
        match self.shape {
            Shape::List => Value::from(self.list),
            Shape::Object => Value::from(self.object),
            Shape::Groups => {
                Value::object(self.groups.into_iter().map(|(key, list)| (key, Value::from(list))))
            }
        }
    }
}
