//! Whether images that were baked are still there.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use greenroom_apply::Workbench;
use greenroom_model::state::Image;
use greenroom_spec::project::Project;

use super::{BakeError, builder};
use crate::images::{Catalogue, Shelf};

/// A project whose images are looked for, and with what.
#[derive(Clone, Copy)]
pub struct Workshop<'a> {
    /// Providers and store.
    pub workbench: &'a Workbench,
    /// The project.
    pub project: &'a Project,
    /// Its folder.
    pub folder: &'a Path,
}

impl Workshop<'_> {
    /// The names of those of some images that are not there any more as they were baked, in every
    /// account and region that they were baked for. Nobody looks for images that were not baked here.
    ///
    /// # Errors
    ///
    /// [`BakeError`]: nobody could tell.
    pub async fn gone(
        &self,
        images: &BTreeMap<Arc<str>, Image>,
    ) -> Result<Vec<Arc<str>>, BakeError> {
        if images.is_empty() {
            return Ok(Vec::new());
        }
        let shelf = Shelf::new(self.workbench.store.clone(), &self.project.name.value)?;
        let catalogue = shelf.read().await?;
        let mut gone = Vec::new();
        for (name, image) in images {
            if !self.is_there(&catalogue, name, image).await? {
                gone.push(name.clone());
            }
        }
        Ok(gone)
    }

    async fn is_there(
        &self,
        catalogue: &Catalogue,
        name: &str,
        image: &Image,
    ) -> Result<bool, BakeError> {
        let made_by = self.project.images.get(name).and_then(|it| it.builder.as_ref());
        let baked = image.digest.as_ref().and_then(|digest| catalogue.of_digest(digest));
        match made_by.zip(baked) {
            Some((made_by, (key, baked))) => {
                builder::is_there(self, name, made_by, key, baked).await
            }
            None => Ok(true),
        }
    }
}
