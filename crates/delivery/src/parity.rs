//! Parity: whether two stages would make the same environment, and what explains that they do not.
//!
//! Both environments are planned from the specs alone, over nothing and under one name. A
//! difference is *explained* if it vanishes when the second one is planned with variables of the
//! first, with its front, or as its stage. `compare` is a pure function of what
//! was planned; here it is planned.

mod compare;
mod environment;
mod variant;

use std::collections::BTreeSet;
use std::sync::Arc;

use greenroom_apply::{Planned, Workbench};
use greenroom_engine::desired::Desired;
use greenroom_engine::resolve::Missing;
use greenroom_model::address::Scope;
use greenroom_model::identity::Lineage;
use greenroom_spec::diagnostic::Diagnostic;

pub use compare::{Apart, Seen};
pub use variant::{Setting, settings_apart};

use crate::matrix::combinations;
use crate::project::{Inputs, Project, in_order};
use crate::wanted::{WantedError, no_stage, plan_specs, wanted};
use compare::{compare, vanished};
use variant::Variant;

/// How two stages compare.
#[derive(Clone, Debug, PartialEq)]
pub struct Parity {
    /// What differs between their environments, in order.
    pub differences: Vec<Judged>,
    /// Settings of providers that differ: where the environments are, not what they are.
    pub settings: Vec<Setting>,
}

/// A difference, and what explains it.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// The difference.
    pub apart: Apart,
    /// What explains it; `None` if nothing does.
    pub because: Option<Cause>,
}

/// What explains a difference.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// One of these variables has another value, or all of them together.
    Variables(BTreeSet<Arc<str>>),
    /// The front is another.
    Front,
    /// The template says the stage's name.
    Stage,
}

impl Parity {
    /// Whether everything that differs is explained.
    #[must_use]
    pub fn is_explained(&self) -> bool {
        self.differences.iter().all(|it| it.because.is_some())
    }
}

/// Compares the environments of two stages. One with a matrix stands with its first combination.
///
/// # Errors
///
/// [`WantedError`] if one of the stages cannot be planned.
pub async fn parity(
    project: &mut Project,
    workbench: &Workbench,
    stages: [&str; 2],
    inputs: &Inputs,
) -> Result<Parity, WantedError> {
    let scope = Scope::environment("default").expect("it is a name");
    let planner = SpecsPlanner { workbench, scope: scope.clone() };
    let first = resolved(project, stages[0], &scope, inputs)?;
    let second = resolved(project, stages[1], &scope, inputs)?;
    let wanted = planner.must_see(project, first.clone()).await?;
    let seen = planner.must_see(project, second.clone()).await?;
    let mut left = compare(&wanted, &seen);
    let mut judged = Vec::new();
    for (cause, variant) in Variant::all(&first, &second, &scope) {
        if left.is_empty() {
            break;
        }
        // What cannot be planned explains nothing.
        let Some(seen) = planner.see(project, variant).await?.ok() else { continue };
        let (gone, stays) = vanished(left, &compare(&wanted, &seen));
        judged.extend(gone.into_iter().map(|apart| Judged { apart, because: Some(cause.clone()) }));
        left = stays;
    }
    judged.extend(left.into_iter().map(|apart| Judged { apart, because: None }));
    judged.sort_by(|a, b| a.apart.key().cmp(&b.apart.key()));
    Ok(Parity { differences: judged, settings: settings_apart(&first, &second, &scope) })
}

/// What is wanted of a stage's environment.
fn resolved(
    project: &mut Project,
    name: &str,
    scope: &Scope,
    inputs: &Inputs,
) -> Result<Arc<Desired>, WantedError> {
    let stage = project.stage(name).ok_or_else(|| no_stage(&project.spec, name))?;
    if stage.template.is_none() {
        return Err(WantedError::NoTemplates(name.to_owned()));
    }
    if stage.front_of.is_some() {
        let what = "uses another stage's front";
        return Err(WantedError::NotYet { stage: name.to_owned(), what });
    }
    let combinations = combinations(stage, &[]).unwrap_or_default();
    let mut one = project.clone();
    if let Some(combination) = combinations.first() {
        combination.put_into(&mut one, name);
    }
    let wanted = wanted(&mut one, name, Some(scope.clone()), inputs, Missing::Pending);
    project.sources = one.sources;
    let has_mistakes = wanted.diagnostics.iter().any(Diagnostic::is_error);
    match wanted.desired.filter(|_| !has_mistakes) {
        Some(desired) => Ok(desired),
        None => Err(mistakes(project, wanted.diagnostics)),
    }
}

fn mistakes(project: &Project, diagnostics: Vec<Diagnostic>) -> WantedError {
    let sources = Box::new(project.sources.clone());
    WantedError::Mistakes { diagnostics: in_order(diagnostics), sources }
}

/// Plans environments to compare.
struct SpecsPlanner<'a> {
    workbench: &'a Workbench,
    scope: Scope,
}

impl SpecsPlanner<'_> {
    /// The environment that would be made, or the mistakes for which there is none.
    async fn see(
        &self,
        project: &Project,
        desired: Arc<Desired>,
    ) -> Result<Result<Seen, Vec<Diagnostic>>, WantedError> {
        // The same for all, so that names derived from it are.
        let lineage = Lineage("0".repeat(32).into());
        let planned = plan_specs(project, self.workbench, desired.clone(), lineage).await?;
        Ok(match planned {
            Planned::Plan(plan, _, files) => {
                Ok(environment::seen(&self.scope, &desired, &plan, &files))
            }
            Planned::Mistakes(mistakes) => Err(mistakes),
        })
    }

    async fn must_see(
        &self,
        project: &Project,
        desired: Arc<Desired>,
    ) -> Result<Seen, WantedError> {
        self.see(project, desired).await?.map_err(|found| mistakes(project, found))
    }
}
