//! The names that stand in an expression.

use std::collections::BTreeSet;
use std::sync::Arc;

use greenroom_model::expr::{Expr, Node};
use greenroom_model::value::{Path, Step};
use greenroom_spec::expr::Reference;

/// The roots of all references in `expr`: `var`, `aws_vpc`, `environments` …
pub(crate) fn names_in(expr: &Expr) -> BTreeSet<Arc<str>> {
    let mut names = BTreeSet::new();
    collect(expr, &mut names);
    names
}

/// A reference as it is written: `aws_subnet.web[0].id`.
pub(crate) fn reference_text(reference: &Reference) -> String {
    let mut steps = vec![Step::Key(reference.root.clone())];
    steps.extend(reference.path.iter().cloned());
    Path(steps).to_string()
}

fn collect(expr: &Expr, names: &mut BTreeSet<Arc<str>>) {
    if let Node::Reference { root, .. } = expr.node() {
        names.insert(root.clone());
    }
    expr.node().each_child(&mut |child| collect(child, names));
}
