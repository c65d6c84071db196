//! `greenroom attest verify`: whether an image set has passed what a stage requires.

use greenroom_delivery::attest::members;
use greenroom_delivery::attest::required::{required, today};
use greenroom_delivery::attest::verify::{Question, verify};
use jiff::Timestamp;

use super::kept;
use crate::cli::AttestVerifyArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::proof::ProofView;

pub(super) async fn run(args: &AttestVerifyArgs, context: &Context) -> Result<Exit, Failure> {
    let mut project = context.sound_project()?;
    let reader = context.reader(&project).await?;
    let today = today(&mut project, &reader, &args.stage, &args.inputs.given()).await?;
    let kept = kept(context, &project).await?;
    let image_set = kept.find(&args.set).await?;
    let is_todays = today.inputs.image_set.as_ref().is_some_and(|it| *it.0 == *image_set);
    let promotion = project.stage(&args.stage).and_then(|it| it.promotion.as_ref());
    let question = Question {
        project: project.spec.name.value.to_string(),
        images: is_todays.then(|| members(&today.inputs)),
        required: required(&project, &args.stage)?,
        template: today.template,
        max_age: promotion.and_then(|it| it.max_age.as_ref()).map(|it| it.value),
        now: Timestamp::now(),
        image_set,
    };
    let report = verify(&question, &kept.envelopes(&question.image_set).await?);
    let exit = if report.is_proven() { Exit::Done } else { Exit::NotProven };
    let image_set = question.image_set;
    context.console.data(&ProofView { image_set, stage: args.stage.clone(), report });
    Ok(exit)
}
