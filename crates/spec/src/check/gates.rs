//! What gates ask of the template's own blocks.

use greenroom_model::address::{BlockName, Mode};
use greenroom_model::gate::Probe;

use super::names::Names;
use crate::diagnostic::Diagnostic;
use crate::schemas::Schemas;
use crate::template::{GateBlock, Template};

/// Reports every gate that asks for the health of what has none.
pub(super) fn check(
    template: &Template,
    schemas: &Schemas,
    damaged: bool,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let names = Names::of(template, schemas, damaged);
    for GateBlock { asked_at, gate, .. } in template.gates.values() {
        let Probe::TargetHealth { block, .. } = &gate.probe else { continue };
        match names.undeclared(block, *asked_at) {
            Some(undeclared) => diagnostics.push(undeclared),
            None => diagnostics.extend(
                without_health(block, schemas).map(|it| it.at(*asked_at, "no health to ask for")),
            ),
        }
    }
}

fn without_health(block: &BlockName, schemas: &Schemas) -> Option<Diagnostic> {
    let schema = schemas.of_block(block)?.schema;
    if schema.reports_health {
        return None;
    }
    let reports = |kind: &&str| {
        schemas.find(Mode::Managed, kind).is_some_and(|known| known.schema.reports_health)
    };
    let known: Vec<String> =
        schemas.kinds(Mode::Managed).filter(reports).map(|kind| format!("`{kind}`")).collect();
    let message = format!("`{}` does not say whether it serves", block.kind);
    let help = (!known.is_empty()).then(|| format!("types that do: {}", known.join(", ")));
    Some(Diagnostic::error("spec::no_health", message).maybe_help(help))
}
