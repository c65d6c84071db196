//! Effects that take effect together: those on objects of a type whose schema says so, by one
//! provider configuration, that may start at the same time and have in common what it says.

use std::sync::Arc;

use greenroom_model::address::BlockName;
use greenroom_model::journal::Outcome;
use greenroom_model::plan::{Action, Operation};
use greenroom_model::value::Value;
use greenroom_provider::Company;

use super::slots::shared;
use super::{Driver, Sendable, Then};

/// What effects that go together have in common.
#[derive(PartialEq)]
struct Common {
    provider: Arc<str>,
    kind: Arc<str>,
    arguments: Vec<Value>,
}

impl Driver<'_> {
    /// Whether the first effect that could be sent goes together with one that cannot be yet.
    pub(super) fn waits_for_company(&self) -> bool {
        let Some(common) = self.sendable.front().and_then(|it| self.common_of(it.operation)) else {
            return false;
        };
        let is_its = |then: &Then| match then {
            Then::Send { operation, .. } => self.common_of(*operation).as_ref() == Some(&common),
            _ => false,
        };
        let starts = !self.cancelled && !self.is_giving_up();
        self.appending.iter().any(|(_, then)| is_its(then))
            || starts && self.run.ready().any(|it| self.common(it).as_ref() == Some(&common))
    }

    /// An effect with all that it goes together with, as far as there are slots.
    pub(super) fn in_company(&mut self, first: Sendable) -> Vec<(Sendable, Option<Company>)> {
        let Some(common) = self.common_of(first.operation) else { return vec![(first, None)] };
        let mut all = vec![first];
        for sendable in std::mem::take(&mut self.sendable) {
            let is_its = self.common_of(sendable.operation).as_ref() == Some(&common);
            let shared = shared(&self.session.workbench.schemas, &sendable.what);
            match is_its && self.slots.take(sendable.operation, shared) {
                true => all.push(sendable),
                false => self.sendable.push_back(sendable),
            }
        }
        let places = Company::of(all.len()).into_iter().map(Some);
        all.into_iter().zip(places).collect()
    }

    /// Whether an operation goes together with one that failed, or never starts.
    pub(super) fn is_apart(&self, operation: u32) -> bool {
        let common = self.common_of(operation);
        common.is_some() && self.run.failures().any(|it| self.common(it) == common)
    }

    /// Fails the first operation that could be sent, as one that it goes together with failed.
    pub(super) fn leave_apart(&mut self) {
        let Some(Sendable { operation, intent, .. }) = self.sendable.pop_front() else { return };
        let failure = Company::apart().help("it was not sent");
        let outcome = Outcome::Failed { message: failure.message.as_str().into() };
        self.outcome(intent, outcome, Then::Fail { operation, failure });
    }

    fn common_of(&self, operation: u32) -> Option<Common> {
        self.common(self.run.operation(operation))
    }

    /// What an operation has in common with those that it goes together with, if it goes with any.
    fn common(&self, operation: &Operation) -> Option<Common> {
        let (provider, block, object) = object(operation)?;
        let known = self.session.workbench.schemas.of_block(block)?;
        let names = &known.schema.changes_together;
        let argument = |name: &Arc<str>| object.get(name).cloned().unwrap_or_default();
        (!names.is_empty()).then(|| Common {
            provider: provider.clone(),
            kind: block.kind.clone(),
            arguments: names.iter().map(argument).collect(),
        })
    }
}

/// Who changes an object, its block, and the object as it will be, or was before it goes.
fn object(operation: &Operation) -> Option<(&Arc<str>, &BlockName, &Value)> {
    match &operation.action {
        Action::Create(it) | Action::Update(it) => {
            Some((&it.provider, &it.address.block, &it.planned))
        }
        Action::Delete(it) => Some((&it.provider, &it.address.block, &it.prior)),
        _ => None,
    }
}
