//! Whether a plan may be applied to a state, and what opens it.

use std::sync::Arc;

use greenroom_model::address::Address;
use greenroom_model::identity::{Digest, Lineage, Sequence};
use greenroom_model::journal::{Entry, Seen};
use greenroom_model::plan::{DriftSeen, Plan};
use greenroom_model::state::{State, Status};

use crate::outcomes::Secrets;

/// Why a plan is not applied. Nothing was done.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// It was made for another state.
    #[error("the plan is for the state with lineage {plan}, this one has {state}")]
    OtherState {
        /// The plan's.
        plan: Lineage,
        /// The state's.
        state: Lineage,
    },
    /// What it read has changed since.
    #[error("{} changed since the plan was made: {}", count(.0), list(.0))]
    Changed(Vec<Address>),
    /// Another plan is half done, and this one was made before it started.
    #[error("another plan was interrupted after this one was made")]
    OtherRun,
}

fn count(addresses: &[Address]) -> String {
    match addresses.len() {
        1 => "one object".into(),
        count => format!("{count} objects"),
    }
}

fn list(addresses: &[Address]) -> String {
    const SHOWN: usize = 5;
    let mut text: Vec<String> = addresses.iter().take(SHOWN).map(ToString::to_string).collect();
    if addresses.len() > SHOWN {
        text.push(format!("and {} more", addresses.len() - SHOWN));
    }
    text.join(", ")
}

/// Checks that everything the plan read is as it was. A plan that was interrupted goes on: what
/// it changed itself does not count.
pub(super) fn check(plan: &Plan, digest: &Digest, state: &State) -> Result<(), Refusal> {
    if plan.lineage != state.lineage {
        return Err(Refusal::OtherState {
            plan: plan.lineage.clone(),
            state: state.lineage.clone(),
        });
    }
    if state.run.as_ref().is_some_and(|run| run.plan == *digest) {
        return Ok(());
    }
    let now = |address: &Address| -> Option<Sequence> {
        state.instance(address)?.current.as_ref().map(|it| it.version)
    };
    let mut changed: Vec<Address> = plan
        .versions
        .iter()
        .filter(|(address, version)| now(address) != Some(**version))
        .map(|(address, _)| address.clone())
        .collect();
    let appeared = state
        .instances()
        .filter(|(address, it)| it.current.is_some() && !plan.versions.contains_key(address))
        .map(|(address, _)| address);
    changed.extend(appeared);
    if changed.is_empty() { Ok(()) } else { Err(Refusal::Changed(changed)) }
}

/// What the journal says before the first operation.
pub(super) fn opening(
    plan: &Plan,
    digest: &Digest,
    state: &State,
    secrets: &Secrets,
    holder: Arc<str>,
) -> Vec<Entry> {
    let goes_on = state.run.as_ref().is_some_and(|run| run.plan == *digest);
    let mut entries = vec![Entry::RunStarted { plan: digest.clone(), holder, text: None }];
    if goes_on {
        return entries;
    }
    for (scope, inputs) in &plan.inputs {
        let mut inputs = inputs.clone();
        if let Some(secrets) = secrets.get(scope) {
            inputs.variables.extend(secrets.iter().map(|(name, it)| (name.clone(), it.clone())));
        }
        if state.scopes.get(scope).map(|it| &it.inputs) != Some(&inputs) {
            entries.push(Entry::ScopeInputs { scope: scope.clone(), inputs: Box::new(inputs) });
        }
    }
    entries.extend(plan.drift.iter().map(|drift| {
        let seen = match &drift.seen {
            DriftSeen::Gone => None,
            DriftSeen::Failed { attributes, .. } => {
                Some(Seen { attributes: attributes.clone(), status: Status::Failed })
            }
            DriftSeen::Changed { attributes } => {
                // To be there is not to be ready: who was not seen ready is still waited for.
                let incomplete = state
                    .instance(&drift.address)
                    .and_then(|it| it.current.as_ref())
                    .is_some_and(|it| it.uid == drift.uid && it.status == Status::Incomplete);
                let status = if incomplete { Status::Incomplete } else { Status::Ready };
                Some(Seen { attributes: attributes.clone(), status })
            }
        };
        Entry::Observed { address: drift.address.clone(), uid: drift.uid.clone(), seen }
    }));
    entries.extend(plan.lifecycles.iter().map(|it| Entry::Lifecycle {
        address: it.address.clone(),
        uid: it.uid.clone(),
        lifecycle: it.lifecycle.clone(),
    }));
    entries
}
