//! Rules that need more than one place: names that are referred to, arguments against schemas,
//! cycles, and what a stage and its templates must agree on.

mod arguments;
mod cycles;
mod gates;
mod names;
mod nodes;
mod project;
mod references;
mod stage;

use crate::diagnostic::Diagnostic;
use crate::schemas::Schemas;
use crate::template::Template;

pub(crate) use arguments::Arguments;
pub(crate) use project::check as project;
pub use stage::{StageTemplates, check_stage};

/// Checks what a template says about itself. Expressions with mistakes become invalid, so that
/// evaluation does not report them again.
pub(crate) fn template(
    template: &mut Template,
    schemas: &Schemas,
    damaged: bool,
    diagnostics: &mut Vec<Diagnostic>,
) {
    references::check(template, schemas, damaged, diagnostics);
    gates::check(template, schemas, damaged, diagnostics);
    cycles::check_locals(template, diagnostics);
}
