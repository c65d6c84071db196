//! Settling against the real world: the looks that the engine asks for.

use std::time::Duration;

use greenroom_engine::settle::{self, FoundObject, How, Look, ReadSight, Sight, Verdict};
use greenroom_model::address::Address;
use greenroom_model::journal::{Entry, Intent, Subject};
use greenroom_model::value::Value;
use greenroom_provider::{
    DeleteRequest, Deleted, Failure, FindRequest, Found, Object, ReadAnswer, ReadDepth, ReadRequest,
};

use crate::cancel::Cancel;
use crate::error::ApplyError;
use crate::event::Event;
use crate::session::{Session, owner};

/// How often to look for what may still turn up.
const PAUSE: Duration = Duration::from_secs(2);

/// Decides every open intent, and looks after every watched handle.
pub(crate) async fn settle(session: &mut Session, cancel: &Cancel) -> Result<(), ApplyError> {
    let looks = settle::looks(&session.state);
    if !looks.is_empty() {
        session.workbench.observer.observe(&Event::Settling { intents: looks.len() });
    }
    for look in looks {
        settle_one(session, look, cancel).await?;
    }
    watch(session).await
}

async fn settle_one(session: &mut Session, look: Look, cancel: &Cancel) -> Result<(), ApplyError> {
    let mut announced = false;
    loop {
        let sight = see(session, &look).await?;
        let grace = grace(session, &look.what);
        let now = session.workbench.clock.now();
        match settle::decide(&look, sight, now, grace) {
            Verdict::Settled(entries) => {
                tell(session, &look, &entries);
                return session.record(entries).await;
            }
            Verdict::LookAgain { until } => {
                if !announced {
                    announced = true;
                    let longest = Duration::from_secs(u64::try_from(until - now).unwrap_or(0));
                    for subject in &look.what.subjects {
                        let address = subject.address.clone();
                        session.workbench.observer.observe(&Event::Awaited { address, longest });
                    }
                }
                tokio::select! {
                    () = tokio::time::sleep(PAUSE) => {}
                    () = cancel.cancelled() => return Err(ApplyError::Cancelled),
                }
            }
        }
    }
}

fn grace(session: &Session, intent: &Intent) -> Duration {
    let block = intent.subjects.first().map(|it| &it.address.block);
    let known = block.and_then(|block| session.workbench.schemas.of_block(block));
    known.map_or(Duration::ZERO, |it| it.schema.grace)
}

async fn see(session: &Session, look: &Look) -> Result<Sight, ApplyError> {
    let mut found = Vec::new();
    for subject in &look.what.subjects {
        let unsettled = |source| ApplyError::Unsettled { address: subject.address.clone(), source };
        match look.how {
            How::ByHandle => {
                let object = find(session, &look.what, subject).await.map_err(unsettled)?;
                found.push(object.map(|it| FoundObject { id: it.id, attributes: it.attributes }));
            }
            How::ById => {
                let sight = read(session, &look.what, subject).await.map_err(unsettled)?;
                return Ok(Sight::Read(sight));
            }
        }
    }
    Ok(Sight::Found(found))
}

async fn find(
    session: &Session,
    intent: &Intent,
    subject: &Subject,
) -> Result<Option<Found>, Failure> {
    let scope = &subject.address.scope;
    let provider =
        session.workbench.providers.of_state(&intent.provider, &session.state, scope).await?;
    let request = FindRequest {
        kind: subject.address.block.kind.clone(),
        address: subject.address.clone(),
        uid: subject.uid.clone(),
        owner: owner(&session.state, scope),
        handle: intent.handle.clone(),
        arguments: intent.arguments.clone(),
    };
    first(provider.find(vec![request]).await)
}

async fn read(session: &Session, intent: &Intent, subject: &Subject) -> Result<ReadSight, Failure> {
    let Some(object) = known_object(session, &subject.address, subject) else {
        return Ok(ReadSight::Gone);
    };
    let scope = &subject.address.scope;
    let provider =
        session.workbench.providers.of_state(&intent.provider, &session.state, scope).await?;
    let request = ReadRequest { object, depth: ReadDepth::Full };
    Ok(match first(provider.read(vec![request]).await)? {
        ReadAnswer::Present(attributes) => ReadSight::Present(attributes),
        ReadAnswer::Broken { attributes, .. } => ReadSight::Broken(attributes),
        ReadAnswer::Gone => ReadSight::Gone,
    })
}

fn known_object(session: &Session, address: &Address, subject: &Subject) -> Option<Object> {
    let instance = session.state.instance(address)?;
    let remote =
        instance.current.iter().chain(&instance.deposed).find(|it| it.uid == subject.uid)?;
    Some(object(session, address, subject, remote.id.clone(), remote.attributes.clone()))
}

fn object(
    session: &Session,
    address: &Address,
    subject: &Subject,
    id: std::sync::Arc<str>,
    attributes: Value,
) -> Object {
    Object {
        kind: address.block.kind.clone(),
        address: address.clone(),
        uid: subject.uid.clone(),
        id,
        attributes,
        owner: owner(&session.state, &address.scope),
        timeout: None,
    }
}

fn first<T>(answers: Vec<Result<T, Failure>>) -> Result<T, Failure> {
    answers.into_iter().next().unwrap_or_else(|| {
        Err(Failure::new(greenroom_provider::FailureKind::Internal, "the provider gave no answer"))
    })
}

fn tell(session: &Session, look: &Look, entries: &[Entry]) {
    use greenroom_model::journal::Outcome;
    let found = match entries.first() {
        Some(Entry::Outcome { outcome, .. }) => match outcome {
            Outcome::Created(_) => "made",
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
    for watch in session.state.watch.clone() {
        for subject in &watch.intent.subjects {
            let unsettled =
                |source| ApplyError::Unsettled { address: subject.address.clone(), source };
            let found = find(session, &watch.intent, subject).await.map_err(unsettled)?;
            let Some(found) = found else { continue };
            remove(session, &watch.intent, subject, found).await.map_err(unsettled)?;
            session.record(vec![Entry::Unwatched { uid: subject.uid.clone() }]).await?;
        }
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
    let object = object(session, &subject.address, subject, found.id, found.attributes);
    match provider.delete(DeleteRequest { object: object.clone() }).await? {
        Deleted::Gone => Ok(()),
        Deleted::Accepted => provider.gone(object).await,
    }
}
