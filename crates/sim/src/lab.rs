//! A laboratory: real engine, driver and store over whatever provider a test hands in.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use greenroom_apply::{
    Applied, ApplyError, Cancel, NoGates, PlanRequest, Planned, ProjectFiles, ProviderFactory,
    Providers, Session, SurveyRequest, SystemClock, Unobserved, Verified, Workbench,
};
use greenroom_engine::desired::Desired;
use greenroom_engine::destroy::plan_destroy;
use greenroom_engine::planner::{AskGates, Look, Refresh};
use greenroom_engine::resolve::{Missing, ResolveRequest, resolve};
use greenroom_model::address::Scope;
use greenroom_model::plan::Plan;
use greenroom_model::schema::ProviderSchema;
use greenroom_model::state::State;
use greenroom_model::value::Object;
use greenroom_provider::{Failure, Provider};
use greenroom_spec::diagnostic::Diagnostic;
use greenroom_spec::parse::{parse_project, parse_template};
use greenroom_spec::source::Sources;
use greenroom_spec::template::TemplateKind;
use greenroom_store::{FolderStore, Holder, RescueFolder, StateName};

/// A laboratory is about one environment of the stage `test` of the project `shop`.
pub struct Lab {
    /// The environment; `pr` unless it is changed.
    pub environment: Scope,
    /// What plans and applies.
    pub workbench: Workbench,
    /// What stands in `greenroom.toml` beside the project's name and its stage.
    pub project: String,
}

/// Why there is no plan: what a user would see.
pub type Mistakes = Vec<Diagnostic>;

impl Lab {
    /// A laboratory whose project says nothing of its providers.
    #[must_use]
    pub fn new(workbench: Workbench) -> Lab {
        Lab { environment: pr(), workbench, project: String::new() }
    }

    /// A laboratory with one provider and a state in a folder, on the system's time.
    pub fn in_folder(provider: impl Provider + 'static, folder: &Path) -> Lab {
        let providers = Providers::new([Arc::new(OneProvider::new(provider)) as Arc<_>]);
        Lab::new(Workbench {
            store: Arc::new(FolderStore::new(folder)),
            rescue: RescueFolder::new(folder.join(".rescue")),
            schemas: Arc::new(providers.schemas()),
            providers,
            gates: Arc::new(NoGates),
            observer: Arc::new(Unobserved),
            clock: Arc::new(SystemClock),
            parallelism: 10,
        })
    }

    /// The state of the environment `pr`.
    #[must_use]
    pub fn state_name() -> StateName {
        state_of(&pr())
    }

    /// The state that everything is about.
    #[must_use]
    pub fn state(&self) -> StateName {
        state_of(&self.environment)
    }

    /// Takes the lease, and settles what an earlier session left open.
    ///
    /// # Errors
    ///
    /// As [`Workbench::open`].
    pub async fn open(&self) -> Result<Session, ApplyError> {
        self.workbench.open(&self.state(), holder(), &Cancel::new()).await
    }

    /// What a template makes of a state, or the mistakes in it.
    ///
    /// # Errors
    ///
    /// The template's mistakes, at parsing, checking or planning.
    ///
    /// # Panics
    ///
    /// If the planner cannot ask.
    pub async fn try_plan(&self, state: &State, template: &str) -> Result<Plan, Mistakes> {
        let request = PlanRequest {
            desired: Arc::new(self.desired(template)?),
            state: Some(Arc::new(state.clone())),
            lineage: state.lineage.clone(),
            refresh: Refresh::Bulk,
            look: Look::World,
            gates: AskGates::AfterChanges,
            files: ProjectFiles::below("/nowhere"),
        };
        match self.workbench.plan(request).await.expect("the planner can ask") {
            Planned::Plan(plan, ..) => Ok(*plan),
            Planned::Mistakes(mistakes) => Err(mistakes),
        }
    }

    /// What a sound template makes of a state.
    ///
    /// # Panics
    ///
    /// If the template has mistakes.
    pub async fn plan(&self, state: &State, template: &str) -> Plan {
        let plan = self.try_plan(state, template).await;
        plan.unwrap_or_else(|mistakes| panic!("{mistakes:#?}\n{template}"))
    }

    /// What a template makes of what is there now, or the mistakes in it.
    ///
    /// # Errors
    ///
    /// As [`try_plan`](Lab::try_plan).
    ///
    /// # Panics
    ///
    /// If the state cannot be opened.
    pub async fn try_plan_now(&self, template: &str) -> Result<Plan, Mistakes> {
        let session = self.open().await.expect("the state opens");
        let plan = self.try_plan(session.state(), template).await;
        session.close().await.expect("the state closes");
        plan
    }

    /// What a sound template makes of what is there now.
    ///
    /// # Panics
    ///
    /// If the template has mistakes, or the state cannot be opened.
    pub async fn plan_now(&self, template: &str) -> Plan {
        let plan = self.try_plan_now(template).await;
        plan.unwrap_or_else(|mistakes| panic!("{mistakes:#?}\n{template}"))
    }

    /// What a plan of the template would do now: ids of operations, and outputs that change.
    ///
    /// # Panics
    ///
    /// As [`plan_now`](Lab::plan_now).
    pub async fn would_do(&self, template: &str) -> Vec<String> {
        let plan = self.plan_now(template).await;
        let outputs = plan.outputs.values().flatten().filter(|(_, it)| !it.is_unchanged());
        let outputs = outputs.map(|(name, _)| format!("output {name}"));
        plan.operations().map(|it| it.id.to_string()).chain(outputs).collect()
    }

    /// Opens, plans, applies and closes.
    ///
    /// # Errors
    ///
    /// As [`Session::apply`].
    ///
    /// # Panics
    ///
    /// If the template has mistakes.
    pub async fn up(&self, template: &str) -> Result<Applied, ApplyError> {
        self.up_until(template, &Cancel::new()).await
    }

    /// Opens, plans, makes what the provider knows as `id` the object at `address`, and closes.
    ///
    /// # Errors
    ///
    /// As [`Session::import`].
    ///
    /// # Panics
    ///
    /// If the template has mistakes, or `address` is none.
    pub async fn import(&self, template: &str, address: &str, id: &str) -> Result<(), ApplyError> {
        let mut session = self.open().await?;
        let plan = self.plan(session.state(), template).await;
        let address = address.parse().expect("an address");
        let result = session.import(&plan, &address, id, &Cancel::new()).await;
        session.close().await?;
        result
    }

    /// As [`up`](Lab::up), until somebody cancels.
    ///
    /// # Errors
    ///
    /// As [`Session::apply`].
    ///
    /// # Panics
    ///
    /// If the template has mistakes.
    pub async fn up_until(&self, template: &str, cancel: &Cancel) -> Result<Applied, ApplyError> {
        let mut session = self.open().await?;
        let plan = self.plan(session.state(), template).await;
        let applied = session.apply(Arc::new(plan), BTreeMap::new(), cancel).await?;
        session.close().await?;
        Ok(applied)
    }

    /// Takes everything down.
    ///
    /// # Errors
    ///
    /// As [`Session::apply`].
    ///
    /// # Panics
    ///
    /// If the destroy cannot be planned.
    pub async fn destroy(&self) -> Result<Applied, ApplyError> {
        let mut session = self.open().await?;
        let plan = plan_destroy(session.state(), Some(self.environment.clone()))
            .expect("a plan to destroy");
        let applied = session.apply(Arc::new(plan), BTreeMap::new(), &Cancel::new()).await?;
        session.close().await?;
        Ok(applied)
    }

    /// Compares all states with the world that a template's providers reach.
    ///
    /// # Panics
    ///
    /// If the template has mistakes, or something cannot be read.
    pub async fn verify(&self, template: &str) -> Verified {
        let desired = Arc::new(self.desired(template).expect("a sound template"));
        let project = desired.project.clone();
        let request = SurveyRequest { project, stage: None, desired: vec![desired] };
        self.workbench.verify(request).await.expect("everything can be read")
    }

    /// What a template wants.
    ///
    /// # Errors
    ///
    /// The template's mistakes, at parsing and checking.
    pub fn desired(&self, template: &str) -> Result<Desired, Mistakes> {
        let schemas = &self.workbench.schemas;
        let mut sources = Sources::default();
        let project = format!(
            "[project]\nname = \"shop\"\n[stage.test]\ntemplate = \"environment.toml\"\n{}",
            self.project
        );
        let file = sources.add("greenroom.toml", project);
        let project = parse_project(&sources, file, schemas);
        let file = sources.add("environment.toml", template);
        let template = parse_template(&sources, file, TemplateKind::Environment, schemas);
        let resolved = resolve(ResolveRequest {
            project: &project.value,
            stage: "test",
            environment: Some(self.environment.clone()),
            environment_template: Some(Arc::new(template.value)),
            front_template: None,
            given: Vec::new(),
            images: BTreeMap::new(),
            image_set: None,
            missing: Missing::Refuse,
        });
        let mut mistakes = project.diagnostics;
        mistakes.extend(template.diagnostics);
        mistakes.extend(resolved.diagnostics);
        mistakes.retain(Diagnostic::is_error);
        resolved.desired.filter(|_| mistakes.is_empty()).ok_or(mistakes)
    }
}

/// A provider of its own for every test: hands out the one that it was made with, whatever the
/// settings.
pub struct OneProvider<P> {
    schema: Arc<ProviderSchema>,
    provider: Arc<P>,
}

impl<P: Provider + 'static> OneProvider<P> {
    /// Hands out this provider.
    pub fn new(provider: P) -> OneProvider<P> {
        let schema = Arc::new(provider.schema().clone());
        OneProvider { schema, provider: Arc::new(provider) }
    }
}

#[async_trait]
impl<P: Provider + 'static> ProviderFactory for OneProvider<P> {
    fn schema(&self) -> Arc<ProviderSchema> {
        self.schema.clone()
    }

    async fn configure(&self, _: &Object) -> Result<Arc<dyn Provider>, Failure> {
        Ok(self.provider.clone())
    }
}

fn pr() -> Scope {
    Scope::environment("pr").expect("a sound name")
}

fn state_of(environment: &Scope) -> StateName {
    StateName::environment("shop", "test", environment.as_str()).expect("sound names")
}

/// Counts leases, because no two are alike.
static LEASES: AtomicU64 = AtomicU64::new(0);

/// Somebody who takes a lease that nobody had before.
pub(crate) fn holder() -> Holder {
    Holder {
        host: "builder".into(),
        pid: 17,
        user: "ann".into(),
        command: "greenroom apply test".into(),
        build: None,
        since: "2026-03-01T12:00:00Z".parse().expect("a time"),
        // All of one length, because how a file is torn depends on that.
        lease: format!("lease {:016}", LEASES.fetch_add(1, Ordering::Relaxed)),
    }
}
