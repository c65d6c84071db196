//! What looks see: each provider is asked once about everything that it answers for.

use std::collections::BTreeMap;
use std::sync::Arc;

use greenroom_engine::settle::{FoundObject, How, Look, ReadSight, Sight};
use greenroom_model::address::Scope;
use greenroom_model::journal::{Intent, Subject};
use greenroom_model::value::Value;
use greenroom_provider::{
    Failure, FailureKind, FindRequest, Found, Object, Provider, ReadAnswer, ReadDepth, ReadRequest,
};

use crate::error::ApplyError;
use crate::session::{Session, owner};

/// What a provider is asked about.
#[derive(Clone, Copy)]
pub(super) struct About<'a> {
    pub(super) intent: &'a Intent,
    pub(super) subject: &'a Subject,
}

impl<'a> About<'a> {
    /// All subjects of an intent.
    pub(super) fn all_of(intent: &'a Intent) -> impl Iterator<Item = About<'a>> {
        intent.subjects.iter().map(move |subject| About { intent, subject })
    }
}

/// What each look sees, in their order.
pub(super) async fn see(session: &Session, looks: &[&Look]) -> Vec<Result<Sight, ApplyError>> {
    let by = |how| looks.iter().filter(move |it| it.how == how).map(|it| &it.what);
    let handles: Vec<About<'_>> = by(How::ByHandle).flat_map(About::all_of).collect();
    let ids: Vec<About<'_>> = by(How::ById).filter_map(|it| About::all_of(it).next()).collect();
    let mut found = find(session, &handles).await.into_iter();
    let mut read = read(session, &ids).await.into_iter();
    let sight = |look: &&Look| match (look.how, look.what.subjects.first()) {
        (How::ById, Some(subject)) => {
            let seen = read.next().expect("every look by id was answered");
            seen.map(Sight::Read).map_err(unsettled(subject))
        }
        _ => {
            let subjects = &look.what.subjects;
            found_all(subjects, found.by_ref().take(subjects.len()).collect())
        }
    };
    looks.iter().map(sight).collect()
}

fn found_all(
    subjects: &[Subject],
    answers: Vec<Result<Option<Found>, Failure>>,
) -> Result<Sight, ApplyError> {
    let object = |it: Found| FoundObject { id: it.id, attributes: it.attributes };
    let found = subjects
        .iter()
        .zip(answers)
        .map(|(subject, answer)| answer.map(|it| it.map(object)).map_err(unsettled(subject)));
    Ok(Sight::Found(found.collect::<Result<_, _>>()?))
}

fn unsettled(subject: &Subject) -> impl FnOnce(Failure) -> ApplyError {
    let address = subject.address.clone();
    move |source| ApplyError::Unsettled { address, source }
}

/// Looks objects up by their handles; the answers come in the order of the questions.
pub(super) async fn find(
    session: &Session,
    abouts: &[About<'_>],
) -> Vec<Result<Option<Found>, Failure>> {
    let mut answers = unanswered(abouts.len());
    for (group, positions) in by_provider(abouts) {
        let requests = positions.iter().map(|at| find_request(session, abouts[*at])).collect();
        let found = match provider(session, &group).await {
            Ok(provider) => provider.find(requests).await,
            Err(failure) => vec![Err(failure); positions.len()],
        };
        for (at, answer) in positions.into_iter().zip(found) {
            answers[at] = answer;
        }
    }
    answers
}

/// Reads objects by their ids; one that the state does not have is gone.
async fn read(session: &Session, abouts: &[About<'_>]) -> Vec<Result<ReadSight, Failure>> {
    let mut answers = unanswered(abouts.len());
    for (group, mut positions) in by_provider(abouts) {
        let mut requests = Vec::new();
        positions.retain(|at| match known_object(session, abouts[*at].subject) {
            Some(object) => {
                requests.push(ReadRequest { object, depth: ReadDepth::Full });
                true
            }
            None => {
                answers[*at] = Ok(ReadSight::Gone);
                false
            }
        });
        if positions.is_empty() {
            continue;
        }
        let seen = match provider(session, &group).await {
            Ok(provider) => provider.read(requests).await,
            Err(failure) => vec![Err(failure); positions.len()],
        };
        for (at, answer) in positions.into_iter().zip(seen) {
            answers[at] = answer.map(read_sight);
        }
    }
    answers
}

fn read_sight(answer: ReadAnswer) -> ReadSight {
    match answer {
        ReadAnswer::Present(attributes) => ReadSight::Present(attributes),
        ReadAnswer::Broken { attributes, .. } => ReadSight::Broken(attributes),
        ReadAnswer::Gone => ReadSight::Gone,
    }
}

/// The questions' positions by who answers them.
fn by_provider(abouts: &[About<'_>]) -> BTreeMap<(Arc<str>, Scope), Vec<usize>> {
    let mut groups: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (at, About { intent, subject }) in abouts.iter().enumerate() {
        let group = (intent.provider.clone(), subject.address.scope.clone());
        groups.entry(group).or_default().push(at);
    }
    groups
}

async fn provider(
    session: &Session,
    (configuration, scope): &(Arc<str>, Scope),
) -> Result<Arc<dyn Provider>, Failure> {
    session.workbench.providers.of_state(configuration, &session.state, scope).await
}

fn unanswered<T: Clone>(questions: usize) -> Vec<Result<T, Failure>> {
    let missing = Failure::new(FailureKind::Internal, "the provider gave no answer");
    vec![Err(missing); questions]
}

fn find_request(session: &Session, About { intent, subject }: About<'_>) -> FindRequest {
    FindRequest {
        kind: subject.address.block.kind.clone(),
        address: subject.address.clone(),
        uid: subject.uid.clone(),
        owner: owner(&session.state, &subject.address.scope),
        handle: intent.handle.clone(),
        arguments: intent.arguments.clone(),
    }
}

fn known_object(session: &Session, subject: &Subject) -> Option<Object> {
    let instance = session.state.instance(&subject.address)?;
    let mut remotes = instance.current.iter().chain(&instance.deposed);
    let remote = remotes.find(|it| it.uid == subject.uid)?;
    Some(object(session, subject, remote.id.clone(), remote.attributes.clone()))
}

/// A subject's object, as providers name it.
pub(super) fn object(
    session: &Session,
    subject: &Subject,
    id: Arc<str>,
    attributes: Value,
) -> Object {
    Object {
        kind: subject.address.block.kind.clone(),
        address: subject.address.clone(),
        uid: subject.uid.clone(),
        id,
        attributes,
        owner: owner(&session.state, &subject.address.scope),
        timeout: None,
    }
}
