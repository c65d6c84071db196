//! Traps: what providers know to go wrong on the way, to be said before a promotion begins.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use greenroom_model::address::Scope;
use greenroom_provider::{CheckRequest, Provider, TrapRequest};

use super::passes::Passes;

impl Passes<'_> {
    /// Notes the traps of the front and the candidate as they will be now.
    pub(super) async fn note_traps(&mut self, candidate: &Scope, shortest_pause: Option<Duration>) {
        for (configuration, planned) in self.ahead(candidate) {
            // One that cannot be set up has said so when it was asked for proposals.
            let Some(provider) = self.provider(&configuration).await else { continue };
            let request = TrapRequest { planned: &planned, shortest_pause };
            for trap in provider.traps(&request) {
                if !self.traps.contains(&trap) {
                    self.traps.push(trap);
                }
            }
        }
    }

    /// The objects of the front and the candidate, by provider configuration.
    fn ahead(&self, candidate: &Scope) -> BTreeMap<Arc<str>, Vec<CheckRequest>> {
        let mut ahead: BTreeMap<Arc<str>, Vec<CheckRequest>> = BTreeMap::new();
        let instances = self.forecast.instances();
        for (address, instance) in instances {
            let is_ahead = address.scope.is_front() || address.scope == *candidate;
            let Some(remote) = instance.current.as_ref().filter(|_| is_ahead) else { continue };
            ahead.entry(remote.provider.clone()).or_default().push(CheckRequest {
                kind: address.block.kind.clone(),
                planned: remote.attributes.clone(),
                address,
            });
        }
        ahead
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
