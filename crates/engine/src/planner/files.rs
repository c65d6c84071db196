//! Files that expressions read.

use std::collections::BTreeSet;

use super::{Asks, Planner};
use crate::world::{Frame, NodeId, index};

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
    pub(super) fn ask_for_last_files(&self, asks: &mut Asks) {
        let mut missing: BTreeSet<NodeId> = BTreeSet::new();
        for (number, scope) in self.world.scopes.iter().enumerate() {
            let (number, world) = (index(number), &self.world);
            let template = &world.desired.scopes[&scope.scope].template;
            let locals = template.locals.keys().filter_map(|name| world.local(number, name));
            missing.extend(locals.flat_map(|it| it.missing.into_keys()));
            let outputs = template.outputs.keys().filter_map(|name| world.output(number, name));
            missing.extend(outputs.flat_map(|it| it.missing.into_keys()));
            for block in template.gates.values() {
                let frame = Frame::new(world, number, None);
                block.gate.map(|node| frame.evaluate_filled(node));
                missing.extend(frame.finish().missing.into_keys());
            }
        }
        missing.iter().for_each(|node| asks.ask_for(node));
    }
}
