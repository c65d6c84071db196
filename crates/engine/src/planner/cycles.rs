//! What is stuck: dependency cycles, with every edge.

use petgraph::algo::tarjan_scc;
use petgraph::graphmap::DiGraphMap;

use greenroom_spec::diagnostic::Diagnostic;

use super::{Planner, Work};
use crate::world::NodeId;

impl Planner {
    /// Reports every cycle among what still waits when there is nothing left to ask.
    pub(super) fn report_cycles(&mut self) {
        let mut graph = DiGraphMap::<Work, ()>::new();
        for (work, waiting) in &self.waiting {
            for node in waiting.missing.keys() {
                if let Some(other) = self.work_of(node) {
                    graph.add_edge(*work, other, ());
                }
            }
        }
        let cycles: Vec<Vec<Work>> = tarjan_scc(&graph)
            .into_iter()
            .filter(|group| group.len() > 1 || graph.contains_edge(group[0], group[0]))
            .map(|group| shortest_cycle(&graph, &group))
            .collect();
        for cycle in cycles {
            let diagnostic = self.describe(&cycle);
            self.diagnostics.push(diagnostic);
        }
    }

    fn work_of(&self, node: &NodeId) -> Option<Work> {
        let work = match node {
            NodeId::Block(block) => Work::Expand(*block),
            NodeId::Instance(instance) => Work::Configure(*instance),
            NodeId::File(_) | NodeId::FileList => return None,
        };
        self.waiting.contains_key(&work).then_some(work)
    }

    fn describe(&self, cycle: &[Work]) -> Diagnostic {
        let names: Vec<String> = cycle.iter().map(|work| self.name_of(*work)).collect();
        let mut path = names.join(" → ");
        path.push_str(&format!(" → {}", names[0]));
        let mut diagnostic = Diagnostic::error("plan::cycle", format!("dependency cycle: {path}"));
        for (at, work) in cycle.iter().enumerate() {
            let next = cycle[(at + 1) % cycle.len()];
            let edge = self.waiting[work]
                .missing
                .iter()
                .find(|(node, _)| self.work_of(node) == Some(next));
            if let Some((_, place)) = edge {
                let text = format!("{} needs {}", names[at], names[(at + 1) % cycle.len()]);
                diagnostic = diagnostic.at(*place, text);
            }
        }
        diagnostic.help("break it: let one of them take the value from a variable, a local or a literal instead")
    }

    fn name_of(&self, work: Work) -> String {
        match work {
            Work::Expand(block) => {
                let node = &self.world.blocks[block as usize];
                format!("{}/{}", self.world.scopes[node.scope as usize].scope, node.name)
            }
            Work::Configure(instance) => {
                self.world.instances[instance as usize].address.to_string()
            }
        }
    }
}

/// A shortest cycle through the least member of a strongly connected group.
fn shortest_cycle(graph: &DiGraphMap<Work, ()>, group: &[Work]) -> Vec<Work> {
    use std::collections::{BTreeMap, VecDeque};
    let start = *group.iter().min().expect("a group has a member");
    let mut from = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(work) = queue.pop_front() {
        for next in graph.neighbors(work) {
            if next == start {
                let mut cycle = vec![work];
                while let Some(previous) = from.get(cycle.last().expect("never empty")) {
                    cycle.push(*previous);
                }
                cycle.reverse();
                return cycle;
            }
            if next != start && group.contains(&next) && !from.contains_key(&next) {
                from.insert(next, work);
                queue.push_back(next);
            }
        }
    }
    group.to_vec()
}
