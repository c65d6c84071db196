//! What must be proven before a stage takes an image set, as the project says it today.

use greenroom_apply::{Planned, Workbench};
use greenroom_engine::resolve::Missing;
use greenroom_model::address::Scope;
use greenroom_model::state::Inputs as ScopeInputs;
use greenroom_spec::diagnostic::Diagnostic;

use super::keys::{KeyError, PublicKey};
use super::seen::TemplateSeen;
use super::verify::Required;
use crate::matrix::combinations;
use crate::project::{Inputs, Project, in_order};
use crate::wanted::{WantedError, check, no_stage, wanted};

/// A stage's environment, as the specs have it today.
pub struct Today {
    /// Its template.
    pub template: TemplateSeen,
    /// What it would be made from.
    pub inputs: ScopeInputs,
}

/// Why it cannot be said what must be proven.
#[derive(Debug, thiserror::Error)]
pub enum RequiredError {
    /// The stage cannot be resolved.
    #[error(transparent)]
    Wanted(#[from] WantedError),
    /// A trusted key cannot be used.
    #[error("what `{stage}` must prove cannot be verified")]
    Key {
        /// The stage that was to prove something.
        stage: String,
        /// Why.
        #[source]
        source: KeyError,
    },
}

/// The stages that an image set must have passed before `stage` takes it, each combination of a
/// matrix on its own, with the keys that are trusted for them.
///
/// # Errors
///
/// [`RequiredError`].
pub fn required(project: &Project, stage: &str) -> Result<Vec<Required>, RequiredError> {
    let mut all = Vec::new();
    for name in project.spec.required_by(stage) {
        let stage = project.stage(&name).ok_or_else(|| no_stage(&project.spec, &name))?;
        let keys = project.spec.trusted_keys(&name).iter();
        let keys = keys.map(|it| PublicKey::read(&project.folder.join(&*it.value)));
        let trusted: Vec<PublicKey> = keys
            .collect::<Result<_, _>>()
            .map_err(|source| RequiredError::Key { stage: name.to_string(), source })?;
        // Without values to choose from, none can be wrong.
        let combinations = combinations(stage, &[]).unwrap_or_default();
        all.extend(combinations.into_iter().map(|it| Required {
            stage: name.to_string(),
            matrix: it.values,
            trusted: trusted.clone(),
        }));
    }
    Ok(all)
}

/// The environment that `stage` would make today, from the specs alone.
///
/// # Errors
///
/// [`WantedError`].
pub async fn today(
    project: &mut Project,
    workbench: &Workbench,
    stage: &str,
    inputs: &Inputs,
) -> Result<Today, WantedError> {
    if project.stage(stage).is_none() {
        return Err(no_stage(&project.spec, stage));
    }
    let scope = Scope::environment("default").expect("it is a name");
    let wanted = wanted(project, stage, Some(scope.clone()), inputs, Missing::Pending);
    let mut diagnostics = wanted.diagnostics;
    let desired = wanted.desired.filter(|_| !diagnostics.iter().any(Diagnostic::is_error));
    if let Some(desired) = desired {
        let own = desired.scopes.get(&scope);
        let own = own.ok_or_else(|| WantedError::NoTemplates(stage.to_owned()))?;
        let (template, inputs) = (own.digest.clone(), own.inputs());
        match check(project, workbench, desired).await? {
            Planned::Plan(_, _, mut files) => {
                let files = files.remove(&scope).unwrap_or_default();
                return Ok(Today { template: TemplateSeen { template, files }, inputs });
            }
            Planned::Mistakes(mistakes) => diagnostics.extend(mistakes),
        }
    }
    let sources = Box::new(project.sources.clone());
    Err(WantedError::Mistakes { diagnostics: in_order(diagnostics), sources })
}
