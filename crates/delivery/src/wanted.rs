//! From a stage's name to what is wanted, and to a plan.

use std::io;
use std::sync::Arc;

use greenroom_apply::{ApplyError, PlanRequest, Planned, ProjectFiles, Workbench};
use greenroom_engine::desired::Desired;
use greenroom_engine::outcomes::Secrets;
use greenroom_engine::planner::{AskGates, FilesRead, Look, Refresh};
use greenroom_engine::resolve::{Missing, ResolveRequest, resolve};
use greenroom_model::address::Scope;
use greenroom_model::identity::Lineage;
use greenroom_model::plan::Plan;
use greenroom_model::state::State;
use greenroom_spec::diagnostic::Diagnostic;
use greenroom_spec::near;
use greenroom_spec::project::{Project as Spec, Stage};
use greenroom_spec::source::Sources;

use crate::images::ChooseError;
use crate::project::{Inputs, Project, given, images, in_order};
use crate::random;

/// Why there is no plan. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum WantedError {
    /// The specs have mistakes.
    #[error("there are mistakes; nothing was changed")]
    Mistakes {
        /// The mistakes, in the order of their places.
        diagnostics: Vec<Diagnostic>,
        /// The files that they are in.
        sources: Box<Sources>,
    },
    /// The project has no such stage.
    #[error("the project has no stage `{name}`; nothing was changed")]
    NoStage {
        /// The name as given.
        name: String,
        /// A near name, or all of them.
        help: Option<String>,
    },
    /// The stage makes no environments.
    #[error("stage `{0}` has no environment: it has neither a `template` nor a `front`")]
    NoTemplates(String),
    /// The stage promotes: its environments are not made by name.
    #[error(
        "stage `{0}` promotes: `greenroom promote {0}` makes its environments; nothing was changed"
    )]
    Promotes(String),
    /// The stage needs what this version does not have.
    #[error("stage `{stage}` {what}, which this version cannot do yet; nothing was changed")]
    NotYet {
        /// The stage.
        stage: String,
        /// What it does, as a verb.
        what: &'static str,
    },
    /// It is not known which baked images are meant.
    #[error(transparent)]
    Images(#[from] ChooseError),
    /// Engine, store or provider failed.
    #[error(transparent)]
    Apply(#[from] ApplyError),
    /// The system gives no randomness.
    #[error("the system gives no randomness")]
    Random(#[source] io::Error),
}

/// What is wanted of a stage, as far as its specs say so.
#[derive(Clone)]
pub struct Wanted {
    /// What is wanted; `None` if mistakes leave nothing to go on with.
    pub desired: Option<Arc<Desired>>,
    /// Mistakes and warnings so far.
    pub diagnostics: Vec<Diagnostic>,
}

/// How a plan looks at the world.
pub struct Sight {
    /// What is there, as far as known.
    pub state: Option<Arc<State>>,
    /// The lineage of the state, or of a new one.
    pub lineage: Lineage,
    /// How much of the world to read first.
    pub refresh: Refresh,
    /// When the plan asks the gates.
    pub gates: AskGates,
}

/// A plan of what is wanted.
pub struct WantedPlan {
    /// The plan.
    pub plan: Plan,
    /// Warnings of the specs and of the plan.
    pub warnings: Vec<Diagnostic>,
    /// The files that the templates read.
    pub files: FilesRead,
}

/// That there is no stage `name`.
#[must_use]
pub fn no_stage(project: &Spec, name: &str) -> WantedError {
    let help = near::suggestion(name, project.stages.keys().map(|name| &**name));
    WantedError::NoStage { name: name.to_owned(), help }
}

/// The stage `name`, if it makes environments that this version can make.
pub fn buildable<'a>(project: &'a Project, name: &str) -> Result<&'a Stage, WantedError> {
    let stage = project.stage(name).ok_or_else(|| no_stage(&project.spec, name))?;
    let not_yet = |what| Err(WantedError::NotYet { stage: name.to_owned(), what });
    if stage.front_of.is_some() {
        return not_yet("uses another stage's front");
    }
    if !stage.has_templates() {
        return Err(WantedError::NoTemplates(name.to_owned()));
    }
    Ok(stage)
}

/// The same, if its environments come and go.
pub fn ephemeral<'a>(project: &'a Project, name: &str) -> Result<&'a Stage, WantedError> {
    let stage = buildable(project, name)?;
    match stage.promotion {
        Some(_) => Err(WantedError::Promotes(name.to_owned())),
        None => Ok(stage),
    }
}

/// Reads everything that a stage is made from.
pub fn wanted(
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
    let (images, image_set) = images(&project.spec, &project.folder, inputs, &mut diagnostics);
    let resolved = resolve(ResolveRequest {
        project: &project.spec,
        stage,
        environment,
        environment_template: specs.environment,
        front_template: specs.front,
        given,
        images,
        image_set,
        missing,
    });
    diagnostics.extend(resolved.diagnostics);
    Wanted { desired: resolved.desired.map(Arc::new), diagnostics }
}

/// The process's environment, as far as it is text.
pub fn variables() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

impl Wanted {
    /// Plans what is wanted. Mistakes come all at once,
    /// those of the engine included, and if there are any in the specs, the world is not looked at.
    ///
    /// # Errors
    ///
    /// [`WantedError::Mistakes`]; [`WantedError::Apply`] if a provider cannot be used.
    pub async fn plan(
        mut self,
        project: &Project,
        workbench: &Workbench,
        sight: Sight,
    ) -> Result<WantedPlan, WantedError> {
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
                    gates: sight.gates,
                    files: ProjectFiles::below(&project.folder),
                };
                Some(workbench.plan(request).await?)
            }
            None => None,
        };
        let plan = match planned {
            Some(Planned::Plan(plan, warnings, files)) => {
                self.diagnostics.extend(warnings);
                Some((plan, files))
            }
            Some(Planned::Mistakes(mistakes)) => {
                self.diagnostics.extend(mistakes);
                None
            }
            None => None,
        };
        let diagnostics = in_order(self.diagnostics);
        match plan {
            Some((plan, files)) if !has_mistakes => {
                Ok(WantedPlan { plan: *plan, warnings: diagnostics, files })
            }
            _ => {
                let sources = Box::new(project.sources.clone());
                Err(WantedError::Mistakes { diagnostics, sources })
            }
        }
    }

    /// Values of the sensitive variables, which plan files do not hold.
    pub fn secrets(&self) -> Secrets {
        self.desired.as_deref().map(secrets_in).unwrap_or_default()
    }
}

/// Values of the sensitive variables of all scopes.
pub(crate) fn secrets_in(desired: &Desired) -> Secrets {
    let secrets = desired.scopes.iter().map(|(scope, wanted)| {
        let variables = wanted.variables.iter().filter(|(_, value)| value.has_sensitive());
        (scope.clone(), variables.map(|(name, it)| (name.clone(), it.clone())).collect())
    });
    secrets.collect()
}

/// Plans from the specs alone, for the mistakes that only a plan can show.
pub async fn check(
    project: &Project,
    workbench: &Workbench,
    desired: Arc<Desired>,
) -> Result<Planned, WantedError> {
    plan_specs(project, workbench, desired, new_lineage()?).await
}

/// Plans from the specs alone, over nothing, for a state of this lineage.
pub async fn plan_specs(
    project: &Project,
    workbench: &Workbench,
    desired: Arc<Desired>,
    lineage: Lineage,
) -> Result<Planned, WantedError> {
    let request = PlanRequest {
        desired,
        state: None,
        lineage,
        refresh: Refresh::Skip,
        look: Look::SpecsOnly,
        gates: AskGates::AfterChanges,
        files: ProjectFiles::below(&project.folder),
    };
    Ok(workbench.plan(request).await?)
}

/// A lineage that no state has had.
pub fn new_lineage() -> Result<Lineage, WantedError> {
    let digits = random::digits::<16>().map_err(WantedError::Random)?;
    Ok(Lineage(digits.into()))
}
