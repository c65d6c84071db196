//! What crosses between front and environments: outputs, and the list `environments`.
//!
//! A value that crosses keeps no reference into its own scope: pending parts become references to
//! the output itself, as the same name may mean something else on the other side.

use std::sync::Arc;

use greenroom_model::address::Scope;
use greenroom_model::expr::{Expr, Selector};
use greenroom_model::span::Span;
use greenroom_model::value::{Object, Secret, Step, Value};
use greenroom_spec::expr::Key;
use greenroom_spec::node::Node;

use super::{Frame, index, names_in};
use crate::desired::Standing;

/// The root of the list of what stands behind a front.
pub(crate) const ENVIRONMENTS: &str = "environments";

impl<'w> Frame<'w> {
    /// `environments`, in which an output is a reference until something demands it: a front that
    /// uses one output must not wait for all others, which may depend on it.
    pub(super) fn environments(&self, path: &[Key]) -> Option<(Value, usize)> {
        if let [Step::Key(name), Step::Key(outputs), Step::Key(output), ..] = path
            && &**outputs == "outputs"
        {
            return Some((self.environment_output(name, output), 3));
        }
        let entries = self.world.desired.scopes.iter();
        let behind = entries.filter(|(scope, it)| !scope.is_front() && it.standing.admitted);
        let list = behind.map(|(scope, wanted)| {
            let Standing { role, weight, mirror, admitted: _ } = wanted.standing;
            let names = wanted.template.outputs.keys();
            let outputs =
                names.map(|name| (name.clone(), Value::pending(output_reference(scope, name))));
            Value::object([
                ("name", Value::from(scope.as_str())),
                ("role", Value::from(role.as_str())),
                ("weight", Value::from(i64::from(weight.percent()))),
                ("mirror", Value::from(i64::from(mirror.percent()))),
                ("outputs", Value::from(outputs.collect::<Object>())),
            ])
        });
        Some((Value::list(list), 0))
    }

    /// An output that was demanded by name.
    fn environment_output(&self, environment: &str, output: &Arc<str>) -> Value {
        let Some(number) = self.world.scopes.iter().position(|it| it.scope.as_str() == environment)
        else {
            return super::unknown();
        };
        let scope = &self.world.scopes[number].scope;
        let reference = Arc::new(output_reference(scope, output));
        match self.world.output(index(number), output) {
            Some(evaluated) => rebased(&self.include(evaluated, Span::default()), &reference),
            None => super::unknown(),
        }
    }

    /// Evaluates pending parts again that wait for outputs of environments.
    pub(crate) fn fill(&self, value: Value, node: &'w Node) -> Value {
        match &value {
            Value::Pending(expr) if names_in(expr).contains(ENVIRONMENTS) => {
                // Demanded by name now; what is still named afterwards is pending for good.
                self.expression(expr, node)
            }
            Value::List(elements) if value.has_pending() => {
                elements.iter().map(|it| self.fill(it.clone(), node)).collect::<Vec<_>>().into()
            }
            Value::Object(entries) if value.has_pending() => {
                let filled =
                    entries.iter().map(|(name, it)| (name.clone(), self.fill(it.clone(), node)));
                Value::from(filled.collect::<Object>())
            }
            _ => value,
        }
    }
}

/// `environments.r18.outputs.url`
fn output_reference(scope: &Scope, output: &Arc<str>) -> Expr {
    let path = vec![
        Selector::Attribute(scope.as_str().into()),
        Selector::Attribute("outputs".into()),
        Selector::Attribute(output.clone()),
    ];
    let root = Arc::new(Expr::reference::<Arc<str>>(ENVIRONMENTS, []));
    Expr::select(root, path, Span::default())
}

/// `value` as `base` names it: every pending or secret part refers to its place below `base`.
pub(crate) fn rebased(value: &Value, base: &Arc<Expr>) -> Value {
    let part = |step: &Step| {
        Arc::new(Expr::select(
            base.clone(),
            vec![Selector::from_step(step, Span::default())],
            Span::default(),
        ))
    };
    match value {
        Value::Pending(_) => Value::Pending(base.clone()),
        Value::Sensitive(secret) => Value::Sensitive(Arc::new(Secret {
            value: rebased(&secret.value, base),
            source: base.clone(),
        })),
        Value::List(elements) if value.has_pending() || value.has_sensitive() => Value::list(
            elements.iter().enumerate().map(|(at, it)| rebased(it, &part(&Step::Index(at)))),
        ),
        Value::Object(entries) if value.has_pending() || value.has_sensitive() => Value::object(
            entries
                .iter()
                .map(|(key, it)| (key.clone(), rebased(it, &part(&Step::Key(key.clone()))))),
        ),
        plain => plain.clone(),
    }
}
