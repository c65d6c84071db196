//! What a state will be when operations are done: what the next phase is planned against.

use std::sync::Arc;

use greenroom_model::journal::Lifecycle;
use greenroom_model::plan::{Action, Change, Drift, DriftSeen, Operation, Removal};
use greenroom_model::state::{Remote, State, Status};

/// The state after these operations of a plan, with residuals where only applying it can tell.
///
/// Of objects that they make, the uid stands for the id, which is not known yet.
#[must_use]
pub fn forecast<'o>(state: &State, operations: impl IntoIterator<Item = &'o Operation>) -> State {
    let mut after = state.clone();
    for operation in operations {
        match &operation.action {
            Action::Create(change) => create(&mut after, change),
            Action::Update(change) => update(&mut after, change),
            Action::Delete(removal) => delete(&mut after, removal),
            _ => {}
        }
    }
    after
}

/// The state with what a refresh saw.
#[must_use]
pub fn refreshed(state: &State, drift: &[Drift]) -> State {
    let mut after = state.clone();
    for Drift { address, uid, seen, .. } in drift {
        let instance = after.instance_mut(address);
        match seen {
            DriftSeen::Gone => {
                instance.current.take_if(|it| it.uid == *uid);
                instance.deposed.retain(|it| it.uid != *uid);
            }
            DriftSeen::Failed { attributes, .. } | DriftSeen::Changed { attributes } => {
                let mut remotes = instance.current.iter_mut().chain(&mut instance.deposed);
                if let Some(remote) = remotes.find(|it| it.uid == *uid) {
                    remote.attributes = attributes.clone();
                    if matches!(seen, DriftSeen::Failed { .. }) {
                        remote.status = Status::Failed;
                    }
                }
            }
        }
    }
    after
}

fn create(state: &mut State, change: &Change) {
    let instance = state.instance_mut(&change.address);
    instance.incarnation = instance.incarnation.max(change.incarnation);
    let Lifecycle { reads, create_before_destroy, prevent_destroy } = change.lifecycle.clone();
    instance.current = Some(Remote {
        uid: change.uid.clone(),
        id: Arc::clone(&change.uid.0),
        provider: change.provider.clone(),
        status: Status::Ready,
        attributes: change.planned.clone(),
        reads,
        version: Default::default(),
        create_before_destroy,
        prevent_destroy,
    });
}

fn update(state: &mut State, change: &Change) {
    if let Some(remote) = &mut state.instance_mut(&change.address).current {
        remote.attributes = change.planned.clone();
        remote.reads = change.lifecycle.reads.clone();
    }
}

fn delete(state: &mut State, removal: &Removal) {
    let instance = state.instance_mut(&removal.address);
    instance.current.take_if(|it| it.uid == removal.uid);
    instance.deposed.retain(|it| it.uid != removal.uid);
}
