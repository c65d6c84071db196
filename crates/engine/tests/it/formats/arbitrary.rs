//! Random states, entries and plans.

mod gate;
mod plan;

use std::sync::Arc;

use greenroom_model::address::{Address, BlockName, InstanceKey, Mode, Scope};
use greenroom_model::expr::Expr;
use greenroom_model::gate::{GateResult, Verdict};
use greenroom_model::history::{Chapter, Happening, Page};
use greenroom_model::identity::*;
use greenroom_model::journal::*;
use greenroom_model::plan::{OperationId, OperationKind};
use greenroom_model::roster::{
    Decision, Ending, Entry as RosterEntry, Promotion, Role, Roster, Weight,
};
use greenroom_model::schema::Strength;
use greenroom_model::state::*;
use greenroom_model::value::{Number, Object, Value};
use greenroom_spec::expr::parse_expression;
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

pub(super) use plan::plan;

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
    prop_oneof![
        Just(Scope::front()),
        "[a-e0-9][a-z0-9._-]{0,5}".prop_map(|it| it.parse().expect("a scope"))
    ]
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
    btree_map(address(), strength, 0..3).prop_map(|it| Arc::new(it.into_iter().collect()))
}

fn image() -> impl Strategy<Value = Image> {
    (text(), option::of(digest()), btree_map(text(), option::of(text()), 0..3))
        .prop_map(|(id, digest, at)| Image { id, digest, at })
}

fn inputs() -> impl Strategy<Value = Inputs> {
    (
        option::of(text()),
        option::of(digest()),
        values(),
        btree_map(text(), image(), 0..3),
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
    let effect = select(vec![Effect::Create, Effect::Update, Effect::Delete, Effect::Import]);
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

fn role() -> impl Strategy<Value = Role> {
    select(vec![Role::Candidate, Role::Live, Role::Retained, Role::Failed])
}

fn roster() -> impl Strategy<Value = Roster> {
    let entry = (role(), weight(), weight(), any::<bool>(), option::of(any::<i64>())).prop_map(
        |(role, weight, verified, admitted, retained_until)| RosterEntry {
            role,
            weight,
            verified,
            admitted,
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
    (btree_map(scope(), entry, 0..3), option::of(promotion), any::<u32>())
        .prop_map(|(entries, promotion, count)| Roster { entries, promotion, count })
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
    (text(), any::<i64>(), option::of(verdict()), option::of(ending()), roster()).prop_map(
        |(phase, at, verdict, ending, roster)| Decision { phase, at, verdict, ending, roster },
    )
}

fn ending() -> impl Strategy<Value = Ending> {
    select(vec![Ending::Promoted, Ending::RolledBack])
}

fn chapter() -> impl Strategy<Value = Chapter> {
    let what = prop_oneof![
        weight().prop_map(Happening::Meant),
        weight().prop_map(Happening::Verified),
        verdict().prop_map(Happening::Said),
    ];
    let page = (any::<i64>(), text(), what).prop_map(|(at, phase, what)| Page { at, phase, what });
    let head = (scope(), option::of(scope()), option::of(digest()), digest(), text());
    (head, option::of(ending()), vec(page, 0..3)).prop_map(|(head, ending, pages)| {
        let (candidate, replaces, image_set, plan, by) = head;
        Chapter { candidate, replaces, image_set, plan, by, ending, pages }
    })
}

fn run() -> impl Strategy<Value = Run> {
    let answers = btree_map(operation_id(), value(), 0..3);
    let verdicts = btree_map(operation_id(), verdict(), 0..3);
    let done = btree_set(operation_id(), 0..3);
    (digest(), text(), done, answers, verdicts, option::of(text())).prop_map(
        |(plan, holder, done, answers, verdicts, text)| Run {
            plan,
            holder,
            done,
            answers,
            verdicts,
            text,
        },
    )
}

pub(super) fn state() -> impl Strategy<Value = State> {
    let kind = select(vec![EnvironmentKind::Ephemeral, EnvironmentKind::Promoted]);
    let watch = (intent(), any::<i64>()).prop_map(|(intent, until)| Watch { intent, until });
    let head = (lineage(), text(), text(), kind, lifetime(), sequence(), extra(&["format"]));
    let body = (
        btree_map(scope(), scope_state(), 0..3),
        option::of(roster()),
        btree_map(sequence(), intent(), 0..2),
        vec(watch, 0..2),
        option::of(run()),
        option::of(digest()),
        vec(chapter(), 0..3),
    );
    (head, body).prop_map(|(head, (scopes, roster, open, watch, run, finished, history))| {
        let (lineage, project, stage, kind, lifetime, sequence, extra) = head;
        State {
            lineage,
            project,
            stage,
            kind,
            lifetime,
            scopes,
            roster,
            open,
            watch,
            run,
            finished,
            history,
            sequence,
            extra,
        }
    })
}

fn lifetime() -> impl Strategy<Value = Lifetime> {
    let one = || option::of(text().prop_map(Arc::from));
    (one(), one(), one()).prop_map(|(made, made_by, expires)| Lifetime { made, made_by, expires })
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
        (operation_id(), value(), option::of(verdict()), any::<i64>()).prop_map(
            |(operation, value, verdict, at)| Entry::Answer { operation, value, verdict, at }
        ),
        (operation_id(), decision()).prop_map(|(operation, decision)| Entry::Mark {
            operation,
            decision: Box::new(decision)
        }),
        (scope(), values()).prop_map(|(scope, outputs)| Entry::Outputs { scope, outputs }),
        uid().prop_map(|uid| Entry::Unwatched { uid }),
        lifetime().prop_map(Entry::Lifetime),
        (address(), uid(), lifecycle()).prop_map(|(address, uid, lifecycle)| Entry::Lifecycle {
            address,
            uid,
            lifecycle
        }),
    ]
}
