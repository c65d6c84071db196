//! Import: taking an object over that nobody here made.
//!
//! A plan that would create the object says everything that the state is to know of it; instead of
//! being made, it is found under its id, and marked. Nothing is made, and nothing is ever deleted:
//! an import that cannot be proven is forgotten.

use std::sync::Arc;

use greenroom_model::address::Address;
use greenroom_model::identity::{Digest, Uid};
use greenroom_model::journal::{Effect, Entry, Subject};
use greenroom_model::plan::{Action, Change, Plan};
use greenroom_model::state::State;
use greenroom_model::value::{Object, Value};
use greenroom_spec::near::nearest;
use greenroom_spec::schemas::Schemas;

use crate::diff;
use crate::run::{deadline, intent};

/// An import that may be sent.
#[derive(Clone, Debug)]
pub struct Import {
    /// What must be durable before; the last is the intent.
    pub entries: Vec<Entry>,
    /// Where the object will stand, and its identity from then on.
    pub subject: Subject,
    /// The provider configuration of its block.
    pub provider: Arc<str>,
    /// The attributes that the specs want it to have.
    wanted: Value,
}

/// Why an object cannot be imported. Nothing was done.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ImportError {
    /// The address has an object already.
    #[error("{address} has an object already: `{id}`")]
    Occupied {
        /// The address.
        address: Address,
        /// The object's id.
        id: Arc<str>,
    },
    /// The state has the object already.
    #[error("the state has `{id}` already, as {address}")]
    Known {
        /// The object's id.
        id: Arc<str>,
        /// Where it is.
        address: Address,
    },
    /// The specs have no such resource.
    #[error("the specs have no resource {address}")]
    Undeclared {
        /// The address as given.
        address: Address,
        /// One that could be imported and has nearly this name.
        near: Option<Arc<str>>,
    },
}

impl Import {
    /// Decides whether the object `id` may become the one at `address`, given what a plan of the
    /// specs would do with the state. `now` is in seconds since the epoch.
    ///
    /// # Errors
    ///
    /// [`ImportError`].
    pub fn of(
        plan: &Plan,
        state: &State,
        address: &Address,
        id: &str,
        now: i64,
    ) -> Result<Import, ImportError> {
        if let Some(current) = state.instance(address).and_then(|it| it.current.as_ref()) {
            let id = current.id.clone();
            return Err(ImportError::Occupied { address: address.clone(), id });
        }
        let change = creates(plan)
            .find(|it| it.address == *address)
            .ok_or_else(|| undeclared(plan, address))?;
        let settings = settings(plan, change);
        if let Some(address) = known_as(state, change, settings.as_ref(), id) {
            return Err(ImportError::Known { id: id.into(), address });
        }
        let deadline = deadline(now, change.timeout);
        let intent = intent(change, Effect::Import, &change.planned, deadline);
        let subject = intent.subjects[0].clone();
        let mut entries = opening(state, change, settings, &subject.uid);
        entries.push(Entry::Intent(Box::new(intent)));
        let (provider, wanted) = (change.provider.clone(), change.planned.clone());
        Ok(Import { entries, subject, provider, wanted })
    }

    /// What the provider says of the object, with the marks that the specs put on secrets.
    #[must_use]
    pub fn marked(&self, schemas: &Schemas, attributes: &Value) -> Value {
        let Subject { address, .. } = &self.subject;
        let schema = schemas.of_block(&address.block).map(|it| it.schema);
        diff::marked_like(schema, address, attributes, &self.wanted)
    }
}

/// What a plan would make, and therefore what can be imported instead.
fn creates(plan: &Plan) -> impl Iterator<Item = &Change> {
    plan.operations().filter_map(|operation| match &operation.action {
        Action::Create(change) if change.replaces.is_none() => Some(&**change),
        _ => None,
    })
}

fn undeclared(plan: &Plan, address: &Address) -> ImportError {
    let names: Vec<String> = creates(plan).map(|it| it.address.to_string()).collect();
    let near = nearest(&address.to_string(), names.iter().map(String::as_str)).map(Arc::from);
    ImportError::Undeclared { address: address.clone(), near }
}

fn settings(plan: &Plan, change: &Change) -> Option<Object> {
    plan.inputs.get(&change.address.scope)?.providers.get(&change.provider).cloned()
}

/// Where the state has an object of this type and id, in the world that these settings lead to.
fn known_as(
    state: &State,
    change: &Change,
    settings: Option<&Object>,
    id: &str,
) -> Option<Address> {
    let in_this_world = |address: &Address, provider: &str| {
        let there = state.scopes.get(&address.scope)?.inputs.providers.get(provider);
        (there == settings).then_some(())
    };
    let (address, _) = state.instances().find(|(address, instance)| {
        let remotes = || instance.current.iter().chain(&instance.deposed);
        address.block.kind == change.address.block.kind
            && remotes().any(|it| *it.id == *id && in_this_world(address, &it.provider).is_some())
    })?;
    Some(address)
}

/// What settling needs: the provider's settings. A plan that was interrupted is given up, for it
/// does not know of the object and would make another: a run of the import alone takes its place,
/// since what ends complete counts as applied.
fn opening(state: &State, change: &Change, settings: Option<Object>, uid: &Uid) -> Vec<Entry> {
    let mut entries = Vec::new();
    let scope = &change.address.scope;
    let mut inputs = state.scopes.get(scope).map(|it| it.inputs.clone()).unwrap_or_default();
    if let Some(settings) = settings
        && inputs.providers.get(&change.provider) != Some(&settings)
    {
        inputs.providers.insert(change.provider.clone(), settings);
        entries.push(Entry::ScopeInputs { scope: scope.clone(), inputs: Box::new(inputs) });
    }
    if state.run.is_some() {
        let plan = Digest::of(uid.0.as_bytes());
        entries.push(Entry::RunStarted { plan, holder: "an import".into(), text: None });
        entries.push(Entry::RunFinished { complete: true });
    }
    entries
}
