//! What a plan that shifts traffic is about, and which way its phases go.

use std::time::Duration;

use greenroom_engine::promotion::shortest;
use greenroom_model::address::Scope;
use greenroom_model::plan::{Action, Next, Plan};
use greenroom_model::roster::{Course, Mark};

use super::PhaseView;

/// Who takes the traffic over from whom.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PromotionView {
    /// Who takes it.
    pub(crate) candidate: Scope,
    /// Who has it now, if anybody has.
    pub(crate) replaces: Option<Scope>,
    /// The digest of the images that the candidate is made from.
    pub(crate) image_set: Option<String>,
    /// How long it waits at least; `None` if somebody has to approve.
    pub(crate) shortest: Option<Duration>,
}

impl PromotionView {
    /// What `plan` promotes, if that is what it does.
    pub(crate) fn of(plan: &Plan) -> Option<PromotionView> {
        let marks = || plan.operations().filter_map(|it| marked(&it.action));
        let candidate = marks().find_map(|it| match &it.course {
            Course::Opens { candidate } => Some(candidate.clone()),
            _ => None,
        })?;
        let replaces = marks().flat_map(|it| it.entries.keys()).find(|it| **it != candidate);
        let image_set = plan.inputs.get(&candidate).and_then(|it| it.image_set.as_ref());
        Some(PromotionView {
            replaces: replaces.cloned(),
            image_set: image_set.map(ToString::to_string),
            shortest: shortest(plan),
            candidate,
        })
    }
}

/// The change of the roster that an action is.
pub(super) fn marked(action: &Action) -> Option<&Mark> {
    match action {
        Action::Mark(mark) => Some(mark),
        _ => None,
    }
}

/// The phases that follow each other if all goes well, from `first` on.
pub(super) fn way<'p>(phases: &'p [PhaseView], first: &Next) -> Vec<&'p PhaseView> {
    let mut way: Vec<&PhaseView> = Vec::new();
    let mut next = first;
    while let Next::Phase(name) = next {
        let Some(phase) = phases.iter().find(|it| *it.name == **name) else { break };
        // A plan of another make may lead in a circle.
        if way.iter().any(|it| it.name == phase.name) {
            break;
        }
        way.push(phase);
        next = &phase.on_pass;
    }
    way
}
