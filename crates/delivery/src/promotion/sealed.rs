//! Sealed environments: planned as they were made, whatever the files say now.

use std::collections::BTreeMap;
use std::sync::Arc;

use greenroom_engine::desired::{DesiredScope, Standing};
use greenroom_model::address::Scope;
use greenroom_model::roster::{Entry, Weight};
use greenroom_model::state::State;
use greenroom_spec::diagnostic::Diagnostic;

use super::PromotionError;
use crate::project::Project;
use crate::wanted::WantedError;

/// An environment as its state sealed it.
fn sealed(
    project: &mut Project,
    state: &State,
    scope: &Scope,
    standing: Standing,
) -> Result<DesiredScope, PromotionError> {
    let inputs = state.scopes.get(scope).map(|it| &it.inputs);
    let text = inputs.and_then(|it| Some((it, it.template.clone()?)));
    let (inputs, text) = text.ok_or_else(|| PromotionError::NotSealed(scope.clone()))?;
    let name = format!("the sealed template of {scope}");
    let (template, diagnostics) = project.template_of(&name, text.to_string());
    if diagnostics.iter().any(Diagnostic::is_error) {
        let sources = Box::new(project.sources.clone());
        return Err(WantedError::Mistakes { diagnostics, sources }.into());
    }
    Ok(DesiredScope {
        digest: template.digest(),
        template: Arc::new(template),
        variables: inputs.variables.clone(),
        images: inputs.images.clone(),
        image_set: inputs.image_set.clone(),
        providers: inputs.providers.clone(),
        sealed: Some(text),
        standing,
    })
}

/// All environments of a roster.
pub(super) fn all_sealed(
    project: &mut Project,
    state: &State,
) -> Result<BTreeMap<Scope, DesiredScope>, PromotionError> {
    let entries = state.roster.iter().flat_map(|it| &it.entries);
    let sealed = entries
        .map(|(scope, entry)| Ok((scope.clone(), sealed(project, state, scope, standing(entry))?)));
    sealed.collect()
}

/// What the front is told of an environment of the roster.
fn standing(entry: &Entry) -> Standing {
    let Entry { role, weight, admitted, .. } = *entry;
    Standing { role, weight, mirror: Weight::ZERO, admitted }
}
