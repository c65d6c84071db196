//! Plans, with their warnings shown.

use greenroom_apply::Workbench;
use greenroom_delivery::project::{self, Project};
use greenroom_delivery::wanted::{Sight, Wanted};
use greenroom_engine::planner::Refresh;
use greenroom_model::plan::Plan;

use crate::cli::{Inputs, RefreshChoice};
use crate::context::Context;
use crate::failure::Failure;
use crate::view::diagnostics::Diagnostics;

/// Plans what is wanted, and shows the warnings.
pub(super) async fn planned(
    wanted: Wanted,
    context: &Context,
    project: &Project,
    workbench: &Workbench,
    sight: Sight,
) -> Result<Plan, Failure> {
    let (plan, warnings) = wanted.plan(project, workbench, sight).await?;
    if !warnings.is_empty() {
        let sources = &project.sources;
        context.console.tell(&Diagnostics { sources, diagnostics: &warnings });
    }
    Ok(plan)
}

impl Inputs {
    /// What the specs are given.
    pub(super) fn given(&self) -> project::Inputs {
        let Inputs { var, var_file, image } = self.clone();
        project::Inputs { var, var_file, image }
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
