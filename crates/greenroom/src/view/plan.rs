//! Plans, attribute by attribute.
//!
//! A [`PlanView`] is what text and JSON show of a plan: operations put together to what happens at
//! an address.

pub(crate) mod attributes;
mod entry;
mod gate;
mod json;
mod promotion;
mod text;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use greenroom_model::address::{Address, Scope};
use greenroom_model::plan::{
    Action, Drift, DriftSeen, Next, Phase, Plan, PlannedOutput, Purpose, Wait,
};
use greenroom_model::roster::Placing;
use greenroom_model::value::Value;
use greenroom_store::StateName;

use super::{Fields, Kind, Message};
use crate::palette::Palette;
use attributes::{AttributeChange, differences};
pub(crate) use entry::{Entry, EntryAction};
use gate::{GateView, Step};
pub(crate) use promotion::PromotionView;
use promotion::marked;

/// What a plan would do, as it is shown.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PlanView {
    /// Project, stage and environment: `shop/integration/default`.
    pub(crate) name: String,
    /// What it is for.
    pub(crate) purpose: Purpose,
    /// Who takes the traffic over, if it is a promotion.
    pub(crate) promotion: Option<PromotionView>,
    /// What changed without us.
    pub(crate) drift: Vec<DriftView>,
    /// Of how many objects the specs say something else without changing them.
    pub(crate) records: usize,
    /// What happens, in phases.
    pub(crate) phases: Vec<PhaseView>,
    /// Outputs that change.
    pub(crate) outputs: Vec<OutputChange>,
    /// How much of what.
    pub(crate) counts: Counts,
    /// Whether all of a long plan is shown.
    pub(crate) verbose: bool,
}

/// A change that nobody here made.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DriftView {
    pub(crate) address: Address,
    pub(crate) seen: Seen,
    pub(crate) attributes: Vec<AttributeChange>,
}

/// What was seen of an object that changed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Seen {
    Gone,
    Failed(String),
    Changed,
}

/// A phase of a plan.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PhaseView {
    pub(crate) name: String,
    pub(crate) on_pass: Next,
    pub(crate) on_fail: Next,
    /// What happens to objects, by address.
    pub(crate) entries: Vec<Entry>,
    pub(crate) gates: Vec<GateView>,
    /// Waits, verifies and changes of the roster, in order.
    pub(crate) steps: Vec<Step>,
    /// Its waits alone.
    pub(crate) waits: Vec<Wait>,
    /// What it makes of environments in the end; `None` forgets one.
    pub(crate) placings: BTreeMap<Scope, Option<Placing>>,
}

/// An output that changes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct OutputChange {
    /// Its name; the front's stand as `front.NAME`.
    pub(crate) name: String,
    pub(crate) before: Option<Value>,
    pub(crate) after: Option<Value>,
}

/// How much of what a plan does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) add: usize,
    pub(crate) change: usize,
    pub(crate) replace: usize,
    pub(crate) destroy: usize,
    pub(crate) finish: usize,
    pub(crate) read: usize,
    pub(crate) gates: usize,
}

impl PlanView {
    /// The view of a plan.
    pub(crate) fn of(plan: &Plan, verbose: bool) -> PlanView {
        let phases: Vec<PhaseView> = plan.phases.iter().map(PhaseView::of).collect();
        PlanView {
            name: name(plan),
            purpose: plan.purpose,
            promotion: PromotionView::of(plan),
            drift: plan.drift.iter().map(DriftView::of).collect(),
            records: plan.lifecycles.len(),
            outputs: output_changes(&plan.outputs),
            counts: Counts::of(&phases),
            phases,
            verbose,
        }
    }

    /// The view of a plan to destroy a state that is not there.
    pub(crate) fn nothing_to_destroy(state: &StateName) -> PlanView {
        PlanView {
            name: state.to_string(),
            purpose: Purpose::Destroy,
            promotion: None,
            drift: Vec::new(),
            records: 0,
            phases: Vec::new(),
            outputs: Vec::new(),
            counts: Counts::default(),
            verbose: false,
        }
    }

    /// Whether nothing happens and nothing is to be recorded.
    pub(crate) fn is_empty(&self) -> bool {
        self.drift.is_empty() && self.records == 0 && self.changes_nothing()
    }

    /// Whether nothing happens.
    pub(crate) fn changes_nothing(&self) -> bool {
        self.outputs.is_empty() && self.phases.iter().all(PhaseView::is_empty)
    }
}

fn waited(action: &Action) -> Option<Wait> {
    match action {
        Action::Wait(wait) => Some(wait.clone()),
        _ => None,
    }
}

fn name(plan: &Plan) -> String {
    let environment = plan.environment.iter().map(|scope| format!("/{scope}"));
    format!("{}/{}{}", plan.project, plan.stage, environment.collect::<String>())
}

impl PhaseView {
    fn of(phase: &Phase) -> PhaseView {
        let actions = || phase.operations.iter().map(|operation| &operation.action);
        PhaseView {
            name: phase.name.to_string(),
            on_pass: phase.on_pass.clone(),
            on_fail: phase.on_fail.clone(),
            entries: entry::entries(actions()),
            gates: actions().filter_map(GateView::of).collect(),
            steps: actions().filter_map(Step::of).collect(),
            waits: actions().filter_map(waited).collect(),
            placings: actions().filter_map(marked).flat_map(|it| it.entries.clone()).collect(),
        }
    }

    fn is_empty(&self) -> bool {
        self.entries.is_empty()
            && self.gates.is_empty()
            && self.steps.is_empty()
            && self.placings.is_empty()
    }
}

impl DriftView {
    fn of(drift: &Drift) -> DriftView {
        let (seen, attributes) = match &drift.seen {
            DriftSeen::Gone => (Seen::Gone, None),
            DriftSeen::Failed { reason, attributes } => {
                (Seen::Failed(reason.to_string()), Some(attributes))
            }
            DriftSeen::Changed { attributes } => (Seen::Changed, Some(attributes)),
        };
        let attributes = attributes.map(|it| differences(Some(&drift.recorded), Some(it)));
        DriftView {
            address: drift.address.clone(),
            seen,
            attributes: attributes.unwrap_or_default(),
        }
    }
}

fn output_changes(
    outputs: &BTreeMap<Scope, BTreeMap<std::sync::Arc<str>, PlannedOutput>>,
) -> Vec<OutputChange> {
    let alone = outputs.len() == 1;
    let mut changes = Vec::new();
    for (scope, outputs) in outputs {
        for (name, output) in outputs.iter().filter(|(_, output)| !output.is_unchanged()) {
            let prefix = if scope.is_front() && !alone { "front." } else { "" };
            // An output that is not there is null, before as after.
            let there = |value: &Value| (!value.is_null()).then(|| value.clone());
            let before = output.prior.as_ref().and_then(there);
            let after = there(&output.value);
            if before.is_some() || after.is_some() {
                changes.push(OutputChange { name: format!("{prefix}{name}"), before, after });
            }
        }
    }
    changes.sort_by(|a, b| a.name.cmp(&b.name));
    changes
}

impl Counts {
    fn of(phases: &[PhaseView]) -> Counts {
        let mut counts = Counts::default();
        let gates = phases.iter().flat_map(|phase| &phase.gates);
        counts.gates = gates.map(|it| &it.name).collect::<BTreeSet<_>>().len();
        // A promotion changes the same object of the front in many phases.
        let mut seen = BTreeSet::new();
        for entry in phases.iter().flat_map(|phase| &phase.entries) {
            if seen.insert((&entry.address, entry.action.rank(), &entry.id)) {
                match entry.action {
                    EntryAction::Create => counts.add += 1,
                    EntryAction::Update => counts.change += 1,
                    EntryAction::Replace(_) => counts.replace += 1,
                    EntryAction::Delete | EntryAction::DeleteDeposed => counts.destroy += 1,
                    EntryAction::Complete => counts.finish += 1,
                    EntryAction::Read => counts.read += 1,
                }
            }
        }
        counts
    }
}

impl Message for PlanView {
    fn kind(&self) -> Kind {
        Kind::Plan
    }

    fn fields(&self) -> Fields {
        json::fields(self)
    }

    fn text(&self, palette: Palette) -> String {
        text::text(self, palette)
    }
}

/// The groups of a plan's operations, for progress: how many of which kind there are.
pub(crate) fn totals(plan: &Plan) -> BTreeMap<crate::progress::Group, usize> {
    let mut totals = BTreeMap::new();
    for operation in plan.operations() {
        let address = operation.action.address();
        *totals.entry(crate::progress::Group::of(operation.id.kind, address)).or_default() += 1;
    }
    totals
}
