//! From a stage's name to what is wanted, and to a plan.

use std::sync::Arc;

use greenroom_apply::{PlanRequest, Planned, ProjectFiles, Workbench};
use greenroom_engine::desired::Desired;
use greenroom_engine::outcomes::Secrets;
use greenroom_engine::planner::{Look, Refresh};
use greenroom_engine::resolve::{Missing, ResolveRequest, resolve};
use greenroom_model::address::Scope;
use greenroom_model::identity::Lineage;
use greenroom_model::plan::Plan;
use greenroom_model::state::State;
use greenroom_spec::diagnostic::Diagnostic;
use greenroom_spec::project::Stage;

use crate::cli::{Inputs, RefreshChoice};
use crate::context::Context;
use crate::failure::Failure;
use crate::project::{Project, given, images, in_order};
use crate::view::diagnostics::Diagnostics;

/// What is wanted of a stage, as far as its specs say so.
#[derive(Clone)]
pub(super) struct Wanted {
    /// What is wanted; `None` if mistakes leave nothing to go on with.
    pub(super) desired: Option<Arc<Desired>>,
    /// Mistakes and warnings so far.
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// How a plan looks at the world.
pub(super) struct Sight {
    /// What is there, as far as known.
    pub(super) state: Option<Arc<State>>,
    /// The lineage of the state, or of a new one.
    pub(super) lineage: Lineage,
    /// How much of the world to read first.
    pub(super) refresh: Refresh,
}

/// The stage `name`, if it makes environments that this version can make.
pub(super) fn buildable<'a>(project: &'a Project, name: &str) -> Result<&'a Stage, Failure> {
    let Some(stage) = project.stage(name) else {
        return Err(Failure::NoStage { name: name.to_owned(), help: project.stage_help(name) });
    };
    let not_yet = |what| Err(Failure::NotYet { stage: name.to_owned(), what });
    if stage.promotion.is_some() {
        return not_yet("promotes");
    }
    if stage.front_of.is_some() {
        return not_yet("uses another stage's front");
    }
    if stage.template.is_none() && stage.front.is_none() {
        return Err(Failure::NoTemplates(name.to_owned()));
    }
    Ok(stage)
}

/// Reads everything that a stage is made from.
pub(super) fn wanted(
    project: &mut Project,
    stage: &str,
    environment: Option<Scope>,
    inputs: &Inputs,
    missing: Missing,
) -> Wanted {
    let mut diagnostics = project.diagnostics.clone();
    let specs = project.specs_of(stage);
    diagnostics.extend(specs.diagnostics);
    let given = given(inputs, variables(), &mut project.sources, &mut diagnostics);
    let images = images(&project.spec, &project.folder, &inputs.image, &mut diagnostics);
    let resolved = resolve(ResolveRequest {
        project: &project.spec,
        stage,
        environment,
        environment_template: specs.environment,
        front_template: specs.front,
        given,
        images,
        missing,
    });
    diagnostics.extend(resolved.diagnostics);
    Wanted { desired: resolved.desired.map(Arc::new), diagnostics }
}

/// The process's environment, as far as it is text.
pub(super) fn variables() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

impl Wanted {
    /// Plans what is wanted. Warnings are shown; mistakes come all at once, those of the engine
    /// included, and if there are any in the specs, the world is not looked at.
    pub(super) async fn plan(
        self,
        context: &Context,
        project: &Project,
        workbench: &Workbench,
        sight: Sight,
    ) -> Result<Plan, Failure> {
        let (plan, warnings) = self.plan_silently(project, workbench, sight).await?;
        if !warnings.is_empty() {
            let sources = &project.sources;
            context.console.tell(&Diagnostics { sources, diagnostics: &warnings });
        }
        Ok(plan)
    }

    /// As [`plan`](Wanted::plan), with the warnings returned.
    pub(super) async fn plan_silently(
        mut self,
        project: &Project,
        workbench: &Workbench,
        sight: Sight,
    ) -> Result<(Plan, Vec<Diagnostic>), Failure> {
        let has_mistakes = self.diagnostics.iter().any(Diagnostic::is_error);
        let planned = match &self.desired {
            Some(desired) if has_mistakes => {
                Some(check(project, workbench, desired.clone()).await?)
            }
            Some(desired) => {
                let request = PlanRequest {
                    desired: desired.clone(),
                    state: sight.state,
                    lineage: sight.lineage,
                    refresh: sight.refresh,
                    look: Look::World,
                    files: ProjectFiles::below(&project.folder),
                };
                Some(workbench.plan(request).await?)
            }
            None => None,
        };
        let plan = match planned {
            Some(Planned::Plan(plan, warnings)) => {
                self.diagnostics.extend(warnings);
                Some(plan)
            }
            Some(Planned::Mistakes(mistakes)) => {
                self.diagnostics.extend(mistakes);
                None
            }
            None => None,
        };
        let diagnostics = in_order(self.diagnostics);
        match plan {
            Some(plan) if !has_mistakes => Ok((*plan, diagnostics)),
            _ => {
                let sources = Box::new(project.sources.clone());
                Err(Failure::Mistakes { diagnostics, sources })
            }
        }
    }

    /// Values of the sensitive variables, which plan files do not hold.
    pub(super) fn secrets(&self) -> Secrets {
        let Some(desired) = &self.desired else { return Secrets::new() };
        let secrets = desired.scopes.iter().map(|(scope, wanted)| {
            let variables = wanted.variables.iter().filter(|(_, value)| value.has_sensitive());
            (scope.clone(), variables.map(|(name, it)| (name.clone(), it.clone())).collect())
        });
        secrets.collect()
    }
}

/// Plans from the specs alone, for the mistakes that only a plan can show.
pub(super) async fn check(
    project: &Project,
    workbench: &Workbench,
    desired: Arc<Desired>,
) -> Result<Planned, Failure> {
    let request = PlanRequest {
        desired,
        state: None,
        lineage: new_lineage()?,
        refresh: Refresh::Skip,
        look: Look::SpecsOnly,
        files: ProjectFiles::below(&project.folder),
    };
    Ok(workbench.plan(request).await?)
}

/// A lineage that no state has had.
pub(super) fn new_lineage() -> Result<Lineage, Failure> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| Failure::System(std::io::Error::other(error.to_string())))?;
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Lineage(digits.into()))
}

impl From<RefreshChoice> for Refresh {
    fn from(choice: RefreshChoice) -> Refresh {
        match choice {
            RefreshChoice::Bulk => Refresh::Bulk,
            RefreshChoice::Full => Refresh::Full,
            RefreshChoice::Skip => Refresh::Skip,
        }
    }
}
