//! Flaws of plans: what the simulation must find, if a promotion's plan is not as it must be.

use greenroom_engine::destroy::plan_destroy;
use greenroom_model::address::Scope;
use greenroom_model::plan::{Action, Next, Operation, Plan, Wait};
use greenroom_model::roster::Weight;
use greenroom_model::state::State;
use greenroom_model::value::Value;

/// A plan that is made wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// The candidate is not asked before it gets traffic.
    NotAsked,
    /// What goes back asks nobody whether the old side still serves.
    NotProven,
    /// The old side's traffic is taken away before the new side has any.
    NobodyServes,
    /// Nothing is waited for between two weights.
    NoPause,
    /// The last weights are noted as seen, and never given.
    NotShifted,
    /// The promotion is never closed.
    NeverClosed,
    /// The machines of the old side go with its traffic.
    OldSideGoes,
}

impl Flaw {
    /// All of them.
    pub const ALL: [Flaw; 7] = [
        Flaw::NotAsked,
        Flaw::NotProven,
        Flaw::NobodyServes,
        Flaw::NoPause,
        Flaw::NotShifted,
        Flaw::NeverClosed,
        Flaw::OldSideGoes,
    ];

    /// Makes a plan wrong.
    pub(super) fn spoil(self, plan: &mut Plan, state: &State) {
        match self {
            Flaw::NotAsked => without(plan, "ready", |it| matches!(it.action, Action::Gate { .. })),
            Flaw::NotProven => {
                without(plan, "prove", |it| matches!(it.action, Action::Gate { .. }))
            }
            Flaw::NobodyServes => change(plan, no_weight),
            Flaw::NoPause => change(plan, |phase, operation| {
                let waits = matches!(operation.action, Action::Wait(Wait::For(_)));
                if waits && phase.starts_with("weight-") {
                    operation.action = Action::Wait(Wait::For(std::time::Duration::ZERO));
                }
            }),
            Flaw::NotShifted => without(plan, "weight-100", |it| {
                matches!(it.action, Action::Update(_) | Action::Verify { .. })
            }),
            Flaw::OldSideGoes => change(plan, |_, operation| {
                let Action::Wait(Wait::Drain(drain)) = &operation.action else { return };
                if let Some(removal) = removal_of(state, &drain.scope) {
                    operation.action = removal;
                }
            }),
            Flaw::NeverClosed => {
                for phase in &mut plan.phases {
                    if phase.on_pass == Next::Phase("finish".into()) {
                        phase.on_pass = Next::Done;
                    }
                }
            }
        }
    }
}

/// What removes the machine of an environment.
fn removal_of(state: &State, scope: &Scope) -> Option<Action> {
    let plan = plan_destroy(state, None).ok()?;
    let is_it = |it: &&Operation| match &it.action {
        Action::Delete(removal) => {
            removal.address.scope == *scope && &*removal.address.block.kind == "sim_machine"
        }
        _ => false,
    };
    plan.operations().find(is_it).map(|it| it.action.clone())
}

/// Lets operations of a phase do nothing.
fn without(plan: &mut Plan, phase: &str, unwanted: impl Fn(&Operation) -> bool) {
    for operation in plan.phases.iter_mut().filter(|it| *it.name == *phase) {
        for operation in operation.operations.iter_mut().filter(|it| unwanted(it)) {
            operation.action = Action::Wait(Wait::For(std::time::Duration::ZERO));
        }
    }
}

fn change(plan: &mut Plan, change: impl Fn(&str, &mut Operation)) {
    for phase in &mut plan.phases {
        for operation in &mut phase.operations {
            change(&phase.name, operation);
        }
    }
}

/// Gives nobody any weight, at the last step of the way.
fn no_weight(phase: &str, operation: &mut Operation) {
    let is_last = phase == format!("weight-{}", Weight::FULL.percent());
    if let (true, Action::Update(it)) = (is_last, &mut operation.action) {
        it.planned = weightless(&it.planned);
    }
}

fn weightless(value: &Value) -> Value {
    match value {
        Value::List(elements) => Value::list(elements.iter().map(weightless)),
        Value::Object(entries) => Value::object(entries.iter().map(|(name, value)| {
            let value = if &**name == "weight" { Value::from(0) } else { weightless(value) };
            (name.clone(), value)
        })),
        other => other.clone(),
    }
}
