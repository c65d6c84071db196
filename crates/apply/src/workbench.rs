//! The workbench: what commands work with, and what they can do without a lease.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use greenroom_engine::desired::Desired;
use greenroom_engine::planner::{
    Answers, AskGates, FilesRead, Look, PlanInput, Planner, Refresh, Step,
};
use greenroom_model::identity::Lineage;
use greenroom_model::plan::Plan;
use greenroom_model::state::{ScopeState, State};
use greenroom_model::value::Object;
use greenroom_spec::diagnostic::Diagnostic;
use greenroom_spec::schemas::Schemas;
use greenroom_store::{Holder, RescueFolder, StateName, Store};

use crate::answer::Answerer;
use crate::clock::Clock;
use crate::error::ApplyError;
use crate::event::Observer;
use crate::files::ProjectFiles;
use crate::gates::Gates;
use crate::providers::Providers;
use crate::session::state_of;

/// What commands work with.
#[derive(Clone)]
pub struct Workbench {
    /// Where states live.
    pub store: Arc<dyn Store>,
    /// Where outcomes are kept that the store does not take.
    pub rescue: RescueFolder,
    /// Who reaches the world.
    pub providers: Providers,
    /// What the providers' types are.
    pub schemas: Arc<Schemas>,
    /// Who asks gates.
    pub gates: Arc<dyn Gates>,
    /// Who watches.
    pub observer: Arc<dyn Observer>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// How many effects may be under way at once; at least 1.
    pub parallelism: usize,
}

/// A state as it is now, seen without a lease.
#[derive(Clone, Debug)]
pub struct View {
    /// The state, with open intents in [`State::open`]; `None` if there is none.
    pub state: Option<State>,
    /// Who holds the lease.
    pub holder: Option<Holder>,
}

/// What to plan.
pub struct PlanRequest {
    /// What is wanted.
    pub desired: Arc<Desired>,
    /// What is there, as far as known.
    pub state: Option<Arc<State>>,
    /// The lineage of the state, or of a new one.
    pub lineage: Lineage,
    /// How much of the world to look at.
    pub refresh: Refresh,
    /// Whether there is a world to look at.
    pub look: Look,
    /// When the plan asks the gates.
    pub gates: AskGates,
    /// The project's files.
    pub files: ProjectFiles,
}

/// What planning came to.
#[derive(Debug)]
pub enum Planned {
    /// A plan, with warnings, and the files that it was made from.
    Plan(Box<Plan>, Vec<Diagnostic>, FilesRead),
    /// Mistakes; there is no plan.
    Mistakes(Vec<Diagnostic>),
}

impl Workbench {
    /// A state as it is now. Never locks and never settles.
    ///
    /// # Errors
    ///
    /// The store cannot be read, or its content is damaged.
    pub async fn view(&self, name: &StateName) -> Result<View, ApplyError> {
        let holder = self.store.holder(name).await?;
        let state = match self.store.read(name).await? {
            Some(loaded) if !loaded.is_new() => Some(state_of(name, &loaded)?),
            _ => None,
        };
        Ok(View { state, holder })
    }

    /// Makes a plan.
    ///
    /// # Errors
    ///
    /// [`ApplyError::Moved`] and [`ApplyError::Provider`] if a provider's settings cannot be used;
    /// one that cannot be reached shows in the mistakes.
    pub async fn plan(&self, request: PlanRequest) -> Result<Planned, ApplyError> {
        let PlanRequest { desired, state, lineage, refresh, look, gates, files } = request;
        let desired = match look {
            Look::World => Arc::new(self.settled_in(desired, state.as_deref()).await?),
            Look::SpecsOnly => desired,
        };
        let mut planner = Planner::new(PlanInput {
            desired: desired.clone(),
            schemas: self.schemas.clone(),
            state: state.clone(),
            lineage,
            refresh,
            look,
            gates,
        });
        let answerer = Answerer {
            providers: &self.providers,
            desired: &desired,
            state: state.as_deref(),
            files: &files,
            observer: &*self.observer,
        };
        let mut answers = Answers::default();
        loop {
            match planner.next(answers) {
                Step::Ask(asks) => answers = answerer.answer(asks).await,
                Step::Plan(plan, warnings) => {
                    return Ok(Planned::Plan(plan, warnings, planner.files_read()));
                }
                Step::Mistakes(mistakes) => return Ok(Planned::Mistakes(mistakes)),
            }
        }
    }

    /// What is wanted, with the settings that each provider will be used with.
    ///
    /// A setting that the specs leave out stays as the state remembers it: a command that runs
    /// with another environment must not take its own world for the state's. So does a whole
    /// configuration that the specs have no more, for as long as there are objects of it.
    pub(crate) async fn settled_in(
        &self,
        desired: Arc<Desired>,
        state: Option<&State>,
    ) -> Result<Desired, ApplyError> {
        let mut desired = Arc::unwrap_or_clone(desired);
        for (scope, wanted) in &mut desired.scopes {
            let known = state.and_then(|it| it.scopes.get(scope));
            let recorded = known.map(|it| &it.inputs.providers);
            let blocks = wanted.template.blocks.values().map(|it| it.provider.clone());
            let gates = wanted.template.gates.values();
            let gates = gates.filter_map(|it| it.gate.probe.provider().cloned());
            let left = recorded.into_iter().flat_map(BTreeMap::keys).cloned();
            let left = left.filter(|it| known.is_some_and(|known| has_objects(known, it)));
            let used = blocks.chain(gates).chain(wanted.providers.keys().cloned()).chain(left);
            let used: BTreeSet<Arc<str>> = used.collect();
            for provider in used {
                let before = recorded.and_then(|it| it.get(&provider));
                let settings = self
                    .providers
                    .resolve(&provider, wanted.providers.get(&provider), before)
                    .await
                    .map_err(|source| ApplyError::Provider {
                        provider: provider.to_string(),
                        source,
                    })?;
                let moved = before.and_then(|it| self.providers.moved(&provider, it, &settings));
                if let (Some(setting), Some(before)) = (moved, before)
                    && known.is_some_and(|it| has_objects(it, &provider))
                {
                    let text = |it: &Object| it.get(&setting).map(|it| format!("{it:?}"));
                    return Err(ApplyError::Moved {
                        before: text(before).unwrap_or_default(),
                        after: text(&settings).unwrap_or_default(),
                        provider,
                        scope: scope.clone(),
                        setting,
                    });
                }
                wanted.providers.insert(provider, settings);
            }
        }
        Ok(desired)
    }
}

/// Whether a provider configuration made any of a scope's objects.
fn has_objects(scope: &ScopeState, provider: &str) -> bool {
    let instances = scope.resources.values().flat_map(|it| it.values());
    instances
        .flat_map(|it| it.current.iter().chain(&it.deposed))
        .any(|it| *it.provider == *provider)
}
