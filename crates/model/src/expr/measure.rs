//! How large expressions are, kept with each of them so that asking is free.

use super::Node;
use crate::value::Value;

/// How large an expression is, sharing not considered.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Measure {
    pub(super) depth: u32,
    pub(super) size: u32,
    pub(super) binders: u32,
}

impl Measure {
    /// Measures a node whose parts are measured.
    pub(super) fn of(node: &Node) -> Measure {
        let mut measure = Measure { depth: 0, size: 1, binders: own_binders(node) };
        node.each_child(&mut |child| measure.include(child.measure));
        if let Node::Literal(value) = node {
            measure.include(measure_value(value));
        }
        measure.depth = measure.depth.saturating_add(levels(node));
        measure
    }

    fn include(&mut self, part: Measure) {
        self.depth = self.depth.max(part.depth);
        self.size = self.size.saturating_add(part.size);
        self.binders = self.binders.max(part.binders);
    }
}

fn measure_value(value: &Value) -> Measure {
    let mut measure = Measure::default();
    match value {
        Value::List(elements) => {
            elements.iter().for_each(|element| measure.include(measure_value(element)))
        }
        Value::Object(attributes) => {
            attributes.values().for_each(|value| measure.include(measure_value(value)))
        }
        _ => return measure,
    }
    measure.depth = measure.depth.saturating_add(1);
    measure.size = measure.size.saturating_add(1);
    measure
}

/// One more than the number of the `for` that the node itself is or names.
fn own_binders(node: &Node) -> u32 {
    match node {
        Node::For(parts) => parts.binder.saturating_add(1),
        Node::Variable { binder, .. } => binder.saturating_add(1),
        _ => 0,
    }
}

/// How many levels deeper the text of a node's parts is nested.
fn levels(node: &Node) -> u32 {
    match node {
        // The operand's parentheses, or the key's, are a level of their own.
        Node::Unary { .. } | Node::Object(_) => 2,
        _ => 1,
    }
}
