//! The resource types, one file each: schema, arguments, and what is done about them.

mod arguments;
mod dns_record;
mod dns_zone;
mod instance;
mod listener;
mod load_balancer;
mod target_group;
mod together;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use greenroom_model::schema::TypeSchema;
use greenroom_model::traffic::Traffic;
use greenroom_model::value::Value;
use greenroom_provider::{
    Coalescer, Company, Failure, FailureKind, Health, Proposal, ProposeRequest,
};

use crate::measure::{Answers, Counts, GroupHealth};
use crate::runtime::balancer::Versioned;
use crate::runtime::dns::{self, ZoneStatus};
use crate::runtime::{FileError, Launcher, ObjectType, Owner, Root, Uid, balancer};
use dns_record::changes::ZoneChange;

pub(crate) use dns_record::changes::gathered as gathered_record_changes;
pub(crate) use together::check as check_together;

/// Where objects are made, and by what program.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) root: Root,
    pub(crate) launcher: Launcher,
    /// Where relative paths of a spec begin.
    pub(crate) base: PathBuf,
    /// Changes of records, those of a zone together.
    pub(crate) record_changes: Coalescer<ZoneChange, ()>,
    /// What a change goes together with, if anything.
    pub(crate) company: Option<Company>,
}

impl Context {
    /// The same for a change that goes together with others.
    pub(crate) fn with(&self, company: Option<Company>) -> Context {
        Context { company, ..self.clone() }
    }
}

/// What all reads of a batch share: what each balancer and each zone's server runs, asked once.
#[derive(Debug, Default)]
pub(crate) struct World {
    balancers: BTreeMap<Uid, Option<Versioned>>,
    zones: BTreeMap<Uid, ZoneStatus>,
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

    /// Waits until an object, as it is recorded, holds for those whom it serves. For most,
    /// there is nobody else to ask.
    async fn verify(&self, _: &Context, _: &Uid, _limit: Option<Duration>) -> Result<(), Failure> {
        Ok(())
    }

    /// What went through an object, of types that measure it.
    fn traffic(&self, _: &Context, _: &Uid, _counts: &Counts) -> Result<Traffic, Failure> {
        Err(not_offered(&self.schema(), "does not count what goes through it"))
    }

    /// Whether an object serves, of types that report it.
    fn health(
        &self,
        _: &Context,
        _: &Uid,
        _health: &Answers<GroupHealth>,
    ) -> Result<Health, Failure> {
        Err(not_offered(&self.schema(), "does not say whether it serves"))
    }
}

fn not_offered(schema: &TypeSchema, what: &str) -> Failure {
    Failure::new(FailureKind::Argument, format!("the type `{}` {what}", schema.name))
}

/// All types.
pub(crate) fn all() -> Vec<Box<dyn ResourceType>> {
    vec![
        Box::new(dns_record::LocalDnsRecord),
        Box::new(dns_zone::LocalDnsZone),
        Box::new(instance::LocalInstance),
        Box::new(listener::LocalListener),
        Box::new(load_balancer::LocalLoadBalancer),
        Box::new(target_group::LocalTargetGroup),
    ]
}

impl World {
    /// Asks every balancer and every zone's server of the root folder what it runs.
    pub(crate) async fn look(root: &Root) -> Result<World, FileError> {
        let mut balancers = BTreeMap::new();
        for uid in root.uids(ObjectType::Balancer)? {
            let running = balancer::running(root, &uid).await?;
            balancers.insert(uid, running);
        }
        Ok(World { balancers, zones: dns::statuses(root).await? })
    }

    /// What a balancer runs; `None` if it has no process.
    fn running(&self, balancer: &Uid) -> Option<Versioned> {
        self.balancers.get(balancer).cloned().flatten()
    }
    /// What a zone's server serves; `None` if it has no process.
    fn zone(&self, zone: &Uid) -> Option<&ZoneStatus> {
        self.zones.get(zone)
    }
}
