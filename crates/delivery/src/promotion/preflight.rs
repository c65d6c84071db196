//! What is checked before a promotion is planned, and what its plan cannot change.

use greenroom_apply::Workbench;
use greenroom_engine::promotion::{Parts, WayBack};
use greenroom_model::address::Scope;
use greenroom_model::plan::{Action, Horizon, Plan};
use jiff::Timestamp;

use super::PromotionError;
use crate::attest::kept::Kept;
use crate::attest::members;
use crate::attest::required::{required, today};
use crate::attest::verify::{Question, Report, verify};
use crate::bake::Workshop;
use crate::project::{Inputs, Project};
use crate::wanted::Wanted;

/// What was checked, for people.
#[derive(Debug, Default)]
pub struct Preflight {
    /// What is proven of the image set, if anything had to be.
    pub proof: Option<Report>,
    /// What to know before the promotion begins.
    pub notes: Vec<String>,
}

impl Preflight {
    pub(super) fn of(parts: &Parts, proof: Option<Report>, traps: Vec<String>) -> Preflight {
        let mut notes = traps;
        notes.extend(long_horizons(parts));
        notes.extend(undrained(parts));
        notes.extend(unasked(parts));
        Preflight { proof, notes }
    }

    /// The same of a way back.
    pub(super) fn of_way_back(way: &WayBack) -> Preflight {
        let mut notes = Vec::new();
        let is_unasked = way.live.is_empty() && way.late.is_empty();
        if let Some(live) = way.route.live.as_ref().filter(|_| is_unasked) {
            notes.push(format!("no gate asks {live} itself: nothing proves that it serves"));
        }
        Preflight { proof: None, notes }
    }
}

/// Horizons that are longer than a weight stands.
fn long_horizons(parts: &Parts) -> Vec<String> {
    let Some(pause) = parts.terms.shortest_pause() else { return Vec::new() };
    let long = parts.horizons.iter().filter(|it| it.lasts > pause);
    let note = |Horizon { lasts, why }: &Horizon| {
        format!(
            "{why} for {lasts:?}, and the shortest pause is {pause:?}: weights are reached later \
             than the steps say"
        )
    };
    long.map(note).collect()
}

/// What keeps the drain from showing that the old side is drained.
fn undrained(parts: &Parts) -> Vec<String> {
    let Parts { route, terms, counted, .. } = parts;
    let Some(live) = &route.live else { return Vec::new() };
    let mut notes = Vec::new();
    if counted.is_empty() {
        notes.push(format!(
            "nothing counts what goes through {live}: its drain ends at its limit of {:?}",
            terms.drain
        ));
    }
    if parts.not_drained_before() > terms.drain {
        notes.push(format!(
            "clients may come to {live} for longer than its drain's limit of {:?}",
            terms.drain
        ));
    }
    notes
}

/// Gates that the rollback law asks for and that are not there.
fn unasked(parts: &Parts) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(live) = parts.route.live.as_ref().filter(|_| parts.live.is_empty()) {
        notes.push(format!(
            "no gate asks {live} itself: if {} fails with traffic, the promotion halts, as \
             nothing proves that there is something to go back to",
            parts.route.candidate
        ));
    }
    if parts.watched.is_empty() {
        notes.push(
            "no gate is watched while traffic shifts: the stage's promotion names none".to_owned(),
        );
    }
    notes
}

/// Refuses images that are not there any more.
pub(super) async fn images_are_there(
    project: &Project,
    workbench: &Workbench,
    inputs: &Inputs,
) -> Result<(), PromotionError> {
    let workshop = Workshop { workbench, project: &project.spec, folder: &project.folder };
    let gone = workshop.gone(&inputs.baked.images).await?;
    match gone.is_empty() {
        true => Ok(()),
        false => Err(PromotionError::ImagesGone(gone)),
    }
}

/// What is proven of the image set; nothing if the stage requires nothing.
pub(super) async fn proof(
    project: &mut Project,
    workbench: &Workbench,
    stage: &str,
    inputs: &Inputs,
    wanted: &Wanted,
) -> Result<Option<Report>, PromotionError> {
    let required = required(project, stage)?;
    if required.is_empty() {
        return Ok(None);
    }
    let desired = wanted.desired.as_ref();
    let set = desired.and_then(|it| it.scopes.values().find_map(|it| it.image_set.clone()));
    let set = set.ok_or(PromotionError::NoImages)?;
    let today = today(project, workbench, stage, inputs).await?;
    let promotion = project.stage(stage).and_then(|it| it.promotion.as_ref());
    let question = Question {
        project: project.spec.name.value.to_string(),
        images: Some(members(&today.inputs)),
        required,
        template: today.template,
        max_age: promotion.and_then(|it| it.max_age.as_ref()).map(|it| it.value),
        now: Timestamp::now(),
        image_set: set.to_string(),
    };
    let kept = Kept::of(workbench.store.clone(), &project.spec.name.value)?;
    let report = verify(&question, &kept.envelopes(&question.image_set).await?);
    match report.is_proven() {
        true => Ok(Some(report)),
        false => Err(PromotionError::NotProven {
            set: question.image_set,
            stage: stage.to_owned(),
            report: Box::new(report),
        }),
    }
}

/// Refuses to go back to an environment of which something is missing, or would have to be made
/// anew: a rollback changes nothing but the front.
pub(super) fn is_whole(plan: &Plan, environment: &Scope) -> Result<(), PromotionError> {
    let missing = plan.operations().filter_map(|operation| match &operation.action {
        Action::Create(change) => Some(&change.address),
        _ => None,
    });
    let missing: Vec<_> = missing.filter(|it| it.scope == *environment).cloned().collect();
    match missing.is_empty() {
        true => Ok(()),
        false => Err(PromotionError::NotWhole { environment: environment.clone(), missing }),
    }
}

/// Refuses to shift traffic of a front that is not as its template says, or that somebody else
/// changed.
pub(super) fn front_is_applied(plan: &Plan) -> Result<(), PromotionError> {
    let pending = plan.operations().filter_map(|operation| match &operation.action {
        Action::Create(change) | Action::Update(change) => Some(&change.address),
        Action::Delete(removal) => Some(&removal.address),
        _ => None,
    });
    let pending: Vec<_> = pending.filter(|it| it.scope.is_front()).cloned().collect();
    match pending.is_empty() {
        true => Ok(()),
        false => Err(PromotionError::FrontPending(pending)),
    }
}
