use std::sync::Arc;

use greenroom_model::schema::ProviderSchema;
use greenroom_spec::parse::parse_project;
use greenroom_spec::schemas::Schemas;
use greenroom_spec::source::Sources;
use proptest::prelude::*;

use super::*;

fn project(stages: &str) -> Project {
    let mut sources = Sources::default();
    let text = format!("[project]\nname = \"shop\"\n{stages}");
    let file = sources.add("greenroom.toml", text);
    parse_project(&sources, file, &Schemas::new(Vec::<Arc<ProviderSchema>>::new())).value
}

const SHOP: &str = r#"
    [stage.build]
    run = ["true"]
    [stage.integration]
    needs = ["build"]
    [stage.performance]
    needs = ["build"]
    matrix = { size = [1, 2] }
    [stage.report]
    needs = ["integration", "performance"]
    [stage.lint]
"#;

fn selected(from: Option<&str>, only: &[&str]) -> Selection {
    let only = only.iter().map(|it| (*it).to_owned()).collect();
    Selection { from: from.map(str::to_owned), only }
}

fn names(selection: &Selection) -> Vec<String> {
    let jobs = jobs(&project(SHOP), selection).unwrap();
    jobs.into_iter().map(|it| it.name).collect()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

fn schedule(keep_going: bool) -> Schedule {
    let mut jobs = jobs(&project(SHOP), &Selection::default()).unwrap();
    for job in &mut jobs {
        job.inputs = Some(format!("inputs of {}", job.name));
    }
    Schedule::new("shop", "pr-17", jobs, keep_going, at(0))
}

fn run(outcome: Outcome) -> Run {
    Run {
        stage: String::new(),
        environment: None,
        matrix: Default::default(),
        image_set: None,
        outcome,
        exit: outcome.code(Some(1)),
        started: at(0),
        ended: at(1),
        up: None,
        commands: Vec::new(),
        deliveries: Vec::new(),
        attested: None,
        not_attested: None,
        down: None,
        remains: None,
        operations: Vec::new(),
    }
}

fn started(schedule: &mut Schedule, limit: usize) -> Vec<String> {
    let started = schedule.start(limit);
    started.into_iter().map(|at| schedule.record().jobs[at].name.clone()).collect()
}

fn end(schedule: &mut Schedule, name: &str, outcome: Outcome) {
    let at = schedule.record().jobs.iter().position(|it| it.name == name).unwrap();
    schedule.ended(at, run(outcome));
}

fn standing(schedule: &Schedule, name: &str) -> Standing {
    schedule.record().jobs.iter().find(|it| it.name == name).unwrap().standing
}

#[test]
fn stages_come_after_what_they_need_and_some_can_be_chosen() {
    let all =
        ["build", "integration", "lint", "performance (size=1)", "performance (size=2)", "report"];
    assert_eq!(names(&Selection::default()), all);
    assert_eq!(names(&selected(Some("integration"), &[])), ["integration", "report"]);
    assert_eq!(names(&selected(None, &["lint", "report"])), ["lint", "report"]);
    let unknown = jobs(&project(SHOP), &selected(Some("biuld"), &[]));
    assert!(matches!(unknown, Err(WantedError::NoStage { help: Some(help), .. })
        if help == "did you mean `build`?"));
}

#[test]
fn independent_stages_run_side_by_side_within_the_limit() {
    let mut schedule = schedule(false);
    assert_eq!(started(&mut schedule, 2), ["build", "lint"]);
    end(&mut schedule, "build", Outcome::Passed);
    assert_eq!(started(&mut schedule, 2), ["integration"]);
    end(&mut schedule, "lint", Outcome::Passed);
    assert_eq!(started(&mut schedule, 3), ["performance (size=1)", "performance (size=2)"]);
    for name in ["integration", "performance (size=1)"] {
        end(&mut schedule, name, Outcome::Passed);
        assert_eq!(started(&mut schedule, 9), Vec::<String>::new());
    }
    end(&mut schedule, "performance (size=2)", Outcome::Passed);
    assert_eq!(started(&mut schedule, 9), ["report"]);
    end(&mut schedule, "report", Outcome::Passed);
    assert!(schedule.record().passed());
}

#[test]
fn a_failure_stops_only_what_needs_it() {
    for keep_going in [false, true] {
        let mut schedule = schedule(keep_going);
        schedule.start(9);
        end(&mut schedule, "build", Outcome::CommandFailed);
        assert_eq!(standing(&schedule, "lint"), Standing::Running);
        let expected = if keep_going { Standing::Waiting } else { Standing::Skipped };
        assert_eq!(standing(&schedule, "integration"), expected);
        assert_eq!(standing(&schedule, "report"), expected);
        assert!(!schedule.record().passed());
    }
}

#[test]
fn a_stage_that_promotes_is_not_run() {
    let promotes =
        "[stage.p]\ntemplate = \"t\"\nfront = \"f\"\n[stage.p.promotion]\nsteps = [100]\n";
    let jobs = jobs(&project(promotes), &Selection::default()).unwrap();
    assert_eq!(jobs[0].standing, Standing::Skipped);
    assert!(Schedule::new("shop", "x", jobs, false, at(0)).start(9).is_empty());
}

#[test]
fn what_passed_before_an_interruption_is_taken_over_if_its_inputs_are_the_same() {
    let mut earlier = schedule(false);
    earlier.start(9);
    end(&mut earlier, "build", Outcome::Passed);
    earlier.start(9);
    end(&mut earlier, "integration", Outcome::Passed);
    end(&mut earlier, "performance (size=1)", Outcome::CommandFailed);
    let interrupted = earlier.record().clone();

    let mut again = schedule(false);
    again.reuse(&interrupted);
    assert_eq!(started(&mut again, 9), ["lint", "performance (size=1)", "performance (size=2)"]);
    assert_eq!(standing(&again, "integration"), Standing::Reused);

    let mut changed = schedule(false);
    changed.record.jobs[0].inputs = Some("other sources".to_owned());
    changed.reuse(&interrupted);
    assert_eq!(started(&mut changed, 9), ["build", "lint"]);
    assert_eq!(standing(&changed, "integration"), Standing::Waiting, "its need is run anew");

    let mut finished = interrupted;
    finished.ended = Some(at(9));
    let mut anew = schedule(false);
    anew.reuse(&finished);
    assert_eq!(started(&mut anew, 9), ["build", "lint"]);
}

#[test]
fn a_cancelled_pipeline_starts_nothing_more_and_is_not_finished() {
    let mut schedule = schedule(true);
    schedule.start(1);
    schedule.cancel();
    end(&mut schedule, "build", Outcome::Cancelled);
    assert!(started(&mut schedule, 9).is_empty());
    schedule.finish(at(2));
    assert!(!schedule.record().is_finished());
}

proptest! {
    /// Whatever fails, and however many run at a time: every job is started at most once, after
    /// all that it needs, and in the end none waits.
    #[test]
    fn every_job_comes_to_its_end(
        limit in 1_usize..4,
        keep_going: bool,
        fails in proptest::collection::vec(any::<bool>(), 6),
    ) {
        let mut schedule = schedule(keep_going);
        let (mut running, mut seen) = (Vec::new(), Vec::new());
        loop {
            for at in schedule.start(limit) {
                prop_assert!(!seen.contains(&at));
                let job = &schedule.record().jobs[at];
                let needed = schedule.record().jobs.iter().filter(|it| job.needs.contains(&it.stage));
                for it in needed {
                    let fit = match it.standing {
                        Standing::Passed => true,
                        Standing::Failed | Standing::Skipped => keep_going,
                        _ => false,
                    };
                    prop_assert!(fit, "{} started after {:?}", job.name, it);
                }
                seen.push(at);
                running.push(at);
            }
            prop_assert!(running.len() <= limit);
            let Some(at) = running.pop() else { break };
            let outcome = if fails[at] { Outcome::CommandFailed } else { Outcome::Passed };
            schedule.ended(at, run(outcome));
        }
        let open = |it: &&Job| matches!(it.standing, Standing::Waiting | Standing::Running);
        prop_assert_eq!(schedule.record().jobs.iter().find(open), None);
    }
}
