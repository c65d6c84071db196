//! The account that a command keeps of a promotion while it carries it out, and its page.

use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use greenroom_apply::{Session, Workbench};
use greenroom_delivery::promotion::Witness;
use greenroom_delivery::promotion::account::{Account, AccountFolder};
use greenroom_engine::format;
use greenroom_model::address::Scope;
use greenroom_model::identity::Digest;
use greenroom_model::plan::{Plan, Purpose};
use greenroom_store::{StateName, WRITTEN_BY};

use super::write;
use crate::failure::Failure;
use crate::report;
use crate::view::plan::PromotionView;

const REPORT: &str = "report.html";

/// The account of one promotion.
pub(super) struct Accounting {
    witness: Arc<Witness>,
    folder: AccountFolder,
    plan: Digest,
    workbench: Workbench,
    name: StateName,
    by: String,
}

impl Accounting {
    /// Begins to watch what `session` does, if it is about to carry out a promotion, or to give one
    /// up.
    pub(super) fn begin(
        project: &Path,
        plan: &Plan,
        workbench: &Workbench,
        session: &mut Session,
    ) -> io::Result<Option<Accounting>> {
        let Some((candidate, digest)) = promotion_of(plan, session) else { return Ok(None) };
        let folder = AccountFolder::open(project, &plan.stage, candidate.as_str(), &digest)?;
        let witness = Witness::before(workbench.observer.clone());
        session.watched_by(witness.clone());
        let (workbench, name) = (workbench.clone(), session.name().clone());
        let by = session.holder().to_owned();
        Ok(Some(Accounting { witness, folder, plan: digest, workbench, name, by }))
    }

    /// Does `work` and watches it.
    pub(super) async fn attend<T>(&mut self, work: impl Future<Output = T>) -> (T, io::Result<()>) {
        let Accounting { witness, folder, workbench, name, by, .. } = self;
        witness.attend(folder, workbench, name, std::mem::take(by), work).await
    }

    /// Writes the page of all that is known, to `report` or beside the account. Returns where it is.
    pub(super) fn publish(
        &self,
        session: &Session,
        report: Option<&Path>,
    ) -> Result<Option<PathBuf>, Failure> {
        let state = session.state();
        let chapter = state.history.iter().rev().find(|it| it.plan == self.plan);
        // A plan that was refused has none.
        let Some(chapter) = chapter else { return Ok(None) };
        let path = self.folder.path().to_owned();
        let unread = |source| Failure::File { action: "read the account in", path, source };
        let account = Account {
            project: state.project.to_string(),
            stage: state.stage.to_string(),
            written_by: WRITTEN_BY.to_owned(),
            chapter: chapter.clone(),
            lines: self.folder.lines().map_err(unread)?,
        };
        let page = report.map_or_else(|| self.folder.path().join(REPORT), Path::to_owned);
        write("write", &page, report::promotion(&account).as_bytes())?;
        Ok(Some(page))
    }
}

/// The promotion that a plan is of: who is to take the traffic, and the plan that it began with.
fn promotion_of(plan: &Plan, session: &Session) -> Option<(Scope, Digest)> {
    if plan.purpose == Purpose::Abort {
        let open = session.state().history.last().filter(|it| it.ending.is_none())?;
        return Some((open.candidate.clone(), open.plan.clone()));
    }
    let PromotionView { candidate, .. } = PromotionView::of(plan)?;
    Some((candidate, Plan::digest_of(&format::plan::encode(plan))))
}
