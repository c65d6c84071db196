//! From text to typed specs.
//!
//! Nothing stops at the first mistake: what is sound is kept, and what is wrong is reported and
//! left out, or stands as [`NodeKind::Invalid`](crate::node::NodeKind::Invalid). So the mistakes
//! of all files come in one run, those included that only the engine can find.

mod block;
mod document;
mod duplicate;
mod duration;
mod gate;
mod hook;
mod image;
mod item;
mod lifecycle;
mod lines;
mod offsets;
mod project;
mod promotion;
mod quotes;
mod reader;
mod section;
mod stage;
mod template;
mod types;
mod variable;

use std::time::Duration;

use crate::check;
use crate::diagnostic::Diagnostic;
use crate::project::Project;
use crate::schemas::Schemas;
use crate::source::{FileId, Sources};
use crate::template::{Template, TemplateKind};
use reader::Reader;

/// What was read, and what is wrong with it.
#[derive(Clone, Debug)]
pub struct Parsed<T> {
    /// All that is sound.
    pub value: T,
    /// Mistakes, in the order of their places.
    pub diagnostics: Vec<Diagnostic>,
}

impl<T> Parsed<T> {
    /// Whether a mistake stops the command.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

/// Reads a duration such as `90s`, `5m` or `1h30m`, as specs and command lines have it.
///
/// # Errors
///
/// What is wrong with it.
pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is not a duration: write it as `90s`, `5m` or `1h30m`");
    duration::parse(text).ok_or_else(wrong)
}

/// Reads `greenroom.toml`. `file` must come from `sources`.
///
/// Without a `[project] name`, which is reported, the name is empty.
#[must_use]
pub fn parse_project(sources: &Sources, file: FileId, schemas: &Schemas) -> Parsed<Project> {
    let (mut reader, root) = Reader::open(file, &sources.get(file).text);
    let value = project::read(&mut reader, root, schemas);
    check::project(&value, reader.damaged, &mut reader.diagnostics);
    Parsed { value, diagnostics: in_order(reader.diagnostics) }
}

/// Reads the template of an environment or a front. `file` must come from `sources`.
///
/// Names that only the project can tell (images, outputs of the front) are left to
/// [`check_stage`](crate::check::check_stage), types of values to evaluation.
#[must_use]
pub fn parse_template(
    sources: &Sources,
    file: FileId,
    kind: TemplateKind,
    schemas: &Schemas,
) -> Parsed<Template> {
    let (mut reader, root) = Reader::open(file, &sources.get(file).text);
    let mut value = template::read(&mut reader, root, kind, schemas);
    check::template(&mut value, schemas, reader.damaged, &mut reader.diagnostics);
    Parsed { value, diagnostics: in_order(reader.diagnostics) }
}

fn in_order(mut diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    diagnostics.sort_by_key(|diagnostic| diagnostic.labels.first().map(|label| label.place));
    diagnostics
}
