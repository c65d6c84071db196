//! The graph of a phase's operations: drafts with edges become operations in one order.

use std::collections::BTreeMap;
use std::sync::Arc;

use greenroom_model::address::{Address, Scope};
use greenroom_model::plan::{Action, Expectation, Need, Operation, OperationId, OperationKind};
use petgraph::algo::{tarjan_scc, toposort};
use petgraph::graph::{DiGraph, NodeIndex};

/// An operation whose place in the plan is not fixed yet; needs are positions among the drafts.
pub(crate) struct Draft {
    pub(crate) kind: OperationKind,
    pub(crate) address: Address,
    subject: Arc<str>,
    pub(crate) action: Action,
    pub(crate) needs: Vec<Need>,
    pub(crate) expects: Expectation,
}

impl Draft {
    /// A draft about an address. A deposed object's subject carries its uid, as an address may
    /// have several.
    pub(crate) fn new(
        kind: OperationKind,
        address: &Address,
        action: Action,
        expects: Expectation,
    ) -> Draft {
        let subject = match &action {
            Action::Delete(removal) if removal.deposed => format!("{address}#{}", removal.uid),
            _ => address.to_string(),
        };
        Draft {
            kind,
            address: address.clone(),
            subject: subject.into(),
            action,
            needs: Vec::new(),
            expects,
        }
    }
}

/// The id that a draft's operation will have in `phase`.
pub(crate) fn id_of(draft: &Draft, phase: &str) -> OperationId {
    OperationId { phase: phase.into(), kind: draft.kind, subject: draft.subject.clone() }
}

/// Orders drafts so that each stands behind what it needs, and by address where that is free.
///
/// # Errors
///
/// The names of operations that wait for each other in a circle.
pub(crate) fn finish(drafts: Vec<Draft>, phase: &str) -> Result<Vec<Operation>, Vec<String>> {
    let order = ordered(&drafts)?;
    let mut position = vec![0u32; drafts.len()];
    for (at, draft) in (0u32..).zip(&order) {
        position[*draft] = at;
    }
    let phase: Arc<str> = phase.into();
    let mut slots: Vec<Option<Draft>> = drafts.into_iter().map(Some).collect();
    Ok(order
        .into_iter()
        .map(|at| {
            let draft = slots[at].take().expect("an order names each draft once");
            let mut needs: BTreeMap<u32, Need> = BTreeMap::new();
            for need in draft.needs {
                let operation = position[need.operation as usize];
                let merged = needs.entry(operation).or_insert(Need { operation, ..need });
                merged.until = merged.until.max(need.until);
            }
            Operation {
                id: OperationId { phase: phase.clone(), kind: draft.kind, subject: draft.subject },
                action: draft.action,
                needs: needs.into_values().collect(),
                expects: draft.expects,
            }
        })
        .collect())
}

/// Positions of the drafts in an order that fits their needs.
fn ordered(drafts: &[Draft]) -> Result<Vec<usize>, Vec<String>> {
    let mut by_address: Vec<usize> = (0..drafts.len()).collect();
    by_address.sort_by(|a, b| key(&drafts[*a]).cmp(&key(&drafts[*b])));
    // Levels from the roots, so that independent operations keep their order by address.
    let mut graph = DiGraph::<usize, ()>::with_capacity(drafts.len(), 0);
    let nodes: Vec<NodeIndex> = (0..drafts.len()).map(|at| graph.add_node(at)).collect();
    for (at, draft) in drafts.iter().enumerate() {
        for need in &draft.needs {
            graph.add_edge(nodes[need.operation as usize], nodes[at], ());
        }
    }
    let sorted = toposort(&graph, None).map_err(|_| circle(&graph, drafts))?;
    let mut level = vec![0u32; drafts.len()];
    for node in sorted {
        let at = graph[node];
        for need in &drafts[at].needs {
            level[at] = level[at].max(level[need.operation as usize] + 1);
        }
    }
    by_address.sort_by_key(|at| level[*at]);
    Ok(by_address)
}

fn key(draft: &Draft) -> (&Address, OperationKind, &str) {
    (&draft.address, draft.kind, &draft.subject)
}

fn circle(graph: &DiGraph<usize, ()>, drafts: &[Draft]) -> Vec<String> {
    let groups = tarjan_scc(graph);
    let group =
        groups.iter().find(|group| group.len() > 1 || graph.contains_edge(group[0], group[0]));
    let mut names: Vec<String> = group
        .into_iter()
        .flatten()
        .map(|node| {
            let draft = &drafts[graph[*node]];
            format!("{} {}", draft.kind.as_str(), draft.subject)
        })
        .collect();
    names.sort();
    names
}

impl Draft {
    /// A draft about something that is no object, such as a gate.
    pub(crate) fn named(
        kind: OperationKind,
        scope: &Scope,
        name: &Arc<str>,
        action: Action,
    ) -> Draft {
        use greenroom_model::address::{BlockName, InstanceKey};
        let block = BlockName::managed(kind.as_str(), name.clone());
        let address = Address { scope: scope.clone(), block, key: InstanceKey::Only };
        let subject = format!("{scope}/{name}").into();
        Draft { kind, address, subject, action, needs: Vec::new(), expects: Expectation::Nothing }
    }
}
