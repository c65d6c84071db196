//! What providers know of the way ahead: what goes wrong there, and who comes back for how long.

use std::collections::BTreeMap;
use std::sync::Arc;

use greenroom_model::address::{Address, Scope};
use greenroom_model::plan::Horizon;
use greenroom_provider::{CheckRequest, Provider};

use super::passes::Passes;

/// What providers have said of it, each once.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    /// What goes wrong.
    pub(super) traps: Vec<String>,
    /// What lets clients come to where they were sent before.
    pub(super) horizons: Vec<Horizon>,
}

impl Passes<'_> {
    /// Asks about the front and the candidate as they will be now.
    pub(super) async fn look_out(&mut self, candidate: &Scope) {
        for (configuration, planned) in self.planned(candidate) {
            // One that cannot be set up has said so when it was asked for proposals.
            let Some(provider) = self.provider(&configuration).await else { continue };
            add(&mut self.ahead.traps, provider.traps(&planned));
            add(&mut self.ahead.horizons, provider.horizons(&planned));
        }
    }

    /// The objects of an environment that count what goes through them.
    pub(super) fn counted(&self, environment: &Scope) -> Vec<Address> {
        let counts = |address: &Address| {
            let schema = self.workbench.schemas.of_block(&address.block);
            schema.is_some_and(|it| it.schema.measures_traffic)
        };
        let own = self.forecast.instances().map(|(address, _)| address);
        own.filter(|it| it.scope == *environment && counts(it)).collect()
    }

    /// The objects of the front and the candidate, by provider configuration.
    fn planned(&self, candidate: &Scope) -> BTreeMap<Arc<str>, Vec<CheckRequest>> {
        let mut planned: BTreeMap<Arc<str>, Vec<CheckRequest>> = BTreeMap::new();
        for (address, instance) in self.forecast.instances() {
            let is_ahead = address.scope.is_front() || address.scope == *candidate;
            let Some(remote) = instance.current.as_ref().filter(|_| is_ahead) else { continue };
            planned.entry(remote.provider.clone()).or_default().push(CheckRequest {
                kind: address.block.kind.clone(),
                planned: remote.attributes.clone(),
                address,
            });
        }
        planned
    }

    async fn provider(&self, configuration: &str) -> Option<Arc<dyn Provider>> {
        let of_front = self.forecast.scopes.get(&Scope::front());
        let recorded = of_front.and_then(|it| it.inputs.providers.get(configuration));
        let front = self.desired.scopes.get(&Scope::front());
        let wanted = front.and_then(|it| it.providers.get(configuration));
        let providers = &self.workbench.providers;
        let settings = providers.resolve(configuration, wanted, recorded).await.ok()?;
        providers.get(configuration, Some(&settings)).await.ok()
    }
}

fn add<T: PartialEq>(known: &mut Vec<T>, found: Vec<T>) {
    for it in found {
        if !known.contains(&it) {
            known.push(it);
        }
    }
}
