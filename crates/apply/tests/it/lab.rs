//! A laboratory: one cloud, one disk, and the workbench over both.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use greenroom_apply::{
    Applied, ApplyError, Cancel, Clock, NoGates, PlanRequest, Planned, ProjectFiles,
    ProviderFactory, Providers, Session, Unobserved, Workbench,
};
use greenroom_engine::desired::Desired;
use greenroom_engine::destroy::plan_destroy;
use greenroom_engine::planner::{Look, Refresh};
use greenroom_engine::resolve::{Missing, ResolveRequest, resolve};
use greenroom_model::address::Scope;
use greenroom_model::plan::Plan;
use greenroom_model::schema::ProviderSchema;
use greenroom_model::state::State;
use greenroom_model::value::Object;
use greenroom_provider::{Failure, Provider};
use greenroom_sim::cloud::{Cloud, Weather};
use greenroom_sim::disk::FaultyDisk;
use greenroom_spec::diagnostic::Diagnostic;
use greenroom_spec::parse::{parse_project, parse_template};
use greenroom_spec::source::Sources;
use greenroom_spec::template::TemplateKind;
use greenroom_store::{FolderStore, Holder, Lineage, StateName};
use tokio::time::Instant;

/// Runs a test on one thread, with time that passes only while everybody waits.
pub(crate) fn simulate<F: Future>(test: F) -> F::Output {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_time().start_paused(true).build().unwrap().block_on(test)
}

pub(crate) struct Lab {
    pub(crate) cloud: Cloud,
    pub(crate) disk: FaultyDisk,
    pub(crate) workbench: Workbench,
}

struct Factory(Cloud);

#[async_trait]
impl ProviderFactory for Factory {
    fn schema(&self) -> Arc<ProviderSchema> {
        self.0.schema()
    }

    async fn configure(&self, _: &Object) -> Result<Arc<dyn Provider>, Failure> {
        Ok(Arc::new(self.0.clone()))
    }
}

struct SimClock(Instant);

impl Clock for SimClock {
    fn now(&self) -> i64 {
        1_700_000_000 + i64::try_from(self.0.elapsed().as_secs()).unwrap()
    }
}

pub(crate) fn state_name() -> StateName {
    StateName::environment("shop", "test", "pr").unwrap()
}

fn holder() -> Holder {
    Holder {
        host: "builder".into(),
        pid: 17,
        user: "ann".into(),
        command: "greenroom apply test".into(),
        build: None,
        since: "2026-03-01T12:00:00Z".parse().unwrap(),
        lease: "a lease".into(),
    }
}

impl Lab {
    pub(crate) fn new() -> Lab {
        Lab::of(Cloud::new(), FaultyDisk::new())
    }

    pub(crate) fn of(cloud: Cloud, disk: FaultyDisk) -> Lab {
        let store = FolderStore::on(Arc::new(disk.clone()), "/srv/state")
            .inline()
            .with_lineages(|| Lineage("0123456789abcdef0123456789abcdef".into()));
        let providers = Providers::new([Arc::new(Factory(cloud.clone())) as Arc<_>]);
        let workbench = Workbench {
            store: Arc::new(store),
            schemas: Arc::new(providers.schemas()),
            providers,
            gates: Arc::new(NoGates),
            observer: Arc::new(Unobserved),
            clock: Arc::new(SimClock(Instant::now())),
            parallelism: 4,
        };
        Lab { cloud, disk, workbench }
    }

    /// The next process, after this one was killed: the same cloud, and what the disk holds.
    pub(crate) fn after_kill(&self) -> Lab {
        self.cloud.never_stop();
        Lab::of(self.cloud.clone(), self.disk.after_kill())
    }

    pub(crate) async fn open(&self) -> Result<Session, ApplyError> {
        self.workbench.open(&state_name(), holder(), &Cancel::new()).await
    }

    pub(crate) async fn plan(&self, state: &State, template: &str) -> Plan {
        let planned = self
            .workbench
            .plan(PlanRequest {
                desired: Arc::new(desired(&self.workbench, template)),
                state: Some(Arc::new(state.clone())),
                lineage: state.lineage.clone(),
                refresh: Refresh::Bulk,
                look: Look::World,
                files: ProjectFiles::below("/nowhere"),
            })
            .await
            .unwrap();
        match planned {
            Planned::Plan(plan, _) => *plan,
            Planned::Mistakes(found) => panic!("{found:#?}\n{template}"),
        }
    }

    /// A plan of the template for what is there now.
    pub(crate) async fn plan_now(&self, template: &str) -> Plan {
        let session = self.open().await.unwrap();
        let plan = self.plan(session.state(), template).await;
        session.close().await.unwrap();
        plan
    }

    /// What a plan of the template would do now, as ids of operations.
    pub(crate) async fn would_do(&self, template: &str) -> Vec<String> {
        let plan = self.plan_now(template).await;
        let outputs = plan.outputs.values().flatten().filter(|(_, it)| !it.is_unchanged());
        let outputs = outputs.map(|(name, _)| format!("output {name}"));
        plan.operations().map(|it| it.id.to_string()).chain(outputs).collect()
    }

    /// Opens, plans, applies and closes.
    pub(crate) async fn up(&self, template: &str) -> Result<Applied, ApplyError> {
        self.up_until(template, &Cancel::new()).await
    }

    pub(crate) async fn up_until(
        &self,
        template: &str,
        cancel: &Cancel,
    ) -> Result<Applied, ApplyError> {
        let mut session = self.open().await?;
        let plan = self.plan(session.state(), template).await;
        let applied = session.apply(Arc::new(plan), BTreeMap::new(), cancel).await?;
        session.close().await?;
        Ok(applied)
    }

    pub(crate) async fn destroy(&self) -> Result<Applied, ApplyError> {
        let mut session = self.open().await?;
        let environment = Scope::environment("pr").unwrap();
        let plan = plan_destroy(session.state(), Some(environment)).unwrap();
        let applied = session.apply(Arc::new(plan), BTreeMap::new(), &Cancel::new()).await?;
        session.close().await?;
        Ok(applied)
    }

    /// Applies until everything is as it should be, on a quiet day, and checks that it is.
    pub(crate) async fn converge(&self, template: &str, rounds: usize, context: &str) {
        self.cloud.set_weather(Weather::default());
        let mut failures = Vec::new();
        for _ in 0..rounds {
            let applied = self.up(template).await.unwrap_or_else(|e| panic!("{context}: {e:?}"));
            if applied.is_complete() {
                failures.clear();
                break;
            }
            failures = applied.failed;
        }
        assert!(failures.is_empty(), "{context}: {failures:#?}\n{template}");
        self.agrees(context).await;
        let objects = self.cloud.objects();
        let addresses: BTreeSet<_> = objects.iter().map(|it| it.address.to_string()).collect();
        assert_eq!(addresses.len(), objects.len(), "{context}: something exists twice");
        let rest = self.would_do(template).await;
        assert!(rest.is_empty(), "{context}: a second plan has {rest:?}\n{template}");
    }

    /// Cloud and state know the same objects.
    pub(crate) async fn agrees(&self, context: &str) {
        let (known, there) = self.known_and_there(context).await;
        assert_eq!(known, there, "{context}: state and cloud differ");
    }

    /// The state knows all that the cloud has. What is deleted slowly may go before we know.
    pub(crate) async fn knows_all(&self, context: &str) {
        let (known, there) = self.known_and_there(context).await;
        let orphans: Vec<_> = there.difference(&known).collect();
        assert!(orphans.is_empty(), "{context}: {orphans:?}");
    }

    async fn known_and_there(&self, context: &str) -> (BTreeSet<String>, BTreeSet<String>) {
        let session = self.open().await.unwrap_or_else(|e| panic!("{context}: {e:?}"));
        let state = session.state().clone();
        session.close().await.unwrap();
        assert!(state.open.is_empty(), "{context}: {:?}", state.open);
        let known: BTreeSet<String> = state
            .instances()
            .flat_map(|(address, it)| {
                let remotes = it.current.clone().into_iter().chain(it.deposed.clone());
                remotes.map(move |remote| format!("{address} {} {}", remote.uid, remote.id))
            })
            .collect();
        let real = self.cloud.objects();
        let there = real.iter().map(|it| format!("{} {} {}", it.address, it.uid, it.id)).collect();
        (known, there)
    }

    /// Takes everything down, and checks that nothing is left.
    pub(crate) async fn leaves_nothing(&self, context: &str) {
        self.cloud.set_weather(Weather::default());
        let applied = self.destroy().await.unwrap_or_else(|e| panic!("{context}: {e:?}"));
        assert!(applied.is_complete(), "{context}: {:#?}", applied.failed);
        assert_eq!(self.cloud.objects(), [], "{context}");
        assert_eq!(self.workbench.store.list().await.unwrap(), [], "{context}");
    }
}

pub(crate) fn desired(workbench: &Workbench, template: &str) -> Desired {
    let mut sources = Sources::default();
    let project = "[project]\nname = \"shop\"\n[stage.test]\ntemplate = \"environment.toml\"\n";
    let file = sources.add("greenroom.toml", project);
    let project = parse_project(&sources, file, &workbench.schemas);
    let file = sources.add("environment.toml", template);
    let kind = TemplateKind::Environment;
    let environment = parse_template(&sources, file, kind, &workbench.schemas);
    let resolved = resolve(ResolveRequest {
        project: &project.value,
        stage: "test",
        environment: Some(Scope::environment("pr").unwrap()),
        environment_template: Some(Arc::new(environment.value)),
        front_template: None,
        given: Vec::new(),
        images: BTreeMap::new(),
        missing: Missing::Refuse,
    });
    let mut found = project.diagnostics;
    found.extend(environment.diagnostics);
    found.extend(resolved.diagnostics);
    found.retain(Diagnostic::is_error);
    assert!(found.is_empty(), "{found:#?}\n{template}");
    resolved.desired.unwrap()
}

/// What the crash tests start from.
pub(crate) const BEFORE: &str = r#"
[resource.sim_network.a]
cidr = "10.0.0.0/16"
[resource.sim_machine.goes]
image = "a"
network_id = "${sim_network.a.id}"
[resource.sim_machine.grows]
image = "a"
[resource.sim_machine.swaps]
image = "a"
[resource.sim_machine.anew]
image = "a"
[resource.sim_group.web]
port = 80
targets = ["${sim_machine.anew.address}"]
[resource.sim_listener.http]
group = "${sim_group.web.id}"
[output.url]
value = "${sim_listener.http.url}"
"#;

/// What they go to: a create, an update, a delete, and a replacement each way.
pub(crate) const AFTER: &str = r#"
[resource.sim_network.a]
cidr = "10.0.0.0/16"
[resource.sim_machine.comes]
image = "a"
network_id = "${sim_network.a.id}"
[resource.sim_machine.grows]
image = "a"
size = "large"
[resource.sim_machine.swaps]
image = "b"
[resource.sim_machine.anew]
image = "b"
[resource.sim_group.web]
port = 81
targets = ["${sim_machine.anew.address}"]
[resource.sim_listener.http]
group = "${sim_group.web.id}"
[output.url]
value = "${sim_listener.http.url}"
"#;
