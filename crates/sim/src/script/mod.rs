//! Scripts: what happens in one play of the simulation, as data.
//!
//! A seed decides a script and the luck that it is played with. A script that fails can be told
//! what goes wrong, and be cut down to what it takes; its text is then a test.

mod generate;
mod spec;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

pub use spec::{Kind, Resource, Spec, group_name};

use crate::cloud::{self, CallKind};
use crate::disk::{self, EffectKind};
use crate::life::Moment;
use crate::mishap::Mishap;
use crate::objects::{self, RequestKind};

/// The environments of a play, beside each other in one cloud.
pub const ENVIRONMENTS: [&str; 2] = ["a", "b"];

/// What happens in one play.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Script {
    /// Decides what is left to chance.
    pub seed: u64,
    /// Where the states are.
    #[serde(default, skip_serializing_if = "States::are_in_a_folder")]
    pub states: States,
    /// What happens, in order.
    pub steps: Vec<Step>,
    /// All that goes wrong, where nothing is left to chance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mishaps: Option<Mishaps>,
}

/// Where states are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum States {
    /// In a folder on a disk.
    #[default]
    Folder,
    /// On object storage.
    Bucket,
}

/// What goes wrong.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Mishaps {
    /// In the cloud.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<Mishap<CallKind, cloud::Fault>>,
    /// On the disk.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub effects: Vec<Mishap<EffectKind, disk::Fault>>,
    /// On the object storage.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requests: Vec<Mishap<RequestKind, objects::Fault>>,
}

/// One step: commands that run at once, and what happens meanwhile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Its number in its script, which stays when others are left out.
    pub number: u32,
    /// How the cloud behaves.
    pub sky: Sky,
    /// Whether the disk, or the object storage, fails now and then.
    pub bad_disk: bool,
    /// When a second process asks for the same state: milliseconds after the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rival: Option<u64>,
    /// When the machine stops.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crash: Option<Crash>,
    /// When the machine stands still.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freeze: Option<Freeze>,
    /// What others do meanwhile.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deeds: Vec<Deed>,
    /// The commands by their environment.
    pub commands: BTreeMap<String, Command>,
}

/// How the cloud behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sky {
    /// As one wishes.
    Quiet,
    /// Everything goes wrong now and then.
    Stormy,
    /// Looks are behind more often than not.
    Foggy,
}

/// What somebody types.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Plan, and carry it out.
    Apply(Spec),
    /// Plan.
    Plan(Spec),
    /// Plan, and save the plan.
    Save(Spec),
    /// Carry out the plan that was saved last, however old it is.
    ApplySaved,
    /// Take over an object that somebody made by hand for a resource.
    Import {
        /// What is wanted.
        spec: Spec,
        /// The resource.
        number: u64,
    },
    /// Take everything down.
    Destroy,
    /// Wait for a quiet day, and apply until everything is as it should be.
    Converge,
}

/// When a machine stops.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Crash {
    /// At which moment, from 1.
    pub nth: u64,
    /// Of which moments; of all if this is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Moment>,
    /// Whether the power goes, and which of the worlds that may leave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub power: Option<u32>,
}

/// When a machine stands still, while its work is done on another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Freeze {
    /// At which moment, from 1.
    pub nth: u64,
    /// Of which moments; of all if this is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Moment>,
    /// For how many seconds.
    pub seconds: u64,
    /// Whether the other takes the leases at once, and does not wait until they have run out.
    pub seizes: bool,
}

/// What others do at some time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Deed {
    /// Milliseconds after the commands began.
    pub after: u64,
    /// What.
    pub what: What,
}

/// What others do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Delete what is at this address.
    Kill(String),
    /// Break it.
    BreakDown(String),
    /// Change the attribute, named second.
    Change(String, String),
    /// Mark it as theirs.
    Take(String),
    /// Make something that holds it.
    Hold(String),
    /// Make a group of this name.
    Name(String),
}

impl Script {
    /// The script as text.
    ///
    /// # Panics
    ///
    /// Never: all of it can be written.
    #[must_use]
    pub fn to_text(&self) -> String {
        toml::to_string(self).expect("a script can be written")
    }

    /// The script that a text is of.
    ///
    /// # Errors
    ///
    /// It is of none.
    pub fn from_text(text: &str) -> Result<Script, toml::de::Error> {
        toml::from_str(text)
    }
}

impl States {
    fn are_in_a_folder(&self) -> bool {
        *self == States::Folder
    }
}

impl Command {
    /// What is wanted from then on, if it says so.
    #[must_use]
    pub fn spec(&self) -> Option<&Spec> {
        match self {
            Command::Apply(spec)
            | Command::Plan(spec)
            | Command::Save(spec)
            | Command::Import { spec, .. } => Some(spec),
            Command::ApplySaved | Command::Destroy | Command::Converge => None,
        }
    }

    /// As [`spec`](Command::spec), to be changed.
    pub fn spec_mut(&mut self) -> Option<&mut Spec> {
        match self {
            Command::Apply(spec)
            | Command::Plan(spec)
            | Command::Save(spec)
            | Command::Import { spec, .. } => Some(spec),
            Command::ApplySaved | Command::Destroy | Command::Converge => None,
        }
    }
}

impl Crash {
    /// Whether it may tear a journal.
    fn tears(&self) -> bool {
        self.power.is_some() && self.at == Some(Moment::Disk(EffectKind::Sync))
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "step {}, {:?}:", self.number, self.sky)?;
        for (environment, command) in &self.commands {
            let name = match command {
                Command::Apply(_) => "apply",
                Command::Plan(_) => "plan",
                Command::Save(_) => "save",
                Command::ApplySaved => "apply what was saved",
                Command::Import { .. } => "import",
                Command::Destroy => "destroy",
                Command::Converge => "converge",
            };
            write!(f, " {name} in {environment};")?;
        }
        let Step { rival, crash, freeze, deeds, .. } = self;
        write!(f, " rival {rival:?}, {crash:?}, {freeze:?}, {deeds:?}")
    }
}
