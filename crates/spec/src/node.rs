//! Nodes: a TOML value whose strings may be expressions, with the places of all of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use greenroom_model::expr::Expr;
use greenroom_model::span::Span;
use greenroom_model::value::Value;

use crate::expr::{Reference, references};
use crate::source::Place;

/// A value as written.
#[derive(Clone, Debug)]
pub struct Node {
    /// Where.
    pub at: Place,
    /// What.
    pub kind: NodeKind,
}

/// What a node is.
#[derive(Clone, Debug)]
pub enum NodeKind {
    /// A value that no expression takes part in: a number, a bool, a date, a plain string.
    Literal(Value),
    /// A string with an expression in it.
    Expression(Arc<Expression>),
    /// An array.
    Array(Vec<Node>),
    /// A table.
    Table(BTreeMap<Arc<str>, Entry>),
    /// A mistake that is already reported; evaluates to something pending.
    Invalid,
}

/// One key of a table.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Where the key stands.
    pub key: Place,
    /// The value.
    pub value: Node,
}

/// A parsed expression, with what leads from its spans back to the file.
#[derive(Clone, Debug)]
pub struct Expression {
    /// The expression; its spans are offsets in the decoded string.
    pub expr: Arc<Expr>,
    /// How decoded offsets lie in the file.
    pub offsets: OffsetMap,
}

/// Leads from offsets in a decoded TOML string to offsets in its file.
///
/// Runs of characters that stand for themselves are one entry, so a string without escapes has
/// exactly one.
#[derive(Clone, Debug, Default)]
pub struct OffsetMap {
    /// (decoded offset, file offset) where a run starts, rising in both.
    pub runs: Vec<(u32, u32)>,
    /// The file offset behind the string's last character.
    pub end: u32,
}

impl OffsetMap {
    /// The file offset of a decoded offset.
    #[must_use]
    pub fn to_file(&self, decoded: u32) -> u32 {
        let at = self.runs.partition_point(|&(start, _)| start <= decoded);
        match at.checked_sub(1).map(|at| self.runs[at]) {
            Some((start, file)) => (file + (decoded - start)).min(self.end),
            None => self.end,
        }
    }
}

impl Node {
    /// A mistake at this place that is already reported.
    #[must_use]
    pub fn invalid(at: Place) -> Node {
        Node { at, kind: NodeKind::Invalid }
    }

    /// Calls `visit` with every node that is an expression, this one or one inside.
    pub fn each_expression(&mut self, visit: &mut dyn FnMut(&mut Node)) {
        match &mut self.kind {
            NodeKind::Expression(_) => visit(self),
            NodeKind::Array(nodes) => {
                nodes.iter_mut().for_each(|node| node.each_expression(visit));
            }
            NodeKind::Table(entries) => {
                entries.values_mut().for_each(|entry| entry.value.each_expression(visit));
            }
            NodeKind::Literal(_) | NodeKind::Invalid => {}
        }
    }

    /// Everything that the expressions in this node refer to, in the order written.
    #[must_use]
    pub fn references(&self) -> Vec<Reference> {
        match &self.kind {
            NodeKind::Expression(expression) => references(&expression.expr),
            NodeKind::Array(nodes) => nodes.iter().flat_map(Node::references).collect(),
            NodeKind::Table(entries) => {
                entries.values().flat_map(|entry| entry.value.references()).collect()
            }
            NodeKind::Literal(_) | NodeKind::Invalid => Vec::new(),
        }
    }

    /// The place in the file of a span in this node's expression; the node's own place for
    /// anything else.
    #[must_use]
    pub fn place_of(&self, span: Span) -> Place {
        match &self.kind {
            NodeKind::Expression(expression) => {
                let start = expression.offsets.to_file(span.start);
                let end = expression.offsets.to_file(span.end).max(start);
                Place { file: self.at.file, span: Span { start, end } }
            }
            _ => self.at,
        }
    }

    /// The entry `name`, if this is a table that has it.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Entry> {
        match &self.kind {
            NodeKind::Table(entries) => entries.get(name),
            _ => None,
        }
    }
}
