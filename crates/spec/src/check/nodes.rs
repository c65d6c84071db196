//! Every value of a template, with what may be referred to there.

use std::sync::Arc;

use crate::node::Node;
use crate::template::{Repetition, Template};

/// Where a value stands, as far as that decides which names there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Spot {
    /// Outside of blocks.
    Plain,
    /// In a block that occurs once, or its `count` or `for_each`.
    Single,
    /// In a block with `count`.
    Counted,
    /// In a block with `for_each`.
    PerEach,
    /// In the rule for this variable.
    Rule(Arc<str>),
}

impl Template {
    /// Calls `visit` with every value that may hold expressions.
    pub(super) fn each_value(&mut self, visit: &mut dyn FnMut(&Spot, &mut Node)) {
        for (name, variable) in &mut self.variables {
            let spot = Spot::Rule(name.clone());
            variable.validations.iter_mut().for_each(|it| visit(&spot, &mut it.condition));
        }
        self.locals.values_mut().for_each(|node| visit(&Spot::Plain, node));
        for block in self.blocks.values_mut() {
            let spot = match &mut block.repetition {
                Repetition::Once => Spot::Single,
                Repetition::Count(node) => {
                    visit(&Spot::Single, node);
                    Spot::Counted
                }
                Repetition::ForEach(node) => {
                    visit(&Spot::Single, node);
                    Spot::PerEach
                }
            };
            visit(&spot, &mut block.arguments);
            block.lifecycle.replace_triggered_by.iter_mut().for_each(|node| visit(&spot, node));
        }
        self.outputs.values_mut().for_each(|output| visit(&Spot::Plain, &mut output.value));
        for gate in self.gates.values_mut().chain(self.hooks.values_mut()) {
            let texts = gate.gate.probe.texts_mut();
            texts.into_iter().for_each(|node| visit(&Spot::Plain, node));
        }
    }
}
