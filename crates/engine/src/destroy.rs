//! The plan that takes everything down: a function of the state alone.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use greenroom_model::address::{Address, Scope};
use greenroom_model::plan::{
    Need, Next, OperationKind, Phase, Plan, PlannedOutput, Purpose, RemovalReason,
};
use greenroom_model::schema::Strength;
use greenroom_model::state::State;
use greenroom_model::value::Value;

use crate::graph;
use crate::planner::removal_draft;

/// Why there is no plan to take a state down.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum DestroyError {
    /// These are protected.
    #[error("`prevent_destroy` is set on {}", list(.0))]
    Protected(Vec<Address>),
    /// The recorded reads form a circle, which no plan could have made.
    #[error("no order fits these operations: {}", .0.join(" → "))]
    Order(Vec<String>),
}

fn list(addresses: &[Address]) -> String {
    addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Plans the deletion of every object, each after what reads it.
///
/// # Errors
///
/// [`DestroyError`]: nothing is to be done before it is resolved.
pub fn plan_destroy(state: &State, environment: Option<Scope>) -> Result<Plan, DestroyError> {
    let protected: Vec<Address> = state
        .instances()
        .filter(|(_, it)| it.current.as_ref().is_some_and(|it| it.prevent_destroy))
        .map(|(address, _)| address)
        .collect();
    if !protected.is_empty() {
        return Err(DestroyError::Protected(protected));
    }
    let mut drafts = Vec::new();
    let mut readers: HashMap<Address, Vec<u32>> = HashMap::new();
    for (address, instance) in state.instances() {
        let deposed = instance.deposed.iter().map(|it| (it, OperationKind::DeleteDeposed));
        let current = instance.current.iter().map(|it| (it, OperationKind::Delete));
        for (remote, kind) in current.chain(deposed) {
            let position = u32::try_from(drafts.len()).expect("fewer objects than u32 can count");
            for read in remote.reads.keys() {
                readers.entry(read.clone()).or_default().push(position);
            }
            let why = RemovalReason::Destroyed;
            drafts.push(removal_draft(
                &address,
                remote,
                kind,
                why,
                remote.attributes.clone(),
                None,
            ));
        }
    }
    for (position, draft) in (0u32..).zip(&mut drafts) {
        let waits = readers.get(&draft.address).into_iter().flatten();
        let needs = waits
            .filter(|reader| **reader != position)
            .map(|operation| Need { operation: *operation, until: Strength::Complete });
        draft.needs.extend(needs);
    }
    let operations =
        graph::finish(drafts, "destroy").map_err(|circle| DestroyError::Order(circle.names))?;
    let phases = if operations.is_empty() {
        Vec::new()
    } else {
        vec![Phase { name: "destroy".into(), operations, on_pass: Next::Done, on_fail: Next::Halt }]
    };
    Ok(Plan {
        project: state.project.clone(),
        stage: state.stage.clone(),
        environment,
        lineage: state.lineage.clone(),
        purpose: Purpose::Destroy,
        inputs: BTreeMap::new(),
        versions: versions(state),
        drift: Vec::new(),
        lifecycles: Vec::new(),
        phases,
        outputs: removed_outputs(state),
    })
}

fn versions(state: &State) -> BTreeMap<Address, greenroom_model::identity::Sequence> {
    state
        .instances()
        .filter_map(|(address, it)| it.current.as_ref().map(|remote| (address, remote.version)))
        .collect()
}

fn removed_outputs(state: &State) -> BTreeMap<Scope, BTreeMap<Arc<str>, PlannedOutput>> {
    let outputs = |outputs: &BTreeMap<Arc<str>, Value>| {
        outputs
            .iter()
            .map(|(name, value)| {
                (name.clone(), PlannedOutput { value: Value::Null, prior: Some(value.clone()) })
            })
            .collect()
    };
    state.scopes.iter().map(|(scope, it)| (scope.clone(), outputs(&it.outputs))).collect()
}
