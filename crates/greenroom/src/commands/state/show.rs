//! `greenroom state show`: one object with its attributes.

use std::sync::Arc;

use greenroom_model::address::{Address, Scope};
use greenroom_model::state::State;

use super::look;
use crate::cli::StateShowArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::project::Place;
use crate::view::object::ObjectView;
use crate::view::words::suggestion;

pub(super) async fn run(args: &StateShowArgs, context: &Context) -> Result<Exit, Failure> {
    let project = context.sound_project()?;
    let environment = args.target.environment.env.as_deref();
    let looked = look(context, &project, &args.target.stage, environment).await?;
    let state = looked.view.state.as_ref();
    let candidates = candidates(&looked.place, &args.address)?;
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

/// The addresses that a text may mean: without a scope, in the environment, then in the front.
fn candidates(place: &Place, text: &str) -> Result<Vec<Address>, Failure> {
    let key_starts = text.find('[').unwrap_or(text.len());
    if text[..key_starts].contains('/') {
        return Ok(vec![text.parse()?]);
    }
    let scopes = place.environment.clone().into_iter().chain([Scope::front()]);
    scopes.map(|scope| Ok(format!("{scope}/{text}").parse()?)).collect()
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
        help: suggestion(name, known.iter().map(String::as_str)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meant(text: &str) -> Vec<String> {
        let place = Place {
            state: "shop/it/default".parse().unwrap(),
            environment: Some("default".parse().unwrap()),
        };
        candidates(&place, text).unwrap().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn without_a_scope_the_environment_comes_before_the_front() {
        assert_eq!(meant("a.b[0]"), ["default/a.b[0]", "front/a.b[0]"]);
        assert_eq!(meant("front/a.b"), ["front/a.b"]);
        assert_eq!(meant(r#"a.b["x/y"]"#), [r#"default/a.b["x/y"]"#, r#"front/a.b["x/y"]"#]);
    }
}
