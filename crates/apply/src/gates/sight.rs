//! What a gate sees: the objects that were there when it was asked, through their providers.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use greenroom_model::address::{BlockName, Scope};
use greenroom_model::metric::{MetricAnswer, MetricQuery};
use greenroom_model::roster::Role;
use greenroom_model::state::State;
use greenroom_model::traffic::Traffic;
use greenroom_model::value::Object as Settings;
use greenroom_provider::{Failure, FailureKind, Health, Object, Provider};
use greenroom_spec::schemas::Schemas;

use super::{Side, Sight};
use crate::objects::object;
use crate::providers::Providers;
use crate::workbench::Workbench;

#[cfg(test)]
mod tests;

/// The sight of one gate.
pub(crate) struct WorldSight {
    providers: Providers,
    own: View,
    /// The live environment, if that is another one.
    live: Option<View>,
}

/// The objects of one environment that have something to say of traffic or health.
struct View {
    scope: Scope,
    /// Settings by provider configuration.
    settings: BTreeMap<Arc<str>, Settings>,
    objects: Vec<Seen>,
}

struct Seen {
    configuration: Arc<str>,
    measures_traffic: bool,
    reports_health: bool,
    object: Object,
}

impl WorldSight {
    /// What a gate of `scope` sees, the state being as it is now.
    pub(crate) fn of(workbench: &Workbench, state: &State, scope: &Scope) -> WorldSight {
        WorldSight::through(&workbench.providers, &workbench.schemas, state, scope)
    }

    fn through(
        providers: &Providers,
        schemas: &Schemas,
        state: &State,
        scope: &Scope,
    ) -> WorldSight {
        let view = |scope: &Scope| View::of(schemas, state, scope);
        let live = state.roster.iter().flat_map(|it| &it.entries);
        let live = live.filter(|(_, entry)| entry.role == Role::Live).map(|(name, _)| name);
        WorldSight {
            providers: providers.clone(),
            own: view(scope),
            live: live.filter(|it| *it != scope).map(view).next(),
        }
    }

    fn side(&self, side: Side) -> Result<&View, Failure> {
        match side {
            Side::Own => Ok(&self.own),
            Side::Live => self.live.as_ref().ok_or_else(|| {
                let message = "no other environment is live: there is nothing to compare with";
                Failure::new(FailureKind::NotFound, message)
            }),
        }
    }

    /// Whether all objects of the environment serve that say so.
    ///
    /// # Errors
    ///
    /// [`FailureKind::NotFound`]: nothing says so. Others are its provider's.
    pub(crate) async fn overall_health(&self) -> Result<Health, Failure> {
        if !self.own.objects.iter().any(|it| it.reports_health) {
            let message = format!("nothing of `{}` says whether it serves", self.own.scope);
            return Err(Failure::new(FailureKind::NotFound, message));
        }
        self.health_of(|it| it.reports_health).await
    }

    async fn health_of(&self, wanted: impl Fn(&Seen) -> bool) -> Result<Health, Failure> {
        let mut sum = Health::default();
        for (provider, objects) in self.answerers(&self.own, wanted).await? {
            for health in provider.health(objects).await {
                sum = sum.and(health?);
            }
        }
        Ok(sum)
    }

    /// The objects of a view by who answers for them.
    async fn answerers(
        &self,
        view: &View,
        wanted: impl Fn(&Seen) -> bool,
    ) -> Result<Vec<(Arc<dyn Provider>, Vec<Object>)>, Failure> {
        let mut groups: BTreeMap<&str, Vec<Object>> = BTreeMap::new();
        for seen in view.objects.iter().filter(|it| wanted(it)) {
            groups.entry(&seen.configuration).or_default().push(seen.object.clone());
        }
        let mut answerers = Vec::new();
        for (configuration, objects) in groups {
            answerers.push((self.provider(view, configuration).await?, objects));
        }
        Ok(answerers)
    }

    async fn provider(
        &self,
        view: &View,
        configuration: &str,
    ) -> Result<Arc<dyn Provider>, Failure> {
        self.providers.get(configuration, view.settings.get(configuration)).await
    }
}

impl View {
    fn of(schemas: &Schemas, state: &State, scope: &Scope) -> View {
        let Some(known) = state.scopes.get(scope) else {
            return View { scope: scope.clone(), settings: BTreeMap::new(), objects: Vec::new() };
        };
        let instances = state.instances_of(scope);
        let objects = instances.filter_map(|(address, instance)| {
            let schema = schemas.of_block(&address.block)?.schema;
            let remote = instance.current.as_ref()?;
            (schema.measures_traffic || schema.reports_health).then(|| Seen {
                configuration: remote.provider.clone(),
                measures_traffic: schema.measures_traffic,
                reports_health: schema.reports_health,
                object: object(state, address, remote),
            })
        });
        View {
            scope: scope.clone(),
            settings: known.inputs.providers.clone(),
            objects: objects.collect(),
        }
    }
}

#[async_trait]
impl Sight for WorldSight {
    async fn traffic(&self, side: Side) -> Result<Traffic, Failure> {
        let view = self.side(side)?;
        let mut sum: Option<Traffic> = None;
        for (provider, objects) in self.answerers(view, |it| it.measures_traffic).await? {
            for counted in provider.traffic(objects).await {
                sum = Some(sum.unwrap_or_default().and(&counted?));
            }
        }
        sum.ok_or_else(|| {
            let message = format!("nothing of `{}` counts what goes through it", view.scope);
            Failure::new(FailureKind::NotFound, message)
        })
    }

    async fn health(&self, block: &BlockName) -> Result<Health, Failure> {
        self.health_of(|it| it.object.address.block == *block).await
    }

    async fn metric(
        &self,
        configuration: &str,
        query: MetricQuery<String>,
    ) -> Result<MetricAnswer, Failure> {
        self.provider(&self.own, configuration).await?.metric(query).await
    }
}
