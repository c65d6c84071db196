//! Removing images that nobody needs any more.

use greenroom_apply::Cancel;

pub use super::builder::Removed;
use super::turn::Turn;
use super::{BakeError, Bench, builder};
use crate::images::{Baked, Key, Pruning};

/// An image that was to be removed.
pub struct Pruned {
    /// The image.
    pub baked: Baked,
    /// What became of it.
    pub outcome: Result<Removed, BakeError>,
}

impl Bench {
    /// Forgets the sets of a pruning, so that nobody chooses them any more, and then removes its
    /// images one by one. Interrupted, the next pruning goes on: images of no set go.
    ///
    /// # Errors
    ///
    /// [`BakeError::Shelf`]: the sets are not forgotten. What becomes of each image, `told` hears.
    pub async fn prune(
        &self,
        pruning: &Pruning,
        cancel: &Cancel,
        mut told: impl FnMut(&Key, Pruned),
    ) -> Result<(), BakeError> {
        let shelf = self.shelf()?;
        let forget = |it: &mut crate::images::Catalogue| {
            it.sets.retain(|set| !pruning.sets.contains(&set.digest));
        };
        let catalogue = shelf.change(forget).await?;
        for key in &pruning.images {
            let Some(baked) = catalogue.images.get(key).filter(|_| !cancel.is_cancelled()) else {
                continue;
            };
            let outcome = self.remove(key, baked, cancel).await;
            if matches!(outcome, Ok(Removed::Gone)) {
                shelf.change(|it| drop(it.images.remove(key))).await?;
            }
            told(key, Pruned { baked: baked.clone(), outcome });
        }
        Ok(())
    }

    async fn remove(
        &self,
        key: &Key,
        baked: &Baked,
        cancel: &Cancel,
    ) -> Result<Removed, BakeError> {
        let turn = Turn::take(self, key, cancel, |_| {}).await?;
        let removed = builder::remove(self, key, baked, cancel).await;
        turn.give_back().await;
        removed
    }
}
