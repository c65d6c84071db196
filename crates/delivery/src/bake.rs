//! Bakes: from artifacts and files to images, once for the same content.
//!
//! What an image is made from is resolved first, to content: its base image, the artifacts, its
//! files. The hash of all that is the image's key. An image of that key that is still there is not
//! baked again; nobody else bakes it meanwhile.

pub mod ami;
mod available;
mod builder;
mod command;
mod error;
mod files;
mod local;
mod log;
pub mod oci;
mod provenance;
mod recipe;
mod removing;
mod turn;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use greenroom_apply::{Cancel, Workbench};
use greenroom_engine::desired::Desired;
use greenroom_spec::image::{Builder, Image};
use greenroom_spec::project::Project;
use greenroom_store::Holder;
use jiff::Timestamp;

pub use available::Workshop;
pub use error::BakeError;
pub use log::Log;
pub use recipe::Recipe;
pub use removing::{Pruned, Removed};

use crate::attest::keys::SigningKey;
use crate::images::{Baked, Catalogue, Key, Member, Recorded, Shelf, ShelfError, of_id};
use crate::patience::within;
use crate::project::absolute;
use crate::random;
use crate::repository::Repository;
use builder::Made;
use turn::Turn;

/// What bakes work with.
#[derive(Clone)]
pub struct Bench {
    /// Providers and store.
    pub workbench: Workbench,
    /// The project.
    pub project: Arc<Project>,
    /// Its folder.
    pub folder: PathBuf,
    /// Where its artifacts are published, if it has such a place.
    pub repository: Option<Arc<dyn Repository>>,
    /// Versions of artifacts, instead of the files that are there now.
    pub versions: BTreeMap<String, String>,
    /// Bake also what is there.
    pub rebake: bool,
    /// What signs how images were baked.
    pub signing_key: Option<SigningKey>,
    /// This process, as it introduces itself.
    pub holder: Holder,
}

/// What happens to an image.
pub enum Moment<'a> {
    /// Somebody else bakes the same.
    Waiting(Option<&'a Holder>),
    /// It was baked before and is there: nothing is done.
    Found(&'a Baked),
    /// It was baked before and is not there any more.
    Gone(&'a Baked),
    /// It is baked; its log is there.
    Baking(&'a Path),
    /// It is baked, and in the catalogue.
    Done(&'a Baked),
    /// It is not baked.
    Failed(&'a BakeError),
}

/// Watches bakes.
pub trait Watch: Sync {
    /// Takes what happens to the image `name`.
    fn observe(&self, name: &str, moment: Moment<'_>);
}

/// What came of bakes.
pub struct Bakes {
    /// Each image by name.
    pub images: BTreeMap<String, Result<Done, BakeError>>,
    /// The set that all images of the project are now.
    pub set: Option<Recorded>,
    /// The images that are not baked yet, so that there is no set.
    pub lacking: Vec<String>,
}

/// An image that is there.
#[derive(Clone, Debug)]
pub struct Done {
    /// Under which the catalogue has it.
    pub key: Key,
    /// The image.
    pub baked: Baked,
    /// Whether it was baked now.
    pub new: bool,
}

/// What reaches the images that a project's builders make, for who looks for what bakes have left.
/// It wants nothing.
#[must_use]
pub fn reach(project: &Project) -> Vec<Arc<Desired>> {
    let reach = |image: &Image| match &image.builder {
        Some(Builder::Ami(settings)) => {
            let provider = builder::provider(project, settings);
            Some(Arc::new(ami::reach(&project.name.value, &provider, settings)))
        }
        _ => None,
    };
    project.images.values().filter_map(reach).collect()
}

impl Bakes {
    /// Whether every image is there.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.images.values().all(Result::is_ok)
    }
}

impl Bench {
    /// Bakes images of the project, side by side, and records the set that all images are then.
    ///
    /// # Errors
    ///
    /// [`BakeError::Shelf`] and [`BakeError::NotKept`] if the set could not be recorded. What
    /// becomes of each image is in the answer.
    pub async fn bake(
        &self,
        names: &[&str],
        cancel: &Cancel,
        watch: &dyn Watch,
    ) -> Result<Bakes, BakeError> {
        let shelf = self.shelf()?;
        let one = async |name: &str| {
            let done = self.one(&shelf, name, cancel, watch).await;
            match &done {
                Ok(done) if done.new => watch.observe(name, Moment::Done(&done.baked)),
                Ok(_) => {}
                Err(error) => watch.observe(name, Moment::Failed(error)),
            }
            (name.to_owned(), done)
        };
        let images: BTreeMap<_, _> =
            join_all(names.iter().map(|it| one(it))).await.into_iter().collect();
        let mut bakes = Bakes { images, set: None, lacking: Vec::new() };
        if bakes.passed() {
            self.record_set(&shelf, &mut bakes).await?;
        }
        Ok(bakes)
    }

    fn workshop(&self) -> Workshop<'_> {
        Workshop { workbench: &self.workbench, project: &self.project, folder: &self.folder }
    }

    fn shelf(&self) -> Result<Shelf, ShelfError> {
        Shelf::new(self.workbench.store.clone(), &self.project.name.value)
    }

    async fn one(
        &self,
        shelf: &Shelf,
        name: &str,
        cancel: &Cancel,
        watch: &dyn Watch,
    ) -> Result<Done, BakeError> {
        let (image, builder) = self.baked_image(name)?;
        let recipe = Recipe::resolve(self, name, image, builder).await?;
        let turn = Turn::take(self, &recipe.key, cancel, |holder| {
            watch.observe(name, Moment::Waiting(holder));
        })
        .await?;
        let done = self.in_turn(shelf, &recipe, cancel, watch).await;
        turn.give_back().await;
        done
    }

    async fn in_turn(
        &self,
        shelf: &Shelf,
        recipe: &Recipe<'_>,
        cancel: &Cancel,
        watch: &dyn Watch,
    ) -> Result<Done, BakeError> {
        let started = Timestamp::now();
        if let Some((key, baked)) =
            shelf.read().await?.of_recipe(&recipe.key).filter(|_| !self.rebake)
        {
            let (key, baked) = (key.clone(), baked.clone());
            let workshop = self.workshop();
            if builder::is_there(&workshop, recipe.name, recipe.builder, &key, &baked).await? {
                watch.observe(recipe.name, Moment::Found(&baked));
                return Ok(Done { key, baked, new: false });
            }
            watch.observe(recipe.name, Moment::Gone(&baked));
        }
        let key = match self.rebake {
            true => recipe.key.salted(&random::digits::<8>().map_err(BakeError::Random)?),
            false => recipe.key.clone(),
        };
        let log = Log::create(&self.folder, recipe.name, &key)?;
        watch.observe(recipe.name, Moment::Baking(log.path()));
        let made = self.make(recipe, &key, &log, cancel).await?;
        let baked = recipe.baked(made, &key, &self.holder.introduction());
        // Before anybody can find it: what is found is not baked again, and so not attested.
        self.attest(recipe, &baked, &log, started).await?;
        shelf.change(|it| it.keep(key.clone(), baked.clone())).await?;
        Ok(Done { key, baked, new: true })
    }

    async fn make(
        &self,
        recipe: &Recipe<'_>,
        key: &Key,
        log: &Log,
        cancel: &Cancel,
    ) -> Result<Made, BakeError> {
        let limit: Option<Duration> = builder::limit(recipe);
        let making = async |cancel: &Cancel| builder::make(self, recipe, key, log, cancel).await;
        let (made, timed_out) = within(limit, cancel, making).await;
        match made {
            Err(_) if timed_out => Err(BakeError::TimedOut {
                limit: limit.unwrap_or_default(),
                log: log.path().to_owned(),
                tail: log.tail(),
            }),
            made => made,
        }
    }

    fn baked_image(&self, name: &str) -> Result<(&Image, &Builder), BakeError> {
        let image = self.project.images.get(name);
        let image = image.ok_or_else(|| BakeError::unknown(&self.project, name))?;
        let builder = image.builder.as_ref();
        Ok((image, builder.ok_or_else(|| BakeError::NotBaked(name.to_owned()))?))
    }

    /// Records the set of all images, if every one is there.
    async fn record_set(&self, shelf: &Shelf, bakes: &mut Bakes) -> Result<(), BakeError> {
        let catalogue = shelf.read().await?;
        let mut members = BTreeMap::new();
        for (name, image) in &self.project.images {
            match self.member(&catalogue, name, image, bakes).await {
                Some(member) => drop(members.insert(name.to_string(), member)),
                None => bakes.lacking.push(name.to_string()),
            }
        }
        if !bakes.lacking.is_empty() {
            return Ok(());
        }
        let by = self.holder.introduction();
        if let Some(set) = Recorded::of(members, Timestamp::now(), &by) {
            self.take_provenance_along(&set).await?;
            shelf.change(|it| it.record(set.clone())).await?;
            bakes.set = Some(set);
        }
        Ok(())
    }

    /// The image as a member of a set; none if it is not there yet.
    async fn member(
        &self,
        catalogue: &Catalogue,
        name: &str,
        image: &Image,
        bakes: &Bakes,
    ) -> Option<Member> {
        if let Some(Ok(Done { key, baked, .. })) = bakes.images.get(name) {
            return Some(baked.member(key));
        }
        if let Some(id) = &image.id {
            let id = absolute(&self.folder, &id.value);
            return Some(Member { digest: of_id(&id), id, key: None });
        }
        let builder = image.builder.as_ref()?;
        let recipe = Recipe::resolve(self, name, image, builder).await.ok()?;
        let (key, baked) = catalogue.of_recipe(&recipe.key)?;
        Some(baked.member(key))
    }
}
