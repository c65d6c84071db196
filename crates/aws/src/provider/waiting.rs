//! Waiting for objects to be ready, to be gone, and to be let go of.

use std::sync::Arc;
use std::time::Duration;

use greenroom_provider::{Company, Deleted, Failure, FailureKind, Object};
use tokio::time::Instant;

use super::{AwsProvider, Kind};
use crate::resource::{Condition, Seen};

impl AwsProvider {
    /// Waits until an object can be used.
    pub(super) async fn wait_ready(
        &self,
        kind: &Kind,
        object: &Object,
    ) -> Result<Arc<Seen>, Failure> {
        let began = Instant::now();
        let patience = object.timeout.unwrap_or_else(|| kind.resource.patience());
        let mut missing_since: Option<Instant> = None;
        loop {
            let seen = kind.looks.one(object).await?;
            let state = match seen.as_ref().map(|seen| &seen.condition) {
                Some(Condition::Ready) => return seen.ok_or_else(|| vanished(object)),
                Some(Condition::Broken(reason)) => {
                    let message = format!("`{}` will never be ready: {reason}", object.id);
                    return Err(Failure::new(FailureKind::Broken, message));
                }
                Some(Condition::Pending(state)) => {
                    missing_since = None;
                    format!("it is still `{state}`")
                }
                Some(Condition::Going) => return Err(vanished(object)),
                None => {
                    let since = *missing_since.get_or_insert_with(Instant::now);
                    if since.elapsed() > self.aws.pace.consistency() {
                        return Err(vanished(object));
                    }
                    "AWS does not find it yet".to_owned()
                }
            };
            if began.elapsed() > patience {
                return Err(late(object, "ready", patience, &state));
            }
            kind.looks.pause().await;
        }
    }

    /// Waits until an object is gone.
    pub(super) async fn wait_gone(&self, kind: &Kind, object: &Object) -> Result<(), Failure> {
        let began = Instant::now();
        let patience = object.timeout.unwrap_or_else(|| kind.resource.patience());
        loop {
            let seen = kind.looks.one(object).await?;
            let Some(seen) = seen.filter(|it| kind.resource.lingers(it)) else { return Ok(()) };
            if began.elapsed() > patience {
                let state = format!("AWS says it is {:?}", seen.condition);
                return Err(late(object, "gone", patience, &state));
            }
            kind.looks.pause().await;
        }
    }

    /// Sends a delete until nothing holds the object any more: what lets go of it may be on its
    /// way out.
    pub(super) async fn release(
        &self,
        kind: &Kind,
        object: &Object,
        company: Option<&Company>,
    ) -> Result<Deleted, Failure> {
        let until = Instant::now() + self.aws.pace.consistency();
        loop {
            match kind.resource.delete_in(&self.aws, object, company).await {
                Err(failure) if failure.kind == FailureKind::Held => {
                    if Instant::now() >= until {
                        let holders = kind.resource.holders(&self.aws, object).await?;
                        return Err(held_by(failure, &holders));
                    }
                    kind.looks.pause().await;
                }
                answer => return answer,
            }
        }
    }
}

fn held_by(failure: Failure, holders: &[String]) -> Failure {
    match holders {
        [] => failure,
        holders => failure.help(format!("it is held by {}", holders.join("; "))),
    }
}

pub(super) fn vanished(object: &Object) -> Failure {
    let message = format!("AWS knows no {} `{}` any more", object.kind, object.id);
    Failure::new(FailureKind::NotFound, message).help("plan again: the plan makes it anew")
}

fn late(object: &Object, what: &str, patience: Duration, state: &str) -> Failure {
    let message = format!("`{}` is not {what} after {patience:?}: {state}", object.id);
    Failure::new(FailureKind::Unavailable, message)
        .help("`timeouts` of the resource sets how long to wait")
}
