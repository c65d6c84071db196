//! Replaying journals: in one go, or with a snapshot in between.

use std::collections::BTreeMap;
use std::sync::Arc;

use greenroom_engine::format::snapshot;
use greenroom_engine::replay::{ReplayError, replay};
use greenroom_model::address::Address;
use greenroom_model::identity::{Digest, EnvironmentKind, Incarnation, Lineage, Sequence, Uid};
use greenroom_model::journal::{
    Effect, Entry, Handle, Intent, Lifecycle, Made, Outcome, Seen, Subject,
};
use greenroom_model::plan::{OperationId, OperationKind};
use greenroom_model::state::{State, Status};
use greenroom_model::value::Value;
use proptest::collection::vec;
use proptest::prelude::*;

pub(crate) fn empty() -> State {
    let lineage = Lineage("0123456789abcdef0123456789abcdef".into());
    State::new("shop", "test", EnvironmentKind::Ephemeral, lineage)
}

fn address(number: u8) -> Address {
    format!("pr/sim_machine.web[{}]", number % 4).parse().expect("an address")
}

fn attributes(number: u8) -> Value {
    let secret = Value::from(format!("secret {number}"));
    let source = greenroom_model::expr::Expr::reference("sim_machine", ["web", "secret"]);
    Value::object([
        ("size", Value::from(u32::from(number))),
        ("secret", Value::sensitive(secret, source)),
    ])
}

fn intent(effect: Effect, address: Address, uid: Uid, incarnation: Incarnation) -> Entry {
    let operation = OperationId {
        phase: "apply".into(),
        kind: match effect {
            Effect::Create | Effect::Import => OperationKind::Create,
            Effect::Update => OperationKind::Update,
            Effect::Delete => OperationKind::Delete,
        },
        subject: address.to_string().into(),
    };
    Entry::Intent(Box::new(Intent {
        operation: Some(operation),
        effect,
        subjects: vec![Subject { address, uid: uid.clone(), incarnation }],
        provider: "sim".into(),
        handle: Handle { token: uid.0, natural_key: None },
        arguments: Value::Null,
        lifecycle: Lifecycle::default(),
        deadline: 100,
    }))
}

/// An entry that may follow `state`, chosen by `(what, which)`.
fn next(state: &State, what: u8, which: u8) -> Entry {
    let address = address(which);
    let instance = state.instance(&address);
    let current = instance.and_then(|it| it.current.as_ref()).map(|it| it.uid.clone());
    let open = state.open.iter().nth(usize::from(which) % state.open.len().max(1));
    match (what % 10, open, current) {
        (0..=2, Some((sequence, intent)), _) => {
            let outcome = match (intent.effect, which % 4) {
                (_, 3) => Outcome::Failed { message: "refused".into() },
                (Effect::Create | Effect::Import, 2) => {
                    Outcome::Abandoned { watch_until: Some(1000) }
                }
                (Effect::Create | Effect::Import, _) => Outcome::Created(vec![Made {
                    id: format!("id-{sequence}").into(),
                    status: if which.is_multiple_of(2) {
                        Status::Incomplete
                    } else {
                        Status::Ready
                    },
                    attributes: attributes(which),
                }]),
                (Effect::Update, _) if known(state, intent) => {
                    Outcome::Updated { attributes: attributes(which) }
                }
                (Effect::Delete, 1) if known(state, intent) => Outcome::DeleteAccepted,
                (Effect::Delete, _) => Outcome::Deleted,
                _ => Outcome::Failed { message: "gone meanwhile".into() },
            };
            Entry::Outcome { intent: *sequence, outcome }
        }
        (3, _, Some(uid)) => intent(Effect::Update, address, uid, Incarnation(0)),
        (4, _, Some(uid)) => intent(Effect::Delete, address, uid, Incarnation(0)),
        (5, _, Some(uid)) => {
            let (status, attributes) = (Status::Ready, attributes(which));
            Entry::Settled { address, uid, status, attributes }
        }
        (6, _, Some(uid)) => {
            let seen = Seen { attributes: attributes(which), status: Status::Failed };
            Entry::Observed { address, uid, seen: (which.is_multiple_of(2)).then_some(seen) }
        }
        (7, _, _) if which.is_multiple_of(2) => {
            Entry::RunStarted { plan: Digest::of(&[which]), holder: "me".into(), text: None }
        }
        (7, _, _) => Entry::RunFinished { complete: which.is_multiple_of(3) },
        (8, _, _) => Entry::Outputs {
            scope: address.scope,
            outputs: BTreeMap::from([(Arc::from("url"), Value::from(u32::from(which)))]),
        },
        _ => {
            let incarnation = instance.map(|it| it.incarnation).unwrap_or_default().next();
            let uid = Uid::derive(&state.lineage, &address, incarnation);
            let effect = if which.is_multiple_of(5) { Effect::Import } else { Effect::Create };
            intent(effect, address, uid, incarnation)
        }
    }
}

fn known(state: &State, intent: &Intent) -> bool {
    let Subject { address, uid, .. } = &intent.subjects[0];
    state
        .instance(address)
        .is_some_and(|it| it.current.iter().chain(&it.deposed).any(|remote| remote.uid == *uid))
}

fn add(state: &mut State, entry: Entry) -> Result<(), ReplayError> {
    let sequence = Sequence(state.sequence.0 + 1);
    replay(state, sequence, entry)
}

proptest! {
    #[test]
    fn a_journal_in_two_parts_gives_the_same_state(
        steps in vec((any::<u8>(), any::<u8>()), 0..60),
        cut in any::<u8>(),
    ) {
        let mut whole = empty();
        let mut journal = Vec::new();
        for (what, which) in steps {
            let entry = next(&whole, what, which);
            journal.push(entry.clone());
            add(&mut whole, entry).expect("an entry that fits");
        }
        let cut = usize::from(cut) % (journal.len() + 1);
        let mut parts = empty();
        for (position, entry) in journal.into_iter().enumerate() {
            if position == cut {
                parts = snapshot::decode(&snapshot::encode(&parts)).expect("its own snapshot");
            }
            add(&mut parts, entry).expect("an entry that fits");
        }
        prop_assert_eq!(parts, whole);
    }

    #[test]
    fn an_entry_that_does_not_fit_changes_nothing(
        steps in vec((any::<u8>(), any::<u8>()), 0..30),
        odd in any::<u8>(),
    ) {
        let mut state = empty();
        for (what, which) in steps {
            let entry = next(&state, what, which);
            add(&mut state, entry).expect("an entry that fits");
        }
        let before = state.clone();
        let uid = Uid("nobody".into());
        let wrong = match odd % 4 {
            0 => Entry::Gone { address: address(odd), uid },
            1 => Entry::Observed { address: address(odd), uid, seen: None },
            2 => Entry::Outcome { intent: Sequence(9999), outcome: Outcome::Deleted },
            _ => Entry::Settled {
                address: address(odd),
                uid,
                status: Status::Ready,
                attributes: Value::Null,
            },
        };
        prop_assert!(add(&mut state, wrong).is_err());
        let again = replay(&mut state, before.sequence, Entry::RunFinished { complete: true });
        prop_assert!(again.is_err());
        prop_assert_eq!(state, before);
    }
}
