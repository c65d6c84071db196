//! Machine images of AWS.
//!
//! A bake is an apply of a small template over a state of its own: first an instance that
//! provisions itself, the image of it and the image's copies, then the same without the instance.
//! So a bake that is killed is gone on with by the next one, and what nobody goes on with is
//! reaped, as any other environment whose time is over: only an image that is whole has no end.

mod base;
mod error;
mod specs;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use greenroom_apply::{ApplyError, Cancel, Workbench};
use greenroom_engine::desired::Desired;
use greenroom_model::address::{Address, BlockName, InstanceKey, Scope};
use greenroom_model::state::{Remote, State, Status};
use greenroom_model::value::{Object, Value};
use greenroom_spec::image::AmiBuilder;
use greenroom_spec::project::IMAGES_STAGE;
use greenroom_store::{Holder, StateName};
use jiff::Timestamp;

use crate::environment::{DownError, Environment};
use crate::images::Location;
use crate::lifetime::Tenure;
use crate::project::{Place, PlaceError};
pub use base::{Base, BaseError, base};
pub use error::BakeError;
use specs::{Source, copy, image, wanted};

/// How much of a key is in the names of an image and of its state.
const NAMED: usize = 16;

/// How long a bake may take beside provisioning: AWS makes the image, and copies it.
const AROUND: Duration = Duration::from_secs(2 * 60 * 60);

/// A provider configuration that makes images.
#[derive(Clone, Debug)]
pub struct Provider {
    /// Its name: `aws`, or `aws.NAME`.
    pub configuration: Arc<str>,
    /// Its settings, as the project has them.
    pub settings: Object,
}

/// What an image is made of, and by whom.
pub struct Bake {
    /// What to work with.
    pub workbench: Workbench,
    /// The project.
    pub project: Arc<str>,
    /// Who makes it.
    pub provider: Provider,
    /// The image's name in the project.
    pub image: Arc<str>,
    /// What stands for all that it is made of: 16 hexadecimal digits or more.
    pub key: Arc<str>,
    /// What the project says of its builder.
    pub builder: AmiBuilder,
    /// What it starts from.
    pub base: Base,
    /// What is fetched into it.
    pub artifacts: Vec<Link>,
    /// What provisions it, in order.
    pub scripts: Vec<Script>,
    /// How long provisioning may take.
    pub timeout: Duration,
    /// This process, as it introduces itself.
    pub holder: Holder,
}

/// A file that a machine fetches.
#[derive(Clone, Debug)]
pub struct Link {
    /// The file's name there.
    pub name: Arc<str>,
    /// Where it is for as long as the bake takes.
    pub url: Arc<str>,
    /// Its SHA-256, in hexadecimal digits.
    pub sha256: Arc<str>,
}

/// A script that provisions a machine.
#[derive(Clone, Debug)]
pub struct Script {
    /// Its name, for people.
    pub name: Arc<str>,
    /// Its text.
    pub text: Arc<str>,
}

/// An image that is whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Baked {
    /// Its id.
    pub id: Arc<str>,
    /// The account that it belongs to.
    pub account: Arc<str>,
    /// The region that it was made in.
    pub region: Arc<str>,
    /// The snapshots that it stands on.
    pub snapshots: Vec<Arc<str>>,
    /// When AWS made it, in AWS's words.
    pub created: Arc<str>,
    /// Everywhere it is, the origin first.
    pub locations: Vec<Location>,
}

/// Makes an image, or goes on with what an earlier bake of the same key has left.
///
/// # Errors
///
/// [`BakeError`]. Where nothing came of it that the next bake could go on with, nothing is left.
pub async fn bake(bake: &Bake, cancel: &Cancel) -> Result<Baked, BakeError> {
    let place = place(&bake.project, &bake.image, &bake.key)?;
    let scope = place.environment.clone().unwrap_or_else(Scope::front);
    let open = Environment::open(bake.workbench.clone(), place, bake.holder.clone(), cancel);
    let mut environment = open.await?;
    let baked = bake.make(&mut environment, &scope, cancel).await;
    let closed = environment.close().await;
    let baked = baked?;
    closed?;
    Ok(baked)
}

/// Whether an image is there as it was baked: in all its regions, for all its accounts.
///
/// # Errors
///
/// Its state cannot be read, or a provider cannot be asked.
pub async fn available(
    workbench: &Workbench,
    project: &str,
    name: &str,
    key: &str,
    builder: &AmiBuilder,
) -> Result<bool, BakeError> {
    let view = workbench.view(&place(project, name, key)?.state).await?;
    let Some(state) = view.state.filter(|it| is_whole(it, builder)) else { return Ok(false) };
    Ok(workbench.missing(&state).await?.is_empty())
}

/// Removes an image with its copies and snapshots.
///
/// # Errors
///
/// [`RemoveError`]; what is left is in the state.
pub async fn remove(
    workbench: &Workbench,
    project: &str,
    name: &str,
    key: &str,
    holder: Holder,
    cancel: &Cancel,
) -> Result<(), RemoveError> {
    let place = place(project, name, key)?;
    let open = Environment::open(workbench.clone(), place, holder, cancel);
    let mut environment = open.await?;
    let gone = environment.down(cancel).await;
    let closed = environment.close().await;
    gone?;
    Ok(closed?)
}

/// Why an image is still there.
#[derive(Debug, thiserror::Error)]
pub enum RemoveError {
    /// Nothing can have its name.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// The store failed, or somebody else is at work on it.
    #[error(transparent)]
    Apply(#[from] ApplyError),
    /// Not all of it is gone.
    #[error(transparent)]
    Down(#[from] DownError),
}

/// What reaches the accounts and regions that images of a builder are in, for who looks for what
/// bakes have left. It wants nothing.
#[must_use]
pub fn reach(project: &str, provider: &Provider, builder: &AmiBuilder) -> Desired {
    specs::reach(project, provider, builder)
}

/// Where the state of an image is.
///
/// # Errors
///
/// Nothing can have its name.
pub fn place(project: &str, image: &str, key: &str) -> Result<Place, PlaceError> {
    let name = named(image, key);
    Ok(Place {
        state: StateName::environment(project, IMAGES_STAGE, &name)?,
        environment: Some(Scope::environment(&name)?),
    })
}

fn named(image: &str, key: &str) -> String {
    let key: String = key.chars().take(NAMED).collect();
    format!("{image}-{key}")
}

impl Bake {
    async fn make(
        &self,
        environment: &mut Environment,
        scope: &Scope,
        cancel: &Cancel,
    ) -> Result<Baked, BakeError> {
        if !self.has_image(environment.state()).await? {
            environment.keep_alive(&self.tenure(), Timestamp::now()).await?;
            self.up(environment, scope, &Source::Builder, cancel).await?;
        }
        let source = environment.state().and_then(source).ok_or(BakeError::Unknown)?;
        self.up(environment, scope, &Source::Gone(source), cancel).await?;
        environment.keep_for_good(cancel).await?;
        environment.state().and_then(baked).ok_or(BakeError::Unknown)
    }

    /// Whether the image is made: then nothing needs a builder any more.
    async fn has_image(&self, state: Option<&State>) -> Result<bool, BakeError> {
        let Some(state) = state else { return Ok(false) };
        let Some((address, _)) = made(state).find(|(address, _)| address.block == image()) else {
            return Ok(false);
        };
        Ok(!self.workbench.missing(state).await?.contains(&address))
    }

    /// Applies the template. What fails before there is an image is taken down again: nobody could
    /// go on with it.
    async fn up(
        &self,
        environment: &mut Environment,
        scope: &Scope,
        source: &Source,
        cancel: &Cancel,
    ) -> Result<(), BakeError> {
        let (project, wanted) = wanted(self, scope, source);
        let Err(error) = environment.up(&project, wanted, cancel, |_, _| {}).await else {
            return Ok(());
        };
        let error = BakeError::Up(Box::new(error));
        let is_kept = |state: &State| {
            objects(state)
                .any(|(address, it)| address.block == image() && it.status != Status::Failed)
        };
        if cancel.is_cancelled() || environment.state().is_none_or(is_kept) {
            return Err(error);
        }
        match environment.down(cancel).await {
            Ok(()) => Err(error),
            Err(down) => Err(BakeError::Left { failed: Box::new(error), down: Box::new(down) }),
        }
    }

    /// While it is baked, an image has an end.
    fn tenure(&self) -> Tenure {
        Tenure { by: self.holder.introduction(), ttl: Some(self.timeout + AROUND) }
    }

    /// The image's name at AWS.
    fn image_name(&self) -> String {
        format!("{}-{}", self.project, named(&self.image, &self.key))
    }
}

impl Link {
    fn value(&self) -> Value {
        let Link { name, url, sha256 } = self;
        let fields = [("name", name), ("url", url), ("sha256", sha256)];
        Value::object(fields.map(|(field, text)| (field, Value::from(text.clone()))))
    }
}

impl Script {
    fn value(&self) -> Value {
        let Script { name, text } = self;
        let fields = [("name", name), ("script", text)];
        Value::object(fields.map(|(field, text)| (field, Value::from(text.clone()))))
    }
}

fn objects(state: &State) -> impl Iterator<Item = (Address, &Remote)> {
    state.instances().filter_map(|(address, it)| Some((address, it.current.as_ref()?)))
}

/// What is made, and was seen ready.
fn made(state: &State) -> impl Iterator<Item = (Address, &Remote)> {
    objects(state).filter(|(_, it)| it.status == Status::Ready)
}

fn text(of: &Remote, name: &str) -> Option<Arc<str>> {
    of.attributes.get(name)?.as_str().map(Arc::from)
}

/// The instance that the image was made of.
fn source(state: &State) -> Option<Arc<str>> {
    let (_, remote) = made(state).find(|(address, _)| address.block == image())?;
    text(remote, "source_instance_id")
}

/// Whether a bake came to its end, and made all that its builder wants now.
fn is_whole(state: &State, builder: &AmiBuilder) -> bool {
    let there: BTreeSet<(BlockName, InstanceKey)> =
        made(state).map(|(address, _)| (address.block, address.key)).collect();
    let copies = builder.regions.iter().map(|it| copy(&it.value));
    let blocks: Vec<BlockName> = [image()].into_iter().chain(copies).collect();
    let permissions = blocks.iter().flat_map(|block| {
        let of = BlockName::managed("aws_ami_launch_permission", block.name.clone());
        let keys = builder.accounts.iter().map(|it| InstanceKey::Name(it.value.clone()));
        keys.map(move |key| (of.clone(), key))
    });
    let wanted: BTreeSet<_> =
        blocks.iter().map(|it| (it.clone(), InstanceKey::Only)).chain(permissions).collect();
    state.lifetime.expires.is_none() && state.open.is_empty() && there == wanted
}

/// What a state says of its image.
fn baked(state: &State) -> Option<Baked> {
    let place = |remote: &Remote| {
        let region = text(remote, "arn")?.split(':').nth(3)?.to_owned();
        Some(Location { provider: "aws".to_owned(), region, id: remote.id.to_string() })
    };
    let (_, origin) = made(state).find(|(address, _)| address.block == image())?;
    let copies = made(state).filter(|(address, _)| &*address.block.kind == "aws_ami_copy");
    let snapshots = origin.attributes.get("snapshot_ids")?.as_list()?;
    let first = place(origin)?;
    Some(Baked {
        id: origin.id.clone(),
        account: text(origin, "owner_id")?,
        region: first.region.as_str().into(),
        snapshots: snapshots.iter().filter_map(|it| it.as_str().map(Arc::from)).collect(),
        created: text(origin, "creation_date")?,
        locations: [first].into_iter().chain(copies.filter_map(|(_, it)| place(it))).collect(),
    })
}

#[cfg(test)]
mod tests;
