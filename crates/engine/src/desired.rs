//! What is wanted: the templates of one state's scopes with everything that they are made from.

use std::collections::BTreeMap;
use std::sync::Arc;

use greenroom_model::address::Scope;
use greenroom_model::identity::{Digest, EnvironmentKind};
use greenroom_model::roster::{Role, Weight};
use greenroom_model::state::{Image, Inputs};
use greenroom_model::value::{Object, Value};
use greenroom_spec::template::Template;

/// The desired state of one state: a front, and environments behind it.
#[derive(Clone, Debug)]
pub struct Desired {
    /// The project's name.
    pub project: Arc<str>,
    /// The stage's name.
    pub stage: Arc<str>,
    /// Whether the stage's environments are ephemeral.
    pub kind: EnvironmentKind,
    /// The environment of an ephemeral stage.
    pub environment: Option<Scope>,
    /// Front and environments.
    pub scopes: BTreeMap<Scope, DesiredScope>,
}

/// The desired state of a front or an environment.
#[derive(Clone, Debug)]
pub struct DesiredScope {
    /// Its template.
    pub template: Arc<Template>,
    /// The digest of the template.
    pub digest: Digest,
    /// The variables' values, converted and validated. One without a value, which only `validate`
    /// has, is pending.
    pub variables: BTreeMap<Arc<str>, Value>,
    /// The images by name.
    pub images: BTreeMap<Arc<str>, Image>,
    /// The image set that they belong to.
    pub image_set: Option<Digest>,
    /// Settings per provider configuration, without credentials.
    pub providers: BTreeMap<Arc<str>, Object>,
    /// What it is for, as `environments` tells the front.
    pub role: Role,
    /// The share of traffic it is meant to have.
    pub weight: Weight,
}

impl DesiredScope {
    /// What a state keeps of it.
    #[must_use]
    pub fn inputs(&self) -> Inputs {
        Inputs {
            template: None,
            digest: Some(self.digest.clone()),
            variables: self.variables.clone(),
            images: self.images.clone(),
            image_set: self.image_set.clone(),
            providers: self.providers.clone(),
        }
    }
}
