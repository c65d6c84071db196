//! Looking again at what an earlier process had begun to change, before a plan goes on with it.

use futures::future::join_all;
use greenroom_engine::run::Target;
use greenroom_model::value::Value;

use super::{Driver, Then, durable};
use crate::cancel::Cancel;
use crate::error::ApplyError;

impl Driver<'_> {
    /// Looks at objects of which the state may be wrong, and notes what is there: whatever follows
    /// compares with that.
    pub(super) async fn look_again(
        &mut self,
        targets: Vec<Target>,
        cancel: &Cancel,
    ) -> Result<(), ApplyError> {
        let looks = join_all(targets.into_iter().map(|it| self.look(it)));
        let seen = tokio::select! {
            biased;
            () = cancel.cancelled() => return Ok(()),
            seen = looks => seen,
        };
        let seen = seen.iter().flatten();
        let entries: Vec<_> =
            seen.filter_map(|(target, attributes)| self.run.seen(target, attributes)).collect();
        if entries.is_empty() {
            return Ok(());
        }
        self.append(entries, Then::Nothing);
        let noted = durable(&mut self.appending).await?;
        self.durable(noted)
    }

    /// What is there of an object; `None` if that cannot be seen, which is told by whatever
    /// changes it or looks at it next.
    fn look(&self, target: Target) -> impl Future<Output = Option<(Target, Value)>> + use<> {
        let object = self.object_of(target.clone());
        let reach = self.reach(&target.provider, &object.address);
        async move {
            let provider = reach.provider().await.ok()?;
            Some((target, provider.verify(object).await.ok()?))
        }
    }
}
