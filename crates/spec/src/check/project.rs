//! Names in a project that must be declared in it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::cycles::{self, Edge, Edges};
use crate::diagnostic::Diagnostic;
use crate::image::{Builder, Image};
use crate::near;
use crate::project::{Project, Stage};
use crate::source::Located;

/// Checks a project's names, and that its stages can be put in an order.
pub(crate) fn check(project: &Project, damaged: bool, diagnostics: &mut Vec<Diagnostic>) {
    let mut names = Names { damaged, diagnostics };
    for (name, image) in &project.images {
        names.declared(ARTIFACT, &image.artifacts, &project.artifacts);
        names.has_provider(name, image, project);
        if let Some(artifact) = image.artifacts.first() {
            names.has_a_repository(project, artifact);
        }
    }
    for stage in project.stages.values() {
        names.declared(STAGE, &stage.needs, &project.stages);
        names.requires_what_attests(stage, project);
        names.declared(STAGE, stage.front_of.as_slice(), &project.stages);
        names.declared(ARTIFACT, &stage.publish, &project.artifacts);
        names.declared(IMAGE, &stage.bake, &project.images);
        if let Some(artifact) = stage.publish.first() {
            names.has_a_repository(project, artifact);
        }
        names.can_be_baked(stage, project);
        names.lends_a_front(stage, project);
    }
    let found = cycles::find(&needs(project));
    diagnostics.extend(found.iter().map(|cycle| cycles::describe("", cycle)));
}

/// A kind of name: what it is called, and the code of the mistake.
type Kind = (&'static str, &'static str);

const STAGE: Kind = ("stage", "spec::unknown_stage");
const IMAGE: Kind = ("image", "spec::unknown_image");
const ARTIFACT: Kind = ("artifact", "spec::unknown_artifact");

struct Names<'a> {
    damaged: bool,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl Names<'_> {
    fn declared<T>(
        &mut self,
        (what, code): Kind,
        named: &[Located<Arc<str>>],
        known: &BTreeMap<Arc<str>, T>,
    ) {
        let unknown = named.iter().filter(|name| !known.contains_key(&name.value));
        for name in unknown.filter(|_| !self.damaged) {
            let names = known.keys().map(|name| &**name);
            self.diagnostics.push(
                Diagnostic::error(code, format!("unknown {what} `{}`", name.value))
                    .at(name.at, "not declared")
                    .maybe_help(near::suggestion(&name.value, names)),
            );
        }
    }

    fn has_a_repository(&mut self, project: &Project, artifact: &Located<Arc<str>>) {
        if project.repository.is_none() && !self.damaged {
            self.diagnostics.push(
                Diagnostic::error("spec::no_repository", "the project has no repository")
                    .at(artifact.at, "where this is published, or fetched from")
                    .help("name one: `[repository]` with `url = \"…\"`"),
            );
        }
    }

    fn has_provider(&mut self, name: &str, image: &Image, project: &Project) {
        let Some(Builder::Ami(builder)) = &image.builder else { return };
        let provider = &builder.provider;
        // The provider itself needs no settings.
        if &*provider.value != "aws" && !project.providers.contains_key(&provider.value) {
            let message = format!(
                "image `{name}`: the project has no provider configuration `{}`",
                provider.value
            );
            self.diagnostics.push(
                Diagnostic::error("spec::unknown_provider", message)
                    .at(provider.at, "not declared")
                    .maybe_help(near::suggestion(
                        &provider.value,
                        project.providers.keys().map(|it| &**it),
                    )),
            );
        }
    }

    fn can_be_baked(&mut self, stage: &Stage, project: &Project) {
        for name in &stage.bake {
            let there = project.images.get(&name.value).and_then(|it| it.id.as_ref());
            if let Some(id) = there {
                let message = format!("image `{}` is not baked: it is there already", name.value);
                self.diagnostics.push(
                    Diagnostic::error("spec::image_is_there", message)
                        .at(name.at, "nothing bakes it")
                        .at(id.at, "it has an id"),
                );
            }
        }
    }

    /// Only a stage with a template can attest anything.
    fn requires_what_attests(&mut self, stage: &Stage, project: &Project) {
        let required = stage.promotion.iter().flat_map(|it| it.require.iter().flatten());
        let required: Vec<Located<Arc<str>>> = required.cloned().collect();
        self.declared(STAGE, &required, &project.stages);
        for name in &required {
            let required = project.stages.get(&name.value);
            if required.is_some_and(|it| it.template.is_none()) {
                let message = format!("stage `{}` attests nothing", name.value);
                self.diagnostics.push(
                    Diagnostic::error("spec::attests_nothing", message)
                        .at(name.at, "it has no template")
                        .help("require stages that run in an environment"),
                );
            }
        }
    }

    fn lends_a_front(&mut self, stage: &Stage, project: &Project) {
        let Some(front_of) = &stage.front_of else { return };
        let lender = project.stages.get(&front_of.value);
        if lender.is_some_and(|lender| lender.front.is_none()) {
            let message = format!("stage `{}` has no front of its own", front_of.value);
            self.diagnostics.push(
                Diagnostic::error("spec::no_front", message)
                    .at(front_of.at, "nothing to stand behind")
                    .help(format!(
                        "give it one: `front = \"front.toml\"` in `[stage.{}]`",
                        front_of.value
                    )),
            );
        }
    }
}

fn needs(project: &Project) -> Edges {
    let edges = |stage: &Stage| {
        let edge = |name: &Located<Arc<str>>| Edge { to: name.value.clone(), at: name.at };
        stage.needs.iter().map(edge).collect()
    };
    project.stages.iter().map(|(name, stage)| (name.clone(), edges(stage))).collect()
}
