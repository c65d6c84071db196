//! The graph of an environment's objects.

use std::collections::BTreeSet;

use greenroom_model::plan::{Action, Operation, Plan};
use serde_json::json;

use super::{Fields, Kind, Message, fields};
use crate::palette::Palette;

/// Objects, data sources and gates, and who needs whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Graph {
    nodes: BTreeSet<String>,
    /// Who needs it, and what.
    edges: BTreeSet<(String, String)>,
}

impl Graph {
    /// The graph of a plan that makes everything anew.
    pub(crate) fn of(plan: &Plan) -> Graph {
        let mut graph = Graph::default();
        for phase in &plan.phases {
            for operation in &phase.operations {
                let name = node(operation);
                for need in &operation.needs {
                    if let Some(needed) = phase.operations.get(need.operation as usize) {
                        graph.edges.insert((name.clone(), node(needed)));
                    }
                }
                graph.nodes.insert(name);
            }
        }
        graph
    }
}

fn node(operation: &Operation) -> String {
    match &operation.action {
        Action::Gate { scope, name, .. } => format!("{scope}/gate.{name}"),
        _ => operation.id.subject.to_string(),
    }
}

impl Message for Graph {
    fn kind(&self) -> Kind {
        Kind::Graph
    }

    fn fields(&self) -> Fields {
        fields(json!({ "nodes": self.nodes, "edges": self.edges }))
    }

    fn text(&self, _: Palette) -> String {
        let mut text = "digraph greenroom {\n  rankdir = \"RL\"\n  node [shape = box]\n".to_owned();
        for node in &self.nodes {
            text.push_str(&format!("  {}\n", quoted(node)));
        }
        for (from, to) in &self.edges {
            text.push_str(&format!("  {} -> {}\n", quoted(from), quoted(to)));
        }
        text.push_str("}\n");
        text
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_quotes_are_escaped() {
        let graph = Graph {
            nodes: [r#"it/a.b["x"]"#.to_owned(), "it/a.c".to_owned()].into(),
            edges: [(r#"it/a.b["x"]"#.to_owned(), "it/a.c".to_owned())].into(),
        };
        insta::assert_snapshot!(graph.text(Palette::PLAIN), @r#"
        digraph greenroom {
          rankdir = "RL"
          node [shape = box]
          "it/a.b[\"x\"]"
          "it/a.c"
          "it/a.b[\"x\"]" -> "it/a.c"
        }
        "#);
    }
}
