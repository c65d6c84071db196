//! Resolving: from specs, a stage and given values to what is wanted.

mod variables;

use std::collections::BTreeMap;
use std::sync::Arc;

use greenroom_model::address::Scope;
use greenroom_model::identity::{Digest, EnvironmentKind};
use greenroom_model::state::Image;
use greenroom_model::value::{Object, Value};
use greenroom_spec::diagnostic::Diagnostic;
use greenroom_spec::node::{Node, NodeKind};
use greenroom_spec::project::{Project, ProviderBlock};
use greenroom_spec::template::Template;

use crate::desired::{Desired, DesiredScope, Standing};

/// What to resolve.
pub struct ResolveRequest<'a> {
    /// The project.
    pub project: &'a Project,
    /// The stage's name.
    pub stage: &'a str,
    /// The environment, for a stage whose environments are ephemeral.
    pub environment: Option<Scope>,
    /// The template of the stage's environments.
    pub environment_template: Option<Arc<Template>>,
    /// The template of its front.
    pub front_template: Option<Arc<Template>>,
    /// Values for variables, the weakest first.
    pub given: Vec<GivenVariable>,
    /// The images by name.
    pub images: BTreeMap<Arc<str>, Image>,
    /// The image set that they belong to.
    pub image_set: Option<Digest>,
    /// What a variable without a value means.
    pub missing: Missing,
}

/// A value for a variable.
#[derive(Clone, Debug)]
pub struct GivenVariable {
    /// The variable's name.
    pub name: String,
    /// The value.
    pub value: Given,
    /// Where it was given, for messages: `--var`, a file's name …
    pub origin: String,
}

/// A value as given.
#[derive(Clone, Debug)]
pub enum Given {
    /// Text from a command line or the environment: read as the variable's type asks.
    Text(String),
    /// A value from a file.
    Value(Value),
}

/// What a variable without a value means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// A mistake.
    Refuse,
    /// Something pending, as only the specs are checked.
    Pending,
}

/// What resolving found.
#[derive(Debug)]
pub struct Resolved {
    /// What is wanted; `None` if there are mistakes that leave nothing to go on with.
    pub desired: Option<Desired>,
    /// Mistakes and warnings.
    pub diagnostics: Vec<Diagnostic>,
}

/// Resolves a stage for one environment.
#[must_use]
pub fn resolve(request: ResolveRequest<'_>) -> Resolved {
    let mut diagnostics = Vec::new();
    let Some(stage) = request.project.stages.get(request.stage) else {
        diagnostics.push(unknown_stage(request.project, request.stage));
        return Resolved { desired: None, diagnostics };
    };
    let templates = [
        request.front_template.as_ref().map(|it| (Scope::front(), it)),
        request.environment.clone().zip(request.environment_template.as_ref()),
    ];
    let templates: Vec<(Scope, &Arc<Template>)> = templates.into_iter().flatten().collect();
    let (of_project, of_stage) = (&request.project.providers, &stage.providers);
    let providers = provider_settings(of_project, of_stage, &mut diagnostics);
    let mut variables = variables::assign(&request, stage, &templates, &mut diagnostics);
    let scopes = templates
        .into_iter()
        .map(|(scope, template)| {
            let wanted = DesiredScope {
                digest: template.digest(),
                template: template.clone(),
                variables: variables.remove(&scope).unwrap_or_default(),
                images: request.images.clone(),
                image_set: request.image_set.clone(),
                providers: providers.clone(),
                sealed: None,
                standing: Standing::default(),
            };
            (scope, wanted)
        })
        .collect();
    let desired = Desired {
        project: request.project.name.value.clone(),
        stage: stage.name.value.clone(),
        kind: if stage.promotion.is_some() {
            EnvironmentKind::Promoted
        } else {
            EnvironmentKind::Ephemeral
        },
        environment: request.environment.clone(),
        scopes,
    };
    Resolved { desired: Some(desired), diagnostics }
}

fn unknown_stage(project: &Project, name: &str) -> Diagnostic {
    let known: Vec<&str> = project.stages.keys().map(|it| &**it).collect();
    let help = match greenroom_spec::near::nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the project has: {}", known.join(", ")),
    };
    Diagnostic::error("resolve::unknown_stage", format!("the project has no stage `{name}`"))
        .help(help)
}

/// Each provider configuration's settings, those of the stage over those of the project.
pub fn provider_settings(
    project: &BTreeMap<Arc<str>, ProviderBlock>,
    stage: &BTreeMap<Arc<str>, ProviderBlock>,
    diagnostics: &mut Vec<Diagnostic>,
) -> BTreeMap<Arc<str>, Object> {
    let mut settings: BTreeMap<Arc<str>, Object> = BTreeMap::new();
    for (name, ProviderBlock { settings: node, .. }) in project.iter().chain(stage) {
        let own = settings.entry(name.clone()).or_default();
        if let NodeKind::Table(entries) = &node.kind {
            for (key, entry) in entries {
                own.insert(key.clone(), literal(&entry.value, diagnostics));
            }
        }
    }
    settings
}

/// A node's value where expressions have no place.
fn literal(node: &Node, diagnostics: &mut Vec<Diagnostic>) -> Value {
    match &node.kind {
        NodeKind::Literal(value) => value.clone(),
        NodeKind::Array(elements) => {
            elements.iter().map(|it| literal(it, diagnostics)).collect::<Vec<_>>().into()
        }
        NodeKind::Table(entries) => Value::from(
            entries
                .iter()
                .map(|(key, entry)| (key.clone(), literal(&entry.value, diagnostics)))
                .collect::<Object>(),
        ),
        NodeKind::Expression(_) => {
            diagnostics.push(
                Diagnostic::error(
                    "resolve::no_expression",
                    "a provider's settings take no expressions",
                )
                .at(node.at, "this value"),
            );
            Value::Null
        }
        NodeKind::Invalid => Value::Null,
    }
}
