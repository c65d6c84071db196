//! Plans, with their warnings shown.

use std::sync::Arc;

use greenroom_apply::{Unobserved, Workbench};
use greenroom_delivery::bake;
use greenroom_delivery::project::{self, Project};
use greenroom_delivery::wanted::{Sight, Wanted, WantedError, WantedPlan, wanted};
use greenroom_engine::desired::Desired;
use greenroom_engine::planner::Refresh;
use greenroom_engine::resolve::Missing;
use greenroom_model::address::Scope;
use greenroom_model::plan::Plan;
use greenroom_model::state::State;
use greenroom_spec::diagnostic::Diagnostic;
use greenroom_spec::project::IMAGES_STAGE;
use greenroom_store::FolderStore;

use crate::cli::{Inputs, RefreshChoice};
use crate::context::Context;
use crate::failure::Failure;
use crate::view::diagnostics::Diagnostics;
use crate::view::notice::Notice;

/// Plans what is wanted, and shows the warnings.
pub(super) async fn planned(
    wanted: Wanted,
    context: &Context,
    project: &Project,
    workbench: &Workbench,
    sight: Sight,
) -> Result<Plan, Failure> {
    Ok(warned(wanted.plan(project, workbench, sight).await?, context, project))
}

/// The plan, when its warnings are shown.
pub(super) fn warned(planned: WantedPlan, context: &Context, project: &Project) -> Plan {
    let WantedPlan { plan, warnings, files: _ } = planned;
    tell_warnings(context, project, &warnings);
    plan
}

/// Shows warnings, if there are any.
pub(super) fn tell_warnings(context: &Context, project: &Project, warnings: &[Diagnostic]) {
    if !warnings.is_empty() {
        let sources = &project.sources;
        context.console.tell(&Diagnostics { sources, diagnostics: warnings });
    }
}

/// Says that an environment stays with its images though there are newer ones.
pub(super) fn tell_newer(context: &Context, inputs: &project::Inputs) {
    if let Some(newer) = &inputs.baked.newer {
        let text = format!(
            "the environment keeps its images; the newest set is {newer} (--image-set takes it)"
        );
        context.console.tell(&Notice(text));
    }
}

/// A workbench whose store is never asked.
pub(super) fn specs_workbench(context: &Context, project: &Project) -> Workbench {
    let store = Arc::new(FolderStore::new(&project.folder));
    context.workbench(project, store, Arc::new(Unobserved), 1)
}

/// What is wanted of one stage, or of all and of images that are baked, for commands that ask their
/// providers what there is.
///
/// Mistakes in templates are not these commands' business: a stage that has some is known by what
/// its states remember.
pub(super) fn desired_of_stages(project: &mut Project, stage: Option<&str>) -> Vec<Arc<Desired>> {
    let all: Vec<Arc<str>> = project.spec.stages.keys().cloned().collect();
    let stages = all.iter().filter(|name| stage.is_none_or(|it| *it == ***name));
    let environment = Scope::environment("default").ok();
    let desired = |name: &Arc<str>| {
        let inputs = project::Inputs::default();
        wanted(project, name, environment.clone(), &inputs, Missing::Pending).desired
    };
    let mut desired: Vec<Arc<Desired>> = stages.filter_map(desired).collect();
    if stage.is_none_or(|it| it == IMAGES_STAGE) {
        desired.extend(bake::reach(&project.spec));
    }
    desired
}

impl Inputs {
    /// What the specs are given.
    pub(super) fn given(&self) -> project::Inputs {
        let Inputs { var, var_file, image, image_set } = self.clone();
        project::Inputs { var, var_file, image, image_set, ..project::Inputs::default() }
    }

    /// What the specs are given, with the baked images for `stage`, whose environment has `state`.
    pub(super) async fn with_images(
        &self,
        workbench: &Workbench,
        project: &Project,
        stage: &str,
        state: Option<&State>,
    ) -> Result<project::Inputs, Failure> {
        let mut inputs = self.given();
        let chosen = inputs.choose_images(workbench, &project.spec, stage, state).await;
        chosen.map_err(WantedError::from)?;
        Ok(inputs)
    }
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
