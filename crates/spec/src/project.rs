//! The project: what `greenroom.toml` says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::image::Image;
use crate::location::Location;
use crate::node::Node;
use crate::promotion::Promotion;
use crate::source::{FileId, Located};

/// One `greenroom.toml`.
#[derive(Clone, Debug)]
pub struct Project {
    /// The file.
    pub file: FileId,
    /// `[project] name`.
    pub name: Located<Arc<str>>,
    /// `[project] max_environments`: how many ephemeral environments there may be at once, of all
    /// stages together.
    pub max_environments: Option<Located<u32>>,
    /// `[project] signing_key`: the private key that attestations are signed with, a file relative
    /// to the project's folder.
    pub signing_key: Option<Located<Arc<str>>>,
    /// `[project] trusted_keys`: the public keys whose signatures count, files relative to the
    /// project's folder.
    pub trusted_keys: Vec<Located<Arc<str>>>,
    /// `[state]`: where states live.
    pub state: Option<Location>,
    /// `[repository]`: where artifacts are published.
    pub repository: Option<Location>,
    /// `[provider.NAME]`: settings per provider configuration; `[provider."aws.west"]` is a second
    /// configuration of `aws`, which resources choose by its whole name.
    pub providers: BTreeMap<Arc<str>, ProviderBlock>,
    /// `[artifact.NAME]`.
    pub artifacts: BTreeMap<Arc<str>, Artifact>,
    /// `[image.NAME]`.
    pub images: BTreeMap<Arc<str>, Image>,
    /// `[stage.NAME]`.
    pub stages: BTreeMap<Arc<str>, Stage>,
}

impl Project {
    /// The stages that an image set must have passed before `stage` may take it, in order: those
    /// that its promotion requires, else all with a template that it needs, however far back.
    #[must_use]
    pub fn required_by(&self, stage: &str) -> BTreeSet<Arc<str>> {
        let promotion = self.stages.get(stage).and_then(|it| it.promotion.as_ref());
        if let Some(require) = promotion.and_then(|it| it.require.as_ref()) {
            return require.iter().map(|it| it.value.clone()).collect();
        }
        let mut needed = BTreeSet::new();
        let mut open: Vec<&str> = vec![stage];
        while let Some(stage) = open.pop().and_then(|name| self.stages.get(name)) {
            let new = stage.needs.iter().filter(|it| needed.insert(it.value.clone()));
            open.extend(new.map(|it| &*it.value));
        }
        needed.retain(|name| self.stages.get(name).is_some_and(|it| it.template.is_some()));
        needed
    }

    /// The public keys whose signatures count for `stage`.
    #[must_use]
    pub fn trusted_keys(&self, stage: &str) -> &[Located<Arc<str>>] {
        let own = self.stages.get(stage).and_then(|it| it.trusted_keys.as_ref());
        own.unwrap_or(&self.trusted_keys)
    }
}

/// Settings of one provider configuration.
#[derive(Clone, Debug)]
pub struct ProviderBlock {
    /// The provider: the configuration's name up to the first dot.
    pub provider: Located<Arc<str>>,
    /// Its settings: a table node.
    pub settings: Node,
}

/// A built binary.
#[derive(Clone, Debug)]
pub struct Artifact {
    /// The file, relative to the project's folder.
    pub path: Located<Arc<str>>,
    /// The version that it is published as; if left out, its content gives it.
    pub version: Option<Located<Arc<str>>>,
}

/// The stage that the states of images that are baked are under. No project has one of its own.
pub const IMAGES_STAGE: &str = "images";

/// One step of the pipeline.
#[derive(Clone, Debug)]
pub struct Stage {
    /// Its name.
    pub name: Located<Arc<str>>,
    /// The stages that must have passed before.
    pub needs: Vec<Located<Arc<str>>>,
    /// The template of its environments, relative to the project's folder.
    pub template: Option<Located<Arc<str>>>,
    /// The template of its front.
    pub front: Option<Located<Arc<str>>>,
    /// The stage whose front it uses instead.
    pub front_of: Option<Located<Arc<str>>>,
    /// How long an ephemeral environment may live.
    pub ttl: Option<Located<Duration>>,
    /// How many of its environments there may be at once.
    pub max_environments: Option<Located<u32>>,
    /// How long each part of a run may take.
    pub timeouts: Timeouts,
    /// What becomes of an environment in which something failed.
    pub on_failure: OnFailure,
    /// Whether a run that may not attest fails.
    pub attest: Option<Located<bool>>,
    /// The public keys whose signatures count for this stage, instead of the project's.
    pub trusted_keys: Option<Vec<Located<Arc<str>>>>,
    /// Commands to run in it, in order, each by the shell; these are no templates.
    pub run: Vec<Located<Arc<str>>>,
    /// Artifacts to publish.
    pub publish: Vec<Located<Arc<str>>>,
    /// Images to bake.
    pub bake: Vec<Located<Arc<str>>>,
    /// `variables`: values for the variables of its templates.
    pub variables: BTreeMap<Arc<str>, Node>,
    /// `matrix`: values for variables of its templates; a run has an environment for each
    /// combination of them.
    pub matrix: BTreeMap<Arc<str>, Vec<Node>>,
    /// `[stage.NAME.provider.NAME]`: settings that differ in this stage.
    pub providers: BTreeMap<Arc<str>, ProviderBlock>,
    /// `[stage.NAME.promotion]`, for a stage that promotes.
    pub promotion: Option<Promotion>,
}

impl Stage {
    /// Whether something is made in it: it has a template, or a front of its own.
    #[must_use]
    pub fn has_templates(&self) -> bool {
        self.template.is_some() || self.front.is_some()
    }
}

/// How long each part of a stage's run may take; `None` is as long as it takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timeouts {
    /// Until the environment is up.
    pub up: Option<Duration>,
    /// All commands together.
    pub run: Option<Duration>,
    /// Until the environment is gone.
    pub down: Option<Duration>,
}

/// What becomes of an ephemeral environment that does not come up, or in which a command fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnFailure {
    /// It is torn down.
    #[default]
    Destroy,
    /// It stays until it expires, for somebody to look at. A later run of its name makes it anew.
    Keep,
    /// It stays until it expires, and a later run of its name goes on with it.
    Resume,
}
