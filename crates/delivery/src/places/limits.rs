//! How many environments there may be at once.

use std::collections::BTreeMap;
use std::fmt;

use greenroom_spec::project::{IMAGES_STAGE, Project, Stage};
use greenroom_store::{Segment, StateName};

/// The limits of a project. What is not limited has none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Of all ephemeral environments together.
    pub project: Option<u32>,
    /// Of the environments of a stage.
    pub stages: BTreeMap<Segment, u32>,
}

/// A limit that is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Limit {
    /// That of the project.
    Project(u32),
    /// That of a stage.
    Stage(Segment, u32),
}

impl Limits {
    /// The limits that `project` states.
    #[must_use]
    pub fn of(project: &Project) -> Limits {
        Limits {
            project: project.max_environments.as_ref().map(|limit| limit.value),
            stages: project.stages.values().filter_map(of_stage).collect(),
        }
    }

    /// Whether there is a limit to environments like that of `state`.
    #[must_use]
    pub fn concern(&self, state: &StateName) -> bool {
        self.project.is_some() || self.stages.contains_key(&state.stage)
    }
}

fn of_stage(stage: &Stage) -> Option<(Segment, u32)> {
    let most = stage.max_environments.as_ref()?.value;
    // What cannot be part of a state's name has no environments.
    Some((Segment::new(&stage.name.value).ok()?, most))
}

impl Limit {
    /// How many environments it lets be.
    pub(super) fn most(&self) -> usize {
        let (Limit::Project(most) | Limit::Stage(_, most)) = self;
        usize::try_from(*most).unwrap_or(usize::MAX)
    }

    /// Whether the environment of `state` counts.
    pub(super) fn counts(&self, state: &StateName) -> bool {
        match self {
            // An image is no environment, though its state is kept as theirs are.
            Limit::Project(_) => state.stage.as_str() != IMAGES_STAGE,
            Limit::Stage(stage, _) => *stage == state.stage,
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Limit::Project(most) => write!(f, "`max_environments` of the project is {most}"),
            Limit::Stage(stage, most) => {
                write!(f, "`max_environments` of stage `{stage}` is {most}")
            }
        }
    }
}
