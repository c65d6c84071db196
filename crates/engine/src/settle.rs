//! Settling: deciding an intent that has no outcome.
//!
//! Settling looks; it never creates. What it finds becomes an outcome, what it does not find for
//! long enough is abandoned: that incarnation is spent, and its handle is watched for a while.
//! Of an import there is nothing to wait for or to watch: the object is there in any case, and it
//! is its owner's until the state has it.
//!
//! A provider does not say what is secret: what is found gets the marks of its intent's arguments
//! and of what is recorded.

use std::sync::Arc;
use std::time::Duration;

use greenroom_model::identity::Sequence;
use greenroom_model::journal::{Effect, Entry, Intent, Made, Outcome, Seen, Subject};
use greenroom_model::state::{State, Status, Watch};
use greenroom_model::value::Value;

use crate::diff;

/// How long an abandoned handle is watched: 24 hours.
pub const WATCH: Duration = Duration::from_secs(24 * 60 * 60);

/// A look that decides an open intent.
#[derive(Clone, Debug)]
pub struct Look {
    /// The intent's place in the journal.
    pub intent: Sequence,
    /// The intent.
    pub what: Intent,
    /// The attributes as recorded of what is changed or deleted, else null.
    pub recorded: Value,
    /// How to look.
    pub how: How,
}

/// How to look for what an intent was about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// By handle: a create or an import.
    ByHandle,
    /// By id: an update or a delete.
    ById,
}

/// What a look saw; one entry a subject for look-ups by handle.
#[derive(Clone, Debug)]
pub enum Sight {
    /// Objects found by handle, as far as there are any.
    Found(Vec<Option<FoundObject>>),
    /// The object read by its id.
    Read(ReadSight),
}

/// An object that was found by its handle.
#[derive(Clone, Debug)]
pub struct FoundObject {
    /// The provider's name for it.
    pub id: Arc<str>,
    /// Its attributes as far as known.
    pub attributes: Value,
}

/// What a read by id saw.
#[derive(Clone, Debug)]
pub enum ReadSight {
    /// It is there.
    Present(Value),
    /// It is there and of no use.
    Broken(Value),
    /// It is not there.
    Gone,
}

/// When a look was made, and until when what it looks for could be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Seconds since the epoch.
    pub now: i64,
    /// From when on no earlier holder of the lease sends anything more, where the store proves
    /// that; else an intent's deadline is all that is known. Seconds since the epoch.
    pub silent_since: Option<i64>,
}

/// What a sight means.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// These entries close the intent.
    Settled(Vec<Entry>),
    /// It may still turn up: look again, at the latest at this time.
    LookAgain {
        /// Seconds since the epoch.
        until: i64,
    },
}

/// The looks that decide everything that is open, in the order of the journal.
#[must_use]
pub fn looks(state: &State) -> Vec<Look> {
    state
        .open
        .iter()
        .map(|(sequence, intent)| Look {
            intent: *sequence,
            what: intent.clone(),
            recorded: intent.subjects.first().map_or(Value::Null, |it| recorded(state, it)),
            how: match intent.effect {
                Effect::Create | Effect::Import => How::ByHandle,
                Effect::Update | Effect::Delete => How::ById,
            },
        })
        .collect()
}

fn recorded(state: &State, subject: &Subject) -> Value {
    let instance = state.instance(&subject.address);
    let mut remotes = instance.into_iter().flat_map(|it| it.current.iter().chain(&it.deposed));
    let remote = remotes.find(|it| it.uid == subject.uid);
    remote.map_or(Value::Null, |it| it.attributes.clone())
}

/// Decides an intent by what a look saw at a moment; `grace` is the type's.
#[must_use]
pub fn decide(look: &Look, sight: Sight, moment: Moment, grace: Duration) -> Verdict {
    match sight {
        Sight::Found(found) => decide_by_handle(look, found, moment, grace),
        Sight::Read(sight) => Verdict::Settled(decide_change(look, sight)),
    }
}

fn decide_by_handle(
    look: &Look,
    found: Vec<Option<FoundObject>>,
    moment: Moment,
    grace: Duration,
) -> Verdict {
    let outcome = |outcome| Entry::Outcome { intent: look.intent, outcome };
    let missing = found.iter().any(Option::is_none) || found.len() != look.what.subjects.len();
    if !missing {
        let found = look.what.subjects.iter().zip(found.into_iter().flatten());
        let made = found.map(|(subject, it)| Made {
            id: it.id,
            // The next apply waits until it is ready, and replaces it only if it has failed.
            status: Status::Incomplete,
            attributes: marked(look, subject, it.attributes),
        });
        return Verdict::Settled(vec![outcome(Outcome::Created(made.collect()))]);
    }
    // A type without grace cannot turn up late, so that nothing is waited for. What an import marks
    // late is not ours to delete.
    if grace.is_zero() || look.what.effect == Effect::Import {
        return Verdict::Settled(vec![outcome(Outcome::Abandoned { watch_until: None })]);
    }
    let deadline = look.what.deadline;
    let last_sent = moment.silent_since.map_or(deadline, |since| since.min(deadline));
    let until = last_sent.saturating_add(seconds(grace));
    if moment.now < until {
        return Verdict::LookAgain { until };
    }
    let watch_until = Some(moment.now.saturating_add(seconds(WATCH)));
    Verdict::Settled(vec![outcome(Outcome::Abandoned { watch_until })])
}

/// Whole seconds, begun ones included.
fn seconds(time: Duration) -> i64 {
    let begun = u64::from(time.subsec_nanos() > 0);
    i64::try_from(time.as_secs().saturating_add(begun)).unwrap_or(i64::MAX)
}

fn decide_change(look: &Look, sight: ReadSight) -> Vec<Entry> {
    let outcome = |outcome| Entry::Outcome { intent: look.intent, outcome };
    let interrupted = || outcome(Outcome::Failed { message: "interrupted".into() });
    let Some(subject) = look.what.subjects.first() else { return vec![interrupted()] };
    let observed =
        |seen| Entry::Observed { address: subject.address.clone(), uid: subject.uid.clone(), seen };
    let marked = |attributes| marked(look, subject, attributes);
    match (look.what.effect, sight) {
        (Effect::Delete, ReadSight::Gone) => vec![outcome(Outcome::Deleted)],
        (_, ReadSight::Gone) => vec![interrupted(), observed(None)],
        (Effect::Update, ReadSight::Present(attributes)) => {
            vec![outcome(Outcome::Updated { attributes: marked(attributes) })]
        }
        (_, ReadSight::Present(attributes)) => {
            let attributes = marked(attributes);
            vec![interrupted(), observed(Some(Seen { attributes, status: Status::Ready }))]
        }
        (_, ReadSight::Broken(attributes)) => {
            let attributes = marked(attributes);
            vec![interrupted(), observed(Some(Seen { attributes, status: Status::Failed }))]
        }
    }
}

/// What was found of a subject, with the marks of what was to be and of what was: an update that
/// did not arrive left what was.
fn marked(look: &Look, subject: &Subject, attributes: Value) -> Value {
    let sent = diff::marked_like(None, &subject.address, &attributes, &look.what.arguments);
    diff::marked_like(None, &subject.address, &sent, &look.recorded)
}

/// Whether the object `id`, found by the handle of a watched `subject`, turned up late. It did not
/// if the state has it: what is recognised by a key and not by tags is found as well when it is the
/// object that was made instead.
#[must_use]
pub fn is_late(state: &State, subject: &Subject, id: &str) -> bool {
    let kind = &subject.address.block.kind;
    let alike = state.instances().filter(|(address, _)| address.block.kind == *kind);
    !alike.flat_map(|(_, it)| it.current.iter().chain(&it.deposed)).any(|it| *it.id == *id)
}

/// Watched handles whose time is over at `now`.
#[must_use]
pub fn expired(watch: &[Watch], now: i64) -> Vec<Entry> {
    watch
        .iter()
        .filter(|it| it.until <= now)
        .flat_map(|it| &it.intent.subjects)
        .map(|subject| Entry::Unwatched { uid: subject.uid.clone() })
        .collect()
}
