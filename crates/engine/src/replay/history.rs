//! What decisions and answers add to the history of a promoted stage.

use std::mem::discriminant;

use greenroom_model::gate::Verdict;
use greenroom_model::history::{Chapter, Happening, LONGEST, Page};
use greenroom_model::plan::{OperationId, PhaseName};
use greenroom_model::roster::{Decision, Promotion};
use greenroom_model::state::State;

/// Adds a decision, of which `state` does not have the roster yet.
pub(super) fn marked(state: &mut State, decision: &Decision) {
    let Decision { phase, at, verdict: _, ending, roster } = decision;
    if let Some(promotion) = &roster.promotion
        && open(state).is_none()
    {
        begin(state, promotion);
    }
    let Some(chapter) = open(state) else { return };
    if let Some(entry) = roster.entries.get(&chapter.candidate) {
        turn(chapter, *at, phase, Happening::Meant(entry.weight));
        if entry.weight == entry.verified {
            turn(chapter, *at, phase, Happening::Verified(entry.verified));
        }
    }
    chapter.ending = *ending;
}

/// Adds what was said of an operation while a promotion is open.
pub(super) fn answered(
    state: &mut State,
    operation: &OperationId,
    verdict: Option<&Verdict>,
    at: i64,
) {
    let (Some(verdict), Some(chapter)) = (verdict, open(state)) else { return };
    let what = Happening::Said(verdict.clone());
    chapter.pages.push(Page { at, phase: operation.phase.clone(), what });
}

fn open(state: &mut State) -> Option<&mut Chapter> {
    state.history.last_mut().filter(|it| it.ending.is_none())
}

fn begin(state: &mut State, promotion: &Promotion) {
    let inputs = state.scopes.get(&promotion.candidate).map(|it| &it.inputs);
    let chapter = Chapter {
        candidate: promotion.candidate.clone(),
        replaces: state.roster.as_ref().and_then(|it| it.live()).cloned(),
        image_set: inputs.and_then(|it| it.image_set.clone()),
        plan: promotion.plan.clone(),
        by: state.run.as_ref().map(|it| it.holder.clone()).unwrap_or_default(),
        ending: None,
        pages: Vec::new(),
    };
    state.history.push(chapter);
    let surplus = state.history.len().saturating_sub(LONGEST);
    state.history.drain(..surplus);
}

/// Adds a page, unless the last of its kind says the same.
fn turn(chapter: &mut Chapter, at: i64, phase: &PhaseName, what: Happening) {
    let of_kind = |it: &&Page| discriminant(&it.what) == discriminant(&what);
    if chapter.pages.iter().rev().find(of_kind).is_none_or(|it| it.what != what) {
        chapter.pages.push(Page { at, phase: phase.clone(), what });
    }
}
