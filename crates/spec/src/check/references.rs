//! References of a template to what it declares.

use super::names::Names;
use crate::diagnostic::Diagnostic;
use crate::expr::references;
use crate::node::{Node, NodeKind};
use crate::schemas::Schemas;
use crate::source::Place;
use crate::template::Template;

/// Reports every reference that leads nowhere, and makes its expression invalid.
pub(super) fn check(
    template: &mut Template,
    schemas: &Schemas,
    damaged: bool,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let names = Names::of(template, schemas, damaged);
    template.each_value(&mut |spot, node| {
        node.each_expression(&mut |node| {
            let found = mistakes(node, |reference, place| names.mistake(reference, spot, place));
            settle(node, found, diagnostics);
        });
    });
    for block in template.blocks.values_mut() {
        block.depends_on.retain(|named| {
            let mistake = names.undeclared(&named.value, named.at);
            let sound = mistake.is_none();
            diagnostics.extend(mistake);
            sound
        });
    }
}

/// What `judge` says of the references in an expression.
pub(super) fn mistakes(
    node: &Node,
    judge: impl Fn(&crate::expr::Reference, Place) -> Option<Diagnostic>,
) -> Vec<Diagnostic> {
    let NodeKind::Expression(expression) = &node.kind else { return Vec::new() };
    let found = references(&expression.expr);
    found.iter().filter_map(|it| judge(it, node.place_of(it.span))).collect()
}

/// Reports what was found in an expression; if anything, evaluation shall leave it alone.
pub(super) fn settle(node: &mut Node, found: Vec<Diagnostic>, diagnostics: &mut Vec<Diagnostic>) {
    if !found.is_empty() {
        node.kind = NodeKind::Invalid;
        diagnostics.extend(found);
    }
}
