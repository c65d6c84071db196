//! Names of states, safe to be path segments and object keys everywhere.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// One part of a state's name: 1 to 64 of `a-z`, `0-9`, `-`, `_`, the first a letter or digit.
///
/// No capitals, because two names that differ only in case would be one folder
/// on some file systems; no dots, because the store's own suffixes start with one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Segment(String);

/// The name of a state: `shop/integration/pr-17`, or `shop/production` for a promoted stage.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StateName {
    /// The project that the state belongs to.
    pub project: Segment,
    /// The stage within the project.
    pub stage: Segment,
    /// The environment, in stages that have a state per environment; promoted stages have none.
    pub environment: Option<Segment>,
}

/// A text that cannot be (part of) a state's name.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NameError {
    /// A segment is empty.
    #[error("a name cannot be empty")]
    Empty,
    /// A segment has more than 64 characters.
    #[error("the name `{name}` is longer than {LONGEST} characters")]
    TooLong {
        /// The text as given.
        name: String,
    },
    /// A segment has a character that not every file system and object store takes.
    #[error(
        "the name `{name}` contains `{character}`: names are made of a-z, 0-9, `-` and `_`, \
         and start with a letter or digit"
    )]
    Character {
        /// The text as given.
        name: String,
        /// The first character that is not allowed where it stands.
        character: char,
    },
    /// A state's name does not have two or three segments.
    #[error("`{name}` is not PROJECT/STAGE or PROJECT/STAGE/ENVIRONMENT")]
    Shape {
        /// The text as given.
        name: String,
    },
}

const LONGEST: usize = 64;

impl Segment {
    /// Checks `name` and makes it a segment.
    ///
    /// # Errors
    ///
    /// [`NameError`] if `name` is empty, too long, or has a character outside the safe set.
    pub fn new(name: &str) -> Result<Segment, NameError> {
        if name.is_empty() {
            return Err(NameError::Empty);
        }
        if name.chars().count() > LONGEST {
            return Err(NameError::TooLong { name: name.to_owned() });
        }
        match name.char_indices().find(|&(at, c)| !is_allowed(at, c)) {
            Some((_, character)) => Err(NameError::Character { name: name.to_owned(), character }),
            None => Ok(Segment(name.to_owned())),
        }
    }

    /// The text of the segment.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl StateName {
    /// The name of the one state of a promoted stage.
    ///
    /// # Errors
    ///
    /// [`NameError`] if a part is not a valid [`Segment`].
    pub fn promoted(project: &str, stage: &str) -> Result<StateName, NameError> {
        let (project, stage) = (Segment::new(project)?, Segment::new(stage)?);
        Ok(StateName { project, stage, environment: None })
    }

    /// The name of the state of one environment.
    ///
    /// # Errors
    ///
    /// [`NameError`] if a part is not a valid [`Segment`].
    pub fn environment(
        project: &str,
        stage: &str,
        environment: &str,
    ) -> Result<StateName, NameError> {
        let environment = Some(Segment::new(environment)?);
        Ok(StateName { environment, ..StateName::promoted(project, stage)? })
    }

    /// The command that shows what is in the files of this state, however damaged.
    pub fn examine_command(&self) -> String {
        match &self.environment {
            Some(environment) => {
                format!("greenroom state examine {} --env {environment}", self.stage)
            }
            None => format!("greenroom state examine {}", self.stage),
        }
    }
}

fn is_allowed(at: usize, c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || (at > 0 && matches!(c, '-' | '_'))
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for StateName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.project, self.stage)?;
        self.environment.iter().try_for_each(|environment| write!(f, "/{environment}"))
    }
}

impl FromStr for Segment {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Segment, NameError> {
        Segment::new(text)
    }
}

impl FromStr for StateName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<StateName, NameError> {
        match text.split('/').collect::<Vec<_>>()[..] {
            [project, stage] => StateName::promoted(project, stage),
            [project, stage, environment] => StateName::environment(project, stage, environment),
            _ => Err(NameError::Shape { name: text.to_owned() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_reads_back_as_it_is_shown() {
        for text in ["shop/production", "shop/integration/pr-17", "a/0/x_y-z"] {
            assert_eq!(text.parse::<StateName>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn names_that_could_leave_their_folder_or_clash_are_refused() {
        for text in ["", ".", "..", "a/b", "-x", "_x", "Shop", "a.state", "é", "a b", "a\0b"] {
            assert!(Segment::new(text).is_err(), "{text:?}");
        }
        assert!(Segment::new(&"a".repeat(64)).is_ok());
        assert!(Segment::new(&"a".repeat(65)).is_err());
        for text in ["shop", "a/b/c/d", "a//c", "/a/b"] {
            assert!(text.parse::<StateName>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn names_are_ordered_by_project_stage_and_environment() {
        let mut names: Vec<StateName> =
            ["b/a", "a/b/c", "a/b"].iter().map(|text| text.parse().unwrap()).collect();
        names.sort();
        let sorted: Vec<String> = names.iter().map(ToString::to_string).collect();
        assert_eq!(sorted, ["a/b", "a/b/c", "b/a"]);
    }

    #[test]
    fn the_command_that_examines_names_stage_and_environment() {
        let name = |text: &str| text.parse::<StateName>().unwrap().examine_command();
        assert_eq!(name("shop/production"), "greenroom state examine production");
        assert_eq!(name("shop/it/pr-17"), "greenroom state examine it --env pr-17");
    }
}
