//! Whether a plan may be applied to a state, and what opens it.

use std::sync::Arc;

use greenroom_model::address::{Address, Scope};
use greenroom_model::identity::{Digest, Lineage, Sequence};
use greenroom_model::journal::{Entry, Lifecycle, Seen};
use greenroom_model::plan::{Drift, DriftSeen, LifecycleRecord, Plan, Purpose};
use greenroom_model::state::{Remote, State, Status};

use crate::format;
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
    /// A promotion is open.
    #[error("the promotion of {0} is open")]
    PromotionOpen(Scope),
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
    if let Some(promotion) = state.roster.as_ref().and_then(|it| it.promotion.as_ref())
        && !ends_a_promotion(plan, state)
    {
        return Err(Refusal::PromotionOpen(promotion.candidate.clone()));
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

/// Whether a plan may take the place of that of a promotion which is open.
fn ends_a_promotion(plan: &Plan, state: &State) -> bool {
    match plan.purpose {
        Purpose::Abort => true,
        // Of a first promotion that halts, there is nothing to go back to: all of it may go.
        Purpose::Destroy => state.roster.as_ref().is_none_or(|it| it.live().is_none()),
        Purpose::Apply | Purpose::Promote | Purpose::Rollback | Purpose::Retire => false,
    }
}

/// What the journal says before the first operation. Of a plan that goes on, only what is not
/// there yet: a crash may have kept the first of these entries and lost the rest.
pub(super) fn opening(
    plan: &Plan,
    digest: &Digest,
    state: &State,
    secrets: &Secrets,
    holder: Arc<str>,
) -> Vec<Entry> {
    let goes_on = state.run.as_ref().is_some_and(|run| run.plan == *digest);
    // Whoever goes on with a promotion has no file of it.
    let text = (plan.purpose.shifts() && !goes_on).then(|| text_of(plan));
    let mut entries = vec![Entry::RunStarted { plan: digest.clone(), holder, text }];
    for (scope, inputs) in &plan.inputs {
        let mut inputs = inputs.clone();
        if let Some(secrets) = secrets.get(scope) {
            inputs.variables.extend(secrets.iter().map(|(name, it)| (name.clone(), it.clone())));
        }
        if state.scopes.get(scope).map(|it| &it.inputs) != Some(&inputs) {
            entries.push(Entry::ScopeInputs { scope: scope.clone(), inputs: Box::new(inputs) });
        }
    }
    let drift = plan.drift.iter().filter(|it| !goes_on || is_unrecorded(plan, state, it));
    entries.extend(drift.map(|it| observed(state, it)));
    let lifecycles = plan.lifecycles.iter().filter(|it| !goes_on || is_said_otherwise(state, it));
    entries.extend(lifecycles.map(|it| Entry::Lifecycle {
        address: it.address.clone(),
        uid: it.uid.clone(),
        lifecycle: it.lifecycle.clone(),
    }));
    entries
}

fn text_of(plan: &Plan) -> Arc<str> {
    let bytes = format::plan::encode(plan);
    String::from_utf8(bytes).expect("a plan file is JSON").into()
}

/// What the plan's refresh saw, for the journal.
fn observed(state: &State, drift: &Drift) -> Entry {
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
}

/// Whether the state does not have yet what the refresh saw of an object.
fn is_unrecorded(plan: &Plan, state: &State, drift: &Drift) -> bool {
    let Some(instance) = state.instance(&drift.address) else { return false };
    let is_it = |it: &&Remote| it.uid == drift.uid;
    match drift.seen {
        DriftSeen::Gone => instance.current.iter().chain(&instance.deposed).any(|it| is_it(&it)),
        // Whatever was recorded since has another version: this, or what the plan made of it.
        DriftSeen::Failed { .. } | DriftSeen::Changed { .. } => {
            let current = instance.current.as_ref().filter(is_it);
            current.is_some_and(|it| plan.versions.get(&drift.address) == Some(&it.version))
        }
    }
}

/// Whether the state has another lifecycle of an object that is to stay as it is.
fn is_said_otherwise(state: &State, said: &LifecycleRecord) -> bool {
    let current = state.instance(&said.address).and_then(|it| it.current.as_ref());
    current.filter(|it| it.uid == said.uid).is_some_and(|it| {
        let Lifecycle { reads, create_before_destroy, prevent_destroy } = &said.lifecycle;
        (&it.reads, it.create_before_destroy, it.prevent_destroy)
            != (reads, *create_before_destroy, *prevent_destroy)
    })
}
