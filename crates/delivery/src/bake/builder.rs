//! What builders do, each by its kind.

use std::path::Path;
use std::time::Duration;

use greenroom_apply::Cancel;
use greenroom_engine::resolve::provider_settings;
use greenroom_oci::{ImageId, PushError, Removal};
use greenroom_spec::image::{AmiBuilder, Builder, OciBuilder};
use greenroom_spec::project::Project;

use super::log::Log;
use super::oci::OciOrder;
use super::recipe::{Base, Recipe, repository};
use super::{BakeError, Bench, Workshop, ami, command, local, oci};
use crate::images::{Baked, Key, Location, Origin};

/// An image that was made.
pub(super) struct Made {
    pub(super) id: String,
    pub(super) origin: Origin,
    pub(super) locations: Vec<Location>,
}

/// How long making it may take. A machine ends itself, and what is made of it afterwards takes as
/// long as it takes.
pub(super) fn limit(recipe: &Recipe<'_>) -> Option<Duration> {
    match recipe.builder {
        Builder::Ami(_) => None,
        _ => Some(recipe.image.timeout),
    }
}

/// Makes an image.
///
/// # Errors
///
/// [`BakeError`].
pub(super) async fn make(
    bench: &Bench,
    recipe: &Recipe<'_>,
    key: &Key,
    log: &Log,
    cancel: &Cancel,
) -> Result<Made, BakeError> {
    match recipe.builder {
        Builder::Local => unless(cancel, local::make(bench, recipe, key)).await,
        Builder::Oci(settings) => unless(cancel, container(bench, recipe, settings)).await,
        Builder::Ami(settings) => machine(bench, recipe, settings, key, cancel).await,
        Builder::Command(settings) => {
            command::make(bench, recipe, settings, key, log, cancel).await
        }
    }
}

/// What comes of `making`, which may be dropped at any time.
async fn unless(
    cancel: &Cancel,
    making: impl Future<Output = Result<Made, BakeError>>,
) -> Result<Made, BakeError> {
    tokio::select! {
        made = making => made,
        () = cancel.cancelled() => Err(BakeError::Cancelled),
    }
}

async fn container(
    bench: &Bench,
    recipe: &Recipe<'_>,
    settings: &OciBuilder,
) -> Result<Made, BakeError> {
    let work = tempfile::tempdir().map_err(BakeError::Work)?;
    let artifacts = recipe.fetch(bench, work.path()).await?;
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let artifacts = artifacts.into_values().map(|path| {
        let name = name(&path);
        (path, name, 0o755)
    });
    let files = recipe.files.iter().map(|it| (it.source.clone(), it.path.clone(), it.mode()));
    let base = match &recipe.base {
        Base::Oci(id) => Some(id.clone()),
        Base::None | Base::Ami(_) => None,
    };
    let order = OciOrder { settings, base, files: artifacts.chain(files).collect() };
    let id = oci::push(order).await?.id;
    let origin = Origin { identity: id.digest().to_owned(), ..Origin::default() };
    Ok(Made { id: id.to_string(), origin, locations: Vec::new() })
}

async fn machine(
    bench: &Bench,
    recipe: &Recipe<'_>,
    settings: &AmiBuilder,
    key: &Key,
    cancel: &Cancel,
) -> Result<Made, BakeError> {
    let Base::Ami(base) = &recipe.base else { unreachable!("an ami has a base of its kind") };
    let order = ami::Bake {
        workbench: bench.workbench.clone(),
        project: bench.project.name.value.clone(),
        provider: provider(&bench.project, settings),
        image: recipe.name.into(),
        key: key.as_str().into(),
        builder: settings.clone(),
        base: base.clone(),
        artifacts: links(bench, recipe).await?,
        scripts: scripts(recipe)?,
        timeout: recipe.image.timeout,
        holder: bench.holder.clone(),
    };
    let made = ami::bake(&order, cancel).await.map_err(Box::new)?;
    let snapshots = made.snapshots.join(",");
    let origin = Origin {
        identity: format!("{} {snapshots} {}", made.id, made.created),
        account: Some(made.account.to_string()),
        region: Some(made.region.to_string()),
    };
    Ok(Made { id: made.id.to_string(), origin, locations: made.locations })
}

/// The provider configuration that makes a machine image, with the project's settings.
pub(super) fn provider(project: &Project, settings: &AmiBuilder) -> ami::Provider {
    let configuration = settings.provider.value.clone();
    let mut all = provider_settings(&project.providers, &Default::default(), &mut Vec::new());
    ami::Provider { settings: all.remove(&configuration).unwrap_or_default(), configuration }
}

/// Where a machine fetches the artifacts from, for longer than it may take.
async fn links(bench: &Bench, recipe: &Recipe<'_>) -> Result<Vec<ami::Link>, BakeError> {
    let valid = recipe.image.timeout * 2;
    let mut links = Vec::new();
    for artifact in &recipe.artifacts {
        let repository = repository(bench)?;
        let link = repository.link(artifact, valid).await?;
        let url = link.ok_or_else(|| BakeError::NoLink {
            image: recipe.name.to_owned(),
            repository: repository.url().to_owned(),
        })?;
        links.push(ami::Link {
            name: artifact.file.as_str().into(),
            url: url.into(),
            sha256: artifact.sha256.as_str().into(),
        });
    }
    Ok(links)
}

fn scripts(recipe: &Recipe<'_>) -> Result<Vec<ami::Script>, BakeError> {
    let script = |file: &super::files::ProjectFile| {
        let text = std::str::from_utf8(&file.content).map_err(|_| BakeError::File {
            image: recipe.name.to_owned(),
            reason: format!("`{}` is no text", file.path),
        })?;
        Ok(ami::Script { name: file.path.as_str().into(), text: text.into() })
    };
    recipe.files.iter().map(script).collect()
}

/// Whether a baked image is still there, as it was baked and everywhere it is to be.
///
/// # Errors
///
/// [`BakeError`]: nobody could tell.
pub(super) async fn is_there(
    workshop: &Workshop<'_>,
    name: &str,
    builder: &Builder,
    key: &Key,
    baked: &Baked,
) -> Result<bool, BakeError> {
    Ok(match builder {
        Builder::Local => local::is_there(&baked.id, &baked.origin.identity),
        Builder::Oci(_) => oci::exists(&id_of(&baked.id)?).await?,
        Builder::Ami(settings) => {
            let project = &workshop.project.name.value;
            ami::available(workshop.workbench, project, name, key.as_str(), settings)
                .await
                .map_err(Box::new)?
        }
        Builder::Command(settings) => {
            command::is_there(workshop, name, settings, key, &baked.id).await
        }
    })
}

fn id_of(text: &str) -> Result<ImageId, BakeError> {
    Ok(text.parse::<ImageId>().map_err(PushError::from)?)
}

/// What became of an image that was to be removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Removed {
    /// It is gone.
    Gone,
    /// It is still there, and somebody else has to remove it.
    Left(String),
}

/// Removes a baked image, wherever it is.
///
/// # Errors
///
/// [`BakeError`]; it may be there in parts, and removing it again goes on.
pub(super) async fn remove(
    bench: &Bench,
    key: &Key,
    baked: &Baked,
    cancel: &Cancel,
) -> Result<Removed, BakeError> {
    let Baked { name, id, .. } = baked;
    let failed = |reason: String| BakeError::Remove { id: id.clone(), reason };
    match &*baked.builder {
        "local" => local::remove(id).map_err(|error| failed(error.to_string()))?,
        "ami" => {
            let project = &bench.project.name.value;
            let holder = bench.holder.clone();
            let removed =
                ami::remove(&bench.workbench, project, name, key.as_str(), holder, cancel);
            removed.await.map_err(|error| BakeError::NotRemoved(Box::new(error)))?;
        }
        "oci" => match oci::remove(&id_of(id)?).await? {
            Removal::Removed | Removal::Gone => {}
            Removal::Refused { reason } => return Ok(Removed::Left(reason)),
        },
        _ => {
            let builder = bench.project.images.get(&**name).and_then(|it| it.builder.as_ref());
            let Some(Builder::Command(settings)) = builder else {
                return Ok(Removed::Left("the project says no more how to remove it".to_owned()));
            };
            if !command::remove(&bench.workshop(), name, settings, key, id).await? {
                return Ok(Removed::Left("`remove` of the image is not given".to_owned()));
            }
        }
    }
    Ok(Removed::Gone)
}
