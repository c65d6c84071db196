//! Settling against the real world: the looks that the engine asks for.
//!
//! All open intents are looked at in rounds, each provider once a round, so that many of them wait
//! together for what may still turn up.

mod sight;

use std::time::Duration;

use greenroom_engine::settle::{self, Look, Moment, Verdict};
use greenroom_model::journal::{Effect, Entry, Intent, Outcome, Subject};
use greenroom_provider::{DeleteRequest, Deleted, Failure, Found};
use greenroom_store::Lease;
use greenroom_store::fail_point::fail_point;

use crate::cancel::Cancel;
use crate::clock::Clock;
use crate::error::ApplyError;
use crate::event::Event;
use crate::session::Session;
use sight::About;

/// How often to look for what may still turn up.
const PAUSE: Duration = Duration::from_secs(2);

/// How much longer than its lease a process may live that leaves in a hurry, in seconds.
const LEAVING: i64 = 2;

/// An intent that is not decided yet.
struct Open {
    look: Look,
    /// Whether anybody was told that it is waited for.
    announced: bool,
}

/// From when on nobody who held the lease before sends anything, asked right after it was taken.
pub(crate) fn silent_since(lease: &dyn Lease, clock: &dyn Clock) -> Option<i64> {
    lease.earlier_holder_is_gone().then(|| clock.now().saturating_add(LEAVING))
}

/// Decides every open intent, and looks after every watched handle.
pub(crate) async fn settle(
    session: &mut Session,
    silent_since: Option<i64>,
    cancel: &Cancel,
) -> Result<(), ApplyError> {
    let looks = settle::looks(&session.state);
    if !looks.is_empty() {
        session.workbench.observer.observe(&Event::Settling { intents: looks.len() });
    }
    let mut open: Vec<Open> =
        looks.into_iter().map(|look| Open { look, announced: false }).collect();
    loop {
        open = round(session, open, silent_since).await?;
        if open.is_empty() {
            return watch(session).await;
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = cancel.cancelled() => return Err(ApplyError::Cancelled),
        }
    }
}

/// Looks at everything that is open once, and returns what may still turn up. What was decided is
/// durable, also if something could not be looked at.
async fn round(
    session: &mut Session,
    open: Vec<Open>,
    silent_since: Option<i64>,
) -> Result<Vec<Open>, ApplyError> {
    let looks: Vec<&Look> = open.iter().map(|it| &it.look).collect();
    let sights = sight::see(session, &looks).await;
    let moment = Moment { now: session.workbench.clock.now(), silent_since };
    let (mut decided, mut waiting, mut unsettled) = (Vec::new(), Vec::new(), None);
    for (mut one, sight) in open.into_iter().zip(sights) {
        let grace = grace(session, &one.look.what);
        match sight.map(|sight| settle::decide(&one.look, sight, moment, grace)) {
            Ok(Verdict::Settled(entries)) => {
                tell(session, &one.look, &entries);
                decided.extend(entries);
            }
            Ok(Verdict::LookAgain { until }) => {
                one.announce(session, until - moment.now);
                waiting.push(one);
            }
            Err(error) => {
                unsettled.get_or_insert(error);
            }
        }
    }
    if !decided.is_empty() {
        fail_point("settle: before decisions");
        session.record(decided).await?;
        fail_point("settle: decisions durable");
    }
    unsettled.map_or(Ok(waiting), Err)
}

impl Open {
    /// Says, once, that it is waited for, and for how many seconds at most.
    fn announce(&mut self, session: &Session, longest: i64) {
        if std::mem::replace(&mut self.announced, true) {
            return;
        }
        let longest = Duration::from_secs(u64::try_from(longest).unwrap_or(0));
        for subject in &self.look.what.subjects {
            let address = subject.address.clone();
            session.workbench.observer.observe(&Event::Awaited { address, longest });
        }
    }
}

fn grace(session: &Session, intent: &Intent) -> Duration {
    let block = intent.subjects.first().map(|it| &it.address.block);
    let known = block.and_then(|block| session.workbench.schemas.of_block(block));
    known.map_or(Duration::ZERO, |it| it.schema.grace)
}

fn tell(session: &Session, look: &Look, entries: &[Entry]) {
    let found = match entries.first() {
        Some(Entry::Outcome { outcome, .. }) => match outcome {
            Outcome::Created(_) if look.what.effect == Effect::Import => "imported",
            Outcome::Created(_) => "made",
            Outcome::Abandoned { .. } if look.what.effect == Effect::Import => "not imported",
            Outcome::Abandoned { .. } => "not made",
            Outcome::Updated { .. } => "changed",
            Outcome::Deleted | Outcome::DeleteAccepted => "deleted",
            Outcome::Failed { .. } => "interrupted",
        },
        _ => return,
    };
    for subject in &look.what.subjects {
        let address = subject.address.clone();
        session.workbench.observer.observe(&Event::Settled { address, found });
    }
}

/// Looks every watched handle up; what has turned up is deleted as ours.
async fn watch(session: &mut Session) -> Result<(), ApplyError> {
    let expired = settle::expired(&session.state.watch, session.workbench.clock.now());
    session.record(expired).await?;
    let watched = session.state.watch.clone();
    let abouts: Vec<About<'_>> =
        watched.iter().flat_map(|watch| About::all_of(&watch.intent)).collect();
    let found = sight::find(session, &abouts).await;
    for (about, found) in abouts.iter().zip(found) {
        let About { intent, subject } = about;
        let unsettled = |source| ApplyError::Unsettled { address: subject.address.clone(), source };
        let Some(found) = found.map_err(unsettled)? else { continue };
        if !settle::is_late(&session.state, subject, &found.id) {
            continue;
        }
        session.lease.still_held().await?;
        fail_point("settle: before late object removed");
        remove(session, intent, subject, found).await.map_err(unsettled)?;
        fail_point("settle: late object removed");
        session.record(vec![Entry::Unwatched { uid: subject.uid.clone() }]).await?;
        fail_point("settle: late object forgotten");
    }
    Ok(())
}

async fn remove(
    session: &Session,
    intent: &Intent,
    subject: &Subject,
    found: Found,
) -> Result<(), Failure> {
    let scope = &subject.address.scope;
    let provider =
        session.workbench.providers.of_state(&intent.provider, &session.state, scope).await?;
    let object = sight::object(session, subject, found.id, found.attributes);
    match provider.delete(DeleteRequest { object: object.clone(), company: None }).await? {
        Deleted::Gone => Ok(()),
        Deleted::Accepted => provider.gone(object).await,
    }
}
