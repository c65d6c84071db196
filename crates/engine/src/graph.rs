//! The graph of a phase's operations: drafts with edges become operations in one order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use greenroom_model::address::{Address, Scope};
use greenroom_model::identity::Uid;
use greenroom_model::plan::{
    Action, Expectation, Need, Operation, OperationId, OperationKind, RemovalReason, ReplaceReason,
};
use petgraph::algo::{tarjan_scc, toposort};
use petgraph::graph::{DiGraph, NodeIndex};

/// An operation whose place in the plan is not fixed yet; needs are positions among the drafts.
pub(crate) struct Draft {
    pub(crate) kind: OperationKind,
    pub(crate) address: Address,
    subject: Arc<str>,
    pub(crate) action: Action,
    pub(crate) needs: Vec<Need>,
    /// What it would rather wait for, but does not where that leads in a circle.
    pub(crate) wishes: Vec<Need>,
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
            wishes: Vec::new(),
            expects,
        }
    }
}

/// Operations that wait for each other.
#[derive(Debug)]
pub(crate) struct Circle {
    /// Their names, in order.
    pub(crate) names: Vec<String>,
    /// The objects that some of them delete.
    pub(crate) deleted: BTreeSet<Uid>,
}

/// The id that a draft's operation will have in `phase`.
pub(crate) fn id_of(draft: &Draft, phase: &str) -> OperationId {
    OperationId { phase: phase.into(), kind: draft.kind, subject: draft.subject.clone() }
}

/// Orders drafts so that each stands behind what it needs, and by address where that is free.
///
/// # Errors
///
/// The operations that wait for each other in a circle.
pub(crate) fn finish(mut drafts: Vec<Draft>, phase: &str) -> Result<Vec<Operation>, Circle> {
    let order = match ordered(&drafts) {
        Ok(order) => order,
        Err(_) => {
            give_up_wishes(&mut drafts);
            ordered(&drafts)?
        }
    };
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
            for need in draft.needs.into_iter().chain(draft.wishes) {
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
fn ordered(drafts: &[Draft]) -> Result<Vec<usize>, Circle> {
    let mut by_address: Vec<usize> = (0..drafts.len()).collect();
    by_address.sort_by(|a, b| key(&drafts[*a]).cmp(&key(&drafts[*b])));
    // Levels from the roots, so that independent operations keep their order by address.
    let graph = graph_of(drafts);
    let sorted = toposort(&graph, None).map_err(|_| circle(&graph, drafts))?;
    let mut level = vec![0u32; drafts.len()];
    for node in sorted {
        let at = graph[node];
        for need in drafts[at].all_needs() {
            level[at] = level[at].max(level[need.operation as usize] + 1);
        }
    }
    by_address.sort_by_key(|at| level[*at]);
    Ok(by_address)
}

fn graph_of(drafts: &[Draft]) -> DiGraph<usize, ()> {
    let mut graph = DiGraph::<usize, ()>::with_capacity(drafts.len(), 0);
    let nodes: Vec<NodeIndex> = (0..drafts.len()).map(|at| graph.add_node(at)).collect();
    for (at, draft) in drafts.iter().enumerate() {
        for need in draft.all_needs() {
            graph.add_edge(nodes[need.operation as usize], nodes[at], ());
        }
    }
    graph
}

/// Drops the wishes that lead in a circle. A replacement that wished to wait until it is known
/// whether it is needed is then carried out in any case.
fn give_up_wishes(drafts: &mut [Draft]) {
    let graph = graph_of(drafts);
    let mut circle = vec![0usize; drafts.len()];
    for (number, group) in tarjan_scc(&graph).iter().enumerate() {
        for node in group {
            circle[graph[*node]] = number;
        }
    }
    let mut certain = BTreeSet::new();
    for (at, draft) in drafts.iter_mut().enumerate() {
        let before = draft.wishes.len();
        draft.wishes.retain(|need| circle[need.operation as usize] != circle[at]);
        if let Action::Delete(removal) = &mut draft.action
            && draft.wishes.len() < before
            && let RemovalReason::Replaced { reason, .. } = &mut removal.reason
        {
            make_certain(reason);
            certain.insert(removal.uid.clone());
        }
    }
    for draft in drafts {
        if let Action::Create(change) = &mut draft.action
            && let Some(replacement) = &mut change.replaces
            && certain.contains(&replacement.old)
        {
            make_certain(&mut replacement.reason);
        }
    }
}

fn make_certain(reason: &mut ReplaceReason) {
    if let ReplaceReason::Pending(paths) = reason {
        *reason = ReplaceReason::Attributes(std::mem::take(paths));
    }
}

fn key(draft: &Draft) -> (&Address, OperationKind, &str) {
    (&draft.address, draft.kind, &draft.subject)
}

fn circle(graph: &DiGraph<usize, ()>, drafts: &[Draft]) -> Circle {
    let groups = tarjan_scc(graph);
    let group =
        groups.iter().find(|group| group.len() > 1 || graph.contains_edge(group[0], group[0]));
    let members = || group.into_iter().flatten().map(|node| &drafts[graph[*node]]);
    let mut names: Vec<String> =
        members().map(|draft| format!("{} {}", draft.kind.as_str(), draft.subject)).collect();
    names.sort();
    let deleted = members().filter_map(|draft| match &draft.action {
        Action::Delete(removal) => Some(removal.uid.clone()),
        _ => None,
    });
    Circle { names, deleted: deleted.collect() }
}

impl Draft {
    fn all_needs(&self) -> impl Iterator<Item = &Need> {
        self.needs.iter().chain(&self.wishes)
    }

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
        let expects = Expectation::Nothing;
        let (needs, wishes) = (Vec::new(), Vec::new());
        Draft { kind, address, subject, action, needs, wishes, expects }
    }
}
