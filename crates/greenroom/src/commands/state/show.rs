//! `greenroom state show`: one object with its attributes.

use std::sync::Arc;

use greenroom_delivery::project::Place;
use greenroom_model::state::State;
use greenroom_spec::near;

use super::look;
use crate::cli::StateShowArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::object::ObjectView;

pub(super) async fn run(args: &StateShowArgs, context: &Context) -> Result<Exit, Failure> {
    let project = context.sound_project()?;
    let environment = args.target.environment.env.as_deref();
    let looked = look(context, &project, &args.target.stage, environment).await?;
    let state = looked.view.state.as_ref();
    let candidates = looked.place.meant_by(&args.address)?;
    let found = candidates.into_iter().find_map(|address| {
        let instance = state?.instance(&address)?;
        Some(ObjectView { instance: Arc::new(instance.clone()), address })
    });
    match found {
        Some(object) => {
            context.console.data(&object);
            Ok(looked.exit)
        }
        None => Err(absent(&looked.place, state, &args.address)),
    }
}

fn absent(place: &Place, state: Option<&State>, name: &str) -> Failure {
    let known: Vec<String> = state
        .into_iter()
        .flat_map(State::instances)
        .map(|(address, _)| address.to_string())
        .collect();
    Failure::Absent {
        what: "object",
        name: name.to_owned(),
        state: place.state.to_string(),
        help: near::suggestion(name, known.iter().map(String::as_str)),
    }
}
