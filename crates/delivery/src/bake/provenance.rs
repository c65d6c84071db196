//! Provenance: the signed record of what an image was made from, and by whom.

use greenroom_store::{Holder, WRITTEN_BY};
use jiff::Timestamp;
use serde_json::json;

use super::log::Log;
use super::recipe::Recipe;
use super::{BakeError, Bench};
use crate::attest::envelope::Envelope;
use crate::attest::kept::{Kept, KeptError};
use crate::attest::provenance::{Bake, statement};
use crate::attest::statement::Resource;
use crate::images::{Baked, Material, Recorded};

impl Bench {
    /// Signs and keeps how an image was baked, if there is a key to sign with. It is kept under the
    /// image's digest, as there may be no set yet.
    ///
    /// # Errors
    ///
    /// [`BakeError::NotKept`].
    pub(super) async fn attest(
        &self,
        recipe: &Recipe<'_>,
        baked: &Baked,
        log: &Log,
        started: Timestamp,
    ) -> Result<(), BakeError> {
        let Some(key) = &self.signing_key else { return Ok(()) };
        let log = log.path().display().to_string();
        let bake = Bake {
            image: baked.name.clone(),
            digest: baked.digest.to_string(),
            build_type: format!("urn:greenroom:bake:{}:v1", baked.builder),
            settings: json!({ "builder": baked.builder, "settings": recipe.settings() }),
            dependencies: baked.materials.iter().map(resource).collect(),
            builder: format!("urn:greenroom:{}", WRITTEN_BY.replace(' ', ":")),
            invocation: invocation(&self.holder),
            started,
            ended: baked.baked,
            byproducts: vec![Resource {
                name: Some("log".into()),
                uri: Some(log),
                ..Resource::default()
            }],
        };
        let envelope = Envelope::sign(statement(&bake).encode(), key).encode();
        self.kept()?.add(&baked.digest.0, &envelope).await?;
        Ok(())
    }

    /// Lets the attestations of a set tell how each of its images was baked.
    ///
    /// # Errors
    ///
    /// [`KeptError`].
    pub(super) async fn take_provenance_along(&self, set: &Recorded) -> Result<(), KeptError> {
        let kept = self.kept()?;
        for member in set.members.values().filter(|it| it.key.is_some()) {
            for envelope in kept.envelopes(&member.digest.0).await? {
                kept.add(&set.digest.0, &envelope).await?;
            }
        }
        Ok(())
    }

    fn kept(&self) -> Result<Kept, KeptError> {
        Kept::of(self.workbench.store.clone(), &self.project.name.value)
    }
}

/// The page of the build that bakes, or who does.
fn invocation(holder: &Holder) -> String {
    holder.build.clone().unwrap_or_else(|| holder.introduction())
}

/// What an image was made from, as in-toto describes resources.
fn resource(material: &Material) -> Resource {
    let Material { kind, name, digest } = material;
    match &**kind {
        "base" => {
            Resource { name: Some(kind.clone()), uri: Some(digest.clone()), ..Resource::default() }
        }
        _ => Resource { name: Some(name.clone()), ..Resource::with_digest("sha256", digest) },
    }
}
