//! What a zone's server is to answer, as plain data.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::value::RecordKind;

/// The whole configuration of one zone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// The zone's name, without a dot at its end.
    pub name: String,
    /// The port on loopback, of UDP and TCP.
    pub port: u16,
    /// Records by uid.
    pub records: BTreeMap<String, RecordConfig>,
}

/// A record: what one name stands for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RecordConfig {
    /// Its name, with or without the zone's behind it.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: RecordKind,
    /// How long an answer may be kept, in seconds.
    pub ttl: u32,
    /// The values, all of which are in an answer.
    pub values: Vec<String>,
    /// How it shares its name and type with others; `None` if it has them to itself.
    pub weighted: Option<Weighted>,
}

/// The place of a record among those of its name and type.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Weighted {
    /// What tells it from the others.
    pub set_identifier: String,
    /// Its share of the answers, relative to the others'.
    pub weight: u8,
    /// What must hold for it to be answered with.
    pub health_check: Option<HealthCheck>,
}

/// How the health of what a record stands for is found out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct HealthCheck {
    /// What is asked for with GET; an answer of 200 to 399 is a success.
    pub url: String,
    /// The time between two checks, in milliseconds.
    pub interval_ms: u64,
    /// How long an answer may take, in milliseconds.
    pub timeout_ms: u64,
    /// How many failures in a row make it unhealthy, and successes healthy again.
    pub failure_threshold: u32,
}

impl RecordConfig {
    /// What tells it from others of its name and type.
    pub fn set_identifier(&self) -> Option<&str> {
        self.weighted.as_ref().map(|weighted| weighted.set_identifier.as_str())
    }
}
