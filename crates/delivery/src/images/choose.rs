//! Which baked images a command uses.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use greenroom_apply::{ApplyError, Providers};
use greenroom_engine::resolve::provider_settings;
use greenroom_model::identity::Digest;
use greenroom_model::state::{Image, Inputs, State};
use greenroom_model::value::{Object, Value};
use greenroom_spec::project::Project;

use super::{Baked, Catalogue, Member, Recorded, Shelf, ShelfError, digest};

/// The baked images that a command uses. Those that are there already, the specs name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chosen {
    /// The images by name.
    pub images: BTreeMap<Arc<str>, Image>,
    /// The newest set, if the environment stays with an older one.
    pub newer: Option<Digest>,
}

/// Why no images are chosen. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ChooseError {
    /// The catalogue cannot be read.
    #[error(transparent)]
    Shelf(#[from] ShelfError),
    /// No set is meant.
    #[error("there is no image set `{0}`: `greenroom images list` shows those that there are")]
    Unknown(String),
    /// Several sets are meant.
    #[error("`{given}` may be {}", .found.join(" or "))]
    Several {
        /// What was given.
        given: String,
        /// The sets that it may be.
        found: Vec<String>,
    },
    /// The set has not all images that the project has baked.
    #[error("the image set `{set}` has no image `{image}`, which the project has now")]
    Lacks {
        /// The set.
        set: Digest,
        /// The image.
        image: Arc<str>,
    },
    /// A provider does not say where it is.
    #[error(transparent)]
    Provider(#[from] ApplyError),
}

/// Where to look.
pub struct Choice<'a> {
    /// The catalogue.
    pub shelf: &'a Shelf,
    /// The providers, which say where they are.
    pub providers: &'a Providers,
    /// The project.
    pub project: &'a Project,
    /// The stage.
    pub stage: &'a str,
}

impl Choice<'_> {
    /// The baked images of the project: those of the set that is `wished` for, by its digest or
    /// the start of it; else those that the environment has; else those of the newest set. None if
    /// there is no set yet.
    ///
    /// # Errors
    ///
    /// [`ChooseError`].
    pub async fn choose(
        &self,
        wished: Option<&str>,
        state: Option<&State>,
    ) -> Result<Chosen, ChooseError> {
        let baked = self.baked();
        if baked.is_empty() && wished.is_none() {
            return Ok(Chosen::default());
        }
        let catalogue = self.shelf.read().await?;
        let names = || self.project.images.keys().map(|name| &**name);
        if let Some(wished) = wished {
            let set = one(&catalogue, wished)?;
            return self.of_set(&catalogue, set, &baked).await;
        }
        let newest = catalogue.newest(names());
        if let Some((images, set)) = state.and_then(|it| kept(it, &baked)) {
            let newer = newest.filter(|it| it.digest != set).map(|it| it.digest.clone());
            return Ok(Chosen { images, newer });
        }
        match newest {
            Some(set) => self.of_set(&catalogue, set, &baked).await,
            None => Ok(Chosen::default()),
        }
    }

    /// The names of images that are baked.
    fn baked(&self) -> BTreeSet<&Arc<str>> {
        let images = self.project.images.iter();
        images.filter(|(_, image)| image.builder.is_some()).map(|(name, _)| name).collect()
    }

    async fn of_set(
        &self,
        catalogue: &Catalogue,
        set: &Recorded,
        baked: &BTreeSet<&Arc<str>>,
    ) -> Result<Chosen, ChooseError> {
        let mut images = BTreeMap::new();
        for name in baked {
            let Some(member) = set.members.get(&***name) else {
                return Err(ChooseError::Lacks { set: set.digest.clone(), image: (*name).clone() });
            };
            let image = self.image(member, catalogue.baked(member)).await?;
            images.insert((*name).clone(), image);
        }
        Ok(Chosen { images, newer: None })
    }

    async fn image(&self, member: &Member, baked: Option<&Baked>) -> Result<Image, ApplyError> {
        let mut at = BTreeMap::new();
        for location in baked.iter().flat_map(|it| &it.locations) {
            for (configuration, region) in self.regions(&location.provider).await? {
                let here = at.entry(configuration).or_insert(None);
                if region == location.region {
                    *here = Some(Arc::from(&*location.id));
                }
            }
        }
        let digest = Some(member.digest.clone());
        Ok(Image { id: Arc::from(&*member.id), digest, at })
    }

    /// The region of each configuration of a provider, in this stage.
    async fn regions(&self, provider: &str) -> Result<BTreeMap<Arc<str>, String>, ApplyError> {
        let Some(stage) = self.project.stages.get(self.stage) else { return Ok(BTreeMap::new()) };
        // What is wrong with the settings is said where they are used.
        let (of_project, of_stage) = (&self.project.providers, &stage.providers);
        let mut settings = provider_settings(of_project, of_stage, &mut Vec::new());
        settings.entry(provider.into()).or_default();
        let is_its = |name: &Arc<str>| name.split('.').next() == Some(provider);
        let mut regions = BTreeMap::new();
        for (name, settings) in settings.into_iter().filter(|(name, _)| is_its(name)) {
            let resolved = self.providers.resolve(&name, Some(&settings), None).await;
            let resolved: Object = resolved.map_err(|source| {
                let provider = name.to_string();
                ApplyError::Provider { provider, source }
            })?;
            let region = resolved.get("region").and_then(Value::as_str).unwrap_or_default();
            regions.insert(name, region.to_owned());
        }
        Ok(regions)
    }
}

/// The one set whose digest starts with `given`.
///
/// # Errors
///
/// [`ChooseError::Unknown`], [`ChooseError::Several`].
pub fn one<'a>(catalogue: &'a Catalogue, given: &str) -> Result<&'a Recorded, ChooseError> {
    match &catalogue.starting_with(given)[..] {
        [set] if !given.is_empty() => Ok(set),
        [] => Err(ChooseError::Unknown(given.to_owned())),
        several => {
            let found = several.iter().map(|it| it.digest.to_string()).collect();
            Err(ChooseError::Several { given: given.to_owned(), found })
        }
    }
}

/// The baked images that an environment was made from, with their set: it keeps them until it is
/// told otherwise.
fn kept(state: &State, baked: &BTreeSet<&Arc<str>>) -> Option<(BTreeMap<Arc<str>, Image>, Digest)> {
    let inputs = state.scopes.values().map(|it| &it.inputs);
    let mut made_from = inputs.filter(|it| baked.iter().all(|name| it.images.contains_key(*name)));
    let Inputs { images, image_set, .. } = made_from.next_back()?;
    let images = images.iter().filter(|(name, _)| baked.contains(name));
    Some((images.map(|(name, it)| (name.clone(), it.clone())).collect(), image_set.clone()?))
}

/// The images that a front or an environment was made from, as a set has them: names and digests.
#[must_use]
pub fn of_inputs(inputs: &Inputs) -> BTreeMap<String, Digest> {
    let digest = |image: &Image| image.digest.clone().unwrap_or_else(|| digest::of_id(&image.id));
    inputs.images.iter().map(|(name, image)| (name.to_string(), digest(image))).collect()
}
