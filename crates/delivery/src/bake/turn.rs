//! One bake of a key at a time, across processes.

use std::time::Duration;

use greenroom_apply::Cancel;
use greenroom_spec::project::IMAGES_STAGE;
use greenroom_store::{Holder, Lease, StateName, StoreError};
use tokio::time::sleep;

use super::{BakeError, Bench};
use crate::images::Key;

/// How often to look whether another bake of the same key has ended.
const POLL: Duration = Duration::from_millis(500);

/// The right to bake a key. It is the lease of a state to which nothing is written.
pub(super) struct Turn(Box<dyn Lease>);

impl Turn {
    /// Waits for it; `on_wait` is told who bakes the same, whenever that is somebody else.
    ///
    /// # Errors
    ///
    /// [`BakeError::Cancelled`], [`BakeError::Store`].
    pub(super) async fn take(
        bench: &Bench,
        key: &Key,
        cancel: &Cancel,
        on_wait: impl Fn(Option<&Holder>),
    ) -> Result<Turn, BakeError> {
        let name = format!("{}-baking", key.short());
        let name = StateName::environment(&bench.project.name.value, IMAGES_STAGE, &name)?;
        let mut told: Option<Option<Box<Holder>>> = None;
        loop {
            match bench.workbench.store.acquire(&name, bench.holder.clone()).await {
                Ok(lease) => return Ok(Turn(lease)),
                Err(StoreError::Held { holder, .. }) => {
                    if told.as_ref() != Some(&holder) {
                        on_wait(holder.as_deref());
                        told = Some(holder);
                    }
                }
                Err(error) => return Err(error.into()),
            }
            tokio::select! {
                () = cancel.cancelled() => return Err(BakeError::Cancelled),
                () = sleep(POLL) => {}
            }
        }
    }

    /// Lets others bake. If that fails, they wait until the lease runs out.
    pub(super) async fn give_back(self) {
        let _ = self.0.release().await;
    }
}
