//! The phases of promotions, rollbacks and retirements, each with its way back.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use greenroom_engine::desired::Standing;
use greenroom_engine::promotion::{forecast, leave, shortest};
use greenroom_model::address::{InstanceKey, Scope};
use greenroom_model::plan::{Action, Horizon, Next, Plan, Purpose, Wait};
use greenroom_model::roster::Weight;
use insta::assert_snapshot;
use proptest::prelude::*;

use super::stage::{BALANCER, ENVIRONMENT, RECORDS, Stage, phases, scope};
use crate::planning::support::state_from;

#[test]
fn the_first_promotion_makes_the_front_after_its_environment_is_proven() {
    let stage = Stage::new(BALANCER, ENVIRONMENT, "watch = \"1m\"", "r1");
    assert_snapshot!(phases(&stage.plan(Purpose::Promote)), @r"
    create | passes: ready, fails: abandon
      mark r1 candidate 0, outside opens
      + r1/sim_group.web <- 0
    ready | passes: weight-100, fails: abandon
      mark
      gate r1/sound <- 0
    weight-100 | passes: watch, fails: halt
      mark r1 candidate 100
      + front/sim_balancer.front 100 <- 0
      verify front/sim_balancer.front <- 1
      mark verified <- 2 1 0
      gate r1/sound <- 3
    watch | passes: finish, fails: halt
      mark
      wait 60s <- 0
      gate r1/sound, watching <- 0
    finish | passes: done, fails: halt
      mark r1 live 100 closes
    abandon | passes: rolled back, fails: halt
      mark r1 failed 0, outside closes
    ");
}

#[test]
fn a_second_promotion_goes_by_weights_and_has_a_way_back_from_each() {
    let terms =
        "steps = [25, { weight = 50, pause = \"approval\" }, 100]\npause = \"5m\"\nwatch = \"10m\"";
    let stage = Stage::second(BALANCER, ENVIRONMENT, terms);
    assert_snapshot!(phases(&stage.plan(Purpose::Promote)), @r"
    create | passes: admit, fails: abandon
      mark r2 candidate 0, outside opens
      + r2/sim_group.web <- 0
    admit | passes: ready, fails: withdraw
      mark r2 candidate 0
      ~ front/sim_balancer.front 100, 0 <- 0
      verify front/sim_balancer.front <- 1
      mark verified <- 2 1 0
    ready | passes: weight-25, fails: withdraw
      mark
      gate r2/sound <- 0
    weight-25 | passes: weight-50, fails: prove
      mark r1 live 75, r2 candidate 25
      ~ front/sim_balancer.front 75, 25 <- 0
      verify front/sim_balancer.front <- 1
      mark verified <- 2 1 0
      wait 300s <- 3
      gate r2/sound, watching <- 3
    weight-50 | passes: weight-100, fails: prove
      mark r1 live 50, r2 candidate 50
      ~ front/sim_balancer.front 50, 50 <- 0
      verify front/sim_balancer.front <- 1
      mark verified <- 2 1 0
      wait for approval <- 3
      gate r2/sound, watching <- 3
    weight-100 | passes: watch, fails: prove
      mark r1 live 0, r2 candidate 100
      ~ front/sim_balancer.front 0, 100 <- 0
      verify front/sim_balancer.front <- 1
      mark verified <- 2 1 0
      wait 300s <- 3
      gate r2/sound, watching <- 3
    watch | passes: drain, fails: prove
      mark
      wait 600s <- 0
      gate r2/sound, watching <- 0
    drain | passes: finish, fails: prove
      mark
      drain r1 <- 0
      gate r2/sound, watching <- 0
    finish | passes: done, fails: halt
      mark r1 retained 0, r2 live 100 closes
    abandon | passes: rolled back, fails: halt
      mark r2 failed 0, outside closes
    withdraw | passes: rolled back, fails: halt
      mark r2 failed 0
      ~ front/sim_balancer.front 100, 0 <- 0
      verify front/sim_balancer.front <- 1
      mark r2 failed 0 verified closes <- 0 2 1
    prove | passes: roll-back, fails: halt
      mark
      gate r1/sound <- 0
    roll-back | passes: rolled back, fails: halt
      mark r1 live 100, r2 failed 0
      ~ front/sim_balancer.front 100, 0 <- 0
      verify front/sim_balancer.front <- 1
      mark r2 failed 0 verified closes <- 2 1 0
    ");
}

#[test]
fn a_way_back_that_is_planned_anew_makes_the_old_side_whole_and_then_the_front() {
    let targets = "[gate.targets]\ntarget_health = \"sim_group.web\"\n";
    let environment = format!("{ENVIRONMENT}{targets}");
    let mut stage = Stage::second(BALANCER, &environment, "steps = [25, 100]");
    for lost in [Scope::front(), scope("r1")] {
        stage.state.scopes.get_mut(&lost).expect("it was made").resources.clear();
    }
    assert_snapshot!(phases(&stage.way_back()), @r"
    repair | passes: prove, fails: halt
      mark
      + r1/sim_group.web <- 0
    prove | passes: roll-back, fails: halt
      mark
      gate r1/sound <- 0
    roll-back | passes: rolled back, fails: halt
      mark r1 live 100, r2 failed 0
      + front/sim_balancer.front 100, 0 <- 0
      verify front/sim_balancer.front <- 1
      gate r1/targets <- 2 1 0
      mark r2 failed 0 verified closes <- 2 1 0 3
    ");
}

#[test]
fn what_is_removed_on_the_way_back_waits_for_what_its_place_needs() {
    let front = RECORDS.replace("name     =", "depends_on = [\"sim_network.check\"]\nname     =");
    let each = "for_each = \"${{ for e in environments : e.name => e }}\"";
    let check = format!("[resource.sim_network.check]\n{each}\ncidr = \"10.0.0.0/16\"\n");
    let mut stage = Stage::second(&format!("{front}{check}"), ENVIRONMENT, "steps = [50, 100]");
    let half = Weight::new(50).expect("a weight");
    let shared = stage.at(&stage.route().at(half), &stage.state);
    stage.state = state_from(stage.state.clone(), &shared);
    let front = stage.state.scopes.get_mut(&Scope::front()).expect("it was made");
    for instances in front.resources.values_mut() {
        instances.retain(|key, _| *key != InstanceKey::Name("r1".into()));
    }
    assert_snapshot!(phases(&stage.way_back()), @r#"
    prove | passes: roll-back, fails: halt
      mark
      gate r1/sound <- 0
    roll-back | passes: rolled back, fails: halt
      mark r1 live 100, r2 failed 0, outside
      + front/sim_network.check["r1"] <- 0
      - front/sim_record.www["r2"] <- 0 1
      - front/sim_network.check["r2"] <- 2 0
      + front/sim_record.www["r1"] 100 <- 1 0
      verify front/sim_network.check["r1"] <- 1
      verify front/sim_record.www["r1"] <- 4
      mark r2 failed 0, outside verified closes <- 5 6 1 2 3 4 0
    "#);
}

#[test]
fn hooks_run_when_all_traffic_is_elsewhere_and_on_the_way_back() {
    let hooks = "[hook.promoted]\ncommand = [\"start\"]\n[hook.demoted]\ncommand = [\"stop\"]\n";
    let environment = format!("{ENVIRONMENT}{hooks}");
    let stage = Stage::second(BALANCER, &environment, "steps = [100]");
    assert_snapshot!(phases(&stage.plan(Purpose::Promote)), @r"
    create | passes: admit, fails: abandon
      mark r2 candidate 0, outside opens
      + r2/sim_group.web <- 0
    admit | passes: ready, fails: withdraw
      mark r2 candidate 0
      ~ front/sim_balancer.front 100, 0 <- 0
      verify front/sim_balancer.front <- 1
      mark verified <- 2 1 0
    ready | passes: weight-100, fails: withdraw
      mark
      gate r2/sound <- 0
    weight-100 | passes: hand-over, fails: prove
      mark r1 live 0, r2 candidate 100
      ~ front/sim_balancer.front 0, 100 <- 0
      verify front/sim_balancer.front <- 1
      mark verified <- 2 1 0
      gate r2/sound <- 3
    hand-over | passes: drain, fails: prove
      mark
      hook r1/demoted <- 0
      hook r2/promoted <- 1
    drain | passes: finish, fails: prove
      mark
      drain r1 <- 0
      gate r2/sound, watching <- 0
    finish | passes: done, fails: halt
      mark r1 retained 0, r2 live 100 closes
    abandon | passes: rolled back, fails: halt
      mark r2 failed 0, outside closes
    withdraw | passes: rolled back, fails: halt
      mark r2 failed 0
      ~ front/sim_balancer.front 100, 0 <- 0
      verify front/sim_balancer.front <- 1
      mark r2 failed 0 verified closes <- 0 2 1
    prove | passes: roll-back, fails: halt
      mark
      gate r1/sound <- 0
    roll-back | passes: rolled back, fails: halt
      mark r1 live 100, r2 failed 0
      ~ front/sim_balancer.front 100, 0 <- 0
      verify front/sim_balancer.front <- 1
      hook r2/demoted <- 2 1 0
      hook r1/promoted <- 3
      mark r2 failed 0 verified closes <- 2 1 0 4
    ");
}

#[test]
fn a_drain_waits_for_who_may_come_back_but_not_for_what_the_weight_has_lasted() {
    let mut stage = Stage::second(BALANCER, ENVIRONMENT, "steps = [100]\nwatch = \"1m\"");
    let not_before = |stage: &Stage| {
        let plan = stage.plan(Purpose::Promote);
        let drains = plan.operations().filter_map(|it| match &it.action {
            Action::Wait(Wait::Drain(drain)) => Some(drain.not_before.as_secs()),
            _ => None,
        });
        drains.collect::<Vec<_>>()
    };
    assert_eq!(not_before(&stage), [0]);
    let lasting = |seconds| Horizon { lasts: Duration::from_secs(seconds), why: "kept".into() };
    stage.horizons = vec![lasting(300), lasting(50)];
    assert_eq!(not_before(&stage), [240]);
    stage.horizons = vec![lasting(60)];
    assert_eq!(not_before(&stage), [0]);
}

#[test]
fn records_know_of_a_candidate_with_its_first_weight() {
    let stage = Stage::second(RECORDS, ENVIRONMENT, "steps = [50, 100]\npause = \"5m\"");
    assert_snapshot!(phases(&stage.plan(Purpose::Promote)), @r#"
    create | passes: ready, fails: abandon
      mark r2 candidate 0, outside opens
      + r2/sim_group.web <- 0
    ready | passes: weight-50, fails: abandon
      mark
      gate r2/sound <- 0
    weight-50 | passes: weight-100, fails: prove
      mark r1 live 50, r2 candidate 50
      ~ front/sim_record.www["r1"] 50 <- 0
      + front/sim_record.www["r2"] 50 <- 0
      verify front/sim_record.www["r1"] <- 1
      verify front/sim_record.www["r2"] <- 2
      mark verified <- 3 4 1 2 0
      wait 300s <- 5
      gate r2/sound, watching <- 5
    weight-100 | passes: drain, fails: prove
      mark r1 live 0, r2 candidate 100
      ~ front/sim_record.www["r1"] 0 <- 0
      ~ front/sim_record.www["r2"] 100 <- 0
      verify front/sim_record.www["r1"] <- 1
      verify front/sim_record.www["r2"] <- 2
      mark verified <- 3 4 1 2 0
      wait 300s <- 5
      gate r2/sound, watching <- 5
    drain | passes: finish, fails: prove
      mark
      drain r1 <- 0
      gate r2/sound, watching <- 0
    finish | passes: done, fails: halt
      mark r1 retained 0, r2 live 100 closes
    abandon | passes: rolled back, fails: halt
      mark r2 failed 0, outside closes
    prove | passes: roll-back, fails: halt
      mark
      gate r1/sound <- 0
    roll-back | passes: rolled back, fails: halt
      mark r1 live 100, r2 failed 0, outside
      ~ front/sim_record.www["r1"] 100 <- 0
      - front/sim_record.www["r2"] <- 0
      verify front/sim_record.www["r1"] <- 1
      mark r2 failed 0, outside verified closes <- 3 1 2 0
    "#);
}

#[test]
fn a_soak_copies_traffic_to_the_candidate_and_stops_copying() {
    let terms = "soak = { time = \"10m\", mirror = 20 }\nsteps = [100]";
    let plan = Stage::second(BALANCER, ENVIRONMENT, terms).plan(Purpose::Promote);
    assert_snapshot!(phases(&of(plan, &["soak", "soaked", "withdraw"])), @r"
    soak | passes: soaked, fails: withdraw
      mark r2 candidate 0
      ~ front/sim_balancer.front 100, 0 and 20 % copies <- 0
      verify front/sim_balancer.front <- 1
      mark verified <- 2 1 0
      wait 600s <- 3
      gate r2/sound, watching <- 3
      gate r2/coverage, watching <- 3
    soaked | passes: weight-100, fails: withdraw
      mark r2 candidate 0
      ~ front/sim_balancer.front 100, 0 <- 0
      verify front/sim_balancer.front <- 1
      mark verified <- 2 1 0
    withdraw | passes: rolled back, fails: halt
      mark r2 failed 0
      ~ front/sim_balancer.front 100, 0 <- 0
      verify front/sim_balancer.front <- 1
      mark r2 failed 0 verified closes <- 0 2 1
    ");
}

#[test]
fn a_rollback_gives_all_traffic_back_in_one_step() {
    let terms = "steps = [5, 100]\nsoak = \"1h\"";
    let stage = Stage::retained(BALANCER, ENVIRONMENT, terms);
    assert_snapshot!(phases(&stage.plan(Purpose::Rollback)), @r"
    begin | passes: ready, fails: abandon
      mark r2 candidate 0 opens
    ready | passes: weight-100, fails: abandon
      mark
      gate r2/sound <- 0
    weight-100 | passes: drain, fails: prove
      mark r1 live 0, r2 candidate 100
      ~ front/sim_balancer.front 0, 100 <- 0
      verify front/sim_balancer.front <- 1
      mark verified <- 2 1 0
      gate r2/sound <- 3
    drain | passes: finish, fails: prove
      mark
      drain r1 <- 0
      gate r2/sound, watching <- 0
    finish | passes: done, fails: halt
      mark r1 retained 0, r2 live 100 closes
    abandon | passes: rolled back, fails: halt
      mark r2 failed 0 closes
    prove | passes: roll-back, fails: halt
      mark
      gate r1/sound <- 0
    roll-back | passes: rolled back, fails: halt
      mark r1 live 100, r2 failed 0
      ~ front/sim_balancer.front 100, 0 <- 0
      verify front/sim_balancer.front <- 1
      mark r2 failed 0 verified closes <- 2 1 0
    ");
}

#[test]
fn without_gates_that_ask_the_live_side_a_failure_with_traffic_halts() {
    let environment = ENVIRONMENT.split("[gate").next().expect("a template");
    let plan = Stage::second(BALANCER, environment, "steps = [50, 100]").plan(Purpose::Promote);
    let names: BTreeSet<&str> = plan.phases.iter().map(|it| &*it.name).collect();
    assert!(!names.contains("prove") && !names.contains("roll-back"), "{names:?}");
    let shifting = plan.phases.iter().filter(|it| it.name.starts_with("weight-"));
    assert!(shifting.into_iter().all(|it| it.on_fail == Next::Halt));
}

#[test]
fn who_is_retired_leaves_the_front_before_it_goes() {
    let stage = Stage::retained(BALANCER, ENVIRONMENT, "");
    let both = stage.route().before();
    let mut outside = both.clone();
    outside.insert(scope("r2"), Standing { admitted: false, ..both[&scope("r2")] });
    let front = stage.at(&outside, &stage.state);
    let after = forecast(&stage.state, front.operations());
    let roster = stage.roster.clone();
    let removed = stage.without("r2").at(&both, &after);
    let plan = leave(&roster, &[scope("r2")], front, &removed);
    assert_snapshot!(phases(&plan), @r"
    leave | passes: remove, fails: halt
      mark r2 retained 0, outside
      ~ front/sim_balancer.front 100 <- 0
      verify front/sim_balancer.front <- 1
    remove | passes: done, fails: halt
      mark
      - r2/sim_group.web <- 0
      mark r2 forgotten <- 1 0
    ");
}

#[test]
fn waits_add_up_unless_somebody_has_to_approve() {
    let terms = |pause: &str| {
        format!("steps = [50, 100]\n{pause}\nwatch = \"10m\"\ndrain = {{ quiet = \"5s\" }}")
    };
    let shortest_of = |pause: &str| {
        let stage = Stage::second(BALANCER, ENVIRONMENT, &terms(pause));
        shortest(&stage.plan(Purpose::Promote)).map(|it| it.as_secs())
    };
    assert_eq!(shortest_of("pause = \"5m\""), Some(2 * 300 + 600 + 5));
    assert_eq!(shortest_of("pause = \"approval\""), None);
}

fn of(plan: Plan, names: &[&str]) -> Plan {
    let phases = plan.phases.into_iter().filter(|it| names.contains(&&*it.name)).collect();
    Plan { phases, ..plan }
}

fn terms() -> impl Strategy<Value = String> {
    let weights = proptest::collection::btree_set(1u8..100, 0..5);
    let pause = prop_oneof![Just("pause = \"5m\""), Just("pause = \"approval\""), Just("")];
    let soak = prop_oneof![Just("soak = \"1m\""), Just("")];
    let watch = prop_oneof![Just("watch = \"1m\""), Just("")];
    (weights, pause, soak, watch).prop_map(|(mut weights, pause, soak, watch)| {
        weights.insert(100);
        format!("steps = {:?}\n{pause}\n{soak}\n{watch}", Vec::from_iter(weights))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Every phase is reached once at most, and from every one there is an end.
    #[test]
    fn all_ways_lead_to_an_end(terms in terms(), records in any::<bool>()) {
        let front = if records { RECORDS } else { BALANCER };
        let plan = Stage::second(front, ENVIRONMENT, &terms).plan(Purpose::Promote);
        let places: BTreeMap<&str, usize> =
            plan.phases.iter().enumerate().map(|(at, it)| (&*it.name, at)).collect();
        prop_assert_eq!(places.len(), plan.phases.len(), "names are unique");
        for (at, phase) in plan.phases.iter().enumerate() {
            for next in [&phase.on_pass, &phase.on_fail] {
                if let Next::Phase(name) = next {
                    let to = places.get(&**name).copied();
                    prop_assert!(to.is_some_and(|to| to > at), "{} leads to {name}", phase.name);
                }
            }
            let operations = u32::try_from(phase.operations.len()).expect("few");
            for operation in &phase.operations {
                prop_assert!(operation.needs.iter().all(|it| it.operation < operations));
            }
        }
    }

    /// At every step the two sides share all traffic.
    #[test]
    fn candidate_and_live_share_all_traffic(percent in 0u8..=100) {
        let route = Stage::second(BALANCER, ENVIRONMENT, "").route();
        let weight = Weight::new(percent).expect("a percentage");
        let sum: u32 = route.at(weight).values().map(|it| u32::from(it.weight.percent())).sum();
        prop_assert_eq!(sum, 100);
    }
}
