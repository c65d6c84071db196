//! A plan that shifts traffic: made, shown, asked about, and carried out.

use std::path::PathBuf;
use std::sync::Arc;

use greenroom_delivery::project::{Place, Project};
use greenroom_delivery::promotion::{Prepared, Promoting, PromotionError};
use greenroom_engine::planner::Refresh;

use super::promote::carry_out;
use crate::cli::{Detail, Execution};
use crate::commands::carry_out::Undertaking;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// A shift of traffic that is to be planned.
pub(super) struct Shift<'a> {
    pub(super) context: &'a Context,
    pub(super) project: Project,
    pub(super) place: Place,
    pub(super) stage: String,
    pub(super) refresh: Refresh,
    pub(super) execution: Execution,
    pub(super) detail: Detail,
    pub(super) report: Option<PathBuf>,
}

impl Shift<'_> {
    /// Carries out what `plan` makes of the stage.
    pub(super) async fn carry_out(
        self,
        plan: impl AsyncFnOnce(Promoting<'_>) -> Result<Prepared, PromotionError>,
    ) -> Result<Exit, Failure> {
        let Shift { context, mut project, place, stage, refresh, execution, detail, report } = self;
        let mut undertaking =
            Undertaking::begin(context, &project, None, execution, detail).await?;
        undertaking.report_to(report);
        let session = undertaking.open(&place.state).await?;
        undertaking.progress.busy("planning");
        let workbench = undertaking.workbench.clone();
        let prepared = plan(Promoting {
            project: &mut project,
            workbench: &workbench,
            stage: &stage,
            state: Arc::new(session.state().clone()),
            refresh,
        });
        let prepared = prepared.await.map_err(Failure::from);
        carry_out(undertaking, session, &project, prepared).await
    }
}
