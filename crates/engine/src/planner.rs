//! Planning as a state machine that asks.
//!
//! [`Planner::next`] takes answers and gives the next questions, until there is a plan or a list
//! of mistakes. It has no clock, no files and no network: what it wants to know of them it asks,
//! as data, in batches.

mod asks;
mod checks;
mod cycles;
mod decide;
mod expand;
mod files;
mod instance;
mod operations;
mod order;
mod unreadable;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use greenroom_model::address::{Address, Scope};
use greenroom_model::identity::{Digest, Lineage, Uid};
use greenroom_model::plan::{Drift, Plan};
use greenroom_model::roster::Role;
use greenroom_model::schema::Strength;
use greenroom_model::state::{Remote, State, Status};
use greenroom_model::value::{Object, Value};
use greenroom_spec::diagnostic::Diagnostic;
use greenroom_spec::schemas::Schemas;
use greenroom_spec::source::Place;

use crate::desired::Desired;
use crate::world::{NodeId, World};

pub use asks::{
    Answers, Asks, CheckAsk, DataAsk, ProposeAsk, ReadAsk, ReadSeen, Refined, WrongArgument,
};
use decide::Decision;
pub(crate) use operations::removal_draft;
use unreadable::Unreadable;

/// What to plan, and from what.
#[derive(Clone)]
pub struct PlanInput {
    /// What is wanted.
    pub desired: Arc<Desired>,
    /// What the providers' types are.
    pub schemas: Arc<Schemas>,
    /// What is there, as far as known; `None` if there is no state yet.
    pub state: Option<Arc<State>>,
    /// The state's lineage, or the one that a new state is to have.
    pub lineage: Lineage,
    /// How much of the world to look at.
    pub refresh: Refresh,
    /// Whether there is a world to look at, or only specs to check.
    pub look: Look,
    /// When the plan asks the gates.
    pub gates: AskGates,
}

/// When a plan asks the gates of the environments that it plans.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AskGates {
    /// If it changes something; but not those that need traffic.
    #[default]
    AfterChanges,
    /// In any case, and all of them.
    Always,
}

/// How much of the world a plan looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresh {
    /// Nothing: the state is taken as it is.
    Skip,
    /// What list calls return.
    Bulk,
    /// Everything.
    Full,
}

/// Whether data sources are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// They are.
    World,
    /// Only specs are checked: everything from outside is pending.
    SpecsOnly,
}

/// What comes next.
#[derive(Debug)]
pub enum Step {
    /// These questions, to be answered in the same order.
    Ask(Asks),
    /// The plan, with warnings.
    Plan(Box<Plan>, Vec<Diagnostic>),
    /// No plan: every mistake that was found.
    Mistakes(Vec<Diagnostic>),
}

/// The files that a plan was made from: by the scope whose template reads them, by path, the
/// digests of their contents.
pub type FilesRead = BTreeMap<Scope, BTreeMap<Arc<str>, Digest>>;

/// A plan in the making.
pub struct Planner {
    input: PlanInput,
    world: World,
    started: bool,
    /// Whether everything was checked together, which comes last.
    checked: bool,
    queue: VecDeque<Work>,
    /// Instances to configure, by their block, in order.
    held: BTreeMap<u32, VecDeque<u32>>,
    /// What waits for a node: woken when the last of its missing nodes is there.
    waiters: HashMap<NodeId, Vec<Work>>,
    waiting: BTreeMap<Work, Waiting>,
    items: Vec<Item>,
    /// What a refresh saw, by the object's uid.
    seen: HashMap<Uid, ReadSeen>,
    drift: Vec<Drift>,
    asked: Asked,
    /// Questions that came up while answers were taken.
    later: Asks,
    diagnostics: Vec<Diagnostic>,
}

/// A piece of planning that may have to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Work {
    Expand(u32),
    Configure(u32),
}

/// Who is held back when an instance has to wait.
#[derive(Clone, Copy, PartialEq, Eq)]
enum HoldBack {
    OthersOfTheBlock,
    Nobody,
}

/// What a piece of work waits for, and where it asked for it.
struct Waiting {
    missing: BTreeMap<NodeId, Place>,
}

/// What planning knows of an instance.
#[derive(Default)]
struct Item {
    config: Object,
    /// What it reads, with the strongest need of any argument.
    reads: BTreeMap<u32, Link>,
    /// Instances whose change replaces it.
    triggers: Vec<String>,
    decision: Option<Decision>,
}

/// How an instance depends on another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Link {
    needs: Strength,
    /// The other cannot be deleted while this one refers to it.
    holds: bool,
}

/// The questions that are out, in order.
#[derive(Default)]
struct Asked {
    /// Whether the refresh is out: everything that the state has, in its order.
    refresh: bool,
    data: Vec<u32>,
    proposals: Vec<instance::Asking>,
    /// Instances that are checked.
    checks: Vec<u32>,
}

impl Planner {
    /// A planner that has asked nothing yet.
    #[must_use]
    pub fn new(input: PlanInput) -> Planner {
        let world = World::new(input.desired.clone(), input.look);
        let queue = (0u32..)
            .zip(&world.blocks)
            .filter(|(_, block)| block.expansion.is_none())
            .map(|(number, _)| Work::Expand(number))
            .collect();
        Planner {
            input,
            world,
            started: false,
            checked: false,
            queue,
            held: BTreeMap::new(),
            waiters: HashMap::new(),
            waiting: BTreeMap::new(),
            items: Vec::new(),
            seen: HashMap::new(),
            drift: Vec::new(),
            asked: Asked::default(),
            later: Asks::default(),
            diagnostics: Vec::new(),
        }
    }

    /// Takes the answers to the last questions (none at first), and goes on as far as possible.
    pub fn next(&mut self, answers: Answers) -> Step {
        if !self.started {
            self.started = true;
            let asks = self.refresh();
            if !asks.reads.is_empty() {
                return Step::Ask(asks);
            }
        }
        self.take(answers);
        let mut asks = std::mem::take(&mut self.later);
        self.work_off(&mut asks);
        if asks.is_empty() {
            self.ask_for_last_files(&mut asks);
        }
        if asks.is_empty() && !self.checked {
            self.checked = true;
            self.ask_checks(&mut asks);
        }
        if asks.is_empty() { self.conclude() } else { Step::Ask(asks) }
    }

    /// Does what can be done with what is known.
    ///
    /// When an instance has to wait, its block's others most likely would, and are held back
    /// until the next answers: else each would be evaluated twice.
    fn work_off(&mut self, asks: &mut Asks) {
        let mut patience = HoldBack::OthersOfTheBlock;
        loop {
            while let Some(work) = self.queue.pop_front() {
                match work {
                    Work::Expand(block) => self.expand(block, asks),
                    Work::Configure(instance) => self.hold(instance),
                }
            }
            let blocks: Vec<u32> = self.held.keys().copied().collect();
            for block in blocks {
                self.configure_held(block, patience, asks);
            }
            if !self.queue.is_empty() {
                continue;
            }
            if !asks.is_empty() || self.held.is_empty() {
                return;
            }
            // Nothing to ask: what is held back may be what the others wait for.
            patience = HoldBack::Nobody;
        }
    }

    /// The files that were read so far.
    #[must_use]
    pub fn files_read(&self) -> FilesRead {
        let mut read = FilesRead::new();
        for (scope, path) in &*self.world.files.read.borrow() {
            let content = self.world.files.contents.get(path).and_then(|it| it.as_ref().ok());
            let scope = &self.world.scopes[*scope as usize].scope;
            let digests = read.entry(scope.clone()).or_default();
            digests.extend(content.map(|content| (path.clone(), Digest::of(content))));
        }
        read
    }

    fn hold(&mut self, instance: u32) {
        let block = self.world.instances[instance as usize].block;
        self.held.entry(block).or_default().push_back(instance);
    }

    fn configure_held(&mut self, block: u32, patience: HoldBack, asks: &mut Asks) {
        while let Some(instance) = self.held.get_mut(&block).and_then(VecDeque::pop_front) {
            self.configure(instance, asks);
            let waits = self.waiting.contains_key(&Work::Configure(instance));
            if waits && patience == HoldBack::OthersOfTheBlock {
                break;
            }
        }
        if self.held.get(&block).is_some_and(VecDeque::is_empty) {
            self.held.remove(&block);
        }
    }

    /// Makes `work` wait for what it misses. Files are asked for at once.
    fn wait(&mut self, work: Work, missing: BTreeMap<NodeId, Place>, asks: &mut Asks) {
        for node in missing.keys() {
            asks.ask_for(node);
            self.waiters.entry(node.clone()).or_default().push(work);
        }
        self.waiting.insert(work, Waiting { missing });
    }

    /// Lets everything go on that waited for nothing but `node`.
    fn arrived(&mut self, node: &NodeId) {
        for work in self.waiters.remove(node).unwrap_or_default() {
            let Some(waiting) = self.waiting.get_mut(&work) else { continue };
            waiting.missing.remove(node);
            if waiting.missing.is_empty() {
                self.waiting.remove(&work);
                self.queue.push_back(work);
            }
        }
    }

    fn take(&mut self, answers: Answers) {
        let asked = std::mem::take(&mut self.asked);
        if let Some(state) = self.input.state.clone().filter(|_| asked.refresh) {
            let mut unreadable = Unreadable::default();
            let desired = self.input.desired.clone();
            for ((address, remote), seen) in readable(&state, &desired).zip(answers.reads) {
                if let ReadSeen::Unreadable(why) = &seen {
                    unreadable.add(remote.provider.clone(), why.clone(), address.clone());
                }
                self.take_read(&address, remote, seen);
            }
            self.diagnostics.extend(unreadable.into_diagnostics());
        }
        for (path, content) in answers.files {
            self.world.files.contents.insert(path.clone(), content);
            self.arrived(&NodeId::File(path));
        }
        if let Some(list) = answers.file_list {
            self.world.files.list = Some(list);
            self.arrived(&NodeId::FileList);
        }
        for (instance, answer) in asked.data.into_iter().zip(answers.data) {
            self.take_data(instance, answer);
        }
        for (asking, refined) in asked.proposals.into_iter().zip(answers.proposals) {
            self.take_proposal(asking, refined);
        }
        for (instance, wrong) in asked.checks.into_iter().zip(answers.checks) {
            self.report_wrong(instance, &wrong);
        }
    }

    fn conclude(&mut self) -> Step {
        self.report_cycles();
        let outputs = self.outputs();
        let plan = if self.has_errors() { None } else { self.build(outputs) };
        let mut diagnostics = std::mem::take(&mut self.diagnostics);
        dedup(&mut diagnostics);
        match plan {
            Some(plan) if !diagnostics.iter().any(Diagnostic::is_error) => {
                Step::Plan(Box::new(plan), diagnostics)
            }
            _ => Step::Mistakes(diagnostics),
        }
    }

    fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }

    /// The state's object for an instance's address, unless it is on its way out.
    fn remote(&self, address: &Address) -> Option<&Remote> {
        let state = self.input.state.as_deref()?;
        let current = state.instance(address)?.current.as_ref()?;
        (current.status != Status::Deleting).then_some(current)
    }

    /// Sets an instance's attributes and wakes what waits for them.
    fn planned(&mut self, instance: u32, value: Value) {
        let item = &mut self.items[instance as usize];
        if matches!(item.decision, Some(Decision::Keep)) {
            // Of what stays as it is, nothing needs the arguments any more.
            item.config = Object::new();
        }
        self.world.instances[instance as usize].planned = Some(value);
        self.arrived(&NodeId::Instance(instance));
    }
}

/// Every object that a refresh looks at, in order: all but those on their way out, and those of an
/// environment that is left as it is.
fn readable<'s>(
    state: &'s State,
    desired: &'s Desired,
) -> impl Iterator<Item = (Address, &'s Remote)> {
    let looked_at = state.instances().filter(|(address, _)| !is_left(desired, &address.scope));
    looked_at.filter_map(|(address, instance)| {
        let remote = instance.current.as_ref()?;
        (remote.status != Status::Deleting).then_some((address, remote))
    })
}

/// Whether a scope is left as it is: an environment that failed is kept to be looked at.
fn is_left(desired: &Desired, scope: &Scope) -> bool {
    desired.scopes.get(scope).is_some_and(|it| it.standing.role == Role::Failed)
}

/// Mistakes in the order of their places, each once: several instances may make the same.
fn dedup(diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.sort_by(|a, b| {
        let place = |it: &Diagnostic| it.labels.first().map(|label| label.place);
        (place(a), a.code, &a.message).cmp(&(place(b), b.code, &b.message))
    });
    let mut seen = BTreeSet::new();
    diagnostics.retain(|it| seen.insert((it.labels.first().map(|l| l.place), it.message.clone())));
}
