//! `greenroom env extend`: let an environment live for so long from now on.

use greenroom_delivery::lifetime::{DEFAULT_TTL, after};
use greenroom_model::state::Lifetime;
use jiff::Timestamp;

use crate::cli::{Detail, Execution, ExtendArgs, Pace};
use crate::commands::carry_out::Undertaking;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::environments::{Environment, Environments};

/// It takes nothing away, so that nobody is asked.
const UNASKED: Execution = Execution { yes: true, pace: Pace { parallelism: 1 } };

pub(super) async fn run(args: &ExtendArgs, context: &Context) -> Result<Exit, Failure> {
    let project = context.sound_project()?;
    let stage = &args.target.stage;
    let place = context.place(&project, stage, args.target.environment.env.as_deref())?;
    let state = &place.state;
    let reader = context.reader(&project).await?;
    let is_there = reader.view(state).await?.state.is_some_and(|it| it.objects() > 0);
    if place.environment.is_none() || !is_there {
        return Err(Failure::NoEnvironment(state.to_string()));
    }
    let own = project.stage(stage).and_then(|it| it.ttl.as_ref()).map(|it| it.value);
    let ttl = args.ttl.or(own).unwrap_or(DEFAULT_TTL);
    let detail = Detail::default();
    let undertaking = Undertaking::begin(context, &project, None, UNASKED, detail).await?;
    let mut session = undertaking.open(state).await?;
    undertaking.progress.busy("telling its objects");
    let now = Timestamp::now();
    let known = session.state().lifetime.clone();
    let extended = session.set_lifetime(Lifetime { expires: Some(after(now, ttl)), ..known }).await;
    undertaking.progress.quiet();
    let one = Environment::of(state, session.state(), None);
    session.close().await?;
    extended?;
    context.console.data(&Environments { environments: vec![one], now });
    Ok(Exit::Done)
}
