//! A pipeline to test reports with: jobs side by side, one that failed, one that was skipped.

use std::time::Duration;

use greenroom_delivery::record::{
    Command, FORMAT, Job, Operation, Outcome, Part, Pipeline, Run, Standing,
};
use jiff::Timestamp;
use serde_json::json;

/// When it began.
const START: &str = "2026-03-05T14:02:11Z";

/// How many operations are under way at a time.
const LANES: usize = 7;

/// The objects of its environments, with the seconds that it takes to create one.
const OBJECTS: [(&str, u64); 20] = [
    ("aws_vpc.main", 3),
    ("aws_internet_gateway.main", 2),
    ("aws_subnet.public[\"a\"]", 4),
    ("aws_subnet.public[\"b\"]", 4),
    ("aws_subnet.private[\"a\"]", 5),
    ("aws_subnet.private[\"b\"]", 5),
    ("aws_route_table.public", 3),
    ("aws_route.internet", 2),
    ("aws_security_group.web", 4),
    ("aws_security_group.data", 4),
    ("aws_iam_role.web", 7),
    ("aws_iam_instance_profile.web", 9),
    ("aws_lb.front", 48),
    ("aws_lb_target_group.web", 4),
    ("aws_lb_listener.https", 3),
    ("aws_launch_template.web", 3),
    ("aws_instance.web[0]", 37),
    ("aws_instance.web[1]", 41),
    ("aws_instance.web[2]", 33),
    ("aws_route53_record.shop", 14),
];

/// The pipeline.
pub(super) fn pipeline() -> Pipeline {
    let jobs = vec![lint(), build(), integration(), small(), large(), release()];
    Pipeline {
        format: FORMAT,
        written_by: "greenroom 0.1.0".to_owned(),
        project: "shop".to_owned(),
        name: "b4127".to_owned(),
        started: at(0),
        ended: jobs.iter().filter_map(|job| job.run.as_ref()).map(|run| run.ended).max(),
        jobs,
    }
}

/// The first job of that name, or of that stage with the combination that failed.
pub(super) fn job(name: &str) -> Job {
    let of_name = |job: &&Job| job.name == name;
    let failed = |job: &&Job| job.stage == name && job.standing == Standing::Failed;
    let jobs = pipeline().jobs;
    let found = jobs.iter().find(of_name).or_else(|| jobs.iter().find(failed));
    found.expect("the sample has it").clone()
}

fn lint() -> Job {
    let run = without_environment("lint", -1800, &[("cargo clippy --workspace", 41)]);
    Job { standing: Standing::Reused, ..passed("lint", &[], run) }
}

fn build() -> Job {
    let run = without_environment(
        "build",
        1,
        &[("cargo build --release --locked", 74), ("greenroom image bake web", 22)],
    );
    passed("build", &["lint"], run)
}

fn integration() -> Job {
    let run = with_environment(
        "integration",
        98,
        &[("cargo nextest run --profile integration --archive-file tests.tar.zst", 96)],
    );
    passed("integration", &["build"], run)
}

fn small() -> Job {
    let mut run = with_environment("performance", 99, &[("k6 run --vus 20 load.js", 120)]);
    run.environment = Some("b4127-performance-small".to_owned());
    run.matrix = [("size".to_owned(), json!("small"))].into();
    Job { name: "performance (size=small)".to_owned(), ..passed("performance", &["build"], run) }
}

/// The one that fails: in its command, and in its teardown.
fn large() -> Job {
    let mut run = with_environment(
        "performance",
        104,
        &[("k6 run --vus 20 warm-up.js", 30), ("k6 run --vus 400 load.js", 150)],
    );
    run.environment = Some("b4127-performance-large".to_owned());
    run.matrix = [("size".to_owned(), json!("large"))].into();
    (run.outcome, run.exit) = (Outcome::CommandFailed, 99);
    run.commands[1].status = 99;
    let gateway = run.operations.last_mut().expect("it has operations");
    let error = "aws_vpc.main: DependencyViolation: the vpc 'vpc-0a1b2c3d4e5f' has dependencies and \
                 cannot be deleted\n  while deleting `performance/aws_vpc.main`";
    gateway.error = Some(error.to_owned());
    run.down.as_mut().expect("it was torn down").error = Some(error.to_owned());
    run.remains = Some("greenroom down performance --env b4127-performance-large --yes".to_owned());
    Job {
        name: "performance (size=large)".to_owned(),
        standing: Standing::Failed,
        ..passed("performance", &["build"], run)
    }
}

fn release() -> Job {
    Job {
        standing: Standing::Skipped,
        reason: Some("performance failed, which it needs".to_owned()),
        log: None,
        run: None,
        ..passed("release", &["integration", "performance"], without_environment("release", 0, &[]))
    }
}

fn passed(stage: &str, needs: &[&str], run: Run) -> Job {
    let log = run.environment.as_deref().unwrap_or(stage);
    Job {
        name: stage.to_owned(),
        stage: stage.to_owned(),
        matrix: run.matrix.clone(),
        needs: needs.iter().map(|it| (*it).to_owned()).collect(),
        standing: Standing::Passed,
        reason: None,
        inputs: None,
        log: Some(format!("logs/{log}.log").into()),
        run: Some(run),
    }
}

/// A run from `start` on, of commands with the seconds that they take.
fn without_environment(stage: &str, start: i64, commands: &[(&str, u64)]) -> Run {
    let mut clock = at(start);
    let commands: Vec<Command> = commands
        .iter()
        .map(|(text, seconds)| Command {
            text: (*text).to_owned(),
            started: clock,
            ended: forward(&mut clock, *seconds),
            status: 0,
            error: None,
        })
        .collect();
    Run {
        stage: stage.to_owned(),
        environment: None,
        matrix: [].into(),
        image_set: None,
        outcome: Outcome::Passed,
        exit: 0,
        started: at(start),
        ended: clock,
        up: None,
        commands,
        deliveries: Vec::new(),
        attested: None,
        not_attested: None,
        down: None,
        remains: None,
        operations: Vec::new(),
    }
}

/// The same in an environment, which comes up before and goes down after it.
fn with_environment(stage: &str, start: i64, commands: &[(&str, u64)]) -> Run {
    let mut operations = operations(at(start), "create", OBJECTS.into_iter());
    let up = part(at(start), &operations);
    let since = up.ended.duration_since(at(0)).as_secs();
    let run = without_environment(stage, since, commands);
    let faster = OBJECTS.into_iter().rev().map(|(object, seconds)| (object, 1 + seconds / 2));
    let removals = self::operations(run.ended, "delete", faster);
    let down = part(run.ended, &removals);
    operations.extend(removals);
    Run {
        environment: Some(format!("b4127-{stage}")),
        image_set: Some("sha256:7d2f9c41e8b05a63".to_owned()),
        started: at(start),
        ended: down.ended,
        up: Some(up),
        down: Some(down),
        operations,
        ..run
    }
}

fn operations(
    start: Timestamp,
    verb: &str,
    objects: impl Iterator<Item = (&'static str, u64)>,
) -> Vec<Operation> {
    let mut free = [start; LANES];
    let mut operations: Vec<Operation> = objects
        .map(|(object, seconds)| {
            let lane = free.iter_mut().min().expect("there are lanes");
            Operation {
                what: format!("{verb} default/{object}"),
                started: *lane,
                ended: forward(lane, seconds),
                error: None,
            }
        })
        .collect();
    operations.sort_by_key(|it| it.started);
    operations
}

fn part(started: Timestamp, operations: &[Operation]) -> Part {
    let ended = operations.iter().map(|it| it.ended).max().unwrap_or(started);
    Part { started, ended, error: None }
}

fn at(seconds: i64) -> Timestamp {
    let start: Timestamp = START.parse().expect("it is a time");
    start + jiff::SignedDuration::from_secs(seconds)
}

fn forward(clock: &mut Timestamp, seconds: u64) -> Timestamp {
    *clock += Duration::from_secs(seconds);
    *clock
}
