//! Surveying: all that says in the world that it is a project's, beside what its states know.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use greenroom_engine::desired::Desired;
use greenroom_model::identity::Uid;
use greenroom_model::state::State;
use greenroom_model::value::Object as Settings;
use greenroom_provider::{Failure, Owned, Provider};
use greenroom_store::StateName;

use crate::error::ApplyError;
use crate::workbench::{View, Workbench};

/// What to survey.
pub struct SurveyRequest {
    /// The project.
    pub project: Arc<str>,
    /// The states of one stage of it; `None` is all.
    pub stage: Option<Arc<str>>,
    /// What is wanted of its stages, as far as the specs say so: their providers are asked as well
    /// as those that made what the states have.
    pub desired: Vec<Arc<Desired>>,
}

/// States and world, one beside the other.
#[derive(Debug, Default)]
pub struct Survey {
    /// The states, as they were before the world was looked at.
    pub before: BTreeMap<StateName, View>,
    /// The states, as they were afterwards.
    pub states: BTreeMap<StateName, View>,
    /// Everything that says that it is the project's, by type and id.
    pub sighted: Vec<Sighted>,
}

/// An object that says whose it is, with what it was found by.
#[derive(Clone, Debug)]
pub struct Sighted {
    /// The object.
    pub owned: Owned,
    /// The configuration of the provider that found it, such as `aws` or `aws.west`.
    pub provider: Arc<str>,
    /// That configuration's settings.
    pub settings: Settings,
}

/// A provider, with the configuration and settings that lead to it.
struct Reachable {
    configuration: Arc<str>,
    settings: Settings,
    provider: Arc<dyn Provider>,
}

impl Workbench {
    /// Looks at all states, and at all that says in the world that it is the project's. Takes no
    /// lease, changes nothing.
    ///
    /// What somebody makes or removes meanwhile is known to a state: it is in one before it is in
    /// the world, and longer, and the states are read before and after the world is looked at.
    ///
    /// # Errors
    ///
    /// A state cannot be read, or a provider cannot be asked.
    pub async fn survey(&self, request: &SurveyRequest) -> Result<Survey, ApplyError> {
        let (project, stage) = (&request.project, request.stage.as_deref());
        let before = self.views(project, stage).await?;
        let sighted = self.sighted(request, &before).await?;
        Ok(Survey { before, states: self.views(project, stage).await?, sighted })
    }

    /// The states of a project, or of one stage of it, as they are now. Takes no lease.
    ///
    /// # Errors
    ///
    /// A state cannot be read.
    pub async fn views(
        &self,
        project: &str,
        stage: Option<&str>,
    ) -> Result<BTreeMap<StateName, View>, ApplyError> {
        let mut views = BTreeMap::new();
        for name in self.store.list().await? {
            let is_of_stage = stage.is_none_or(|stage| stage == name.stage.as_str());
            if project == name.project.as_str() && is_of_stage {
                let view = self.view(&name).await?;
                views.insert(name, view);
            }
        }
        Ok(views)
    }

    /// Everything in the world that says it is the project's.
    async fn sighted(
        &self,
        request: &SurveyRequest,
        views: &BTreeMap<StateName, View>,
    ) -> Result<Vec<Sighted>, ApplyError> {
        let mut asked: Vec<Arc<dyn Provider>> = Vec::new();
        let mut found: BTreeMap<(Arc<str>, Arc<str>), Sighted> = BTreeMap::new();
        for Reachable { configuration, settings, provider } in
            self.reachable(request, views).await?
        {
            if asked.iter().any(|it| Arc::ptr_eq(it, &provider)) {
                continue;
            }
            let owned = provider.owned(&request.project).await;
            for owned in owned.map_err(unusable(&configuration))? {
                let (provider, settings) = (configuration.clone(), settings.clone());
                let name = (owned.kind.clone(), owned.id.clone());
                found.insert(name, Sighted { owned, provider, settings });
            }
            asked.push(provider);
        }
        Ok(found.into_values().collect())
    }

    /// The providers that states have used or specs use.
    async fn reachable(
        &self,
        request: &SurveyRequest,
        views: &BTreeMap<StateName, View>,
    ) -> Result<Vec<Reachable>, ApplyError> {
        let mut used: Vec<(Arc<str>, Settings)> = Vec::new();
        for (_, state) in of(views) {
            let of_scopes = state.scopes.values().flat_map(|it| &it.inputs.providers);
            used.extend(of_scopes.map(|(name, settings)| (name.clone(), settings.clone())));
        }
        for desired in &request.desired {
            let desired = self.settled_in(desired.clone(), None).await?;
            used.extend(desired.scopes.into_values().flat_map(|it| it.providers));
        }
        let mut found = Vec::with_capacity(used.len());
        for (configuration, settings) in used {
            let provider = self.providers.get(&configuration, Some(&settings)).await;
            let provider = provider.map_err(unusable(&configuration))?;
            found.push(Reachable { configuration, settings, provider });
        }
        Ok(found)
    }
}

impl Survey {
    /// All states that were seen, before or afterwards.
    pub fn known_states(&self) -> impl Iterator<Item = &State> {
        of(&self.before).chain(of(&self.states)).map(|(_, state)| state)
    }

    /// What says that it is the project's and is in no state: neither as an object, nor as what an
    /// intent is about, nor among what is watched for.
    pub fn orphans(&self) -> impl Iterator<Item = &Sighted> {
        let known: BTreeSet<&Uid> = self.known_states().flat_map(uids).collect();
        self.sighted.iter().filter(move |it| !known.contains(&it.owned.uid))
    }
}

/// The states that there are.
pub(crate) fn of(views: &BTreeMap<StateName, View>) -> impl Iterator<Item = (&StateName, &State)> {
    views.iter().filter_map(|(name, view)| Some((name, view.state.as_ref()?)))
}

/// The uids of everything that a state has, is about to have, or watches for.
fn uids(state: &State) -> impl Iterator<Item = &Uid> {
    let intents = state.open.values().chain(state.watch.iter().map(|it| &it.intent));
    let objects = state.instances().flat_map(|(_, it)| it.current.iter().chain(&it.deposed));
    objects.map(|it| &it.uid).chain(intents.flat_map(|it| &it.subjects).map(|it| &it.uid))
}

pub(crate) fn unusable(configuration: &str) -> impl FnOnce(Failure) -> ApplyError {
    let provider = configuration.to_owned();
    move |source| ApplyError::Provider { provider, source }
}
