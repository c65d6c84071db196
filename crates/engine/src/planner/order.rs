//! Which half of a replacement goes first.

use std::collections::BTreeSet;

use greenroom_model::identity::Uid;
use greenroom_model::plan::ReplaceOrder;
use greenroom_spec::diagnostic::Diagnostic;

use super::Planner;
use super::decide::Decision;

impl Planner {
    /// Makes replacements create-first where a reference blocks the old object's deletion, and
    /// where something that is itself created first reads them; then checks their names.
    pub(super) fn order_replacements(&mut self) {
        let replaced: BTreeSet<u32> = (0u32..)
            .zip(&self.items)
            .filter(|(_, item)| matches!(item.decision, Some(Decision::Replace { .. })))
            .map(|(number, _)| number)
            .collect();
        let mut first: Vec<u32> =
            replaced.iter().copied().filter(|it| self.is_create_first(*it)).collect();
        for (number, item) in (0u32..).zip(&self.items) {
            let survives = matches!(
                item.decision,
                Some(Decision::Keep | Decision::Update { .. } | Decision::Complete)
            );
            if survives {
                let held =
                    item.reads.iter().filter(|(read, link)| link.holds && replaced.contains(read));
                first.extend(held.map(|(read, _)| *read).filter(|it| *it != number));
            }
        }
        // What is created first cannot wait for something it reads to be destroyed first.
        while let Some(number) = first.pop() {
            let Some(Decision::Replace { order, .. }) = &mut self.items[number as usize].decision
            else {
                continue;
            };
            if *order == ReplaceOrder::DestroyFirst {
                *order = ReplaceOrder::CreateFirstForReference;
            }
            let reads: Vec<u32> = self.items[number as usize].reads.keys().copied().collect();
            first.extend(
                reads.into_iter().filter(|it| replaced.contains(it) && !self.is_create_first(*it)),
            );
        }
        for number in replaced {
            if self.is_create_first(number) {
                self.check_unique_names(number);
            }
        }
    }

    /// Makes the replacements of these objects create-first; whether one was not.
    pub(super) fn turn_round(&mut self, olds: &BTreeSet<Uid>) -> bool {
        let numbers = 0u32..crate::world::index(self.items.len());
        let turned: Vec<u32> = numbers
            .filter(|number| {
                let address = &self.world.instances[*number as usize].address;
                let replaced =
                    matches!(self.items[*number as usize].decision, Some(Decision::Replace { .. }));
                replaced
                    && !self.is_create_first(*number)
                    && self.remote(address).is_some_and(|it| olds.contains(&it.uid))
            })
            .collect();
        for number in &turned {
            if let Some(Decision::Replace { order, .. }) =
                &mut self.items[*number as usize].decision
            {
                *order = ReplaceOrder::CreateFirstForReference;
            }
            self.check_unique_names(*number);
        }
        !turned.is_empty()
    }

    fn is_create_first(&self, number: u32) -> bool {
        match &self.items[number as usize].decision {
            Some(Decision::Replace { order, .. }) => *order != ReplaceOrder::DestroyFirst,
            _ => false,
        }
    }

    /// Two objects that exist at once cannot share a name that must be unique.
    fn check_unique_names(&mut self, number: u32) {
        let node = &self.world.instances[number as usize];
        let schemas = self.input.schemas.clone();
        let Some(known) = schemas.of_block(&node.address.block) else { return };
        let Some(remote) = self.remote(&node.address) else { return };
        let template = self.world.template_block(node.block);
        let mut taken = Vec::new();
        for (name, attribute) in &known.schema.attributes {
            if attribute.unique_name.is_none() {
                continue;
            }
            let configured = self.items[number as usize].config.get(name);
            let same = configured
                .is_some_and(|it| !it.is_null() && Some(it) == remote.attributes.get(name));
            if same {
                let place = template.arguments.get(name).map_or(template.at, |it| it.value.at);
                taken.push(
                    Diagnostic::error(
                        "plan::name_taken",
                        format!("{} is made before the old one goes, but `{name}` must be unique", node.address),
                    )
                    .at(place, "the old one has this name")
                    .help(format!("leave `{name}` out, so that each gets a name of its own; or let it depend on what changes")),
                );
            }
        }
        self.diagnostics.extend(taken);
    }
}
