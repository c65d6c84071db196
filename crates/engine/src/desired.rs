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

/// What `environments` tells a front of an environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// What it is for.
    pub role: Role,
    /// The share of traffic it is meant to have.
    pub weight: Weight,
    /// How much of the traffic of the others it is to get copies of.
    pub mirror: Weight,
    /// Whether the front is to know of it.
    pub admitted: bool,
}

impl Default for Standing {
    /// The only environment behind its front.
    fn default() -> Standing {
        Standing { role: Role::Live, weight: Weight::FULL, mirror: Weight::ZERO, admitted: true }
    }
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
    /// Its template's text, if a state is to keep it, so that the environment can be planned as it
    /// was made when its file says something else.
    pub sealed: Option<Arc<str>>,
    /// What `environments` tells the front of it.
    pub standing: Standing,
}

impl DesiredScope {
    /// What a state keeps of it.
    #[must_use]
    pub fn inputs(&self) -> Inputs {
        Inputs {
            template: self.sealed.clone(),
            digest: Some(self.digest.clone()),
            variables: self.variables.clone(),
            images: self.images.clone(),
            image_set: self.image_set.clone(),
            providers: self.providers.clone(),
        }
    }
}
