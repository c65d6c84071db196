//! Images that go.

use greenroom_delivery::bake::{Pruned, Removed};
use greenroom_delivery::chain::chain;
use greenroom_delivery::images::{Catalogue, Key, Pruning, Uses};
use serde_json::{Value as Json, json};

use super::super::words::{counted, short};
use super::super::{Fields, Kind, Message, fields};
use crate::palette::{Palette, Tone};

/// What a pruning would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PruningView {
    sets: Vec<String>,
    /// Names and ids of images.
    images: Vec<(String, String)>,
    used: Uses,
}

impl PruningView {
    pub(crate) fn of(pruning: &Pruning, catalogue: &Catalogue) -> PruningView {
        let images = pruning.images.iter().map(|key| &catalogue.images[key]);
        PruningView {
            sets: pruning.sets.iter().map(ToString::to_string).collect(),
            images: images.map(|it| (it.name.clone(), it.id.clone())).collect(),
            used: pruning.used.clone(),
        }
    }
}

impl Message for PruningView {
    fn kind(&self) -> Kind {
        Kind::ImagesPrunable
    }

    fn fields(&self) -> Fields {
        let image = |(name, id): &(String, String)| json!({ "image": name, "id": id });
        let used = self.used.iter().map(|(set, by)| json!({ "digest": set, "used_by": by }));
        fields(json!({
            "sets": self.sets,
            "images": self.images.iter().map(image).collect::<Vec<Json>>(),
            "used": used.collect::<Vec<Json>>(),
        }))
    }

    fn text(&self, palette: Palette) -> String {
        let mut text = String::new();
        for (set, by) in &self.used {
            let by: Vec<&str> = by.iter().map(String::as_str).collect();
            text += &format!("{} stays: used by {}\n", short(&set.0), by.join(", "));
        }
        if self.sets.is_empty() && self.images.is_empty() {
            return text + "nothing to prune\n";
        }
        for set in &self.sets {
            text += &format!("{} image set {}\n", palette.paint(Tone::Bad, "-"), short(set));
        }
        for (name, id) in &self.images {
            text += &format!("{} image {name} {id}\n", palette.paint(Tone::Bad, "-"));
        }
        let (sets, images) = (self.sets.len(), self.images.len());
        text + &format!("{} and {} go\n", counted(sets, "set"), counted(images, "image"))
    }
}

/// What became of an image that was to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PrunedView {
    pub(crate) name: String,
    pub(crate) id: String,
    pub(crate) key: String,
    /// Why it is still there.
    pub(crate) error: Option<String>,
}

impl PrunedView {
    pub(crate) fn of(key: &Key, pruned: Pruned) -> PrunedView {
        let error = match pruned.outcome {
            Ok(Removed::Gone) => None,
            Ok(Removed::Left(reason)) => Some(reason),
            Err(error) => Some(chain(&error)),
        };
        let key = key.as_str().to_owned();
        PrunedView { name: pruned.baked.name, id: pruned.baked.id, key, error }
    }
}

impl Message for PrunedView {
    fn kind(&self) -> Kind {
        Kind::ImagePruned
    }

    fn fields(&self) -> Fields {
        let Self { name, id, key, error } = self;
        fields(json!({ "image": name, "id": id, "key": key, "error": error }))
    }

    fn text(&self, palette: Palette) -> String {
        let PrunedView { name, id, error, .. } = self;
        match error {
            None => format!("removed image {name} {id}\n"),
            Some(error) => {
                let stays = palette.paint(Tone::Bad, "stays:");
                format!("image {name} {id} {stays} {error}\n")
            }
        }
    }
}
