//! `greenroom graph`: who needs whom, as if everything were made anew.

use greenroom_apply::Planned;
use greenroom_delivery::project::in_order;
use greenroom_delivery::wanted::{WantedError, check, ephemeral, wanted};
use greenroom_engine::resolve::Missing;
use greenroom_spec::diagnostic::Diagnostic;

use crate::cli::GraphArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::graph::Graph;

pub(super) async fn run(args: GraphArgs, context: &Context) -> Result<Exit, Failure> {
    let mut project = context.project()?;
    let stage = &args.target.stage;
    ephemeral(&project, stage)?;
    let place = context.place(&project, stage, args.target.environment.env.as_deref())?;
    let environment = place.environment;
    let workbench = context.reader(&project).await?;
    let inputs = args.inputs.with_images(&workbench, &project, stage, None).await?;
    let wanted = wanted(&mut project, stage, environment, &inputs, Missing::Refuse);
    let planned = match wanted.desired {
        Some(desired) => check(&project, &workbench, desired).await?,
        None => Planned::Mistakes(Vec::new()),
    };
    let has_mistakes = wanted.diagnostics.iter().any(Diagnostic::is_error);
    match planned {
        Planned::Plan(plan, ..) if !has_mistakes => {
            context.console.data(&Graph::of(&plan));
            Ok(Exit::Done)
        }
        Planned::Plan(_, more, _) | Planned::Mistakes(more) => {
            let mut diagnostics = wanted.diagnostics;
            diagnostics.extend(more);
            let sources = Box::new(project.sources);
            Err(WantedError::Mistakes { diagnostics: in_order(diagnostics), sources }.into())
        }
    }
}
