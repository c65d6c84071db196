//! Files that expressions read.

use std::collections::BTreeSet;
use std::sync::Arc;

use greenroom_model::value::Value;
use greenroom_spec::diagnostic::Diagnostic;

use super::{Asks, Planner};
use crate::world::{Evaluated, Frame, NodeId, index};

impl Asks {
    /// Asks for a file, or for the list of files; instances and blocks nobody can be asked for.
    pub(super) fn ask_for(&mut self, node: &NodeId) {
        match node {
            NodeId::File(path) => drop(self.files.insert(path.clone())),
            NodeId::FileList => self.file_list = true,
            NodeId::Block(_) | NodeId::Instance(_) => {}
        }
    }
}

impl Planner {
    /// Asks for files that no instance reads, but outputs, locals or gates.
    pub(super) fn ask_for_last_files(&mut self, asks: &mut Asks) {
        let mut missing: BTreeSet<NodeId> = BTreeSet::new();
        let mut mistakes: Vec<Diagnostic> = Vec::new();
        // What misses nothing is kept as it is, and says only this once what is wrong with it.
        let mut take = |it: Evaluated<(Value, Arc<BTreeSet<u32>>)>| match it.missing.is_empty() {
            true => mistakes.extend(it.diagnostics),
            false => missing.extend(it.missing.into_keys()),
        };
        let mut gates: BTreeSet<NodeId> = BTreeSet::new();
        for (number, scope) in self.world.scopes.iter().enumerate() {
            let (number, world) = (index(number), &self.world);
            let template = &world.desired.scopes[&scope.scope].template;
            let locals = template.locals.keys().filter_map(|name| world.local(number, name));
            locals.for_each(&mut take);
            let outputs = template.outputs.keys().filter_map(|name| world.output(number, name));
            outputs.for_each(&mut take);
            for block in template.gates.values().chain(template.hooks.values()) {
                let frame = Frame::new(world, number, None);
                block.gate.map(|node| frame.evaluate_filled(node));
                gates.extend(frame.finish().missing.into_keys());
            }
        }
        missing.iter().chain(&gates).for_each(|node| asks.ask_for(node));
        self.diagnostics.extend(mistakes);
    }
}
