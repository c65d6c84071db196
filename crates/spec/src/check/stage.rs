//! What a stage and its templates must agree on.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::references::{mistakes, settle};
use crate::diagnostic::Diagnostic;
use crate::expr::{Key, Reference};
use crate::near;
use crate::project::{Project, Stage};
use crate::source::{Located, Place};
use crate::template::Template;

/// The templates of a stage.
#[derive(Debug, Default)]
pub struct StageTemplates<'a> {
    /// Its `template`.
    pub environment: Option<&'a mut Template>,
    /// The front that its environments stand behind: its own, or the one that it borrows.
    pub front: Option<&'a mut Template>,
}

/// Checks a stage of `project` against its templates: images, outputs of the front, variables,
/// gates and provider configurations.
///
/// A template that the stage names but that is not there (it could not be read, say) is not
/// missed. Expressions with mistakes become invalid, so that evaluation does not report them
/// again; where several stages share a template, check each of them on a copy of its own, and
/// drop diagnostics that are equal.
#[must_use]
pub fn check_stage(
    project: &Project,
    stage: &Stage,
    templates: StageTemplates<'_>,
) -> Vec<Diagnostic> {
    let StageTemplates { environment, front } = templates;
    let mut diagnostics = Vec::new();
    let has_front = stage.front.is_some() || stage.front_of.is_some();
    let outputs: Option<BTreeSet<Arc<str>>> = match &front {
        Some(front) => Some(front.outputs.keys().cloned().collect()),
        None if has_front => None,
        None => Some(BTreeSet::new()),
    };
    let sight = Sight { project, stage, has_front, outputs };
    // A borrowed front is another stage's to check; it only lends its outputs.
    let mut own: Vec<&mut Template> = Vec::new();
    own.extend(environment.filter(|_| stage.template.is_some()));
    own.extend(front.filter(|_| stage.front.is_some()));
    for template in &mut own {
        sight.references(template, &mut diagnostics);
        sight.configurations(template, &mut diagnostics);
    }
    let named = [&stage.template, &stage.front].into_iter().flatten().count();
    if own.len() == named {
        sight.variables(&own, &mut diagnostics);
        sight.gates(&own, &mut diagnostics);
    }
    diagnostics.sort_by_key(|diagnostic| diagnostic.labels.first().map(|label| label.place));
    diagnostics
}

/// What a stage's templates can see.
struct Sight<'a> {
    project: &'a Project,
    stage: &'a Stage,
    has_front: bool,
    /// The front's outputs; nothing if they are not known.
    outputs: Option<BTreeSet<Arc<str>>>,
}

impl Sight<'_> {
    fn references(&self, template: &mut Template, diagnostics: &mut Vec<Diagnostic>) {
        template.each_value(&mut |_, node| {
            node.each_expression(&mut |node| {
                let found = mistakes(node, |reference, place| self.mistake(reference, place));
                settle(node, found, diagnostics);
            });
        });
    }

    fn mistake(&self, reference: &Reference, place: Place) -> Option<Diagnostic> {
        let Some(Key::Key(name)) = reference.path.first() else {
            return (&*reference.root == "front" && !self.has_front).then(|| self.no_front(place));
        };
        match &*reference.root {
            "image" if !self.project.images.contains_key(name) => Some(self.no_image(name, place)),
            "front" if !self.has_front => Some(self.no_front(place)),
            "front" => self.no_output(name, place),
            _ => None,
        }
    }

    fn no_image(&self, name: &str, place: Place) -> Diagnostic {
        let near = near::suggestion(name, self.project.images.keys().map(|name| &**name));
        let help = near.unwrap_or_else(|| format!("declare it in the project: `[image.{name}]`"));
        Diagnostic::error("spec::unknown_image", format!("unknown image `{name}`"))
            .at(place, "not declared in the project")
            .help(help)
    }

    fn no_front(&self, place: Place) -> Diagnostic {
        let stage = &self.stage.name.value;
        Diagnostic::error("spec::no_front", format!("stage `{stage}` has no front"))
            .at(place, "nothing to refer to")
            .at(self.stage.name.at, "this stage")
            .help("give the stage a `front`, or another stage's by `front_of`")
    }

    fn no_output(&self, name: &str, place: Place) -> Option<Diagnostic> {
        let outputs = self.outputs.as_ref().filter(|outputs| !outputs.contains(name))?;
        let near = near::suggestion(name, outputs.iter().map(|name| &**name));
        let found =
            Diagnostic::error("spec::unknown_output", format!("the front has no output `{name}`"));
        Some(found.at(place, "no such output").maybe_help(near))
    }

    /// Named configurations (`aws.west`) must be declared; a provider without settings need not.
    fn configurations(&self, template: &Template, diagnostics: &mut Vec<Diagnostic>) {
        let known = || self.project.providers.keys().chain(self.stage.providers.keys());
        let blocks = template.blocks.values();
        let blocks = blocks.map(|it| (format!("`{}`", it.name), &it.provider, it.at, "this block"));
        let gates = template.gates.iter().filter_map(|(name, it)| {
            Some((format!("gate `{name}`"), it.gate.probe.provider()?, it.at, "this gate"))
        });
        for (user, provider, at, label) in blocks.chain(gates) {
            if provider.contains('.') && !known().any(|name| name == provider) {
                diagnostics.push(
                    Diagnostic::error(
                        "spec::unknown_provider",
                        format!(
                            "{user} uses the provider configuration `{provider}`, which is not declared"
                        ),
                    )
                    .at(at, label)
                    .help(format!("declare it in the project: `[provider.\"{provider}\"]`")),
                );
            }
        }
    }

    fn variables(&self, templates: &[&mut Template], diagnostics: &mut Vec<Diagnostic>) {
        let known = || templates.iter().flat_map(|template| template.variables.keys());
        let several = self.stage.matrix.iter();
        let several = several.filter_map(|(name, values)| Some((name, values.first()?)));
        for (name, node) in self.stage.variables.iter().chain(several) {
            if !known().any(|known| known == name) {
                diagnostics.push(
                    Diagnostic::error(
                        "spec::unknown_variable",
                        format!(
                            "no template of stage `{}` has a variable `{name}`",
                            self.stage.name.value
                        ),
                    )
                    .at(node.at, "a value for nothing")
                    .maybe_help(near::suggestion(name, known().map(|name| &**name))),
                );
            }
        }
    }

    fn gates(&self, templates: &[&mut Template], diagnostics: &mut Vec<Diagnostic>) {
        let known = || templates.iter().flat_map(|template| template.gates.keys());
        let named = self.stage.promotion.iter().flat_map(|promotion| &promotion.gates);
        for Located { value: name, at } in named {
            if !known().any(|known| known == name) {
                diagnostics.push(
                    Diagnostic::error("spec::unknown_gate", format!("unknown gate `{name}`"))
                        .at(*at, "in none of the stage's templates")
                        .maybe_help(near::suggestion(name, known().map(|name| &**name))),
                );
            }
        }
    }
}
