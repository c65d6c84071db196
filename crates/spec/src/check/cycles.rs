//! Cycles between locals, and between stages.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::expr::{Key, references};
use crate::node::{Node, NodeKind};
use crate::source::Place;
use crate::template::Template;

/// Who names whom, and where.
pub(super) type Edges = BTreeMap<Arc<str>, Vec<Edge>>;

/// One name that another refers to.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Edge {
    pub(super) to: Arc<str>,
    pub(super) at: Place,
}

/// Reports cycles between locals, and makes the locals on them invalid.
pub(super) fn check_locals(template: &mut Template, diagnostics: &mut Vec<Diagnostic>) {
    let mut edges = Edges::new();
    for (name, node) in &mut template.locals {
        let found = edges.entry(name.clone()).or_default();
        node.each_expression(&mut |node| found.extend(local_edges(node)));
    }
    for cycle in find(&edges) {
        for edge in &cycle {
            if let Some(node) = template.locals.get_mut(&edge.to) {
                node.kind = NodeKind::Invalid;
            }
        }
        diagnostics.push(describe("local.", &cycle));
    }
}

fn local_edges(node: &Node) -> Vec<Edge> {
    let NodeKind::Expression(expression) = &node.kind else { return Vec::new() };
    let found = references(&expression.expr).into_iter();
    let locals = found.filter(|reference| &*reference.root == "local");
    locals
        .filter_map(|reference| match reference.path.first()? {
            Key::Key(name) => Some(Edge { to: name.clone(), at: node.place_of(reference.span) }),
            Key::Index(_) => None,
        })
        .collect()
}

/// A cycle with every edge of it.
pub(super) fn describe(prefix: &str, cycle: &[Edge]) -> Diagnostic {
    let names: Vec<String> = cycle.iter().map(|edge| format!("`{prefix}{}`", edge.to)).collect();
    let last = names.last().cloned().unwrap_or_default();
    let message = format!("a cycle: {last} → {}", names.join(" → "));
    let found = Diagnostic::error("spec::cycle", message).help("break it at one of these places");
    let sources = [last].into_iter().chain(names.iter().cloned());
    sources
        .zip(cycle.iter().zip(&names))
        .fold(found, |found, (from, (edge, to))| found.at(edge.at, format!("{from} needs {to}")))
}

/// Finds cycles: for each edge that closes one, its edges in order, that one last.
///
/// Linear in the number of edges, and without recursion: a chain may be as long as a file.
pub(super) fn find(edges: &Edges) -> Vec<Vec<Edge>> {
    let mut search =
        Search { edges, colours: BTreeMap::new(), path: Vec::new(), found: Vec::new() };
    edges.keys().for_each(|name| search.from(name));
    search.found
}

struct Search<'a> {
    edges: &'a Edges,
    /// How deep a name lies on the path; `None` once all behind it is known.
    colours: BTreeMap<&'a str, Option<usize>>,
    path: Vec<Step<'a>>,
    found: Vec<Vec<Edge>>,
}

struct Step<'a> {
    name: &'a str,
    /// The edges that are still to be followed.
    left: std::slice::Iter<'a, Edge>,
    /// The edge that led on from here.
    taken: Option<&'a Edge>,
}

impl<'a> Search<'a> {
    fn from(&mut self, name: &'a str) {
        self.enter(name);
        while let Some(step) = self.path.last_mut() {
            let Some(edge) = step.left.next() else {
                self.colours.insert(step.name, None);
                self.path.pop();
                continue;
            };
            step.taken = Some(edge);
            match self.colours.get(&*edge.to) {
                Some(Some(depth)) => {
                    let cycle = self.path[*depth..].iter().filter_map(|step| step.taken);
                    self.found.push(cycle.cloned().collect());
                }
                Some(None) => {}
                None => self.enter(&edge.to),
            }
        }
    }

    fn enter(&mut self, name: &'a str) {
        // A name that is not declared is reported elsewhere.
        let Some(edges) = self.edges.get(name) else { return };
        if !self.colours.contains_key(name) {
            self.colours.insert(name, Some(self.path.len()));
            self.path.push(Step { name, left: edges.iter(), taken: None });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;

    fn cycles(pairs: &[(&str, &str)]) -> Vec<String> {
        let file = Sources::default().add("", "");
        let at = Place { file, span: greenroom_model::span::Span::default() };
        let mut edges = Edges::new();
        for (from, to) in pairs {
            edges.entry(Arc::from(*to)).or_default();
            edges.entry(Arc::from(*from)).or_default().push(Edge { to: Arc::from(*to), at });
        }
        find(&edges).iter().map(|cycle| describe("", cycle).message).collect()
    }

    #[test]
    fn each_cycle_is_told_with_all_its_edges() {
        assert_eq!(cycles(&[("a", "b"), ("b", "c"), ("a", "c")]), Vec::<String>::new());
        assert_eq!(cycles(&[("a", "a")]), ["a cycle: `a` → `a`"]);
        assert_eq!(cycles(&[("a", "b"), ("b", "c"), ("c", "b")]), ["a cycle: `b` → `c` → `b`"]);
    }

    #[test]
    fn a_long_chain_does_not_exhaust_the_stack() {
        let names: Vec<String> = (0..100_000).map(|n| format!("n{n}")).collect();
        let pairs: Vec<_> = names.windows(2).map(|two| (&*two[0], &*two[1])).collect();
        assert_eq!(cycles(&pairs), Vec::<String>::new());
    }
}
