//! `greenroom images prune`: remove the images that nobody needs any more.

use greenroom_apply::Cancel;
use greenroom_delivery::bake::{Pruned, Removed};
use greenroom_delivery::images::pruning;
use jiff::Timestamp;

use super::{catalogue, used};
use crate::cli::ImagesPruneArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::images::{PrunedView, PruningView};

pub(super) async fn run(args: &ImagesPruneArgs, context: &Context) -> Result<Exit, Failure> {
    let project = context.sound_project()?;
    let catalogue = catalogue(context, &project).await?;
    let uses = used(context, &project).await?;
    let pruning = pruning(&catalogue, args.keep, Timestamp::now(), &uses);
    context.console.data(&PruningView::of(&pruning, &catalogue));
    let nothing = pruning.sets.is_empty() && pruning.images.is_empty();
    if nothing || !args.yes {
        return Ok(if nothing { Exit::Done } else { Exit::Changes });
    }
    let bench = context.bench(&project, context.reader(&project).await?).await?;
    let mut stayed = false;
    let told = |key: &_, pruned: Pruned| {
        stayed |= !matches!(pruned.outcome, Ok(Removed::Gone));
        context.console.tell(&PrunedView::of(key, pruned));
    };
    bench.prune(&pruning, &Cancel::new(), told).await?;
    Ok(if stayed { Exit::Error } else { Exit::Done })
}
