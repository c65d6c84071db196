//! A promotion that is open: asked for something, and gone on with.

use std::path::PathBuf;
use std::sync::Arc;

use greenroom_apply::{Asked, Asking, View};
use greenroom_delivery::project::Project;
use greenroom_delivery::promotion::{PromotionError, Resumed, can_give_up, open_promotion};
use greenroom_model::plan::Plan;
use greenroom_model::roster::Promotion;
use greenroom_store::StateName;

use crate::cli::{Detail, Execution};
use crate::commands::carry_out::Undertaking;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::notice::Notice;

/// What a command wants of the promotion that is open.
pub(super) struct Wish<'a> {
    pub(super) context: &'a Context,
    pub(super) project: &'a Project,
    pub(super) state: &'a StateName,
    pub(super) execution: Execution,
    pub(super) detail: Detail,
    /// Where the report goes, if this command carries the promotion out.
    pub(super) report: Option<PathBuf>,
}

/// A promotion that is open, and its plan.
pub(super) struct Open {
    pub(super) promotion: Promotion,
    pub(super) plan: Arc<Plan>,
}

/// The promotion of a state that is open.
pub(super) async fn open(
    context: &Context,
    project: &Project,
    state: &StateName,
) -> Result<Option<Open>, Failure> {
    let View { state, .. } = context.reader(project).await?.view(state).await?;
    let Some(state) = state else { return Ok(None) };
    let open = open_promotion(&state).cloned().zip(Resumed::of(&state)?);
    Ok(open.map(|(promotion, resumed)| Open { promotion, plan: resumed.plan }))
}

impl Wish<'_> {
    /// Asks something of the promotion: whoever carries it out finds it; if nobody does, this
    /// command goes on with the promotion and carries it out.
    pub(super) async fn ask(self, open: Open, asking: Asking) -> Result<Exit, Failure> {
        let Open { promotion: open, plan } = open;
        if asking == Asking::GiveUp {
            can_give_up(&plan, &open)?;
        }
        let by = self.context.holder().to_string();
        let asked = Asked::new(&open.candidate, asking, by);
        let request = asked.request().map_err(Failure::Request)?;
        let store = self.context.store(self.project).await?;
        store.request(self.state, &request.name, request.payload).await?;
        if let Some(holder) = store.holder(self.state).await? {
            let text =
                format!("asked: {holder} carries the promotion out, and sees it in a moment");
            self.context.console.tell(&Notice(text));
            return Ok(Exit::Done);
        }
        self.go_on().await
    }

    /// Goes on with the promotion.
    pub(super) async fn go_on(self) -> Result<Exit, Failure> {
        let Wish { context, project, state, execution, detail, report } = self;
        let mut undertaking = Undertaking::begin(context, project, None, execution, detail).await?;
        undertaking.report_to(report);
        let session = undertaking.open(state).await?;
        match Resumed::of(session.state()) {
            Ok(Some(Resumed { plan, secrets })) => undertaking.finish(session, plan, secrets).await,
            Ok(None) => {
                session.close().await?;
                Err(PromotionError::NoneOpen(state.stage.to_string()).into())
            }
            Err(error) => {
                session.close().await?;
                Err(error.into())
            }
        }
    }
}
