//! What an image is made from, resolved to content, and the key that stands for it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use greenroom_oci::ImageId;
use greenroom_spec::image::{Builder, Image};
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::builder::Made;
use super::files::{ProjectFile, select};
use super::{BakeError, Bench, ami, oci};
use crate::images::{Baked, Key, Material, of_parts};
use crate::repository::{Published, Publisher, RepositoryError, Upload};

/// What an image is made from.
pub struct Recipe<'a> {
    /// The image's name.
    pub name: &'a str,
    /// The hash of everything that decides what comes out.
    pub key: Key,
    /// What the project says of it.
    pub(super) image: &'a Image,
    /// What bakes it.
    pub(super) builder: &'a Builder,
    /// The image that it starts from.
    pub(super) base: Base,
    /// The artifacts that go into it.
    pub(super) artifacts: Vec<Published>,
    /// The project's files that go into it, or provision it.
    pub(super) files: Vec<ProjectFile>,
}

/// The image that another starts from, as it is now.
pub(super) enum Base {
    None,
    Ami(ami::Base),
    Oci(ImageId),
}

impl<'a> Recipe<'a> {
    /// Finds out what an image would be made from now.
    ///
    /// # Errors
    ///
    /// [`BakeError`]; nothing was made.
    pub(super) async fn resolve(
        bench: &Bench,
        name: &'a str,
        image: &'a Image,
        builder: &'a Builder,
    ) -> Result<Recipe<'a>, BakeError> {
        let mut artifacts = Vec::new();
        for artifact in &image.artifacts {
            artifacts.push(published(bench, &artifact.value).await?);
        }
        let patterns = match builder {
            Builder::Ami(settings) => &settings.provision,
            _ => &image.files,
        };
        let files = select(&bench.folder, name, patterns)?;
        let base = base(bench, name, builder).await?;
        let key = Key(String::new());
        let recipe = Recipe { name, key, image, builder, base, artifacts, files };
        Ok(Recipe { key: recipe.hash(), ..recipe })
    }

    /// Scripts run in the order that is written, files are put where they belong: in the order of
    /// their paths, as they were selected.
    fn hash(&self) -> Key {
        let mut parts = vec![
            "image".to_owned(),
            self.name.to_owned(),
            self.builder.word().to_owned(),
            version(self.builder).to_string(),
            self.settings().to_string(),
            self.base_id().unwrap_or_default(),
        ];
        for Published { artifact, file, sha256, .. } in &self.artifacts {
            parts.extend(["artifact", artifact, file, sha256].map(str::to_owned));
        }
        for file in &self.files {
            let mode = if file.executable { "executable" } else { "plain" };
            parts.extend(["file", &file.path, mode, &file.sha256].map(str::to_owned));
        }
        Key(of_parts(parts.iter().map(String::as_str)).0.to_string())
    }

    fn base_id(&self) -> Option<String> {
        match &self.base {
            Base::None => None,
            Base::Ami(base) => Some(base.id.to_string()),
            Base::Oci(id) => Some(id.to_string()),
        }
    }

    /// The settings of the builder that decide what comes out. Where an image is copied to, and
    /// who may use it, does not.
    #[must_use]
    pub fn settings(&self) -> Json {
        match self.builder {
            Builder::Local => json!({}),
            Builder::Ami(it) => json!({
                "instance_type": it.instance_type.value,
                "root_volume_size": it.root_volume_size.as_ref().map(|it| it.value),
                "iam_instance_profile": it.iam_instance_profile.as_ref().map(|it| &it.value),
                "tags": it.tags,
            }),
            Builder::Oci(it) => json!({
                "repository": it.repository.value,
                "folder": it.folder,
                "entrypoint": it.entrypoint,
                "command": it.command,
                "environment": it.environment,
                "working_dir": it.working_dir,
                "user": it.user,
                "labels": it.labels,
                "platform": it.platform,
            }),
            Builder::Command(it) => json!({
                "command": it.command.value,
                "version": it.version.as_ref().map(|it| &it.value),
            }),
        }
    }

    /// All that it is made from.
    #[must_use]
    pub fn materials(&self) -> Vec<Material> {
        let material = |kind: &str, name: String, digest: String| Material {
            kind: kind.to_owned(),
            name,
            digest,
        };
        let base = self.base_id().map(|id| material("base", "base".to_owned(), id));
        let artifacts = self.artifacts.iter().map(|it| {
            material("artifact", format!("{}@{}", it.artifact, it.version), it.sha256.clone())
        });
        let files = self.files.iter();
        let files = files.map(|it| material("file", it.path.clone(), it.sha256.clone()));
        base.into_iter().chain(artifacts).chain(files).collect()
    }

    /// The image that was made of it.
    pub(super) fn baked(&self, made: Made, key: &Key, by: &str) -> Baked {
        let Made { id, origin, locations } = made;
        Baked {
            name: self.name.to_owned(),
            recipe: self.key.clone(),
            digest: Baked::digest_of(key, &origin),
            builder: self.builder.word().to_owned(),
            id,
            origin,
            locations,
            materials: self.materials(),
            baked: Timestamp::now(),
            by: by.to_owned(),
        }
    }

    /// Fetches the artifacts into a folder.
    pub(super) async fn fetch(
        &self,
        bench: &Bench,
        folder: &std::path::Path,
    ) -> Result<BTreeMap<String, PathBuf>, BakeError> {
        let mut paths = BTreeMap::new();
        for artifact in &self.artifacts {
            let path = folder.join(&artifact.file);
            repository(bench)?.fetch(artifact, &path).await?;
            paths.insert(artifact.artifact.clone(), path);
        }
        Ok(paths)
    }
}

/// Raised where a builder makes something else of the same recipe.
fn version(builder: &Builder) -> u32 {
    match builder {
        Builder::Local | Builder::Ami(_) | Builder::Oci(_) | Builder::Command(_) => 1,
    }
}

async fn base(bench: &Bench, name: &str, builder: &Builder) -> Result<Base, BakeError> {
    Ok(match builder {
        Builder::Local | Builder::Command(_) => Base::None,
        Builder::Ami(settings) => {
            let provider = super::builder::provider(&bench.project, settings);
            let base = ami::base(&bench.workbench, &provider, name, &settings.base).await;
            Base::Ami(base.map_err(Box::new)?)
        }
        Builder::Oci(settings) => oci::base(settings).await?.map_or(Base::None, Base::Oci),
    })
}

pub(super) fn repository(bench: &Bench) -> Result<&dyn crate::repository::Repository, BakeError> {
    bench.repository.as_deref().ok_or(BakeError::NoRepository)
}

/// The version of an artifact that a bake uses: the one that was asked for, else the one that was
/// published of the file that is there now.
async fn published(bench: &Bench, artifact: &str) -> Result<Published, BakeError> {
    let repository = repository(bench)?;
    if let Some(version) = bench.versions.get(artifact) {
        let found = repository.find(artifact, version).await?;
        return match found {
            Some(published) => Ok(published),
            None => Err(unpublished(repository, artifact, Some(version)).await),
        };
    }
    let spec = &bench.project.artifacts[artifact];
    let path = bench.folder.join(&*spec.path.value);
    if !path.exists() {
        let newest = repository.versions(artifact).await?.into_iter().next();
        let newest = newest.map(|it| it.version);
        return Err(BakeError::NoFile { artifact: artifact.to_owned(), path, newest });
    }
    let nobody = Publisher::default();
    let upload = Upload::of_artifact(artifact, spec, &bench.folder, None, nobody).await?;
    match repository.find(artifact, &upload.version).await? {
        Some(found) if found.sha256 == upload.digests.sha256 => Ok(found),
        Some(found) => Err(RepositoryError::Other {
            artifact: artifact.to_owned(),
            version: found.version,
            published: found.sha256,
            given: upload.digests.sha256,
        }
        .into()),
        None => Err(unpublished(repository, artifact, None).await),
    }
}

async fn unpublished(
    repository: &dyn crate::repository::Repository,
    artifact: &str,
    version: Option<&str>,
) -> BakeError {
    let versions = repository.versions(artifact).await.unwrap_or_default();
    BakeError::Unpublished {
        artifact: artifact.to_owned(),
        version: version.map(str::to_owned),
        newest: versions.into_iter().next().map(|it| it.version),
    }
}
