//! Random plans.

use std::collections::BTreeMap;
use std::time::Duration;

use greenroom_model::plan::*;
use greenroom_model::roster::{Course, Mark, Placing};
use greenroom_model::schema::Strength;
use greenroom_model::state::Inputs;
use greenroom_model::value::{Object, Path, Step};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::gate::gate;
use super::{
    address, ending, handle, incarnation, inputs, lifecycle, lineage, operation_id, role, scope,
    sequence, status, text, uid, value_with, weight,
};

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

pub(super) fn time() -> impl Strategy<Value = Duration> {
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

fn action(secrets: bool) -> impl Strategy<Value = Action> {
    prop_oneof![
        change(secrets).prop_map(|it| Action::Create(Box::new(it))),
        change(secrets).prop_map(|it| Action::Update(Box::new(it))),
        removal(secrets).prop_map(|it| Action::Delete(Box::new(it))),
        (address(), uid()).prop_map(|(address, uid)| Action::Complete { address, uid }),
        (address(), text(), value_with(secrets))
            .prop_map(|(address, provider, config)| Action::Read { address, provider, config }),
        (scope(), text(), gate(secrets), select(vec![Asked::Once, Asked::Watching, Asked::Hook]))
            .prop_map(|(scope, name, gate, asked)| {
                Action::Gate { scope, name, gate: Box::new(gate), asked }
            }),
        time().prop_map(|length| Action::Wait(Wait::For(length))),
        Just(Action::Wait(Wait::Approval)),
        (address(), value_with(secrets))
            .prop_map(|(address, expected)| Action::Verify { address, expected }),
        drain().prop_map(|it| Action::Wait(Wait::Drain(Box::new(it)))),
        mark().prop_map(|it| Action::Mark(Box::new(it))),
    ]
}

fn drain() -> impl Strategy<Value = Drain> {
    let at_limit = select(vec![AtLimit::Halt, AtLimit::Proceed, AtLimit::RollBack]);
    let horizon = (time(), text()).prop_map(|(lasts, why)| Horizon { lasts, why: why.to_string() });
    let known = (scope(), vec(address(), 0..3), vec(horizon, 0..3), time());
    (known, time(), time(), at_limit).prop_map(|(known, quiet, limit, at_limit)| {
        let (scope, counted, horizons, not_before) = known;
        Drain { scope, counted, horizons, not_before, quiet, limit, at_limit }
    })
}

fn mark() -> impl Strategy<Value = Mark> {
    let placing = (role(), weight(), any::<bool>(), option::of(time()))
        .prop_map(|(role, weight, admitted, retain)| Placing { role, weight, admitted, retain });
    let course = prop_oneof![
        Just(Course::Unconcerned),
        Just(Course::GoesOn),
        scope().prop_map(|candidate| Course::Opens { candidate }),
        ending().prop_map(Course::Closes),
    ];
    (btree_map(scope(), option::of(placing), 0..3), any::<bool>(), course)
        .prop_map(|(entries, verified, course)| Mark { entries, verified, course })
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

fn lifecycle_record() -> impl Strategy<Value = LifecycleRecord> {
    (address(), uid(), lifecycle()).prop_map(|(address, uid, lifecycle)| LifecycleRecord {
        address,
        uid,
        lifecycle,
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
pub(in crate::formats) fn plan(secrets: bool) -> impl Strategy<Value = Plan> {
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
        vec(lifecycle_record(), 0..2),
        vec(phase(secrets), 0..3),
        btree_map(scope(), btree_map(text(), output, 0..2), 0..2),
    );
    (head, body).prop_map(|(head, (inputs, versions, drift, lifecycles, phases, outputs))| {
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
            lifecycles,
            phases,
            outputs,
        }
    })
}
