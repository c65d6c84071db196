//! `greenroom publish`: puts built artifacts where later stages fetch them.

use greenroom_delivery::project::Project;
use greenroom_delivery::repository::{Repository, Upload};
use indicatif::HumanBytes;

use crate::cli::PublishArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::progress::Transfer;
use crate::view::artifacts::PublicationView;
use crate::view::notice::Notice;

pub(super) async fn run(args: &PublishArgs, context: &Context) -> Result<Exit, Failure> {
    let project = context.sound_project()?;
    let repository = context.repository(&project).await?;
    let names: Vec<String> = match &args.artifacts[..] {
        [] => project.spec.artifacts.keys().map(ToString::to_string).collect(),
        given => given.to_vec(),
    };
    // Each is read before any is published, so that what is wrong with one is known in time.
    let mut uploads = Vec::new();
    for name in &names {
        uploads.push(prepare(name, args.version.as_deref(), &project, context).await?);
    }
    if uploads.is_empty() {
        context.console.tell(&Notice("the project has no artifacts".to_owned()));
    }
    for upload in &uploads {
        publish(&*repository, upload, context).await?;
    }
    Ok(Exit::Done)
}

async fn prepare(
    name: &str,
    version: Option<&str>,
    project: &Project,
    context: &Context,
) -> Result<Upload, Failure> {
    let (artifact, folder) = (project.artifact(name)?, &project.folder);
    Ok(Upload::of_artifact(name, artifact, folder, version, context.publisher()).await?)
}

async fn publish(
    repository: &dyn Repository,
    upload: &Upload,
    context: &Context,
) -> Result<(), Failure> {
    let Upload { artifact, version, bytes, .. } = upload;
    let size = HumanBytes(*bytes);
    context.console.tell(&Notice(format!("publishing {artifact} {version}, {size}")));
    let transfer = Transfer::start(&context.console);
    let publication = repository.publish(upload, &transfer).await;
    drop(transfer);
    let publication = publication?;
    let place = repository.place(publication.published());
    context.console.data(&PublicationView { publication, place });
    Ok(())
}
