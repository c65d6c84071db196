//! Which state and which environment a command is about.

use greenroom_model::address::{Address, AddressError, Scope};
use greenroom_spec::project::{Project, Stage};
use greenroom_store::{NameError, Segment, StateName};

/// The environment where none is named.
const DEFAULT: &str = "default";

/// The environment variable that names the environment.
const VARIABLE: &str = "GREENROOM_ENV";

/// A state, with the environment that lives in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The state's name.
    pub state: StateName,
    /// The environment; none in the state of a front alone, or of a stage that promotes.
    pub environment: Option<Scope>,
}

/// Why there is no such place. Nothing was touched.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// A part of the state's name cannot be one.
    #[error("no state can be named after this")]
    Name(#[from] NameError),
    /// The environment's name cannot be one.
    #[error(transparent)]
    Scope(#[from] AddressError),
    /// The stage has a state of its own, without environments by name.
    #[error("stage `{stage}` has no environments by name: it has one state")]
    NoEnvironments {
        /// The stage.
        stage: String,
    },
}

/// The environment's name: as given, or as the environment variable says, or `default`.
pub fn environment_name(given: Option<&str>, variable: impl Fn(&str) -> Option<String>) -> String {
    let set = || variable(VARIABLE).filter(|name| !name.is_empty());
    given.map(str::to_owned).or_else(set).unwrap_or_else(|| DEFAULT.to_owned())
}

impl Place {
    /// The place that a stage and an environment's name stand for. A stage that the project does
    /// not have (any more) is taken for one with environments.
    ///
    /// # Errors
    ///
    /// [`PlaceError`].
    pub fn of(
        project: &Project,
        stage: &str,
        given: Option<&str>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Place, PlaceError> {
        let name = &project.name.value;
        if project.stages.get(stage).is_some_and(has_one_state) {
            if given.is_some() {
                return Err(PlaceError::NoEnvironments { stage: stage.to_owned() });
            }
            return Ok(Place { state: StateName::promoted(name, stage)?, environment: None });
        }
        let environment = environment_name(given, variable);
        Ok(Place {
            state: StateName::environment(name, stage, &environment)?,
            environment: Some(Scope::environment(&environment)?),
        })
    }

    /// The place that a state's name stands for.
    #[must_use]
    pub fn of_state(state: StateName) -> Place {
        let name = state.environment.as_ref().map(Segment::as_str);
        // A segment may be longer than an environment's name.
        let environment = name.and_then(|name| Scope::environment(name).ok());
        Place { state, environment }
    }

    /// The environment's name.
    #[must_use]
    pub fn environment_name(&self) -> Option<String> {
        self.environment.as_ref().map(ToString::to_string)
    }

    /// The addresses that a text may mean: without a scope, in the environment, then in the front.
    /// There is at least one.
    ///
    /// # Errors
    ///
    /// The text is no address.
    pub fn meant_by(&self, text: &str) -> Result<Vec<Address>, AddressError> {
        let key_starts = text.find('[').unwrap_or(text.len());
        if text[..key_starts].contains('/') {
            return Ok(vec![text.parse()?]);
        }
        let scopes = self.environment.clone().into_iter().chain([Scope::front()]);
        scopes.map(|scope| format!("{scope}/{text}").parse()).collect()
    }
}

fn has_one_state(stage: &Stage) -> bool {
    stage.promotion.is_some() || (stage.template.is_none() && stage.front.is_some())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use greenroom_spec::parse::parse_project;
    use greenroom_spec::schemas::Schemas;
    use greenroom_spec::source::Sources;

    use super::*;

    fn place(
        stage: &str,
        given: Option<&str>,
        variable: Option<&str>,
    ) -> Result<String, PlaceError> {
        let text = r#"
            [project]
            name = "shop"
            [stage.it]
            template = "environment.toml"
            [stage.zone]
            front = "front.toml"
            [stage.production]
            template = "environment.toml"
            front = "front.toml"
            [stage.production.promotion]
            steps = [100]
        "#;
        let mut sources = Sources::default();
        let file = sources.add("greenroom.toml", text);
        let schemas: Vec<Arc<greenroom_model::schema::ProviderSchema>> = Vec::new();
        let project = parse_project(&sources, file, &Schemas::new(schemas)).value;
        let variable = |_: &str| variable.map(str::to_owned);
        let place = Place::of(&project, stage, given, variable)?;
        Ok(format!("{} {:?}", place.state, place.environment))
    }

    #[test]
    fn the_environment_is_the_given_one_or_that_of_the_variable_or_the_default() {
        assert_eq!(place("it", Some("pr-1"), Some("x")).unwrap(), "shop/it/pr-1 Some(pr-1)");
        assert_eq!(place("it", None, Some("x")).unwrap(), "shop/it/x Some(x)");
        assert_eq!(place("it", None, Some("")).unwrap(), "shop/it/default Some(default)");
        assert_eq!(place("it", None, None).unwrap(), "shop/it/default Some(default)");
    }

    fn meant(text: &str) -> Vec<String> {
        let place = Place {
            state: "shop/it/default".parse().unwrap(),
            environment: Some("default".parse().unwrap()),
        };
        place.meant_by(text).unwrap().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn without_a_scope_the_environment_comes_before_the_front() {
        assert_eq!(meant("a.b[0]"), ["default/a.b[0]", "front/a.b[0]"]);
        assert_eq!(meant("front/a.b"), ["front/a.b"]);
        assert_eq!(meant(r#"a.b["x/y"]"#), [r#"default/a.b["x/y"]"#, r#"front/a.b["x/y"]"#]);
    }

    #[test]
    fn a_front_alone_and_a_stage_that_promotes_have_one_state() {
        assert_eq!(place("zone", None, Some("x")).unwrap(), "shop/zone None");
        assert_eq!(place("production", None, None).unwrap(), "shop/production None");
        assert_eq!(
            place("zone", Some("pr-1"), None),
            Err(PlaceError::NoEnvironments { stage: "zone".to_owned() })
        );
    }

    #[test]
    fn a_stage_that_is_gone_from_the_project_still_has_its_states() {
        assert_eq!(place("old", None, None).unwrap(), "shop/old/default Some(default)");
    }

    #[test]
    fn names_that_could_leave_their_folder_are_refused() {
        assert!(matches!(place("it", Some("../x"), None), Err(PlaceError::Name(_))));
        assert!(matches!(place("it", Some("front"), None), Err(PlaceError::Scope(_))));
        assert!(matches!(place("..", None, None), Err(PlaceError::Name(_))));
    }
}
