//! What cannot be right: of one object's arguments, or of several objects beside each other.

use greenroom_model::address::Mode;
use greenroom_spec::diagnostic::Diagnostic;

use super::asks::{CheckAsk, WrongArgument};
use super::decide::Decision;
use super::{Asks, Planner};
use crate::world::place_in;

impl Planner {
    /// Asks for everything that is planned to be checked together, where its type asks for that.
    pub(super) fn ask_checks(&mut self, asks: &mut Asks) {
        let desired = self.world.desired.clone();
        for (instance, (node, item)) in (0u32..).zip(self.world.instances.iter().zip(&self.items)) {
            let schema = self.input.schemas.of_block(&node.address.block);
            let is_checked = node.address.block.mode == Mode::Managed
                && schema.is_some_and(|it| it.schema.checked_together)
                && !matches!(item.decision, None | Some(Decision::Wrong));
            let Some(planned) = node.planned.as_ref().filter(|_| is_checked) else { continue };
            asks.checks.push(CheckAsk {
                provider: self.world.block_in(&desired, node.block).provider.clone(),
                address: node.address.clone(),
                planned: planned.clone(),
            });
            self.asked.checks.push(instance);
        }
    }

    /// Reports arguments of an instance that cannot be right.
    pub(super) fn report_wrong(&mut self, instance: u32, wrong: &[WrongArgument]) {
        let node = &self.world.instances[instance as usize];
        let template = self.world.template_block(node.block);
        let report = |wrong: &WrongArgument| {
            Diagnostic::error(
                "plan::wrong_argument",
                format!("`{}` of {}: {}", wrong.path, node.address.block, wrong.message),
            )
            .at(place_in(&template.arguments, &wrong.path.0), "this value")
            .maybe_help(wrong.help.clone())
        };
        let reports: Vec<Diagnostic> = wrong.iter().map(report).collect();
        self.diagnostics.extend(reports);
    }
}
