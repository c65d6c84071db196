//! What planning asks, and the answers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use greenroom_model::address::Address;
use greenroom_model::identity::Uid;
use greenroom_model::value::{Path, Value};

/// A batch of questions; the lists are answered in order, one answer each.
#[derive(Clone, Debug, Default)]
pub struct Asks {
    /// Objects to look at.
    pub reads: Vec<ReadAsk>,
    /// Data sources to ask.
    pub data: Vec<DataAsk>,
    /// Proposals to refine.
    pub proposals: Vec<ProposeAsk>,
    /// All that is planned of types whose objects are checked together.
    pub checks: Vec<CheckAsk>,
    /// Files of the project to read, by their paths as written.
    pub files: BTreeSet<Arc<str>>,
    /// Whether the project's files are to be listed.
    pub file_list: bool,
}

/// An object to look at.
#[derive(Clone, Debug)]
pub struct ReadAsk {
    /// The provider configuration.
    pub provider: Arc<str>,
    /// Where the state has it.
    pub address: Address,
    /// Which object.
    pub uid: Uid,
    /// The provider's name for it.
    pub id: Arc<str>,
    /// Its attributes as known.
    pub attributes: Value,
    /// Whether to read what takes a call for each object, too.
    pub full: bool,
}

/// What a look at an object saw.
#[derive(Clone, Debug, PartialEq)]
pub enum ReadSeen {
    /// It is there, with these attributes.
    Present(Value),
    /// It is there and of no use any more.
    Broken {
        /// Its attributes.
        attributes: Value,
        /// What is wrong with it.
        reason: String,
    },
    /// It is not there.
    Gone,
    /// Nobody could look; why.
    Unreadable(String),
}

/// A data source to ask.
#[derive(Clone, Debug)]
pub struct DataAsk {
    /// The provider configuration.
    pub provider: Arc<str>,
    /// Where it stands.
    pub address: Address,
    /// Its arguments, all known.
    pub config: Value,
}

/// A proposal to refine.
#[derive(Clone, Debug)]
pub struct ProposeAsk {
    /// The provider configuration.
    pub provider: Arc<str>,
    /// Where it stands.
    pub address: Address,
    /// The uid it has or will have.
    pub uid: Uid,
    /// Its attributes now; `None` for a new object and for a replacement.
    pub prior: Option<Value>,
    /// The arguments as configured.
    pub config: Value,
    /// What the schema alone makes of them.
    pub planned: Value,
}

/// An object to check beside others.
#[derive(Clone, Debug)]
pub struct CheckAsk {
    /// The provider configuration.
    pub provider: Arc<str>,
    /// Where it stands.
    pub address: Address,
    /// All its attributes after the change.
    pub planned: Value,
}

/// A refined proposal.
#[derive(Clone, Debug)]
pub struct Refined {
    /// All attributes after the change.
    pub planned: Value,
    /// Further arguments whose change takes a new object.
    pub replace: Vec<Path>,
    /// Arguments that cannot be right.
    pub wrong: Vec<WrongArgument>,
}

/// An argument that cannot be right.
#[derive(Clone, Debug, PartialEq)]
pub struct WrongArgument {
    /// Which one.
    pub path: Path,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub help: Option<String>,
}

/// The answers to [`Asks`].
#[derive(Clone, Debug, Default)]
pub struct Answers {
    /// One for each of the reads.
    pub reads: Vec<ReadSeen>,
    /// One for each data source: its attributes, or why there are none.
    pub data: Vec<Result<Value, String>>,
    /// One for each proposal.
    pub proposals: Vec<Refined>,
    /// One for each object to check: arguments that cannot be right beside those of others.
    pub checks: Vec<Vec<WrongArgument>>,
    /// The files' contents, or why there are none.
    pub files: BTreeMap<Arc<str>, Result<Arc<[u8]>, String>>,
    /// The paths of all files of the project, if they were asked for.
    pub file_list: Option<Vec<Arc<str>>>,
}

impl Asks {
    /// Whether there is nothing to ask.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.reads.is_empty()
            && self.data.is_empty()
            && self.proposals.is_empty()
            && self.checks.is_empty()
            && self.files.is_empty()
            && !self.file_list
    }
}
