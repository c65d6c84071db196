//! `greenroom artifacts fetch`: a published artifact, checked, in a file.

use std::path::PathBuf;

use greenroom_delivery::repository::{Published, Repository};
use greenroom_spec::near;

use crate::cli::FetchArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::files::FilesWritten;

pub(super) async fn run(args: &FetchArgs, context: &Context) -> Result<Exit, Failure> {
    let project = context.sound_project()?;
    project.artifact(&args.artifact)?;
    let repository = context.repository(&project).await?;
    let published = wanted(args, &*repository).await?;
    let to = args.to.clone().unwrap_or_else(|| PathBuf::from(&published.file));
    repository.fetch(&published, &to).await?;
    let Published { artifact, version, sha256, .. } = published;
    let hint = format!("it is {artifact} {version}, sha256 {sha256}");
    context.console.tell(&FilesWritten { files: vec![to.display().to_string()], hint });
    Ok(Exit::Done)
}

/// The version that is asked for, or the newest.
async fn wanted(args: &FetchArgs, repository: &dyn Repository) -> Result<Published, Failure> {
    let found = match &args.version {
        Some(version) => repository.find(&args.artifact, version).await?,
        None => repository.versions(&args.artifact).await?.into_iter().next(),
    };
    if let Some(found) = found {
        return Ok(found);
    }
    let versions = repository.versions(&args.artifact).await?;
    let version = args.version.clone().unwrap_or_default();
    Err(Failure::Absent {
        what: "published version",
        name: format!("{} {version}", args.artifact).trim_end().to_owned(),
        state: repository.url().to_owned(),
        help: near::suggestion(&version, versions.iter().map(|it| &*it.version)),
    })
}
