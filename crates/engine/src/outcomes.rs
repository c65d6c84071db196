//! Residuals at apply: the world of expressions after outcomes.
//!
//! The same evaluator that planned fills in what was pending. Names are those that may stand in a
//! residual: attributes of instances and data sources, outputs of front and environments, and
//! variables in the place of secrets.

use std::collections::BTreeMap;
use std::sync::Arc;

use greenroom_model::address::{Address, BlockName, InstanceKey, Mode, Scope};
use greenroom_model::plan::{OperationId, OperationKind, Plan};
use greenroom_model::span::Span;
use greenroom_model::state::{Instance, State};
use greenroom_model::value::{Object, Step, Value};
use greenroom_spec::expr::{Key, Problem, evaluate};

/// Values for a scope's sensitive variables.
pub type Secrets = BTreeMap<Scope, BTreeMap<Arc<str>, Value>>;

/// What residuals see.
pub(crate) struct Outcomes<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) state: &'a State,
    pub(crate) secrets: &'a Secrets,
    pub(crate) scope: &'a Scope,
    /// The instance whose own attributes stay pending, as only the provider can give them.
    pub(crate) own: Option<&'a Address>,
}

impl Outcomes<'_> {
    /// Evaluates every residual in `value`.
    pub(crate) fn settle(&self, value: &Value) -> Result<Value, Problem> {
        match value {
            Value::Pending(residual) => evaluate(residual, self),
            Value::List(elements) if value.has_pending() => {
                let settled: Result<Vec<Value>, Problem> =
                    elements.iter().map(|it| self.settle(it)).collect();
                settled.map(Value::from)
            }
            Value::Object(entries) if value.has_pending() => {
                let settled: Result<Object, Problem> =
                    entries.iter().map(|(name, it)| Ok((name.clone(), self.settle(it)?))).collect();
                settled.map(Value::from)
            }
            known => Ok(known.clone()),
        }
    }

    fn output(&self, scope: &Scope, name: &Arc<str>, span: Span) -> Result<Value, Problem> {
        let planned = self.plan.outputs.get(scope).and_then(|outputs| outputs.get(name));
        // Of an environment that a plan is not about, the state says it.
        let recorded = || self.state.scopes.get(scope)?.outputs.get(name).cloned();
        match planned {
            Some(output) => Outcomes { scope, own: None, ..*self }.settle(&output.value),
            None if recorded().is_some() => Ok(recorded().unwrap_or_default()),
            None => Err(Problem::new(format!("{scope} has no output `{name}`"), span)),
        }
    }

    fn variable(&self, name: &str, span: Span) -> Result<Value, Problem> {
        let secret = self.secrets.get(self.scope).and_then(|it| it.get(name));
        let planned = || self.plan.inputs.get(self.scope).and_then(|it| it.variables.get(name));
        secret.or_else(planned).cloned().ok_or_else(|| {
            Problem::new(format!("the variable `{name}` has no value"), span)
                .with_help(format!("give it again: --var {name}=… or GREENROOM_VAR_{name}"))
        })
    }

    fn instances(
        &self,
        block: &BlockName,
        path: &[Key],
        consumed: usize,
    ) -> Option<(Value, usize)> {
        let key = match path.get(consumed) {
            Some(Step::Index(index)) => InstanceKey::Index(u32::try_from(*index).ok()?),
            Some(Step::Key(name)) => InstanceKey::Name(name.clone()),
            None => InstanceKey::Only,
        };
        let only = InstanceKey::Only;
        for (key, taken) in [(&key, 1), (&only, 0)] {
            let address =
                Address { scope: self.scope.clone(), block: block.clone(), key: key.clone() };
            if Some(&address) == self.own {
                return None;
            }
            if let Some(attributes) = self.attributes(&address) {
                return Some((attributes, consumed + taken));
            }
        }
        self.whole(block).map(|all| (all, consumed))
    }

    fn attributes(&self, address: &Address) -> Option<Value> {
        if address.block.mode == Mode::Data {
            let subject = address.to_string();
            let run = self.state.run.as_ref()?;
            let phases = self.plan.phases.iter().map(|phase| &phase.name);
            return phases
                .map(|phase| OperationId {
                    phase: phase.clone(),
                    kind: OperationKind::Read,
                    subject: subject.as_str().into(),
                })
                .find_map(|id| run.answers.get(&id).cloned());
        }
        let current = self.state.instance(address)?.current.as_ref()?;
        Some(current.attributes.clone())
    }

    /// All instances of a block, by position or by key.
    fn whole(&self, block: &BlockName) -> Option<Value> {
        let instances = self.state.scopes.get(self.scope)?.resources.get(block)?;
        let attributes =
            |it: &Instance| it.current.as_ref().map(|it| it.attributes.clone()).unwrap_or_default();
        let named: Option<Object> = instances
            .iter()
            .map(|(key, it)| match key {
                InstanceKey::Name(name) => Some((name.clone(), attributes(it))),
                _ => None,
            })
            .collect();
        match named {
            Some(named) if !named.is_empty() => Some(Value::from(named)),
            _ => Some(Value::list(instances.values().map(attributes))),
        }
    }
}

impl greenroom_spec::expr::Scope for Outcomes<'_> {
    fn resolve(
        &self,
        root: &str,
        path: &[Key],
        span: Span,
    ) -> Result<Option<(Value, usize)>, Problem> {
        match (root, path) {
            ("var", [Step::Key(name), ..]) => Ok(Some((self.variable(name, span)?, 1))),
            ("front", [Step::Key(name), ..]) => {
                Ok(Some((self.output(&Scope::front(), name, span)?, 1)))
            }
            ("output", [Step::Key(name), ..]) => {
                Ok(Some((self.output(self.scope, name, span)?, 1)))
            }
            ("environments", [Step::Key(name), Step::Key(_), Step::Key(output), ..]) => {
                let scope = Scope::environment(name)
                    .map_err(|error| Problem::new(error.to_string(), span))?;
                Ok(Some((self.output(&scope, output, span)?, 3)))
            }
            ("data", [Step::Key(kind), Step::Key(name), ..]) => {
                Ok(self.instances(&BlockName::data(kind.clone(), name.clone()), path, 2))
            }
            (kind, [Step::Key(name), ..]) => {
                Ok(self.instances(&BlockName::managed(kind, name.clone()), path, 1))
            }
            _ => Err(Problem::new(format!("`{root}` refers to nothing at apply"), span)),
        }
    }
}
