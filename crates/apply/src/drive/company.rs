//! Effects that take effect together: those on objects of a type whose schema says so, by one
//! provider configuration, that may start at the same time.

use std::sync::Arc;

use greenroom_model::address::Address;
use greenroom_model::journal::Intent;
use greenroom_model::plan::{Action, Operation};
use greenroom_provider::Company;

use super::{Driver, Sendable, Then};

/// What effects that go together have in common: the provider configuration and the type.
type Kind<'a> = (&'a str, &'a str);

impl Driver<'_> {
    /// Whether the first effect that could be sent goes together with one that cannot be yet.
    pub(super) fn waits_for_company(&self) -> bool {
        let Some(kind) = self.sendable.front().and_then(|it| self.together(&it.what)) else {
            return false;
        };
        let is_its = |then: &Then| match then {
            Then::Send { what, .. } => kind_of(what) == Some(kind),
            _ => false,
        };
        let starts = !self.cancelled && !self.is_giving_up();
        self.appending.iter().any(|(_, then)| is_its(then))
            || starts && self.run.ready().any(|it| operation_kind(it) == Some(kind))
    }

    /// An effect with all that it goes together with, as far as there are slots.
    pub(super) fn in_company(&mut self, first: Sendable) -> Vec<(Sendable, Option<Company>)> {
        let Some((provider, kind)) = self.together(&first.what) else { return vec![(first, None)] };
        let (provider, kind): (Arc<str>, Arc<str>) = (provider.into(), kind.into());
        let mut all = vec![first];
        for sendable in std::mem::take(&mut self.sendable) {
            let is_its = kind_of(&sendable.what) == Some((&provider, &kind));
            let shared = super::shared(&self.session.workbench.schemas, &sendable.what);
            match is_its && self.slots.take(sendable.operation, shared) {
                true => all.push(sendable),
                false => self.sendable.push_back(sendable),
            }
        }
        let places = Company::of(all.len()).into_iter().map(Some);
        all.into_iter().zip(places).collect()
    }

    /// What has to go together with an effect, if anything has.
    fn together<'i>(&self, intent: &'i Intent) -> Option<Kind<'i>> {
        let block = &intent.subjects.first()?.address.block;
        let known = self.session.workbench.schemas.of_block(block)?;
        kind_of(intent).filter(|_| known.schema.changes_together)
    }
}

fn kind_of(intent: &Intent) -> Option<Kind<'_>> {
    Some((&intent.provider, kind(&intent.subjects.first()?.address)))
}

fn operation_kind(operation: &Operation) -> Option<Kind<'_>> {
    match &operation.action {
        Action::Create(change) | Action::Update(change) => {
            Some((&change.provider, kind(&change.address)))
        }
        Action::Delete(removal) => Some((&removal.provider, kind(&removal.address))),
        _ => None,
    }
}

fn kind(address: &Address) -> &str {
    &address.block.kind
}
