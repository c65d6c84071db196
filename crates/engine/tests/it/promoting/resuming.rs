//! A promotion that another process goes on with.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use greenroom_engine::format;
use greenroom_engine::outcomes::Secrets;
use greenroom_engine::run::{Command, Run, Standing, Work};
use greenroom_model::gate::{GateResult, Verdict};
use greenroom_model::journal::Entry;
use greenroom_model::plan::{OperationId, OperationKind, Plan, Purpose, Wait};
use greenroom_model::roster::Promotion;
use greenroom_model::state::{Run as Interrupted, State};
use greenroom_model::value::Value;

use super::stage::{BALANCER, ENVIRONMENT, Stage, scope};
use crate::planning::support::state_from;

/// A promotion of `r2` that was interrupted.
struct Broken {
    stage: Stage,
    plan: Arc<Plan>,
    state: State,
}

impl Broken {
    /// One that had come to a phase, which began, or was last seen to hold, at 1000 seconds.
    fn at(terms: &str, phase: &str) -> Broken {
        let stage = Stage::second(BALANCER, ENVIRONMENT, terms);
        let plan = Arc::new(stage.plan(Purpose::Promote));
        let digest = Plan::digest_of(&format::plan::encode(&plan));
        let made = Plan { phases: plan.phases[..1].to_vec(), ..Plan::clone(&plan) };
        let mut state = state_from(stage.state.clone(), &made);
        let (candidate, phase) = (scope("r2"), phase.into());
        let promotion = Promotion { candidate, plan: digest.clone(), phase, phase_started: 1000 };
        state.roster.as_mut().expect("a roster").promotion = Some(promotion);
        state.run = Some(Interrupted {
            plan: digest,
            holder: "ann".into(),
            done: Default::default(),
            answers: Default::default(),
            verdicts: Default::default(),
            text: None,
        });
        Broken { stage, plan, state }
    }

    /// Where these operations were done.
    fn having_done(mut self, is_done: impl Fn(&OperationId) -> bool) -> Broken {
        let ids = self.plan.operations().map(|it| it.id.clone()).filter(is_done);
        self.state.run.as_mut().expect("a run").done = ids.collect();
        self
    }

    /// Where the state has these weights of the front.
    fn with_weights(mut self, weights: [i64; 2]) -> Broken {
        let group = || Value::from("sim_group.web.id");
        let groups = Value::list(weights.map(|weight| {
            let (weight, mirror) = (Value::from(weight), Value::from(0));
            Value::object([("group", group()), ("weight", weight), ("mirror", mirror)])
        }));
        let front = self.state.instance_mut(&"front/sim_balancer.front".parse().expect("sound"));
        let front = front.current.as_mut().expect("a front");
        let id = front.attributes.get("id").cloned().unwrap_or_default();
        front.attributes = Value::object([("groups", groups), ("id", id)]);
        self
    }

    fn resumed(&self) -> Run {
        let digest = Plan::digest_of(&format::plan::encode(&self.plan));
        let (plan, schemas) = (self.plan.clone(), self.stage.schemas());
        Run::new(plan, digest, self.state.clone(), schemas, Secrets::new()).expect("it goes on")
    }
}

/// Starts what can start, and lets everything succeed but waits, gates, and what is impossible.
fn works(run: &mut Run, now: i64) -> Vec<(u32, Work)> {
    let mut left = Vec::new();
    while let Some(Command { operation, work }) = run.start(now) {
        match work {
            Work::Wait(_) | Work::Gate { .. } | Work::Impossible { .. } => {
                left.push((operation, work));
            }
            _ => run.completed(operation).expect("it was started"),
        }
    }
    left
}

fn phase(run: &Run) -> &str {
    run.phase().map_or("none", |it| &it.name)
}

/// The waits that start at once when what comes before them is done.
fn waits(terms: &str, phase: &str, now: i64) -> Vec<Wait> {
    let waits = |it: &OperationId| matches!(it.kind, OperationKind::Gate | OperationKind::Wait);
    let broken = Broken::at(terms, phase).having_done(|it| !waits(it));
    let works = works(&mut broken.resumed(), now).into_iter();
    let waits = works.filter_map(|(_, it)| match it {
        Work::Wait(wait) => Some(wait),
        _ => None,
    });
    waits.collect()
}

#[test]
fn a_wait_counts_from_its_journalled_start_whoever_waits() {
    let pause = |now| waits("steps = [25, 100]\npause = \"5m\"", "weight-25", now);
    assert_eq!(pause(1000), [Wait::For(Duration::from_secs(300))]);
    assert_eq!(pause(1100), [Wait::For(Duration::from_secs(200))]);
    assert_eq!(pause(9999), [Wait::For(Duration::ZERO)], "it is over");
    assert_eq!(pause(900), [Wait::For(Duration::from_secs(300))], "clocks may differ");
}

#[test]
fn an_approval_is_waited_for_however_long_ago_it_was_asked_for() {
    let terms = "steps = [{ weight = 25, pause = \"approval\" }, 100]";
    assert_eq!(waits(terms, "weight-25", 99_999), [Wait::Approval]);
}

const STEPS: &str = "steps = [25, 50, 100]\npause = \"5m\"";

/// A promotion that was interrupted when it had decided on 50 percent, and was at 25.
fn amid_a_shift() -> Broken {
    let before = ["create", "admit", "ready", "weight-25"];
    Broken::at(STEPS, "weight-50").having_done(|it| before.contains(&&*it.phase))
}

/// The only gate that is asked.
fn only_gate(run: &mut Run) -> u32 {
    let works = works(run, 5000);
    let [(gate, Work::Gate { .. })] = works.as_slice() else { panic!("not a gate: {works:#?}") };
    *gate
}

#[test]
fn who_goes_on_in_the_middle_of_a_shift_asks_again_what_let_it_begin() {
    let mut run = amid_a_shift().with_weights([75, 25]).resumed();
    assert_eq!(phase(&run), "weight-25");
    let gate = only_gate(&mut run);
    run.completed(gate).expect("it was asked");
    assert_eq!((run.standing(), phase(&run)), (Standing::Working, "weight-50"));
}

#[test]
fn a_side_that_is_not_sound_any_more_gets_nothing_and_the_way_back_is_that_of_the_shift() {
    let terms = "steps = [50, 100]\npause = \"5m\"";
    let before = ["create", "admit", "ready"];
    let broken = Broken::at(terms, "weight-50").having_done(|it| before.contains(&&*it.phase));
    let mut run = broken.with_weights([100, 0]).resumed();
    assert_eq!(phase(&run), "ready");
    only_gate(&mut run);
    let evidence = "it is down".to_owned();
    let verdict = Verdict { gate: "sound".into(), result: GateResult::Fail, evidence };
    assert!(run.said(&verdict, &BTreeSet::new()) && run.turns_back());
    // Nobody knows whether it has traffic already: not `withdraw`, as before the shift.
    assert_eq!((run.standing(), phase(&run)), (Standing::Working, "prove"));
}

#[test]
fn what_a_gate_said_to_an_earlier_process_is_asked_again() {
    let broken = Broken::at(STEPS, "weight-25").having_done(|it| &*it.phase == "weight-25");
    let mut run = broken.with_weights([75, 25]).resumed();
    assert_eq!(phase(&run), "weight-25");
    only_gate(&mut run);
}

/// What becomes of the shift to 50 percent if the state has these weights.
fn shifted_from(weights: [i64; 2]) -> Vec<(u32, Work)> {
    let mut run = amid_a_shift().with_weights(weights).resumed();
    let gate = only_gate(&mut run);
    run.completed(gate).expect("it was asked");
    assert_eq!(run.standing(), Standing::Working);
    works(&mut run, 5000).into_iter().filter(|(_, it)| !matches!(it, Work::Gate { .. })).collect()
}

#[test]
fn weights_that_the_plan_gave_before_are_its_own_and_others_are_not_written_over() {
    for own in [[75, 25], [100, 0], [50, 50]] {
        let works = shifted_from(own);
        assert!(matches!(works.as_slice(), [(_, Work::Wait(_))]), "{own:?}: {works:#?}");
    }
    let works = shifted_from([40, 60]);
    let [(_, Work::Impossible { message, .. })] = works.as_slice() else { panic!("{works:#?}") };
    insta::assert_snapshot!(message, @"somebody else changed `front/sim_balancer.front`: groups[0].weight: 75 expected, 40 found, groups[1].weight: 25 expected, 60 found");
}

#[test]
fn what_was_begun_is_read_again_and_noted_if_it_is_other_than_known() {
    let run = amid_a_shift().with_weights([75, 25]).resumed();
    let [front] = &*run.unproven() else { panic!("not the front alone") };
    assert_eq!(front.address.to_string(), "front/sim_balancer.front");
    assert_eq!(run.seen(front, &front.attributes.clone()), None);
    let seen = amid_a_shift().with_weights([50, 50]).resumed().unproven().remove(0).attributes;
    let noted = run.seen(front, &seen);
    let Some(Entry::Observed { seen: Some(noted), .. }) = noted else { panic!("{noted:?}") };
    assert_eq!(noted.attributes, seen);
    let whole = Broken::at(STEPS, "weight-25").having_done(|_| true).resumed();
    assert!(whole.unproven().is_empty(), "it was seen to hold");
}
