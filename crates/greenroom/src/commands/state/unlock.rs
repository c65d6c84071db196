//! `greenroom state unlock`: takes the lease of a state from a process that has ended.

use greenroom_apply::Cancel;
use greenroom_store::Holder;

use crate::cli::UnlockArgs;
use crate::confirm::{self, Answer};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::notice::Notice;

pub(super) async fn run(args: &UnlockArgs, context: &Context) -> Result<Exit, Failure> {
    if !args.yes && (context.console.is_json() || !confirm::can_ask()) {
        return Err(Failure::Unconfirmed);
    }
    let project = context.sound_project()?;
    let environment = args.target.environment.env.as_deref();
    let state = context.place(&project, &args.target.stage, environment)?.state;
    let store = context.store(&project).await?;
    let Some(holder) = store.holder(&state).await? else {
        context.console.tell(&Notice(format!("nobody holds the lease of {state}")));
        return Ok(Exit::Done);
    };
    if !args.yes && !agrees(&holder, context).await {
        context.console.tell(&Notice("nothing was changed".to_owned()));
        return Ok(Exit::Error);
    }
    store.seize(&state, context.holder()).await?.release().await?;
    context.console.tell(&Notice(format!(
        "the lease of {state} is free; {holder} writes nothing more, and what it left open is \
         settled by the next apply or destroy"
    )));
    Ok(Exit::Done)
}

async fn agrees(holder: &Holder, context: &Context) -> bool {
    context.console.eprint(&format!(
        "The lease is held by {holder}.\nDo you want to take it, because that process has ended? \
         Only 'yes' is accepted: "
    ));
    matches!(confirm::answer(&Cancel::new()).await, Answer::Yes)
}
