//! `greenroom output`: what an environment tells those who use it.

use greenroom_spec::near;

use super::state::look;
use crate::cli::OutputArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::outputs::{Outputs, raw};

pub(super) async fn run(args: OutputArgs, context: &Context) -> Result<Exit, Failure> {
    let project = context.sound_project()?;
    let environment = args.target.environment.env.as_deref();
    let looked = look(context, &project, &args.target.stage, environment).await?;
    let outputs = looked.view.state.as_ref().map(Outputs::of).unwrap_or_default();
    let Some(name) = &args.name else {
        context.console.data(&outputs);
        return Ok(looked.exit);
    };
    let Some(output) = outputs.only(name) else {
        return Err(Failure::Absent {
            what: "output",
            name: name.clone(),
            state: looked.place.state.to_string(),
            help: near::suggestion(name, outputs.values.keys().map(String::as_str)),
        });
    };
    if args.raw && !context.console.is_json() {
        let text = output.values.get(name).and_then(raw);
        context.console.print(&text.ok_or_else(|| Failure::NotRaw(name.clone()))?);
    } else {
        context.console.data(&output);
    }
    Ok(looked.exit)
}
