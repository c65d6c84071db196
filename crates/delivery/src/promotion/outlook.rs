//! The outlook of a promotion that is open: what its phase waits for, and what gates said so far.

use std::sync::Arc;
use std::time::Duration;

use greenroom_model::gate::Verdict;
use greenroom_model::plan::{Action, OperationId, Phase, Plan, Wait};
use greenroom_model::roster::Promotion;
use greenroom_model::state::Run;

/// What is still to come of the phase that a promotion is in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outlook {
    /// What it waits for.
    pub waits: Vec<Waiting>,
    /// The gates that it asks.
    pub gates: Vec<Asked>,
}

/// Something that is waited for.
#[derive(Clone, Debug, PartialEq)]
pub struct Waiting {
    /// What.
    pub wait: Wait,
    /// How long still; at most, of a drain; not known of an approval.
    pub left: Option<Duration>,
}

/// A gate that is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// Where it is declared, and its name: `r2/web`.
    pub name: Arc<str>,
    /// What it said last, be it in an earlier phase.
    pub said: Option<Verdict>,
}

impl Outlook {
    /// The outlook at `now`, in seconds since the epoch.
    #[must_use]
    pub fn of(plan: &Plan, promotion: &Promotion, run: Option<&Run>, now: i64) -> Outlook {
        let Some(phase) = plan.phases.iter().find(|it| it.name == promotion.phase) else {
            return Outlook::default();
        };
        let passed = now.saturating_sub(promotion.phase_started);
        let passed = Duration::from_secs(u64::try_from(passed).unwrap_or_default());
        Outlook { waits: waits(phase, run, passed), gates: gates(plan, phase, run) }
    }
}

fn waits(phase: &Phase, run: Option<&Run>, passed: Duration) -> Vec<Waiting> {
    let is_over = |id: &OperationId| run.is_some_and(|it| it.done.contains(id));
    let open = phase.operations.iter().filter(|it| !is_over(&it.id));
    let waits = open.filter_map(|it| match &it.action {
        Action::Wait(wait) => Some(wait.clone()),
        _ => None,
    });
    let waiting = waits.map(|wait| {
        let left = match &wait {
            Wait::For(time) => Some(time.saturating_sub(passed)),
            Wait::Drain(drain) => Some(drain.limit.saturating_sub(passed)),
            Wait::Approval => None,
        };
        Waiting { wait, left }
    });
    waiting.collect()
}

fn gates(plan: &Plan, phase: &Phase, run: Option<&Run>) -> Vec<Asked> {
    let gates = phase.operations.iter().filter(|it| matches!(it.action, Action::Gate { .. }));
    let asked = gates.map(|it| {
        let name = it.id.subject.clone();
        Asked { said: run.and_then(|run| said(plan, run, &it.id)).cloned(), name }
    });
    asked.collect()
}

/// What a gate said in its phase, or in the last one before in which it said something.
fn said<'r>(plan: &Plan, run: &'r Run, gate: &OperationId) -> Option<&'r Verdict> {
    let earlier = plan.phases.iter().rev().skip_while(|it| it.name != gate.phase);
    let ids = earlier.map(|it| OperationId { phase: it.name.clone(), ..gate.clone() });
    ids.into_iter().find_map(|id| run.verdicts.get(&id))
}

#[cfg(test)]
mod tests {
    use greenroom_model::address::Scope;
    use greenroom_model::gate::{Gate, GateResult, OnInconclusive, Pace, Probe};
    use greenroom_model::identity::{Digest, Lineage};
    use greenroom_model::plan::{Asked, Expectation, Next, Operation, OperationKind, Purpose};

    use super::*;

    fn id(phase: &str, kind: OperationKind, subject: &str) -> OperationId {
        OperationId { phase: phase.into(), kind, subject: subject.into() }
    }

    fn phase(name: &str, time: u64) -> Phase {
        let gate = Gate {
            probe: Probe::Command { argv: Vec::new() },
            pace: Pace::default(),
            on_inconclusive: OnInconclusive::Halt,
        };
        let gate = Action::Gate {
            scope: Scope::environment("r2").expect("a name"),
            name: "web".into(),
            gate: Box::new(gate),
            asked: Asked::Watching,
        };
        let wait = Action::Wait(Wait::For(Duration::from_secs(time)));
        let operations =
            [(OperationKind::Wait, "pause", wait), (OperationKind::Gate, "r2/web", gate)];
        let operations = operations.map(|(kind, subject, action)| Operation {
            id: id(name, kind, subject),
            action,
            needs: Vec::new(),
            expects: Expectation::Nothing,
        });
        let operations = operations.into();
        Phase { name: name.into(), operations, on_pass: Next::Done, on_fail: Next::Halt }
    }

    fn plan() -> Plan {
        Plan {
            project: "shop".into(),
            stage: "production".into(),
            environment: None,
            lineage: Lineage("00".into()),
            purpose: Purpose::Promote,
            inputs: Default::default(),
            versions: Default::default(),
            drift: Vec::new(),
            lifecycles: Vec::new(),
            phases: vec![phase("weight-5", 10), phase("weight-50", 60)],
            outputs: Default::default(),
        }
    }

    fn promotion(phase: &str) -> Promotion {
        Promotion {
            candidate: Scope::environment("r2").expect("a name"),
            plan: Digest::of(b"plan"),
            phase: phase.into(),
            phase_started: 100,
        }
    }

    fn run() -> Run {
        Run {
            plan: Digest::of(b"plan"),
            holder: "ann".into(),
            done: Default::default(),
            answers: Default::default(),
            verdicts: Default::default(),
            text: None,
        }
    }

    #[test]
    fn what_is_left_counts_from_the_journalled_start() {
        let left = |now| Outlook::of(&plan(), &promotion("weight-50"), None, now).waits[0].left;
        assert_eq!(left(115), Some(Duration::from_secs(45)));
        assert_eq!(left(500), Some(Duration::ZERO), "nobody attends it");
        assert_eq!(left(90), Some(Duration::from_secs(60)), "a clock was set back");
    }

    #[test]
    fn a_wait_that_is_over_is_waited_for_no_more() {
        let mut run = run();
        run.done.insert(id("weight-50", OperationKind::Wait, "pause"));
        let outlook = Outlook::of(&plan(), &promotion("weight-50"), Some(&run), 110);
        assert_eq!(outlook.waits, []);
    }

    #[test]
    fn a_gate_that_is_still_asked_has_said_what_it_said_before() {
        let mut run = run();
        let gate = "web".to_owned();
        let verdict = Verdict { gate, result: GateResult::Pass, evidence: "it serves".to_owned() };
        run.verdicts.insert(id("weight-5", OperationKind::Gate, "r2/web"), verdict.clone());
        let said = |phase| {
            let outlook = Outlook::of(&plan(), &promotion(phase), Some(&run), 110);
            outlook.gates.into_iter().next().expect("a gate").said
        };
        assert_eq!(said("weight-50"), Some(verdict));
        run.verdicts.clear();
        let outlook = Outlook::of(&plan(), &promotion("weight-50"), Some(&run), 110);
        assert_eq!(outlook.gates[0].said, None);
    }
}
