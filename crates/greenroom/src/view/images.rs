//! Images: what a bake came to, and which sets there are.

mod pruning;
mod sets;

use greenroom_delivery::bake::Moment;
use greenroom_delivery::chain::chain;
use greenroom_delivery::images::Baked;
use serde_json::{Value as Json, json};

use super::{Fields, Kind, Message, fields};
use crate::palette::{Palette, Tone};

pub(crate) use pruning::{PrunedView, PruningView};
pub(crate) use sets::{DiffView, SetView, SetsView};

/// What happens to an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BakeView {
    pub(crate) name: String,
    pub(crate) fate: Fate,
}

/// What happens to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It waits until somebody else has baked the same.
    Waiting(String),
    /// It was baked before, and is there.
    Found { id: String, digest: String },
    /// It was baked before, and is gone.
    Gone { id: String },
    /// It is baked.
    Baking { log: String },
    /// It was baked.
    Done { id: String, digest: String },
    /// It was not.
    Failed { error: String, help: Option<String> },
}

impl Fate {
    pub(crate) fn of(moment: &Moment<'_>) -> Fate {
        let of = |baked: &Baked| (baked.id.clone(), baked.digest.to_string());
        match moment {
            Moment::Waiting(holder) => {
                Fate::Waiting(holder.map_or_else(|| "somebody else".into(), ToString::to_string))
            }
            Moment::Found(baked) => {
                let (id, digest) = of(baked);
                Fate::Found { id, digest }
            }
            Moment::Gone(baked) => Fate::Gone { id: baked.id.clone() },
            Moment::Baking(log) => Fate::Baking { log: log.display().to_string() },
            Moment::Done(baked) => {
                let (id, digest) = of(baked);
                Fate::Done { id, digest }
            }
            Moment::Failed(error) => Fate::Failed { error: chain(*error), help: error.help() },
        }
    }

    fn word(&self) -> &'static str {
        match self {
            Fate::Waiting(_) => "waiting",
            Fate::Found { .. } => "found",
            Fate::Gone { .. } => "gone",
            Fate::Baking { .. } => "baking",
            Fate::Done { .. } => "baked",
            Fate::Failed { .. } => "failed",
        }
    }
}

impl Message for BakeView {
    fn kind(&self) -> Kind {
        Kind::ImageBake
    }

    fn fields(&self) -> Fields {
        let (mut id, mut digest, mut log, mut error, mut by) = Default::default();
        match &self.fate {
            Fate::Waiting(holder) => by = Some(holder),
            Fate::Found { id: i, digest: d } | Fate::Done { id: i, digest: d } => {
                (id, digest) = (Some(i), Some(d));
            }
            Fate::Gone { id: i } => id = Some(i),
            Fate::Baking { log: l } => log = Some(l),
            Fate::Failed { error: e, .. } => error = Some(e),
        }
        let fate: Json = self.fate.word().into();
        fields(json!({
            "image": self.name,
            "fate": fate,
            "id": id,
            "digest": digest,
            "log": log,
            "holder": by,
            "error": error,
        }))
    }

    fn text(&self, palette: Palette) -> String {
        let name = palette.paint(Tone::Strong, &self.name);
        match &self.fate {
            Fate::Waiting(by) => format!("{name}: waiting, {by} bakes the same\n"),
            Fate::Found { id, .. } => format!("{name}: unchanged, nothing to bake: {id}\n"),
            Fate::Gone { id } => format!("{name}: {id} is not there any more, it is baked anew\n"),
            Fate::Baking { log } => format!("{name}: baking, log in {log}\n"),
            Fate::Done { id, digest } => {
                format!("{name}: {} {id}\n  digest {digest}\n", palette.paint(Tone::Good, "baked"))
            }
            Fate::Failed { error, help } => {
                let help = help.iter().map(|help| format!("  help: {help}\n"));
                let failed = palette.paint(Tone::Bad, "not baked:");
                format!("{name}: {failed} {error}\n{}", help.collect::<String>())
            }
        }
    }
}
