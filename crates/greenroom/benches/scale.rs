//! How the engine's steps grow with the number of resources: `cargo bench --bench scale`.
//!
//! Each step runs through the same trait, journal and driver as any type, intents included, on
//! 1,000, 10,000 and 100,000 `greenroom_value`s, or on the numbers given behind `--`. Of every
//! step and size the best of several rounds counts. A command takes each step once. So does a
//! round: it is a process of its own, with fresh memory, and each step starts with nothing of its
//! data in the processor's caches. What a step made is dropped after its time is taken. The last
//! column is the growth of the time per resource from the smallest to the largest size: 1.00 is
//! linear.
//!
//! For a profiler, `--round SIZE` is one round in this process.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use greenroom_apply::{
    Cancel, NoGates, PlanRequest, Planned, ProjectFiles, ProviderFactory, Providers, SystemClock,
    Unobserved, Workbench,
};
use greenroom_engine::desired::Desired;
use greenroom_engine::destroy::plan_destroy;
use greenroom_engine::format;
use greenroom_engine::planner::{AskGates, Look, Refresh};
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
use greenroom_store::{FolderStore, Holder, RescueFolder, StateName};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SIZES: [usize; 3] = [1_000, 10_000, 100_000];

/// So many bytes that nothing else is left in any cache, those that a virtual machine is not told
/// of included: with an eighth of it, small sizes still find some of their data there.
const CACHES: u64 = 1 << 30;

/// What makes this binary measure one round.
const ROUND: &str = "--round";

/// The row of the memory.
const MEMORY: &str = "most memory";

/// The name of a step with its milliseconds; the last one is memory, in MiB.
type Step = (String, f64);

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
    let given: Vec<String> = std::env::args().skip(1).filter(|it| it != "--bench").collect();
    match given.as_slice() {
        [flag, size] if flag == ROUND => print_round(size.parse().expect("a number")),
        [] => compare(&SIZES),
        sizes => {
            let sizes = sizes.iter().map(|it| it.parse().expect("a number"));
            compare(&sizes.collect::<Vec<_>>());
        }
    }
}

/// Measures all sizes and prints them beside each other.
fn compare(sizes: &[usize]) {
    let columns: Vec<(usize, Vec<Step>)> = sizes.iter().map(|size| (*size, best(*size))).collect();
    print_table(&columns);
}

/// The best of every step, of several rounds: more of a small size, as a moment of another process
/// spoils more of it.
fn best(size: usize) -> Vec<Step> {
    let rounds = (100_000 / size).clamp(10, 30);
    let mut best = round(size);
    for _ in 1..rounds {
        for (kept, (_, figure)) in best.iter_mut().zip(round(size)) {
            kept.1 = kept.1.min(figure);
        }
    }
    best
}

/// Measures once, in a process of its own.
fn round(size: usize) -> Vec<Step> {
    let this = std::env::current_exe().expect("a path");
    let output = Command::new(this).args([ROUND, &size.to_string()]).output().expect("started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("text");
    let step = |line: &str| {
        let (name, figure) = line.split_once(": ").expect("a name and a figure");
        (name.to_owned(), figure.parse().expect("a number"))
    };
    text.lines().map(step).collect()
}

fn print_round(size: usize) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    for (step, time) in runtime.block_on(measure(size)) {
        println!("{step}: {}", time.as_secs_f64() * 1e3);
    }
    println!("{MEMORY}: {}", peak_mib());
}

async fn measure(size: usize) -> Vec<(&'static str, Duration)> {
    let folder = tempfile::tempdir().expect("a folder");
    let workbench = workbench(folder.path());
    let name: StateName = "bench/bench/default".parse().expect("a state's name");
    let mut steps = Vec::new();

    let text = blocks(size);
    let (_, time) = timed(|| parse(&workbench, &text));
    steps.push(("parse, one block each", time));
    let base = (size / 100).max(1);
    let counted = COUNTED
        .replace("COUNT_BASE", &base.to_string())
        .replace("COUNT_ITEMS", &(size - base).to_string());
    let desired = Arc::new(parse(&workbench, &counted));

    let cancel = Cancel::new();
    let mut session = workbench.open(&name, holder(), &cancel).await.expect("a lease");
    let lineage = session.state().lineage.clone();
    let (fresh, time) = awaited(plan(&workbench, &desired, None, &lineage)).await;
    steps.push(("plan, all new", time));
    let (text, time) = timed(|| format::plan::encode(&fresh));
    steps.push(("encode the plan", time));
    let (_, time) = timed(|| format::plan::decode(&text).expect("a plan"));
    steps.push(("decode the plan", time));
    let (_, time) = timed(|| schedule(&fresh));
    steps.push(("schedule", time));
    let operations = fresh.operations().count();
    let fresh = Arc::new(fresh);
    let (applied, time) = awaited(session.apply(fresh.clone(), BTreeMap::new(), &cancel)).await;
    assert_eq!(applied.expect("applied").completed, operations);
    steps.push(("apply, journalled", time));
    drop(fresh);
    let (_, time) = timed(|| format::snapshot::encode(session.state()));
    steps.push(("encode the snapshot", time));
    let (closed, time) = awaited(session.close()).await;
    closed.expect("folded");
    steps.push(("fold the journal", time));

    let (view, time) = awaited(workbench.view(&name)).await;
    steps.push(("load the state", time));
    let state = Arc::new(view.expect("readable").state.expect("a state"));
    let (nothing, time) = awaited(plan(&workbench, &desired, Some(state.clone()), &lineage)).await;
    assert!(nothing.is_empty(), "a second plan is empty");
    steps.push(("plan, no change", time));
    drop((state, nothing));

    let mut session = workbench.open(&name, holder(), &cancel).await.expect("a lease");
    let (down, time) = timed(|| plan_destroy(session.state(), None).expect("a plan"));
    steps.push(("plan the destroy", time));
    let down = Arc::new(down);
    let (applied, time) = awaited(session.apply(down.clone(), BTreeMap::new(), &cancel)).await;
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
        rescue: RescueFolder::new(folder.join(".rescue")),
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
        image_set: None,
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
        gates: AskGates::AfterChanges,
        files: ProjectFiles::below("."),
    };
    match workbench.plan(request).await.expect("planned") {
        Planned::Plan(plan, ..) => *plan,
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

/// Fills the processor's caches with something else.
fn chill() {
    static OTHER: LazyLock<Vec<u64>> = LazyLock::new(|| (0..CACHES / 8).collect());
    std::hint::black_box(OTHER.iter().fold(0, |sum: u64, it| sum.wrapping_add(*it)));
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    chill();
    let start = Instant::now();
    let result = std::hint::black_box(work());
    (result, start.elapsed())
}

async fn awaited<T>(work: impl Future<Output = T>) -> (T, Duration) {
    chill();
    let start = Instant::now();
    let result = work.await;
    (result, start.elapsed())
}

fn print_table(columns: &[(usize, Vec<Step>)]) {
    let (Some((small, firsts)), Some((large, lasts))) = (columns.first(), columns.last()) else {
        return;
    };
    let sizes: String = columns.iter().map(|(size, _)| format!(" {size:>7}    ")).collect();
    println!("{:<24}{sizes}   growth", "step");
    for (row, (step, first)) in firsts.iter().enumerate() {
        let unit = if step == MEMORY { "MiB" } else { "ms" };
        let cell = |steps: &[Step]| format!(" {:>7.1} {unit:<3}", steps[row].1);
        let cells: String = columns.iter().map(|(_, steps)| cell(steps)).collect();
        let growth = (lasts[row].1 / *large as f64) / (first / *small as f64);
        println!("{step:<24}{cells}   {growth:.2}");
    }
}

/// The most memory this process had at once, as Linux tells it, without what only fills caches.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|it| it.trim().trim_end_matches(" kB").parse::<u64>().ok());
    (kib.unwrap_or(0) / 1024).saturating_sub(CACHES >> 20)
}
