//! Random states, entries and plans.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use greenroom_model::address::{Address, BlockName, InstanceKey, Mode, Scope};
use greenroom_model::expr::Expr;
use greenroom_model::gate::{Gate, GateResult, Pace, Probe, Verdict};
use greenroom_model::identity::*;
use greenroom_model::journal::*;
use greenroom_model::plan::*;
use greenroom_model::roster::{Decision, Entry as RosterEntry, Promotion, Role, Roster, Weight};
use greenroom_model::schema::Strength;
use greenroom_model::state::*;
use greenroom_model::value::{Number, Object, Path, Step, Value};
use greenroom_spec::expr::parse_expression;
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

/// What every secret contains, and nothing else.
pub(super) const SECRET: &str = "s3cret!";

fn text() -> impl Strategy<Value = Arc<str>> {
    prop_oneof![
        "[a-z]{0,6}",
        ".{0,6}",
        select(vec!["$expr", "$$", "$digest", "\u{0}\"\\\n", "\u{2028}😀", "null"])
            .prop_map(str::to_owned),
    ]
    .prop_map(Arc::from)
}

fn identifier() -> impl Strategy<Value = Arc<str>> {
    "[a-z_][a-z0-9_-]{0,5}".prop_map(Arc::from)
}

fn scope() -> impl Strategy<Value = Scope> {
    prop_oneof![Just(Scope::front()), "[a-e0-9][a-z0-9._-]{0,5}".prop_map(|it| it.parse().unwrap())]
}

fn block() -> impl Strategy<Value = BlockName> {
    let mode = select(vec![Mode::Managed, Mode::Data]);
    // A resource type called `data` could not be told from a data source.
    let kind = identifier().prop_filter("reserved", |kind| &**kind != "data");
    (mode, kind, identifier()).prop_map(|(mode, kind, name)| BlockName { mode, kind, name })
}

fn key() -> impl Strategy<Value = InstanceKey> {
    prop_oneof![
        Just(InstanceKey::Only),
        any::<u32>().prop_map(InstanceKey::Index),
        text().prop_map(InstanceKey::Name),
    ]
}

fn address() -> impl Strategy<Value = Address> {
    (scope(), block(), key()).prop_map(|(scope, block, key)| Address { scope, block, key })
}

fn operation_id() -> impl Strategy<Value = OperationId> {
    let kinds = [
        OperationKind::Create,
        OperationKind::Update,
        OperationKind::Delete,
        OperationKind::DeleteDeposed,
        OperationKind::Complete,
        OperationKind::Read,
        OperationKind::Gate,
        OperationKind::Wait,
        OperationKind::Verify,
        OperationKind::Mark,
    ];
    (identifier(), select(kinds.to_vec()), text()).prop_map(|(phase, kind, subject)| OperationId {
        phase,
        kind,
        subject,
    })
}

fn digest() -> impl Strategy<Value = Digest> {
    any::<u8>().prop_map(|seed| Digest::of(&[seed]))
}

fn uid() -> impl Strategy<Value = Uid> {
    "[0-9a-f]{20}".prop_map(|it| Uid(it.into()))
}

fn lineage() -> impl Strategy<Value = Lineage> {
    "[0-9a-f]{32}".prop_map(|it| Lineage(it.into()))
}

fn incarnation() -> impl Strategy<Value = Incarnation> {
    any::<u32>().prop_map(Incarnation)
}

fn sequence() -> impl Strategy<Value = Sequence> {
    any::<u64>().prop_map(Sequence)
}

fn status() -> impl Strategy<Value = Status> {
    select(vec![Status::Ready, Status::Incomplete, Status::Failed, Status::Deleting])
}

fn residual() -> impl Strategy<Value = Expr> {
    let texts = vec![
        "aws_vpc.main.id",
        "aws_instance.web[0].private_ip",
        "data.aws_ami.base[\"a b\"].id",
        "\"http://${aws_lb.http.dns_name}:${1 + 2 * aws_lb.http.port}/\"",
        "var.a ? upper(local_instance.a.id) : null",
        "[for k, v in aws_vpc.main.tags : \"${k}=${v}\" if v != \"$${x}\"]",
        "{ a = aws_vpc.main[*].id, \"b c\" = [1, -2.5, true] }",
    ];
    select(texts).prop_map(|text| parse_expression(text).expect("an expression"))
}

fn number() -> impl Strategy<Value = Number> {
    let float = prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL | prop::num::f64::ZERO;
    prop_oneof![
        any::<i64>().prop_map(Number::from),
        float.prop_map(|float| Number::try_from(float).expect("finite")),
    ]
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        number().prop_map(Value::from),
        text().prop_map(Value::from),
        residual().prop_map(Value::pending),
    ]
}

/// Values with pending parts and, if asked for, secrets.
fn value_with(secrets: bool) -> impl Strategy<Value = Value> {
    leaf().prop_recursive(3, 12, 4, move |inner| {
        let keyed = btree_map(text(), inner.clone(), 0..4).prop_map(Value::from);
        let listed = vec(inner, 0..4).prop_map(Value::from);
        let secret = (text(), residual()).prop_map(|(text, source)| {
            Value::sensitive(Value::from(format!("{SECRET}{text}")), source)
        });
        if secrets {
            prop_oneof![keyed, listed, secret].boxed()
        } else {
            prop_oneof![keyed, listed].boxed()
        }
    })
}

fn value() -> impl Strategy<Value = Value> {
    value_with(true)
}

fn values() -> impl Strategy<Value = Object> {
    btree_map(text(), value(), 0..3)
}

fn reads() -> impl Strategy<Value = Arc<Reads>> {
    let strength = select(vec![Strength::Accepted, Strength::Complete]);
    btree_map(address(), strength, 0..3).prop_map(Arc::new)
}

fn inputs() -> impl Strategy<Value = Inputs> {
    (
        option::of(text()),
        option::of(digest()),
        values(),
        btree_map(text(), text(), 0..3),
        option::of(digest()),
        btree_map(text(), values(), 0..2),
    )
        .prop_map(|(template, digest, variables, images, image_set, providers)| Inputs {
            template,
            digest,
            variables,
            images,
            image_set,
            providers,
        })
}

fn lifecycle() -> impl Strategy<Value = Lifecycle> {
    (reads(), any::<bool>(), any::<bool>()).prop_map(
        |(reads, create_before_destroy, prevent_destroy)| Lifecycle {
            reads,
            create_before_destroy,
            prevent_destroy,
        },
    )
}

fn handle() -> impl Strategy<Value = Handle> {
    (text(), option::of(text())).prop_map(|(token, natural_key)| Handle { token, natural_key })
}

fn intent() -> impl Strategy<Value = Intent> {
    let subject = (address(), uid(), incarnation())
        .prop_map(|(address, uid, incarnation)| Subject { address, uid, incarnation });
    let effect = select(vec![Effect::Create, Effect::Update, Effect::Delete]);
    (
        option::of(operation_id()),
        effect,
        vec(subject, 0..3),
        text(),
        handle(),
        value(),
        lifecycle(),
        any::<i64>(),
    )
        .prop_map(
            |(operation, effect, subjects, provider, handle, arguments, lifecycle, deadline)| {
                Intent {
                    operation,
                    effect,
                    subjects,
                    provider,
                    handle,
                    arguments,
                    lifecycle,
                    deadline,
                }
            },
        )
}

fn remote() -> impl Strategy<Value = Remote> {
    (uid(), text(), text(), status(), value(), lifecycle(), sequence()).prop_map(
        |(uid, id, provider, status, attributes, lifecycle, version)| Remote {
            uid,
            id,
            provider,
            status,
            attributes,
            reads: lifecycle.reads,
            version,
            create_before_destroy: lifecycle.create_before_destroy,
            prevent_destroy: lifecycle.prevent_destroy,
        },
    )
}

fn extra(known: &'static [&'static str]) -> impl Strategy<Value = Extra> {
    let plain = prop_oneof![any::<bool>().prop_map(Value::from), text().prop_map(Value::from)];
    let value =
        plain.prop_recursive(2, 6, 3, |inner| btree_map(text(), inner, 0..3).prop_map(Value::from));
    btree_map(text(), value, 0..2).prop_map(move |mut fields| {
        fields.retain(|name, _| !known.contains(&&**name));
        (!fields.is_empty()).then(|| Box::new(fields))
    })
}

fn instance() -> impl Strategy<Value = Instance> {
    (incarnation(), option::of(remote()), vec(remote(), 0..2), extra(&[])).prop_map(
        |(incarnation, current, deposed, extra)| Instance { incarnation, current, deposed, extra },
    )
}

fn scope_state() -> impl Strategy<Value = ScopeState> {
    let resources = btree_map(block(), btree_map(key(), instance(), 1..3), 0..3);
    (inputs(), values(), resources, extra(&["scope", "inputs"])).prop_map(
        |(inputs, outputs, resources, extra)| ScopeState { inputs, outputs, resources, extra },
    )
}

fn weight() -> impl Strategy<Value = Weight> {
    (0..=100_u8).prop_map(|percent| Weight::new(percent).expect("a weight"))
}

fn roster() -> impl Strategy<Value = Roster> {
    let role = select(vec![Role::Candidate, Role::Live, Role::Retained, Role::Failed]);
    let entry = (role, weight(), weight(), option::of(any::<i64>())).prop_map(
        |(role, weight, verified, retained_until)| RosterEntry {
            role,
            weight,
            verified,
            retained_until,
        },
    );
    let promotion = (scope(), digest(), text(), any::<i64>()).prop_map(
        |(candidate, plan, phase, phase_started)| Promotion {
            candidate,
            plan,
            phase,
            phase_started,
        },
    );
    (btree_map(scope(), entry, 0..3), option::of(promotion))
        .prop_map(|(entries, promotion)| Roster { entries, promotion })
}

fn verdict() -> impl Strategy<Value = Verdict> {
    let results =
        vec![GateResult::Pass, GateResult::Fail, GateResult::Inconclusive, GateResult::Error];
    (text(), select(results), text()).prop_map(|(gate, result, evidence)| Verdict {
        gate: gate.to_string(),
        result,
        evidence: evidence.to_string(),
    })
}

fn decision() -> impl Strategy<Value = Decision> {
    (text(), option::of(verdict()), roster()).prop_map(|(phase, verdict, roster)| Decision {
        phase,
        verdict,
        roster,
    })
}

fn run() -> impl Strategy<Value = Run> {
    let answers = btree_map(operation_id(), value(), 0..3);
    (digest(), text(), btree_set(operation_id(), 0..3), answers)
        .prop_map(|(plan, holder, done, answers)| Run { plan, holder, done, answers })
}

pub(super) fn state() -> impl Strategy<Value = State> {
    let kind = select(vec![EnvironmentKind::Ephemeral, EnvironmentKind::Promoted]);
    let watch = (intent(), any::<i64>()).prop_map(|(intent, until)| Watch { intent, until });
    let head =
        (lineage(), text(), text(), kind, option::of(text()), sequence(), extra(&["format"]));
    let body = (
        btree_map(scope(), scope_state(), 0..3),
        option::of(roster()),
        btree_map(sequence(), intent(), 0..2),
        vec(watch, 0..2),
        option::of(run()),
    );
    (head, body).prop_map(|(head, (scopes, roster, open, watch, run))| {
        let (lineage, project, stage, kind, expires, sequence, extra) = head;
        State {
            lineage,
            project,
            stage,
            kind,
            expires,
            scopes,
            roster,
            open,
            watch,
            run,
            sequence,
            extra,
        }
    })
}

fn outcome() -> impl Strategy<Value = Outcome> {
    let made = (text(), status(), value()).prop_map(|(id, status, attributes)| Made {
        id,
        status,
        attributes,
    });
    prop_oneof![
        vec(made, 0..3).prop_map(Outcome::Created),
        value().prop_map(|attributes| Outcome::Updated { attributes }),
        Just(Outcome::DeleteAccepted),
        Just(Outcome::Deleted),
        text().prop_map(|message| Outcome::Failed { message }),
        option::of(any::<i64>()).prop_map(|watch_until| Outcome::Abandoned { watch_until }),
    ]
}

pub(super) fn entry() -> impl Strategy<Value = Entry> {
    let seen = (value(), status()).prop_map(|(attributes, status)| Seen { attributes, status });
    prop_oneof![
        (digest(), text(), option::of(text())).prop_map(|(plan, holder, text)| Entry::RunStarted {
            plan,
            holder,
            text
        }),
        any::<bool>().prop_map(|complete| Entry::RunFinished { complete }),
        (scope(), inputs())
            .prop_map(|(scope, inputs)| Entry::ScopeInputs { scope, inputs: Box::new(inputs) }),
        scope().prop_map(|scope| Entry::ScopeRemoved { scope }),
        intent().prop_map(|intent| Entry::Intent(Box::new(intent))),
        (sequence(), outcome()).prop_map(|(intent, outcome)| Entry::Outcome { intent, outcome }),
        (address(), uid(), status(), value()).prop_map(|(address, uid, status, attributes)| {
            Entry::Settled { address, uid, status, attributes }
        }),
        (address(), uid()).prop_map(|(address, uid)| Entry::Gone { address, uid }),
        (address(), uid(), option::of(seen)).prop_map(|(address, uid, seen)| Entry::Observed {
            address,
            uid,
            seen
        }),
        (operation_id(), value(), option::of(verdict()))
            .prop_map(|(operation, value, verdict)| Entry::Answer { operation, value, verdict }),
        (operation_id(), decision()).prop_map(|(operation, decision)| Entry::Mark {
            operation,
            decision: Box::new(decision)
        }),
        (scope(), values()).prop_map(|(scope, outputs)| Entry::Outputs { scope, outputs }),
        uid().prop_map(|uid| Entry::Unwatched { uid }),
    ]
}

fn path() -> impl Strategy<Value = Path> {
    let step = prop_oneof![text().prop_map(Step::Key), any::<usize>().prop_map(Step::Index)];
    vec(step, 0..4).prop_map(Path)
}

fn reason() -> impl Strategy<Value = ReplaceReason> {
    prop_oneof![
        vec(path(), 0..3).prop_map(ReplaceReason::Attributes),
        vec(path(), 0..3).prop_map(ReplaceReason::Pending),
        text().prop_map(ReplaceReason::Failed),
        text().prop_map(ReplaceReason::Triggered),
    ]
}

fn time() -> impl Strategy<Value = Duration> {
    (any::<u64>(), 0..1_000_000_000_u32).prop_map(|(s, ns)| Duration::new(s, ns))
}

fn change(secrets: bool) -> impl Strategy<Value = Change> {
    let orders = vec![
        ReplaceOrder::DestroyFirst,
        ReplaceOrder::CreateFirst,
        ReplaceOrder::CreateFirstForReference,
    ];
    let replacement = (select(orders), reason(), uid())
        .prop_map(|(order, reason, old)| Replacement { order, reason, old });
    let value = move || value_with(secrets);
    let values = (value(), value(), option::of(value()));
    (
        (address(), uid(), incarnation(), text()),
        values,
        option::of(replacement),
        lifecycle(),
        handle(),
        option::of(time()),
    )
        .prop_map(|(object, values, replaces, lifecycle, handle, timeout)| {
            let (address, uid, incarnation, provider) = object;
            let (config, planned, prior) = values;
            Change {
                address,
                uid,
                incarnation,
                provider,
                config,
                planned,
                prior,
                replaces,
                lifecycle,
                handle,
                timeout,
            }
        })
}

fn removal(secrets: bool) -> impl Strategy<Value = Removal> {
    let why = prop_oneof![
        Just(RemovalReason::NotConfigured),
        Just(RemovalReason::Destroyed),
        Just(RemovalReason::Deposed),
        (reason(), value_with(secrets))
            .prop_map(|(reason, config)| RemovalReason::Replaced { reason, config }),
    ];
    let object = (address(), uid(), text(), text(), value_with(secrets));
    (object, status(), any::<bool>(), why, option::of(time())).prop_map(
        |((address, uid, id, provider, prior), status, deposed, reason, timeout)| Removal {
            address,
            uid,
            id,
            provider,
            prior,
            status,
            deposed,
            reason,
            timeout,
        },
    )
}

fn gate(secrets: bool) -> impl Strategy<Value = Gate<Value>> {
    let value = move || value_with(secrets);
    let probe =
        prop_oneof![
            (value(), any::<u16>(), option::of(value()))
                .prop_map(|(url, status, body)| Probe::Http { url, status, body }),
            value().prop_map(|endpoint| Probe::Tcp { endpoint }),
            vec(value(), 0..3).prop_map(|argv| Probe::Command { argv }),
        ];
    let pace = ([time(), time(), time(), time()], any::<u32>(), any::<u32>()).prop_map(
        |([initial_delay, interval, timeout, deadline], successes, failure_limit)| Pace {
            initial_delay,
            interval,
            timeout,
            successes,
            failure_limit,
            deadline,
        },
    );
    (probe, pace).prop_map(|(probe, pace)| Gate { probe, pace })
}

fn action(secrets: bool) -> impl Strategy<Value = Action> {
    prop_oneof![
        change(secrets).prop_map(|it| Action::Create(Box::new(it))),
        change(secrets).prop_map(|it| Action::Update(Box::new(it))),
        removal(secrets).prop_map(|it| Action::Delete(Box::new(it))),
        (address(), uid()).prop_map(|(address, uid)| Action::Complete { address, uid }),
        (address(), text(), value_with(secrets))
            .prop_map(|(address, provider, config)| Action::Read { address, provider, config }),
        (scope(), text(), gate(secrets)).prop_map(|(scope, name, gate)| Action::Gate {
            scope,
            name,
            gate: Box::new(gate)
        }),
        time().prop_map(|length| Action::Wait(Wait::For(length))),
        Just(Action::Wait(Wait::Approval)),
        (address(), value_with(secrets))
            .prop_map(|(address, expected)| Action::Verify { address, expected }),
        decision().prop_map(|it| Action::Mark(Box::new(it))),
    ]
}

fn operation(secrets: bool) -> impl Strategy<Value = Operation> {
    let strength = select(vec![Strength::Accepted, Strength::Complete]);
    let need = (any::<u32>(), strength).prop_map(|(operation, until)| Need { operation, until });
    let expects = prop_oneof![
        Just(Expectation::Nothing),
        sequence().prop_map(Expectation::Version),
        operation_id().prop_map(Expectation::After),
    ];
    (operation_id(), action(secrets), vec(need, 0..3), expects)
        .prop_map(|(id, action, needs, expects)| Operation { id, action, needs, expects })
}

fn phase(secrets: bool) -> impl Strategy<Value = Phase> {
    let next = || prop_oneof![text().prop_map(Next::Phase), Just(Next::Done), Just(Next::Halt)];
    (text(), vec(operation(secrets), 0..3), next(), next()).prop_map(
        |(name, operations, on_pass, on_fail)| Phase { name, operations, on_pass, on_fail },
    )
}

fn drift(secrets: bool) -> impl Strategy<Value = Drift> {
    let value = move || value_with(secrets);
    let seen = prop_oneof![
        Just(DriftSeen::Gone),
        (text(), value()).prop_map(|(reason, attributes)| DriftSeen::Failed { reason, attributes }),
        value().prop_map(|attributes| DriftSeen::Changed { attributes }),
    ];
    (address(), uid(), value(), seen).prop_map(|(address, uid, recorded, seen)| Drift {
        address,
        uid,
        recorded,
        seen,
    })
}

fn without_secrets(inputs: Inputs) -> Inputs {
    let known = |mut object: Object| {
        object.retain(|_, value| !value.has_sensitive());
        object
    };
    let providers: BTreeMap<_, _> =
        inputs.providers.into_iter().map(|(name, settings)| (name, known(settings))).collect();
    Inputs { variables: known(inputs.variables), providers, ..inputs }
}

/// Plans, with secrets everywhere or nowhere.
pub(super) fn plan(secrets: bool) -> impl Strategy<Value = Plan> {
    let purposes = vec![Purpose::Apply, Purpose::Destroy, Purpose::Promote, Purpose::Retire];
    let output = (value_with(secrets), option::of(value_with(secrets)))
        .prop_map(|(value, prior)| PlannedOutput { value, prior });
    let inputs =
        inputs().prop_map(move |inputs| if secrets { inputs } else { without_secrets(inputs) });
    let head = (text(), text(), option::of(scope()), lineage(), select(purposes));
    let body = (
        btree_map(scope(), inputs, 0..2),
        btree_map(address(), sequence(), 0..3),
        vec(drift(secrets), 0..2),
        vec(phase(secrets), 0..3),
        btree_map(scope(), btree_map(text(), output, 0..2), 0..2),
    );
    (head, body).prop_map(|(head, (inputs, versions, drift, phases, outputs))| {
        let (project, stage, environment, lineage, purpose) = head;
        Plan {
            project,
            stage,
            environment,
            lineage,
            purpose,
            inputs,
            versions,
            drift,
            phases,
            outputs,
        }
    })
}
