//! Environments: which are up, since when, and for how long.

use greenroom_delivery::lifetime::expiry;
use greenroom_model::state::{State, Status};
use greenroom_store::{Holder, StateName};
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::table::{Cell, table};
use super::words::elapsed;
use super::{Fields, Kind, Message, fields};
use crate::palette::{Palette, Tone};

/// One environment, as its state tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Environment {
    stage: String,
    name: String,
    image_set: Option<String>,
    made: Option<Timestamp>,
    expires: Option<Timestamp>,
    owner: Option<String>,
    health: Health,
    objects: usize,
    holder: Option<String>,
}

/// How an environment is, as far as its state knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Health {
    /// Everything is there.
    Ready,
    /// Somebody works on it, or runs commands in it.
    InUse,
    /// A command was cut short: the next one goes on.
    Interrupted,
    /// An object failed.
    Failed,
    /// Objects are gone, and late ones are looked for a while.
    Leaving,
}

impl Health {
    fn of(state: &State, held: bool) -> Health {
        let remotes = || state.instances().flat_map(|(_, it)| it.current.iter().chain(&it.deposed));
        if held {
            Health::InUse
        } else if !state.open.is_empty() || state.run.is_some() {
            Health::Interrupted
        } else if remotes().any(|it| it.status == Status::Failed) {
            Health::Failed
        } else if state.objects() == 0 {
            Health::Leaving
        } else if remotes().all(|it| it.status == Status::Ready) {
            Health::Ready
        } else {
            Health::Interrupted
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Health::Ready => "ready",
            Health::InUse => "in use",
            Health::Interrupted => "interrupted",
            Health::Failed => "failed",
            Health::Leaving => "leaving",
        }
    }

    fn tone(self) -> Tone {
        match self {
            Health::Ready => Tone::Good,
            Health::InUse => Tone::Plain,
            Health::Interrupted | Health::Failed => Tone::Bad,
            Health::Leaving => Tone::Faint,
        }
    }
}

impl Environment {
    /// The environment in a state, which `holder` works on.
    pub(crate) fn of(name: &StateName, state: &State, holder: Option<&Holder>) -> Environment {
        let set = state.scopes.values().find_map(|it| it.inputs.image_set.as_ref());
        Environment {
            stage: name.stage.to_string(),
            name: name.environment.as_ref().map(ToString::to_string).unwrap_or_default(),
            image_set: set.map(ToString::to_string),
            made: state.lifetime.made.as_ref().and_then(|it| it.parse().ok()),
            expires: expiry(&state.lifetime),
            owner: state.lifetime.made_by.as_ref().map(ToString::to_string),
            health: Health::of(state, holder.is_some()),
            objects: state.objects(),
            holder: holder.map(ToString::to_string),
        }
    }

    fn json(&self, now: Timestamp) -> Json {
        json!({
            "stage": self.stage,
            "name": self.name,
            "image_set": self.image_set,
            "made": self.made.map(|it| it.to_string()),
            "expires": self.expires.map(|it| it.to_string()),
            "expired": self.expires.is_some_and(|it| it <= now),
            "owner": self.owner,
            "health": self.health.as_str(),
            "objects": self.objects,
            "holder": self.holder,
        })
    }

    /// Its line of a table.
    fn cells(&self, now: Timestamp) -> [Cell; 7] {
        let none = || "-".to_owned();
        let between =
            |from: Timestamp, to: Timestamp| elapsed(to.duration_since(from).unsigned_abs());
        let set = self.image_set.as_ref().map_or_else(none, |set| set.chars().take(12).collect());
        [
            Cell::plain(format!("{}/{}", self.stage, self.name)),
            Cell { tone: self.health.tone(), text: self.health.as_str().to_owned() },
            Cell::plain(self.made.map_or_else(none, |made| between(made, now))),
            match self.expires {
                None => Cell::plain("never"),
                Some(at) if at <= now => {
                    Cell { tone: Tone::Bad, text: format!("{} ago", between(at, now)) }
                }
                Some(at) => Cell::plain(format!("in {}", between(now, at))),
            },
            Cell::plain(self.objects.to_string()),
            Cell::plain(set),
            Cell::plain(self.owner.clone().unwrap_or_else(none)),
        ]
    }
}

/// The environments of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Environments {
    /// Them, in the order of their names.
    pub(crate) environments: Vec<Environment>,
    /// When they were looked at.
    pub(crate) now: Timestamp,
}

const HEAD: [&str; 7] =
    ["ENVIRONMENT", "HEALTH", "AGE", "EXPIRES", "OBJECTS", "IMAGE SET", "OWNER"];

impl Message for Environments {
    fn kind(&self) -> Kind {
        Kind::Environments
    }

    fn fields(&self) -> Fields {
        let all: Vec<Json> = self.environments.iter().map(|it| it.json(self.now)).collect();
        fields(json!({ "environments": all }))
    }

    fn text(&self, palette: Palette) -> String {
        if self.environments.is_empty() {
            return "there are no environments\n".to_owned();
        }
        let rows: Vec<[Cell; 7]> = self.environments.iter().map(|it| it.cells(self.now)).collect();
        table(HEAD, &rows, palette)
    }
}
