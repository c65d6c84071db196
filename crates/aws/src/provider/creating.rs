//! Creating: by which token, and what became of a create that failed or was not answered.

use std::sync::Arc;
use std::time::Duration;

use greenroom_model::identity::Owner;
use greenroom_model::value::{Object as Attributes, Value};
use greenroom_provider::{CreateRequest, Failure, FailureKind, WorldEffect};

use super::{AwsProvider, Kind};
use crate::aws::Pace;
use crate::resource::{Seen, Sent, Tagging};
use crate::send::in_doubt;
use crate::tags;

impl AwsProvider {
    /// Looks for an object whose create was not answered.
    pub(super) async fn look_for(
        &self,
        kind: &Kind,
        owner: &Owner,
        sent: Sent<'_>,
    ) -> Result<Option<Seen>, Failure> {
        let Some(sought) = kind.resource.handle(&sent) else { return Ok(None) };
        let seen = kind.resource.look(&self.aws, &sought).await?;
        let mut present = seen.into_iter().filter(Seen::is_present);
        if kind.resource.tagging() == Tagging::None {
            return Ok(present.find(|seen| kind.resource.is_it(&sent, seen)));
        }
        let ours = (owner.lineage.clone(), sent.uid.clone());
        Ok(present.find(|seen| tags::owner_in(&seen.tags).as_ref() == Some(&ours)))
    }

    /// What a create came to that failed: AWS may have made the object all the same.
    pub(super) async fn after_failed_create(
        &self,
        kind: &Kind,
        request: &CreateRequest,
        failure: Failure,
    ) -> Result<Arc<str>, Failure> {
        let doubtful = failure.effect == WorldEffect::Unknown;
        // A name that is taken may have been taken by an attempt whose answer was lost. Tags say
        // so; without them, what is there must not be believed to be ours.
        let may_be_ours =
            failure.kind == FailureKind::Stranger && kind.resource.tagging() != Tagging::None;
        if !doubtful && !may_be_ours {
            return Err(failure);
        }
        let sent = Sent { uid: &request.uid, arguments: &request.planned };
        let look = || async { self.look_for(kind, &request.owner, sent).await.unwrap_or_default() };
        let seen = match doubtful {
            true => in_doubt(self.aws.pace, look).await,
            false => look().await,
        };
        seen.map(|it| it.id).ok_or(failure)
    }
}

/// How long after its intent a create may still be sent.
pub(super) fn send_limit(pace: Pace) -> Duration {
    pace.scaled(Duration::from_secs(600)).max(Duration::from_secs(10))
}

/// The client token of a create: from the uid, and from what is sent, as AWS refuses a token that
/// comes back with other arguments. At most 64 characters.
pub(super) fn token(request: &CreateRequest) -> String {
    let arguments = Value::from(known(&request.planned, ""));
    let hash = blake3::hash(format!("{:?}", arguments.reveal()).as_bytes()).to_hex();
    format!("{}-{}", request.handle.token, &hash[..16])
}

/// What is known of a new object: what was planned, and its id.
pub(super) fn known(planned: &Value, id: &str) -> Attributes {
    let planned = planned.as_object().into_iter().flatten();
    let known = planned.filter(|(_, value)| !value.has_pending());
    let mut known: Attributes = known.map(|(name, value)| (name.clone(), value.clone())).collect();
    known.insert("id".into(), Value::from(id));
    known
}
