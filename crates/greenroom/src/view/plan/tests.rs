//! Each kind of operation as it is shown.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use greenroom_model::expr::Expr;
use greenroom_model::gate::{
    Bounds, Cloudwatch, Gate, Measure, MinHealthy, OnInconclusive, Pace, Probe, Prometheus,
    TrafficProbe,
};
use greenroom_model::identity::{Incarnation, Lineage, Uid};
use greenroom_model::journal::{Handle, Lifecycle};
use greenroom_model::metric::{MetricQuery, Series};
use greenroom_model::plan::{
    Asked, Change, Expectation, LifecycleRecord, Operation, OperationId, OperationKind, Removal,
    RemovalReason, ReplaceOrder, ReplaceReason, Replacement, Wait,
};
use greenroom_model::roster::{Course, Mark, Placing, Role, Weight};
use greenroom_model::state::Status;
use greenroom_model::value::Number;
use insta::assert_snapshot;

mod promotion;

use super::*;

fn plan(operations: impl IntoIterator<Item = Action>) -> Plan {
    Plan {
        project: "shop".into(),
        stage: "integration".into(),
        environment: Some("default".parse().unwrap()),
        lineage: Lineage("00".into()),
        purpose: Purpose::Apply,
        inputs: BTreeMap::new(),
        versions: BTreeMap::new(),
        drift: Vec::new(),
        lifecycles: Vec::new(),
        phases: vec![phase("apply", operations, Next::Done, Next::Halt)],
        outputs: BTreeMap::new(),
    }
}

fn phase(
    name: &str,
    actions: impl IntoIterator<Item = Action>,
    on_pass: Next,
    on_fail: Next,
) -> Phase {
    let operation = |action: Action| Operation {
        id: OperationId { phase: name.into(), kind: OperationKind::Create, subject: "any".into() },
        action,
        needs: Vec::new(),
        expects: Expectation::Nothing,
    };
    let operations = actions.into_iter().map(operation).collect();
    Phase { name: name.into(), operations, on_pass, on_fail }
}

fn change(address: &str, prior: Option<Value>, planned: Value) -> Change {
    Change {
        address: address.parse().unwrap(),
        uid: Uid("new".into()),
        incarnation: Incarnation(1),
        provider: "local".into(),
        config: planned.clone(),
        planned,
        prior,
        replaces: None,
        lifecycle: Lifecycle::default(),
        handle: Handle { token: "t".into(), natural_key: None },
        timeout: None,
    }
}

fn removal(address: &str, reason: RemovalReason) -> Removal {
    Removal {
        address: address.parse().unwrap(),
        uid: Uid("old".into()),
        id: "i-0ff".into(),
        provider: "local".into(),
        prior: Value::object([("port", 80.into())]),
        status: Status::Ready,
        deposed: reason == RemovalReason::Deposed,
        reason,
        timeout: None,
    }
}

fn replace(
    address: &str,
    prior: Value,
    planned: Value,
    order: ReplaceOrder,
    reason: ReplaceReason,
) -> [Action; 2] {
    let gone = RemovalReason::Replaced { reason: reason.clone(), config: planned.clone() };
    let new = Change {
        replaces: Some(Replacement { order, reason, old: Uid("old".into()) }),
        ..change(address, Some(prior), planned)
    };
    [Action::Delete(Box::new(removal(address, gone))), Action::Create(Box::new(new))]
}

fn pending(root: &str, names: &[&str]) -> Value {
    Value::pending(Expr::reference(root, names.iter().map(|it| Arc::<str>::from(*it))))
}

fn secret(value: &str) -> Value {
    Value::sensitive(value.into(), Expr::reference("var", ["token"]))
}

fn instance(port: i64, greeting: &str) -> Value {
    Value::object([
        ("command", Value::list(["./server", "--quiet"])),
        ("environment", Value::object([("GREETING", greeting.into())])),
        ("id", "i-0ff".into()),
        ("port", port.into()),
        ("user", Value::Null),
    ])
}

fn shown(plan: &Plan) -> String {
    PlanView::of(plan, false).text(Palette::PLAIN)
}

#[test]
fn a_create_shows_what_is_known_and_what_the_rest_will_be() {
    let planned = Value::object([
        ("command", Value::list(["./server"])),
        ("environment", Value::object([("TOKEN", secret("s3cret")), ("USER", "ann".into())])),
        ("id", pending("local_instance", &["web", "id"])),
        ("target", pending("local_target_group", &["web", "id"])),
        ("user", Value::Null),
    ]);
    let shown = shown(&plan([
        Action::Create(Box::new(change("default/local_instance.web", None, planned))),
        Action::Create(Box::new(change(
            "front/local_load_balancer.front",
            None,
            Value::object::<&str>([]),
        ))),
    ]));
    assert_snapshot!(shown, @r#"
    Plan for shop/integration/default

    default:
        + local_instance.web
          command           = ["./server"]
          environment.TOKEN = (sensitive)
          environment.USER  = "ann"
          id                = (known after apply)
          target            = (known after apply: local_target_group.web.id)

    front:
        + local_load_balancer.front

    Plan: 2 to add, 0 to change, 0 to replace, 0 to destroy.
    "#);
}

#[test]
fn an_update_shows_each_value_before_and_after() {
    let update = change(
        r#"default/local_instance.web["a b"]"#,
        Some(instance(80, "hello")),
        instance(80, "good day"),
    );
    assert_snapshot!(shown(&plan([Action::Update(Box::new(update))])), @r#"
    Plan for shop/integration/default

    default:
        ~ local_instance.web["a b"]
          environment.GREETING = "hello" -> "good day"

    Plan: 0 to add, 1 to change, 0 to replace, 0 to destroy.
    "#);
}

#[test]
fn a_replacement_shows_its_order_and_what_forces_it() {
    let port = ReplaceReason::Attributes(vec!["port".parse().unwrap()]);
    let maybe = ReplaceReason::Pending(vec!["image".parse().unwrap()]);
    let image = |value: Value| Value::object([("image", value)]);
    let mut actions = Vec::new();
    actions.extend(replace(
        "default/local_instance.a",
        instance(80, "hello"),
        instance(81, "hello"),
        ReplaceOrder::DestroyFirst,
        port,
    ));
    let one = replace(
        "default/local_instance.b",
        image("old".into()),
        image(pending("greenroom_value", &["image", "output"])),
        ReplaceOrder::CreateFirst,
        maybe,
    );
    actions.extend(one.map(|action| renamed(action, "b-old")));
    assert_snapshot!(shown(&plan(actions)), @r#"
    Plan for shop/integration/default

    default:
      -/+ local_instance.a
          port = 80 -> 81  # forces replacement
      +/- local_instance.b
          # replaced only if what is not known yet turns out to differ
          image = "old" -> (known after apply: greenroom_value.image.output)  # forces replacement if it differs

    Plan: 0 to add, 0 to change, 2 to replace, 0 to destroy.
    "#);
}

/// The same with another old object, so that two replacements can stand in one plan.
fn renamed(action: Action, old: &str) -> Action {
    match action {
        Action::Create(mut change) => {
            if let Some(replacement) = &mut change.replaces {
                replacement.old = Uid(old.into());
            }
            Action::Create(change)
        }
        Action::Delete(mut removal) => {
            removal.uid = Uid(old.into());
            Action::Delete(removal)
        }
        other => other,
    }
}

#[test]
fn a_replacement_without_a_changed_attribute_says_why() {
    let same = || instance(80, "hello");
    let reasons = [
        ("a", ReplaceOrder::DestroyFirst, ReplaceReason::Failed("exited with 1".into())),
        (
            "b",
            ReplaceOrder::CreateFirstForReference,
            ReplaceReason::Triggered("local_instance.a".into()),
        ),
    ];
    let actions = reasons.into_iter().flat_map(|(name, order, reason)| {
        let address = format!("default/local_instance.{name}");
        replace(&address, same(), same(), order, reason).map(|action| renamed(action, name))
    });
    assert_snapshot!(shown(&plan(actions)), @r"
    Plan for shop/integration/default

    default:
      -/+ local_instance.a
          # replaced because it failed: exited with 1
      +/- local_instance.b
          # replaced because local_instance.a changes
          # made first, because a reference to the old one blocks its deletion

    Plan: 0 to add, 0 to change, 2 to replace, 0 to destroy.
    ");
}

#[test]
fn removals_say_why_and_what() {
    let shown = shown(&plan([
        Action::Delete(Box::new(removal("default/local_instance.a", RemovalReason::NotConfigured))),
        Action::Delete(Box::new(removal("default/local_instance.b", RemovalReason::Deposed))),
        Action::Delete(Box::new(removal("front/local_listener.http", RemovalReason::Destroyed))),
    ]));
    assert_snapshot!(shown, @r"
    Plan for shop/integration/default

    default:
        - local_instance.a (id i-0ff)
          # no longer in the specs
        - local_instance.b (id i-0ff)
          # left behind by an earlier replacement

    front:
        - local_listener.http (id i-0ff)

    Plan: 0 to add, 0 to change, 0 to replace, 3 to destroy.
    ");
}

#[test]
fn what_is_finished_read_and_asked_has_its_place() {
    let gate = Gate {
        probe: Probe::Http {
            url: "http://127.0.0.1/health".into(),
            status: 200,
            body: Some("ok".into()),
        },
        pace: Pace::default(),
        on_inconclusive: OnInconclusive::Halt,
    };
    let shown = shown(&plan([
        Action::Complete {
            address: "default/local_instance.web[0]".parse().unwrap(),
            uid: Uid("u".into()),
        },
        Action::Read {
            address: "default/data.local_port.free".parse().unwrap(),
            provider: "local".into(),
            config: Value::object([("near", pending("local_instance", &["web", "port"]))]),
        },
        Action::Gate {
            scope: "default".parse().unwrap(),
            name: "web".into(),
            gate: Box::new(gate),
            asked: Asked::Once,
        },
    ]));
    assert_snapshot!(shown, @r#"
    Plan for shop/integration/default

    default:
      ... local_instance.web[0]
          # made by an earlier run; only its readiness is waited for
       <= data.local_port.free
          near = (known after apply: local_instance.web.port)

    Gates:
      ? default/web: GET http://127.0.0.1/health answers 200 and "ok"

    Plan: 0 to add, 0 to change, 0 to replace, 0 to destroy, 1 to finish, 1 to read, 1 gate to pass.
    "#);
}

#[test]
fn a_gate_says_what_it_asks() {
    let number = |number: f64| Number::try_from(number).ok();
    let at_most = |max| Bounds { max: number(max), min: None };
    let traffic = |measure, bounds| {
        let max_over_live = number(1.5);
        TrafficProbe { measure, bounds, max_over_live, min_samples: 100, window: None }
    };
    let cloudwatch = |query, bounds| {
        Probe::Cloudwatch(Cloudwatch { provider: "aws".into(), query, bounds, companion: None })
    };
    let series = Series {
        namespace: "AWS/ApplicationELB".into(),
        metric: "HTTPCode_Target_5XX_Count".into(),
        dimensions: BTreeMap::new(),
        statistic: "Sum".into(),
        period: Duration::from_secs(60),
    };
    let latency = Measure::Latency { quantile: number(0.95).unwrap() };
    let probes = [
        Probe::TargetHealth {
            block: "local_target_group.web".parse().unwrap(),
            min_healthy: MinHealthy::Percent(80),
        },
        Probe::Prometheus(Prometheus {
            url: "http://localhost:9090".into(),
            query: pending("output", &["query"]),
            bounds: Bounds { max: number(3.0), min: number(0.5) },
            companion: None,
        }),
        Probe::Traffic(traffic(Measure::ErrorRate, at_most(0.5))),
        Probe::Traffic(traffic(latency, Bounds::default())),
        cloudwatch(MetricQuery::Alarm { name: "errors".into() }, Bounds::default()),
        cloudwatch(MetricQuery::Value(series), at_most(10.0)),
    ];
    let actions = probes.into_iter().zip(0..).map(|(probe, position)| Action::Gate {
        scope: "default".parse().unwrap(),
        name: format!("g{position}").into(),
        gate: Box::new(Gate { probe, pace: Pace::default(), on_inconclusive: Default::default() }),
        asked: Asked::Once,
    });
    assert_snapshot!(shown(&plan(actions)), @"
    Plan for shop/integration/default

    Gates:
      ? default/g0: 80% of the targets of local_target_group.web are healthy
      ? default/g1: `(known after apply: output.query)` at http://localhost:9090 is at least 0.5 and at most 3
      ? default/g2: error rate is at most 0.5 % and at most 1.5 times the live side's
      ? default/g3: latency at 95 % is at most 1.5 times the live side's
      ? default/g4: alarm `errors` is OK
      ? default/g5: Sum of `AWS/ApplicationELB HTTPCode_Target_5XX_Count` is at most 10

    Plan: 0 to add, 0 to change, 0 to replace, 0 to destroy, 6 gates to pass.
    ");
}

#[test]
fn drift_stands_apart_from_what_was_asked_for() {
    let drift = |address: &str, seen| Drift {
        address: address.parse().unwrap(),
        uid: Uid("u".into()),
        recorded: instance(80, "hello"),
        seen,
    };
    let drifted = Plan {
        drift: vec![
            drift("default/local_instance.a", DriftSeen::Gone),
            drift(
                "default/local_instance.b",
                DriftSeen::Changed { attributes: instance(81, "hello") },
            ),
            drift(
                "default/local_instance.c",
                DriftSeen::Failed { reason: "exited".into(), attributes: instance(80, "hello") },
            ),
        ],
        ..plan([])
    };
    assert_snapshot!(shown(&drifted), @r"
    Plan for shop/integration/default

    Changed outside of Greenroom:
      ! default/local_instance.a is gone
      ! default/local_instance.b changed
          port = 80 -> 81
      ! default/local_instance.c failed: exited

    No changes to make; what changed outside is recorded by the next apply.
    ");
}

#[test]
fn outputs_show_what_becomes_of_them() {
    let output = |prior: Option<Value>, value: Value| PlannedOutput { value, prior };
    let outputs = [
        ("same", output(Some(1.into()), 1.into())),
        ("new", output(None, pending("local_listener", &["http", "url"]))),
        ("changed", output(Some("a".into()), "b".into())),
        ("removed", output(Some("a".into()), Value::Null)),
        ("token", output(Some(secret("old")), secret("new"))),
    ];
    let named = |it: (&str, PlannedOutput)| (Arc::from(it.0), it.1);
    let front = [("url", output(None, "http://x".into()))];
    let planned = Plan {
        outputs: [
            ("default".parse().unwrap(), outputs.into_iter().map(named).collect()),
            ("front".parse().unwrap(), front.into_iter().map(named).collect()),
        ]
        .into(),
        ..plan([])
    };
    assert_snapshot!(shown(&planned), @r#"
    Plan for shop/integration/default

    Outputs:
      ~ changed   = "a" -> "b"
      + front.url = "http://x"
      + new       = (known after apply: local_listener.http.url)
      - removed   = "a"
      ~ token     = (sensitive) -> (sensitive)

    Plan: 0 to add, 0 to change, 0 to replace, 0 to destroy.
    "#);
}

#[test]
fn phases_are_named_where_there_are_several() {
    let placing = Placing {
        role: Role::Candidate,
        weight: Weight::new(5).unwrap(),
        admitted: true,
        retain: None,
    };
    let entries = BTreeMap::from([("r2".parse().unwrap(), Some(placing))]);
    let mark = Mark { entries, verified: false, course: Course::GoesOn };
    let phases = vec![
        phase(
            "soak",
            [Action::Wait(Wait::For(Duration::from_secs(90)))],
            Next::Phase("shift".into()),
            Next::Phase("back".into()),
        ),
        phase(
            "shift",
            [Action::Mark(Box::new(mark)), Action::Wait(Wait::Approval)],
            Next::Done,
            Next::Halt,
        ),
    ];
    let promoted = Plan { phases, purpose: Purpose::Promote, environment: None, ..plan([]) };
    assert_snapshot!(shown(&promoted), @r"
    Plan to promote in shop/integration

    Phase soak (then shift; if it fails, back)
      * wait 1m 30s

    Phase shift (then done; if it fails, halt)
      * record r2 candidate at 5 %
      * wait for approval

    Plan: 0 to add, 0 to change, 0 to replace, 0 to destroy.
    ");
}

#[test]
fn a_plan_that_only_records_says_so() {
    let lifecycles = ["default/a.b", "default/a.c"].map(|address| LifecycleRecord {
        address: address.parse().unwrap(),
        uid: Uid("00".into()),
        lifecycle: Lifecycle::default(),
    });
    let plan = Plan { lifecycles: lifecycles.into(), ..plan([]) };
    assert_snapshot!(shown(&plan), @r"
    Plan for shop/integration/default

    No changes to make; what the specs now say of 2 objects is recorded by the next apply.
    ");
}

#[test]
fn an_empty_plan_is_one_line() {
    assert_snapshot!(shown(&plan([])), @"No changes. shop/integration/default: it is as the specs say.");
    let destroy = Plan { purpose: Purpose::Destroy, ..plan([]) };
    assert_snapshot!(shown(&destroy), @"No changes. shop/integration/default: there is nothing to destroy.");
}

#[test]
fn ten_thousand_operations_do_not_flood_and_what_goes_away_is_shown_first() {
    let value = || Value::object([("input", 1.into())]);
    let creates = (0..10_000).map(|index| {
        let address = format!("default/greenroom_value.many[{index}]");
        Action::Create(Box::new(change(&address, None, value())))
    });
    let delete = removal("front/zone_record.last", RemovalReason::NotConfigured);
    let plan = plan(creates.chain([Action::Delete(Box::new(delete))]));
    let shown = shown(&plan);
    assert!(shown.lines().count() < 250, "{} lines", shown.lines().count());
    assert!(shown.contains("- zone_record.last (id i-0ff)"));
    assert!(shown.contains("    + 9,901 greenroom_value\n"), "{shown}");
    assert!(shown.ends_with("Plan: 10,000 to add, 0 to change, 0 to replace, 1 to destroy.\n"));
    let all = PlanView::of(&plan, true).text(Palette::PLAIN);
    assert!(all.contains("greenroom_value.many[9999]") && !all.contains("not shown"));
}

#[test]
fn colour_adds_nothing_but_colour() {
    let plan =
        plan([Action::Delete(Box::new(removal("default/a.b", RemovalReason::NotConfigured)))]);
    let coloured = PlanView::of(&plan, false).text(Palette::new(true, true));
    let mut plain = String::new();
    let mut rest = coloured.as_str();
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        plain.push_str(before);
        rest = after.split_once('m').expect("a colour ends with m").1;
    }
    plain.push_str(rest);
    assert_eq!(plain, shown(&plan));
}

#[test]
fn json_holds_every_operation_and_no_secret() {
    let planned = Value::object([
        ("id", pending("local_instance", &["web", "id"])),
        ("token", secret("s3cret")),
    ]);
    let create = change("default/local_instance.web", None, planned);
    let plan = plan([Action::Create(Box::new(create))]);
    let fields = PlanView::of(&plan, false).fields();
    assert_snapshot!(serde_json::to_string_pretty(&fields["phases"][0]["changes"]).unwrap(), @r#"
    [
      {
        "action": "create",
        "address": "default/local_instance.web",
        "attributes": [
          {
            "after": {
              "$pending": "local_instance.web.id"
            },
            "before": null,
            "forces_replacement": "no",
            "path": "id"
          },
          {
            "after": {
              "$sensitive": true
            },
            "before": null,
            "forces_replacement": "no",
            "path": "token"
          }
        ],
        "id": null,
        "order": null,
        "why": []
      }
    ]
    "#);
    assert_eq!(fields["counts"]["add"], 1);
}
