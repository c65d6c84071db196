//! `greenroom artifacts`: what is published.

mod fetch;

use crate::cli::{ArtifactsArgs, ArtifactsCommand};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::artifacts::Artifacts;

pub(super) async fn run(args: &ArtifactsArgs, context: &Context) -> Result<Exit, Failure> {
    match &args.command {
        Some(ArtifactsCommand::Fetch(args)) => fetch::run(args, context).await,
        None => list(args.artifact.as_deref(), context).await,
    }
}

async fn list(only: Option<&str>, context: &Context) -> Result<Exit, Failure> {
    let project = context.sound_project()?;
    let repository = context.repository(&project).await?;
    let names: Vec<&str> = match only {
        Some(name) => {
            project.artifact(name)?;
            vec![name]
        }
        None => project.spec.artifacts.keys().map(|name| &**name).collect(),
    };
    let mut published = Vec::new();
    for name in names {
        published.extend(repository.versions(name).await?);
    }
    context.console.data(&Artifacts { repository: repository.url().to_owned(), published });
    Ok(Exit::Done)
}
