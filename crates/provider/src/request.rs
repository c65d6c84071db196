//! What a provider is asked, and what it answers.

use std::sync::Arc;
use std::time::Duration;

use greenroom_model::address::Address;
use greenroom_model::identity::{Owner, Uid};
use greenroom_model::journal::Handle;
use greenroom_model::value::{Path, Value};

use crate::company::Company;

/// An object that exists, or is believed to.
#[derive(Clone, Debug)]
pub struct Object {
    /// Its type.
    pub kind: Arc<str>,
    /// Where the state has it.
    pub address: Address,
    /// Its identity for life.
    pub uid: Uid,
    /// The provider's name for it.
    pub id: Arc<str>,
    /// Its attributes as last known.
    pub attributes: Value,
    /// Whose it is.
    pub owner: Arc<Owner>,
    /// How long a wait may take; `None` is the provider's choice.
    pub timeout: Option<Duration>,
}

/// How much of an object to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadDepth {
    /// What list calls return; the rest stays as it is known.
    Bulk,
    /// Everything.
    Full,
}

/// Asks for an object's present attributes.
#[derive(Clone, Debug)]
pub struct ReadRequest {
    /// The object.
    pub object: Object,
    /// How much of it.
    pub depth: ReadDepth,
}

/// What a read saw.
#[derive(Clone, Debug, PartialEq)]
pub enum ReadAnswer {
    /// The object with these attributes.
    Present(Value),
    /// The object, of no use any more: it is to be replaced.
    Broken {
        /// Its attributes.
        attributes: Value,
        /// What is wrong with it.
        reason: String,
    },
    /// No such object.
    Gone,
}

/// Asks a data source.
#[derive(Clone, Debug)]
pub struct DataRequest {
    /// The data source's type.
    pub kind: Arc<str>,
    /// Where it stands, for messages.
    pub address: Address,
    /// Its arguments, all known.
    pub config: Value,
}

/// Asks to refine a proposal. All values may hold pending parts.
#[derive(Clone, Debug)]
pub struct ProposeRequest {
    /// The type.
    pub kind: Arc<str>,
    /// Where it will stand, for messages and derived names.
    pub address: Address,
    /// The uid the object has or will have.
    pub uid: Uid,
    /// The attributes now; `None` for a new object and for a replacement.
    pub prior: Option<Value>,
    /// The arguments as configured.
    pub config: Value,
    /// What the schema alone makes of them: arguments, defaults, kept or pending attributes.
    pub planned: Value,
}

/// A refined proposal.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// All attributes after the change.
    pub planned: Value,
    /// Further arguments whose change needs a new object.
    pub replace: Vec<Path>,
    /// Wrong arguments: the plan fails, with all of them shown.
    pub wrong: Vec<WrongArgument>,
}

/// An argument that cannot be right.
#[derive(Clone, Debug, PartialEq)]
pub struct WrongArgument {
    /// Which one.
    pub path: Path,
    /// What is wrong with it.
    pub message: String,
    /// What would be right.
    pub help: Option<String>,
}

/// An object as planned, to be checked beside others. All values may hold pending parts.
#[derive(Clone, Debug)]
pub struct CheckRequest {
    /// Its type.
    pub kind: Arc<str>,
    /// Where it stands or will stand.
    pub address: Address,
    /// All attributes after the change.
    pub planned: Value,
}

impl Proposal {
    /// The schema's proposal as it is.
    #[must_use]
    pub fn unchanged(request: ProposeRequest) -> Proposal {
        Proposal { planned: request.planned, replace: Vec::new(), wrong: Vec::new() }
    }
}

/// Asks for a new object.
#[derive(Clone, Debug)]
pub struct CreateRequest {
    /// Its type.
    pub kind: Arc<str>,
    /// Where it will stand.
    pub address: Address,
    /// Its identity for life.
    pub uid: Uid,
    /// Whose it will be.
    pub owner: Arc<Owner>,
    /// How it is recognised if the answer is lost; journalled before the call.
    pub handle: Handle,
    /// All attributes as planned; what only the provider gives is pending.
    pub planned: Value,
    /// How long it may take; `None` is the provider's choice.
    pub timeout: Option<Duration>,
    /// What it goes together with, if anything.
    pub company: Option<Company>,
}

impl CreateRequest {
    /// The object, of which nothing is known yet: until the provider names it, its uid does.
    #[must_use]
    pub fn object(&self) -> Object {
        Object {
            kind: self.kind.clone(),
            address: self.address.clone(),
            uid: self.uid.clone(),
            id: self.uid.0.clone(),
            attributes: Value::Null,
            owner: self.owner.clone(),
            timeout: self.timeout,
        }
    }
}

/// A new object.
#[derive(Clone, Debug)]
pub struct Created {
    /// The provider's name for it.
    pub id: Arc<str>,
    /// Its attributes as far as known; all of them if it is `ready`.
    pub attributes: Value,
    /// Whether there is nothing to wait for.
    pub ready: bool,
}

/// Asks for the object of a create whose answer was lost.
#[derive(Clone, Debug)]
pub struct FindRequest {
    /// Its type.
    pub kind: Arc<str>,
    /// Where it was to stand.
    pub address: Address,
    /// The uid it was to have.
    pub uid: Uid,
    /// Whose it was to be.
    pub owner: Arc<Owner>,
    /// How it is recognised.
    pub handle: Handle,
    /// The arguments that were sent, with secrets hashed.
    pub arguments: Value,
}

/// An object that was found by its handle.
#[derive(Clone, Debug)]
pub struct Found {
    /// The provider's name for it.
    pub id: Arc<str>,
    /// Its attributes as far as known.
    pub attributes: Value,
}

/// An object that says whose it is.
#[derive(Clone, Debug)]
pub struct Owned {
    /// Its type.
    pub kind: Arc<str>,
    /// The provider's name for it.
    pub id: Arc<str>,
    /// Its identity for life.
    pub uid: Uid,
    /// Whose it says it is.
    pub owner: Owner,
    /// Its attributes as far as they were looked at. Arguments that nobody but its state knows say
    /// that what is inside of it goes with it.
    pub attributes: Value,
}

/// Asks to change an object in place.
#[derive(Clone, Debug)]
pub struct UpdateRequest {
    /// The object with its attributes now.
    pub object: Object,
    /// All attributes as planned; what only the provider gives is pending.
    pub planned: Value,
    /// The attributes that differ.
    pub changed: Vec<Path>,
    /// What it goes together with, if anything.
    pub company: Option<Company>,
}

/// Asks to delete an object.
#[derive(Clone, Debug)]
pub struct DeleteRequest {
    /// The object.
    pub object: Object,
    /// What it goes together with, if anything.
    pub company: Option<Company>,
}

/// A deletion that was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deleted {
    /// The object is gone.
    Gone,
    /// It is on its way out; [`Provider::gone`](crate::Provider::gone) waits for it.
    Accepted,
}

/// Asks to take over an object that nobody here made.
#[derive(Clone, Debug)]
pub struct ImportRequest {
    /// Its type.
    pub kind: Arc<str>,
    /// Where it will stand.
    pub address: Address,
    /// The identity that it gets.
    pub uid: Uid,
    /// Whose it will be.
    pub owner: Arc<Owner>,
    /// The provider's name for it, as its attributes and [`Created::id`] have it.
    pub id: Arc<str>,
}

/// Whether an object serves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Targets that do.
    pub healthy: u32,
    /// Targets that are known not to.
    pub unhealthy: u32,
    /// Targets of which nobody has found out yet.
    pub unknown: u32,
}

impl Health {
    /// This and `other` together.
    #[must_use]
    pub fn and(self, other: Health) -> Health {
        Health {
            healthy: self.healthy.saturating_add(other.healthy),
            unhealthy: self.unhealthy.saturating_add(other.unhealthy),
            unknown: self.unknown.saturating_add(other.unknown),
        }
    }
}
