//! Replay: folding journal entries into a state.
//!
//! The same function runs while a plan is applied and when a journal is read back after a crash,
//! so the two cannot disagree.

mod history;

use greenroom_model::address::Address;
use greenroom_model::gate::GateResult;
use greenroom_model::identity::{Sequence, Uid};
use greenroom_model::journal::{Effect, Entry, Intent, Lifecycle, Made, Outcome, Seen, Subject};
use greenroom_model::state::{Instance, Remote, Run, State, Status, Watch};

/// An entry that cannot follow what is already known: the journal was not written by this engine.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ReplayError {
    /// It does not come after the last one.
    #[error("record {found} does not come after record {last}")]
    Order {
        /// The last record that is contained.
        last: Sequence,
        /// The record that was to be added.
        found: Sequence,
    },
    /// It closes an intent that is not open.
    #[error("record {sequence} is the outcome of intent {intent}, which is not open")]
    NoIntent {
        /// The record.
        sequence: Sequence,
        /// The intent that it names.
        intent: Sequence,
    },
    /// Its number of objects is not the intent's.
    #[error("record {sequence} names {found} objects, its intent {expected}")]
    Subjects {
        /// The record.
        sequence: Sequence,
        /// As many as the intent names.
        expected: usize,
        /// As many as the outcome names.
        found: usize,
    },
    /// It speaks of an object that the state does not have.
    #[error("record {sequence} is about {address} with uid {uid}, which the state does not have")]
    NoObject {
        /// The record.
        sequence: Sequence,
        /// Where the object should be.
        address: Address,
        /// Which object.
        uid: Uid,
    },
}

/// Adds one entry to a state.
///
/// # Errors
///
/// [`ReplayError`]; the state is unchanged then.
pub fn replay(state: &mut State, sequence: Sequence, entry: Entry) -> Result<(), ReplayError> {
    if sequence <= state.sequence {
        return Err(ReplayError::Order { last: state.sequence, found: sequence });
    }
    match entry {
        Entry::RunStarted { plan, holder, text } => match &mut state.run {
            Some(run) if run.plan == plan => run.holder = holder,
            run => {
                state.finished = None;
                *run = Some(Run {
                    plan,
                    holder,
                    done: Default::default(),
                    answers: Default::default(),
                    verdicts: Default::default(),
                    text,
                });
            }
        },
        Entry::RunFinished { complete } => {
            if complete {
                state.finished = state.run.take().map(|run| run.plan);
            }
        }
        Entry::ScopeInputs { scope, inputs } => {
            state.scopes.entry(scope).or_default().inputs = *inputs;
        }
        Entry::ScopeRemoved { scope } => {
            state.scopes.remove(&scope);
        }
        Entry::Intent(intent) => {
            open(state, sequence, *intent);
        }
        Entry::Outcome { intent, outcome } => close(state, sequence, intent, outcome)?,
        Entry::Settled { address, uid, status, attributes } => {
            let remote = object(state, sequence, &address, &uid)?;
            remote.status = status;
            remote.attributes = attributes;
            remote.version = sequence;
        }
        Entry::Gone { address, uid } => {
            object(state, sequence, &address, &uid)?;
            remove(state, &address, &uid);
        }
        Entry::Observed { address, uid, seen } => {
            let remote = object(state, sequence, &address, &uid)?;
            match seen {
                Some(Seen { attributes, status }) => {
                    remote.attributes = attributes;
                    remote.status = status;
                    remote.version = sequence;
                }
                None => remove(state, &address, &uid),
            }
        }
        Entry::Lifecycle { address, uid, lifecycle } => {
            let remote = object(state, sequence, &address, &uid)?;
            keep(remote, lifecycle);
            // A plan that was saved before may rely on what was recorded then.
            remote.version = sequence;
        }
        Entry::Answer { operation, value, verdict, at } => {
            history::answered(state, &operation, verdict.as_ref(), at);
            let passed = verdict.as_ref().is_none_or(|it| it.result == GateResult::Pass);
            if let Some(run) = &mut state.run {
                if passed {
                    run.done.insert(operation.clone());
                    run.answers.insert(operation.clone(), value);
                }
                if let Some(verdict) = verdict {
                    run.verdicts.insert(operation, verdict);
                }
            }
        }
        Entry::Mark { operation, decision } => {
            history::marked(state, &decision);
            state.roster = Some(decision.roster);
            if let Some(run) = &mut state.run {
                run.done.insert(operation);
            }
        }
        Entry::Outputs { scope, outputs } => {
            state.scopes.entry(scope).or_default().outputs = outputs;
        }
        Entry::Lifetime(lifetime) => state.lifetime = lifetime,
        Entry::Unwatched { uid } => {
            state.watch.retain(|watch| !watch.intent.subjects.iter().any(|it| it.uid == uid));
        }
    }
    state.sequence = sequence;
    Ok(())
}

fn open(state: &mut State, sequence: Sequence, intent: Intent) {
    if matches!(intent.effect, Effect::Create | Effect::Import) {
        for subject in &intent.subjects {
            // Spent at the intent, not at the outcome: whatever becomes of it, no later object
            // may share its token.
            let instance = state.instance_mut(&subject.address);
            instance.incarnation = instance.incarnation.max(subject.incarnation);
        }
    }
    state.open.insert(sequence, intent);
}

fn close(
    state: &mut State,
    sequence: Sequence,
    number: Sequence,
    outcome: Outcome,
) -> Result<(), ReplayError> {
    let Some(intent) = state.open.remove(&number) else {
        return Err(ReplayError::NoIntent { sequence, intent: number });
    };
    let closed = apply_outcome(state, sequence, &intent, outcome);
    if closed.is_err() {
        state.open.insert(number, intent);
    }
    closed
}

fn apply_outcome(
    state: &mut State,
    sequence: Sequence,
    intent: &Intent,
    outcome: Outcome,
) -> Result<(), ReplayError> {
    match outcome {
        Outcome::Created(made) => {
            let (expected, found) = (intent.subjects.len(), made.len());
            if expected != found {
                return Err(ReplayError::Subjects { sequence, expected, found });
            }
            for (subject, made) in intent.subjects.iter().zip(made) {
                add(state, sequence, intent, subject, made);
            }
            done(state, intent);
        }
        Outcome::Updated { attributes } => {
            let Subject { address, uid, .. } = only_subject(intent, sequence)?;
            let remote = object(state, sequence, address, uid)?;
            remote.attributes = attributes;
            remote.version = sequence;
            remote.status = Status::Ready;
            keep(remote, intent.lifecycle.clone());
            done(state, intent);
        }
        Outcome::DeleteAccepted => {
            let Subject { address, uid, .. } = only_subject(intent, sequence)?;
            let remote = object(state, sequence, address, uid)?;
            remote.status = Status::Deleting;
            remote.version = sequence;
        }
        Outcome::Deleted => {
            for Subject { address, uid, .. } in &intent.subjects {
                remove(state, address, uid);
            }
            done(state, intent);
        }
        Outcome::Failed { message: _ } => {}
        Outcome::Abandoned { watch_until } => {
            if let Some(until) = watch_until {
                state.watch.push(Watch { intent: intent.clone(), until });
            }
        }
    }
    Ok(())
}

fn keep(remote: &mut Remote, lifecycle: Lifecycle) {
    let Lifecycle { reads, create_before_destroy, prevent_destroy } = lifecycle;
    remote.reads = reads;
    remote.create_before_destroy = create_before_destroy;
    remote.prevent_destroy = prevent_destroy;
}

fn only_subject(intent: &Intent, sequence: Sequence) -> Result<&Subject, ReplayError> {
    match intent.subjects.as_slice() {
        [subject] => Ok(subject),
        many => Err(ReplayError::Subjects { sequence, expected: 1, found: many.len() }),
    }
}

/// Makes what an intent created the current object of its address; one that is there already is
/// deposed.
fn add(state: &mut State, sequence: Sequence, intent: &Intent, subject: &Subject, made: Made) {
    let instance = state.instance_mut(&subject.address);
    instance.deposed.extend(instance.current.take());
    instance.current = Some(Remote {
        uid: subject.uid.clone(),
        id: made.id,
        provider: intent.provider.clone(),
        status: made.status,
        attributes: made.attributes,
        reads: intent.lifecycle.reads.clone(),
        version: sequence,
        create_before_destroy: intent.lifecycle.create_before_destroy,
        prevent_destroy: intent.lifecycle.prevent_destroy,
    });
}

fn done(state: &mut State, intent: &Intent) {
    if let (Some(run), Some(operation)) = (&mut state.run, &intent.operation) {
        run.done.insert(operation.clone());
    }
}

/// The object with this uid at this address, current or deposed.
fn object<'a>(
    state: &'a mut State,
    sequence: Sequence,
    address: &Address,
    uid: &Uid,
) -> Result<&'a mut Remote, ReplayError> {
    find(state, address, uid).ok_or_else(|| ReplayError::NoObject {
        sequence,
        address: address.clone(),
        uid: uid.clone(),
    })
}

fn find<'a>(state: &'a mut State, address: &Address, uid: &Uid) -> Option<&'a mut Remote> {
    let Instance { current, deposed, .. } = state
        .scopes
        .get_mut(&address.scope)?
        .resources
        .get_mut(&address.block)?
        .get_mut(&address.key)?;
    current.iter_mut().chain(deposed).find(|it| it.uid == *uid)
}

fn remove(state: &mut State, address: &Address, uid: &Uid) {
    let Some(scope) = state.scopes.get_mut(&address.scope) else { return };
    let Some(instances) = scope.resources.get_mut(&address.block) else { return };
    let Some(instance) = instances.get_mut(&address.key) else { return };
    instance.deposed.retain(|it| it.uid != *uid);
    instance.current.take_if(|it| it.uid == *uid);
    // An address that is empty stays, with the incarnations it has spent, until its scope goes:
    // a later object there must never derive an old one's token.
}
