//! The resource types, one file each: schema, arguments, and what is done about them.

mod arguments;
mod instance;
mod listener;
mod load_balancer;
mod target_group;

use std::collections::BTreeMap;
use std::path::PathBuf;

use async_trait::async_trait;
use greenroom_model::schema::TypeSchema;
use greenroom_model::value::Value;
use greenroom_provider::{Failure, Proposal, ProposeRequest};

use crate::runtime::balancer::Versioned;
use crate::runtime::{FileError, Launcher, ObjectType, Owner, Root, Uid, balancer};

/// Where objects are made, and by what program.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    pub(crate) root: Root,
    pub(crate) launcher: Launcher,
    /// Where relative paths of a spec begin.
    pub(crate) base: PathBuf,
}

/// What all reads of a batch share: what each balancer runs, asked once.
#[derive(Debug, Default)]
pub(crate) struct World {
    balancers: BTreeMap<Uid, Option<Versioned>>,
}

/// One resource type of the provider.
#[async_trait]
pub(crate) trait ResourceType: Send + Sync {
    /// Its schema.
    fn schema(&self) -> TypeSchema;

    /// The folder that its objects live in.
    fn object_type(&self) -> ObjectType;

    /// Completes and checks a proposal.
    fn propose(&self, context: &Context, request: ProposeRequest) -> Proposal;

    /// All attributes of an object; `None` if it does not exist.
    async fn read(
        &self,
        context: &Context,
        uid: &Uid,
        world: &World,
    ) -> Result<Option<Value>, Failure>;

    /// Makes an object, and returns whether there is nothing to wait for.
    async fn create(
        &self,
        context: &Context,
        owner: &Owner,
        planned: &Value,
    ) -> Result<bool, Failure>;

    /// Waits until an object is ready. All but instances are when they are made.
    async fn ready(&self, _: &Context, _: &Uid) -> Result<(), Failure> {
        Ok(())
    }

    /// Changes an object in place, and returns when it is ready again.
    async fn update(&self, context: &Context, uid: &Uid, planned: &Value) -> Result<(), Failure>;

    /// Removes an object, which may be gone already.
    async fn delete(&self, context: &Context, uid: &Uid) -> Result<(), Failure>;
}

/// All types.
pub(crate) fn all() -> Vec<Box<dyn ResourceType>> {
    vec![
        Box::new(instance::LocalInstance),
        Box::new(listener::LocalListener),
        Box::new(load_balancer::LocalLoadBalancer),
        Box::new(target_group::LocalTargetGroup),
    ]
}

impl World {
    /// Asks every balancer of the root folder what it runs.
    pub(crate) async fn look(root: &Root) -> Result<World, FileError> {
        let mut balancers = BTreeMap::new();
        for uid in root.uids(ObjectType::Balancer)? {
            let running = balancer::running(root, &uid).await?;
            balancers.insert(uid, running);
        }
        Ok(World { balancers })
    }

    /// What a balancer runs; `None` if it has no process.
    fn running(&self, balancer: &Uid) -> Option<Versioned> {
        self.balancers.get(balancer).cloned().flatten()
    }
}
