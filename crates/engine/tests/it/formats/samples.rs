//! The data behind the golden files. What format 1 means is fixed: add samples, change none.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use greenroom_engine::format::plan::seal;
use greenroom_engine::format::reference_to;
use greenroom_model::address::Address;
use greenroom_model::expr::Expr;
use greenroom_model::gate::{Gate, GateResult, OnInconclusive, Pace, Probe, Verdict};
use greenroom_model::identity::{Digest, EnvironmentKind, Incarnation, Lineage, Sequence, Uid};
use greenroom_model::journal::{
    Effect, Entry, Handle, Intent, Lifecycle, Made, Outcome, Seen, Subject,
};
use greenroom_model::plan::*;
use greenroom_model::roster::{
    Course, Decision, Entry as RosterEntry, Mark, Placing, Promotion, Role, Roster, Weight,
};
use greenroom_model::schema::Strength;
use greenroom_model::state::{
    Image, Inputs, Instance, Lifetime, Reads, Remote, Run, ScopeState, State, Status, Watch,
};
use greenroom_model::value::{Object, Value, mark_sensitive};
use greenroom_spec::expr::parse_expression;

fn address(text: &str) -> Address {
    text.parse().expect("an address")
}

fn operation(text: &str) -> OperationId {
    text.parse().expect("an operation's id")
}

fn expr(text: &str) -> Expr {
    parse_expression(text).expect("an expression")
}

pub(super) fn pending(text: &str) -> Value {
    Value::pending(expr(text))
}

fn secret(text: &str, source: &str) -> Value {
    Value::sensitive(Value::from(text), expr(source))
}

fn lineage() -> Lineage {
    Lineage("8c1f0e6a4b7d42d39a5be0f1c2d3e4f5".into())
}

fn uid(at: &str, incarnation: u32) -> Uid {
    Uid::derive(&lineage(), &address(at), Incarnation(incarnation))
}

fn digest(of: &str) -> Digest {
    Digest::of(of.as_bytes())
}

fn reads(of: &[(&str, Strength)]) -> Arc<Reads> {
    Arc::new(of.iter().map(|(text, strength)| (address(text), *strength)).collect())
}

fn instance_attributes(at: &str, id: &str) -> Value {
    let attributes = Value::object([
        ("id", Value::from(id)),
        ("command", Value::list(["./shop-server", "--port", "8080"])),
        ("environment", Value::object([("TOKEN", "s3cret".into()), ("a b", Value::from("x"))])),
        ("port", Value::from(8080)),
        ("weight", Value::Number(0.5.try_into().expect("finite"))),
        ("exit_status", Value::Null),
        ("public", Value::from(true)),
        ("labels", Value::object([("$expr", Value::from("no expression"))])),
    ]);
    let address = address(at);
    let paths = ["environment.TOKEN".parse().expect("a path")];
    mark_sensitive(attributes, &paths, &reference_to(&address.block, &address.key))
}

fn remote(at: &str, incarnation: u32, version: u64) -> Remote {
    let id = format!("li-{incarnation}");
    Remote {
        uid: uid(at, incarnation),
        attributes: instance_attributes(at, &id),
        id: id.into(),
        provider: "local".into(),
        status: Status::Ready,
        reads: reads(&[("front/local_network.main", Strength::Complete)]),
        version: Sequence(version),
        create_before_destroy: true,
        prevent_destroy: false,
    }
}

fn create(at: &str) -> Intent {
    Intent {
        operation: Some(operation(&format!("apply:create:{at}"))),
        effect: Effect::Create,
        subjects: vec![Subject {
            address: address(at),
            uid: uid(at, 1),
            incarnation: Incarnation(1),
        }],
        provider: "local".into(),
        handle: Handle { token: "5f3a0c9d1e2b".into(), natural_key: Some("lb/http:80".into()) },
        arguments: Value::object([
            ("port", Value::from(80)),
            ("password", secret("blake3:12ab", &at["r18/".len()..])),
        ]),
        lifecycle: kept(),
        deadline: 1_789_000_030,
    }
}

fn kept() -> Lifecycle {
    Lifecycle {
        reads: reads(&[("r18/local_instance.web[0]", Strength::Accepted)]),
        create_before_destroy: false,
        prevent_destroy: true,
    }
}

fn inputs() -> Inputs {
    Inputs {
        template: Some("[resource.local_instance.web]\ncount = 2\n".into()),
        digest: Some(digest("template")),
        variables: BTreeMap::from([
            ("count".into(), Value::from(2)),
            ("password".into(), secret("hunter2", "var.password")),
        ]),
        images: BTreeMap::from([("web".into(), Image::everywhere("img-1"))]),
        image_set: Some(digest("image set")),
        providers: BTreeMap::from([(
            "local".into(),
            Object::from([("root".into(), Value::from("/srv/shop"))]),
        )]),
    }
}

fn roster() -> Roster {
    let entry = |role, weight, verified, retained_until| RosterEntry {
        role,
        weight: Weight::new(weight).expect("a weight"),
        verified: Weight::new(verified).expect("a weight"),
        admitted: false,
        retained_until,
    };
    let scope = |name: &str| name.parse().expect("a scope");
    Roster {
        entries: BTreeMap::from([
            (scope("r16"), entry(Role::Failed, 0, 0, Some(1_789_003_600))),
            (scope("r17"), entry(Role::Live, 75, 95, None)),
            (scope("r18"), entry(Role::Candidate, 25, 5, None)),
        ]),
        promotion: Some(Promotion {
            candidate: scope("r18"),
            plan: digest("plan"),
            phase: "weight-25".into(),
            phase_started: 1_789_000_000,
        }),
        count: 0,
    }
}

/// A promoted stage in the middle of a promotion.
pub(super) fn state() -> State {
    let web = address("r18/local_instance.web[0]");
    let zone = address("r18/local_zone.by_name[\"eu \\\"1\\\"\"]");
    let base = address("r18/data.local_image.base");
    let mut state = State {
        lineage: lineage(),
        project: "shop".into(),
        stage: "production".into(),
        kind: EnvironmentKind::Promoted,
        lifetime: Lifetime { made: None, made_by: None, ..lifetime() },
        scopes: BTreeMap::from([
            ("front".parse().expect("a scope"), ScopeState::default()),
            (
                "r18".parse().expect("a scope"),
                ScopeState {
                    inputs: inputs(),
                    outputs: BTreeMap::from([
                        ("token".into(), secret("t0ken", "output.token")),
                        ("url".into(), Value::from("http://127.0.0.1:8080")),
                    ]),
                    ..ScopeState::default()
                },
            ),
        ]),
        roster: Some(roster()),
        open: BTreeMap::from([(Sequence(41), create("r18/local_listener.http"))]),
        watch: vec![Watch { intent: create("r18/local_instance.web[2]"), until: 1_789_086_400 }],
        run: Some(Run {
            plan: digest("plan"),
            holder: "ana@ci-7 (4711) since 2026-09-10T08:00:00Z".into(),
            done: BTreeSet::from([operation("apply:create:r18/local_instance.web[0]")]),
            answers: BTreeMap::from([(operation("gates:gate:web"), Value::from(true))]),
            verdicts: BTreeMap::new(),
            text: None,
        }),
        finished: None,
        history: Vec::new(),
        sequence: Sequence(42),
        extra: None,
    };
    *state.instance_mut(&web) = Instance {
        incarnation: Incarnation(2),
        current: Some(remote("r18/local_instance.web[0]", 2, 40)),
        deposed: vec![Remote {
            status: Status::Deleting,
            ..remote("r18/local_instance.web[0]", 1, 38)
        }],
        extra: None,
    };
    *state.instance_mut(&zone) = Instance { incarnation: Incarnation(1), ..Instance::default() };
    *state.instance_mut(&base) = Instance {
        incarnation: Incarnation(0),
        current: Some(Remote {
            reads: Arc::default(),
            create_before_destroy: false,
            prevent_destroy: true,
            ..remote("r18/data.local_image.base", 0, 7)
        }),
        ..Instance::default()
    };
    state
}

fn lifetime() -> Lifetime {
    Lifetime {
        made: Some("2026-11-30T22:00:00Z".into()),
        made_by: Some("ana@ci-7".into()),
        expires: Some("2026-12-01T00:00:00Z".into()),
    }
}

fn decision() -> Decision {
    let verdict = Verdict {
        gate: "web".into(),
        result: GateResult::Pass,
        evidence: "200 from http://127.0.0.1:8080/health, 3 times".into(),
    };
    Decision {
        phase: "weight-25".into(),
        at: 0,
        verdict: Some(verdict),
        ending: None,
        roster: roster(),
    }
}

fn mark() -> Mark {
    let scope = |name: &str| name.parse().expect("a scope");
    let placing = |role, weight, retain| Placing {
        role,
        weight: Weight::new(weight).expect("a weight"),
        admitted: true,
        retain,
    };
    Mark {
        entries: BTreeMap::from([
            (scope("r16"), None),
            (scope("r17"), Some(placing(Role::Live, 75, Some(Duration::from_secs(3600))))),
            (scope("r18"), Some(placing(Role::Candidate, 25, None))),
        ]),
        verified: true,
        course: Course::GoesOn,
    }
}

/// One entry of each kind, and one outcome of each kind.
pub(super) fn entries() -> Vec<Entry> {
    let at = "r18/local_instance.web[0]";
    let outcome = |outcome| Entry::Outcome { intent: Sequence(41), outcome };
    let attributes = || instance_attributes(at, "li-2");
    vec![
        Entry::RunStarted {
            plan: digest("plan"),
            holder: "ana@ci-7 (4711) since 2026-09-10T08:00:00Z".into(),
            text: Some("{\"format\":1}\n".into()),
        },
        Entry::RunStarted { plan: digest("plan"), holder: "ana".into(), text: None },
        Entry::RunFinished { complete: true },
        Entry::ScopeInputs { scope: "r18".parse().expect("a scope"), inputs: Box::new(inputs()) },
        Entry::ScopeRemoved { scope: "r16".parse().expect("a scope") },
        Entry::Intent(Box::new(create("r18/local_listener.http"))),
        outcome(Outcome::Created(vec![Made {
            id: "li-2".into(),
            status: Status::Incomplete,
            attributes: attributes(),
        }])),
        outcome(Outcome::Updated { attributes: attributes() }),
        outcome(Outcome::DeleteAccepted),
        outcome(Outcome::Deleted),
        outcome(Outcome::Failed { message: "port 80 is taken".into() }),
        outcome(Outcome::Abandoned { watch_until: Some(1_789_086_400) }),
        outcome(Outcome::Abandoned { watch_until: None }),
        Entry::Settled {
            address: address(at),
            uid: uid(at, 2),
            status: Status::Ready,
            attributes: attributes(),
        },
        Entry::Gone { address: address(at), uid: uid(at, 1) },
        Entry::Observed {
            address: address(at),
            uid: uid(at, 2),
            seen: Some(Seen { attributes: attributes(), status: Status::Failed }),
        },
        Entry::Observed { address: address(at), uid: uid(at, 2), seen: None },
        Entry::Answer {
            operation: operation("gates:gate:web"),
            value: Value::from(true),
            verdict: decision().verdict,
            at: 0,
        },
        Entry::Answer {
            operation: operation("apply:read:r18/data.local_image.base"),
            value: attributes(),
            verdict: None,
            at: 0,
        },
        Entry::Mark {
            operation: operation("weight-25:mark:weights"),
            decision: Box::new(decision()),
        },
        Entry::Outputs {
            scope: "r18".parse().expect("a scope"),
            outputs: BTreeMap::from([("token".into(), secret("t0ken", "output.token"))]),
        },
        Entry::Unwatched { uid: uid(at, 1) },
        Entry::Lifecycle { address: address(at), uid: uid(at, 2), lifecycle: kept() },
        Entry::Lifecycle { address: address(at), uid: uid(at, 2), lifecycle: Lifecycle::default() },
        Entry::Intent(Box::new(Intent {
            operation: None,
            effect: Effect::Import,
            ..create("r18/local_listener.http")
        })),
        Entry::Lifetime(lifetime()),
        Entry::Lifetime(Lifetime::default()),
    ]
}

fn change(at: &str, replaces: Option<Replacement>) -> Box<Change> {
    let config = Value::object([
        ("password", pending("var.password")),
        ("subnet", pending("\"${local_network.main.id}-${upper(\"a\")}\"")),
        ("tags", Value::object([("$weird", Value::from(1))])),
    ]);
    Box::new(Change {
        address: address(at),
        uid: uid(at, 2),
        incarnation: Incarnation(2),
        provider: "local".into(),
        planned: config.clone(),
        config,
        prior: replaces.is_some().then(|| Value::object([("subnet", Value::from("net-1"))])),
        replaces,
        lifecycle: Lifecycle {
            reads: reads(&[("r18/local_network.main", Strength::Complete)]),
            create_before_destroy: true,
            prevent_destroy: false,
        },
        handle: Handle { token: "5f3a0c9d1e2b".into(), natural_key: None },
        timeout: Some(Duration::from_millis(1500)),
    })
}

fn removal(at: &str, deposed: bool, reason: RemovalReason) -> Action {
    Action::Delete(Box::new(Removal {
        address: address(at),
        uid: uid(at, 1),
        id: "li-1".into(),
        provider: "local".into(),
        prior: Value::object([("port", Value::from(8080))]),
        status: Status::Incomplete,
        deposed,
        reason,
        timeout: None,
    }))
}

/// A promotion with every kind of operation.
pub(super) fn plan() -> Plan {
    let r18 = || "r18".parse().expect("a scope");
    let web = "r18/local_instance.web[0]";
    let path = |text: &str| text.parse().expect("a path");
    let because = || ReplaceReason::Pending(vec![path("subnet")]);
    let mut inputs = inputs();
    let sealed = seal(&lineage(), &r18(), &"password".into(), &inputs.variables["password"]);
    inputs.variables.insert("password".into(), sealed);
    let replacement =
        Replacement { order: ReplaceOrder::CreateFirst, reason: because(), old: uid(web, 1) };
    let operations = |phase: &str, list: Vec<(&str, Action)>| -> Vec<Operation> {
        list.into_iter()
            .map(|(id, action)| Operation {
                id: operation(&format!("{phase}:{id}")),
                action,
                needs: Vec::new(),
                expects: Expectation::Nothing,
            })
            .collect()
    };
    let mut create = operations(
        "create",
        vec![
            (
                "create:r18/local_network.main",
                Action::Create(change("r18/local_network.main", None)),
            ),
            ("create:r18/local_instance.web[0]", Action::Create(change(web, Some(replacement)))),
            (
                "update:r18/local_listener.http",
                Action::Update(change("r18/local_listener.http", None)),
            ),
            (
                "delete:r18/local_instance.web[0]",
                removal(
                    web,
                    false,
                    RemovalReason::Replaced {
                        reason: because(),
                        config: Value::object([("subnet", pending("local_network.main.id"))]),
                    },
                ),
            ),
            ("delete:r18/a.b", removal("r18/a.b", false, RemovalReason::NotConfigured)),
            ("delete:r18/a.c", removal("r18/a.c", false, RemovalReason::Destroyed)),
            ("delete_deposed:r18/a.d", removal("r18/a.d", true, RemovalReason::Deposed)),
            (
                "complete:r18/a.e",
                Action::Complete { address: address("r18/a.e"), uid: uid("r18/a.e", 1) },
            ),
            (
                "read:r18/data.local_image.base",
                Action::Read {
                    address: address("r18/data.local_image.base"),
                    provider: "local".into(),
                    config: Value::object([("name", pending("local_network.main.id"))]),
                },
            ),
        ],
    );
    create[1].needs = vec![
        Need { operation: 0, until: Strength::Complete },
        Need { operation: 8, until: Strength::Accepted },
    ];
    create[1].expects = Expectation::Version(Sequence(40));
    create[3].expects = Expectation::After(operation("create:create:r18/local_instance.web[0]"));
    let pace = Pace { interval: Duration::from_millis(250), ..Pace::default() };
    let gate = |name: &str, probe| Action::Gate {
        scope: r18(),
        name: name.into(),
        gate: Box::new(Gate { probe, pace, on_inconclusive: OnInconclusive::Halt }),
        asked: Asked::Once,
    };
    let url = || pending("\"http://${local_instance.web[0].address}/health\"");
    let weigh = operations(
        "weigh",
        vec![
            (
                "gate:web",
                gate("web", Probe::Http { url: url(), status: 200, body: Some("ok".into()) }),
            ),
            ("gate:db", gate("db", Probe::Tcp { endpoint: "127.0.0.1:5432".into() })),
            ("gate:cmd", gate("cmd", Probe::Command { argv: vec!["./ok".into(), url()] })),
            ("wait:soak", Action::Wait(Wait::For(Duration::from_secs(600)))),
            ("wait:approval", Action::Wait(Wait::Approval)),
            (
                "verify:front/local_listener.http",
                Action::Verify {
                    address: address("front/local_listener.http"),
                    expected: Value::object([("weight", Value::from(25))]),
                },
            ),
            ("mark:weights", Action::Mark(Box::new(mark()))),
        ],
    );
    let output = |value, prior| PlannedOutput { value, prior };
    Plan {
        project: "shop".into(),
        stage: "production".into(),
        environment: Some(r18()),
        lineage: lineage(),
        purpose: Purpose::Promote,
        inputs: BTreeMap::from([(r18(), inputs)]),
        versions: BTreeMap::from([(address(web), Sequence(40))]),
        drift: [
            DriftSeen::Gone,
            DriftSeen::Failed { reason: "exited".into(), attributes: Value::Null },
            DriftSeen::Changed { attributes: Value::object([("port", Value::from(81))]) },
        ]
        .map(|seen| Drift {
            address: address(web),
            uid: uid(web, 1),
            recorded: Value::object([("port", Value::from(80))]),
            seen,
        })
        .into(),
        lifecycles: vec![LifecycleRecord {
            address: address("r18/local_listener.http"),
            uid: uid("r18/local_listener.http", 1),
            lifecycle: kept(),
        }],
        phases: vec![
            Phase {
                name: "create".into(),
                operations: create,
                on_pass: Next::Phase("weigh".into()),
                on_fail: Next::Halt,
            },
            Phase {
                name: "weigh".into(),
                operations: weigh,
                on_pass: Next::Done,
                on_fail: Next::Phase("create".into()),
            },
        ],
        outputs: BTreeMap::from([(
            r18(),
            BTreeMap::from([
                ("gone".into(), output(Value::Null, Some(Value::from("before")))),
                ("new".into(), output(Value::from("now"), None)),
                ("null".into(), output(Value::from(1), Some(Value::Null))),
                ("url".into(), output(pending("local_instance.web[0].address"), None)),
            ]),
        )]),
    }
}
