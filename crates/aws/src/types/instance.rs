//! `aws_instance`: a virtual machine.

mod attributes;
mod batch;
mod change;
mod check;
mod launch;
mod read;
mod schema;

use std::sync::Arc;

pub(crate) use batch::{Launches, launches};
pub(crate) use change::stop;
pub(crate) use check::{MOST_USER_DATA, check_texts};
pub(crate) use read::look;

use async_trait::async_trait;
use greenroom_model::schema::TypeSchema;
use greenroom_model::value::{Object as Values, Value};
use greenroom_provider::{
    CheckRequest, Deleted, Draft, Failure, FailureKind, Object, WrongArgument, typed,
};

use crate::aws::Aws;
use crate::peers::Peers;
use crate::resource::{Change, New, Resource, Seen, Sought, Tagging};

/// The type `aws_instance`.
pub(crate) struct Instance;

#[async_trait]
impl Resource for Instance {
    fn schema(&self) -> TypeSchema {
        schema::schema()
    }

    fn tagging(&self) -> Tagging {
        Tagging::Ec2
    }

    fn propose(&self, draft: &mut Draft) {
        check::propose(draft);
    }

    fn check(&self, own: &CheckRequest, peers: &Peers<'_>) -> Vec<WrongArgument> {
        check::beside(own, peers)
    }

    async fn look(&self, aws: &Aws, sought: &Sought) -> Result<Vec<Seen>, Failure> {
        read::look(aws, sought).await
    }

    async fn look_closer(&self, aws: &Aws, seen: &mut Seen) -> Result<(), Failure> {
        read::closer(aws, seen).await
    }

    fn as_written(&self, read: &mut Values, prior: &Value) {
        read::as_written(read, prior);
    }

    async fn create(&self, aws: &Aws, new: &New) -> Result<Arc<str>, Failure> {
        launch_one(aws, new).await
    }

    async fn finish(&self, aws: &Aws, object: &Object) -> Result<(), Failure> {
        let made: attributes::Attributes = typed(&object.attributes)?;
        match made.source_dest_check {
            // A new one is checked.
            Some(false) => change::set_source_dest_check(aws, &object.id, Some(false)).await,
            _ => Ok(()),
        }
    }

    async fn update(&self, aws: &Aws, change: &Change) -> Result<(), Failure> {
        let several = change.changed.len() > 1;
        let changed = change::apply(aws, change).await;
        // With several calls, those before the one that failed took effect.
        changed.map_err(|failure| if several { failure.unknown_effect() } else { failure })
    }

    async fn delete(&self, aws: &Aws, object: &Object) -> Result<Deleted, Failure> {
        terminate(aws, &object.id).await
    }

    fn lingers(&self, seen: &Seen) -> bool {
        lingers(seen)
    }
}

/// Launches an instance, in one call with others that are alike.
pub(crate) async fn launch_one(aws: &Aws, new: &New) -> Result<Arc<str>, Failure> {
    aws.batches.launches.one(batch::Launch::new(new)?).await
}

/// Terminates an instance.
pub(crate) async fn terminate(aws: &Aws, id: &Arc<str>) -> Result<Deleted, Failure> {
    match aws.batches.terminations.one(id.clone()).await {
        Ok(()) => Ok(Deleted::Accepted),
        Err(failure) if failure.kind == FailureKind::NotFound => Ok(Deleted::Gone),
        Err(failure) => Err(failure),
    }
}

/// Whether an instance is in others' way: until it is terminated, its interfaces and volumes hold
/// what they use.
pub(crate) fn lingers(seen: &Seen) -> bool {
    state(seen) != Some("terminated")
}

/// The state of an instance, as AWS has it.
pub(crate) fn state(seen: &Seen) -> Option<&str> {
    seen.attributes.get("instance_state").and_then(Value::as_str)
}
