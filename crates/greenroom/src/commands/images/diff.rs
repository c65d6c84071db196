//! `greenroom images diff`: what differs between two image sets, and why.

use greenroom_delivery::images::{compare, one};
use greenroom_delivery::wanted::WantedError;

use super::catalogue;
use crate::cli::ImagesDiffArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::images::DiffView;

pub(super) async fn run(args: &ImagesDiffArgs, context: &Context) -> Result<Exit, Failure> {
    let project = context.sound_project()?;
    let catalogue = catalogue(context, &project).await?;
    let set = |given: &str| one(&catalogue, given).map_err(WantedError::from);
    let (before, after) = (set(&args.before)?, set(&args.after)?);
    let differences = compare(&catalogue, before, after);
    let same = differences.is_empty();
    context.console.data(&DiffView {
        before: before.digest.to_string(),
        after: after.digest.to_string(),
        differences,
    });
    Ok(if same || !args.detailed_exitcode { Exit::Done } else { Exit::Changes })
}
