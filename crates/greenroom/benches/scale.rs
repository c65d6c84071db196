//! How the engine's steps grow with the number of resources: `cargo bench --bench scale`.
//!
//! Each step runs through the same trait, journal and driver as any type, intents included, on
//! 1,000, 10,000 and 100,000 `greenroom_value`s. The last column is the growth of the time per
//! resource from the smallest to the largest size: 1.00 is linear.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use greenroom_apply::{
    Cancel, NoGates, PlanRequest, Planned, ProjectFiles, ProviderFactory, Providers, SystemClock,
    Unobserved, Workbench,
};
use greenroom_engine::desired::Desired;
use greenroom_engine::destroy::plan_destroy;
use greenroom_engine::format;
use greenroom_engine::planner::{Look, Refresh};
use greenroom_engine::resolve::{Missing, ResolveRequest, resolve};
use greenroom_engine::schedule::Schedule;
use greenroom_local::ValueProvider;
use greenroom_model::address::Scope;
use greenroom_model::identity::Lineage;
use greenroom_model::plan::{Need, Plan};
use greenroom_model::schema::{ProviderSchema, Strength};
use greenroom_model::state::State;
use greenroom_model::value::Object;
use greenroom_provider::{Failure, Provider};
use greenroom_spec::parse::{parse_project, parse_template};
use greenroom_spec::source::Sources;
use greenroom_spec::template::TemplateKind;
use greenroom_store::{FolderStore, Holder, StateName};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SIZES: [usize; 3] = [1_000, 10_000, 100_000];

/// Every hundredth value is read by the next hundred, so that there are edges to follow.
const COUNTED: &str = r#"
[resource.greenroom_value.base]
count = COUNT_BASE
input = "base-${count.index}"

[resource.greenroom_value.item]
count = COUNT_ITEMS
input = "${greenroom_value.base[count.index % COUNT_BASE].output}-${count.index}"
"#;

const PROJECT: &str =
    "[project]\nname = \"bench\"\n[stage.bench]\ntemplate = \"environment.toml\"\n";

struct Values;

#[async_trait]
impl ProviderFactory for Values {
    fn schema(&self) -> Arc<ProviderSchema> {
        Arc::new(ValueProvider::new().schema().clone())
    }

    async fn configure(&self, _: &Object) -> Result<Arc<dyn Provider>, Failure> {
        Ok(Arc::new(ValueProvider::new()))
    }
}

fn main() {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut table: BTreeMap<usize, Vec<(&'static str, Duration)>> = BTreeMap::new();
    for size in SIZES {
        table.insert(size, runtime.block_on(measure(size)));
    }
    print_table(&table);
    println!("\npeak resident memory of all of it: {} MiB", peak_mib());
}

async fn measure(size: usize) -> Vec<(&'static str, Duration)> {
    let folder = tempfile::tempdir().expect("a folder");
    let workbench = workbench(folder.path());
    let name: StateName = "bench/bench/default".parse().expect("a state's name");
    let mut steps = Vec::new();

    let text = blocks(size);
    steps.push(("parse, one block each", best(|| parse(&workbench, &text))));
    let base = (size / 100).max(1);
    let counted = COUNTED
        .replace("COUNT_BASE", &base.to_string())
        .replace("COUNT_ITEMS", &(size - base).to_string());
    let desired = Arc::new(parse(&workbench, &counted));

    let cancel = Cancel::new();
    let mut session = workbench.open(&name, holder(), &cancel).await.expect("a lease");
    let lineage = session.state().lineage.clone();
    let (fresh, time) = timed(plan(&workbench, &desired, None, &lineage)).await;
    steps.push(("plan, all new", time));
    steps.push((
        "encode and decode the plan",
        best(|| format::plan::decode(&format::plan::encode(&fresh)).expect("a plan")),
    ));
    steps.push(("schedule", best(|| schedule(&fresh))));
    let operations = fresh.operations().count();
    let (applied, time) = timed(session.apply(Arc::new(fresh), BTreeMap::new(), &cancel)).await;
    assert_eq!(applied.expect("applied").completed, operations);
    steps.push(("apply, journalled", time));
    let state = session.state().clone();
    steps.push(("encode the snapshot", best(|| format::snapshot::encode(&state))));
    let (closed, time) = timed(session.close()).await;
    closed.expect("folded");
    steps.push(("fold the journal", time));

    let (view, time) = timed(workbench.view(&name)).await;
    steps.push(("load the state", time));
    let state = Arc::new(view.expect("readable").state.expect("a state"));
    let (nothing, time) = timed(plan(&workbench, &desired, Some(state), &lineage)).await;
    assert!(nothing.is_empty(), "a second plan is empty");
    steps.push(("plan, no change", time));

    let mut session = workbench.open(&name, holder(), &cancel).await.expect("a lease");
    let start = Instant::now();
    let down = plan_destroy(session.state(), None).expect("a plan");
    steps.push(("plan the destroy", start.elapsed()));
    let (applied, time) = timed(session.apply(Arc::new(down), BTreeMap::new(), &cancel)).await;
    assert_eq!(applied.expect("applied").completed, operations);
    steps.push(("destroy, journalled", time));
    session.close().await.expect("removed");
    steps
}

fn workbench(folder: &Path) -> Workbench {
    let factory: Arc<dyn ProviderFactory> = Arc::new(Values);
    let providers = Providers::new([factory]);
    Workbench {
        store: Arc::new(FolderStore::new(folder)),
        schemas: Arc::new(providers.schemas()),
        providers,
        gates: Arc::new(NoGates),
        observer: Arc::new(Unobserved),
        clock: Arc::new(SystemClock),
        parallelism: 10,
    }
}

fn blocks(size: usize) -> String {
    (0..size)
        .map(|at| {
            format!("[resource.greenroom_value.v{at}]\ninput = \"${{environment.name}}-{at}\"\n")
        })
        .collect()
}

fn parse(workbench: &Workbench, text: &str) -> Desired {
    let mut sources = Sources::default();
    let project = sources.add("greenroom.toml", PROJECT);
    let template = sources.add("environment.toml", text);
    let project = parse_project(&sources, project, &workbench.schemas);
    let template =
        parse_template(&sources, template, TemplateKind::Environment, &workbench.schemas);
    assert!(!project.has_errors() && !template.has_errors(), "{:?}", template.diagnostics);
    let resolved = resolve(ResolveRequest {
        project: &project.value,
        stage: "bench",
        environment: Some(Scope::environment("default").expect("a name")),
        environment_template: Some(Arc::new(template.value)),
        front_template: None,
        given: Vec::new(),
        images: BTreeMap::new(),
        missing: Missing::Refuse,
    });
    resolved.desired.expect("sound specs")
}

async fn plan(
    workbench: &Workbench,
    desired: &Arc<Desired>,
    state: Option<Arc<State>>,
    lineage: &Lineage,
) -> Plan {
    let request = PlanRequest {
        desired: desired.clone(),
        state,
        lineage: lineage.clone(),
        refresh: Refresh::Bulk,
        look: Look::World,
        files: ProjectFiles::below("."),
    };
    match workbench.plan(request).await.expect("planned") {
        Planned::Plan(plan, _) => *plan,
        Planned::Mistakes(mistakes) => panic!("{mistakes:?}"),
    }
}

/// Runs a plan's schedule to its end, all operations completing at once.
fn schedule(plan: &Plan) -> usize {
    let needs: Vec<&[Need]> = plan.operations().map(|it| it.needs.as_slice()).collect();
    let strong = needs.iter().flat_map(|it| it.iter()).filter(|it| it.until == Strength::Complete);
    let edges = strong.count();
    let mut schedule = Schedule::new(needs);
    while let Some(operation) = schedule.start() {
        schedule.completed(operation).expect("it was started");
    }
    assert!(schedule.is_finished());
    edges
}

fn holder() -> Holder {
    Holder::this_process("cargo bench", None, jiff::Timestamp::now())
}

async fn timed<T>(work: impl Future<Output = T>) -> (T, Duration) {
    let start = Instant::now();
    let result = work.await;
    (result, start.elapsed())
}

/// The best of three runs.
fn best<T>(mut work: impl FnMut() -> T) -> Duration {
    let times = (0..3).map(|_| {
        let start = Instant::now();
        let result = work();
        let time = start.elapsed();
        drop(std::hint::black_box(result));
        time
    });
    times.min().unwrap_or_default()
}

fn print_table(table: &BTreeMap<usize, Vec<(&'static str, Duration)>>) {
    let Some(steps) = table.values().next() else { return };
    println!("{:<28} {:>10} {:>10} {:>10}   growth", "step", "1,000", "10,000", "100,000");
    for (row, (step, first)) in steps.iter().enumerate() {
        let times: Vec<Duration> = table.values().map(|column| column[row].1).collect();
        let last = times.last().copied().unwrap_or_default();
        let growth = last.as_secs_f64() / first.as_secs_f64() / 100.0;
        let cells: Vec<String> =
            times.iter().map(|it| format!("{:>7.1} ms", it.as_secs_f64() * 1e3)).collect();
        println!("{step:<28} {}   {growth:.2}", cells.join(" "));
    }
}

/// The most memory this process had at once, as Linux tells it.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|it| it.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.unwrap_or(0) / 1024
}
