//! The configuration of an image: what is in it, and how it is run.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The configuration of an image, as the image specification has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImageConfig {
    /// When it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// The processor's architecture.
    pub architecture: String,
    /// The operating system.
    pub os: String,
    /// The architecture's variant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// How it is run.
    pub config: Option<RunConfig>,
    /// What its layers unpack to.
    pub rootfs: RootFs,
    /// How it came to be, layer by layer.
    pub history: Option<Vec<Value>>,
}

/// How an image is run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct RunConfig {
    /// Whom it runs as.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Environment variables: `NAME=VALUE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub env: Option<Vec<String>>,
    /// The program with its first arguments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entrypoint: Option<Vec<String>>,
    /// Further arguments, or the program if there is no entrypoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cmd: Option<Vec<String>>,
    /// Where it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub working_dir: Option<String>,
    /// Labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labels: Option<BTreeMap<String, String>>,
    /// What Greenroom has no use for and hands on: ports, volumes, health checks …
    #[serde(flatten)]
    pub others: BTreeMap<String, Value>,
}

/// What the layers of an image unpack to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RootFs {
    /// Always `layers`.
    pub r#type: String,
    /// The digests of the unpacked layers, the lowest first.
    pub diff_ids: Vec<String>,
}

impl RunConfig {
    /// Program and arguments; empty if the image says none.
    #[must_use]
    pub fn command(&self) -> Vec<String> {
        [&self.entrypoint, &self.cmd].into_iter().flatten().flatten().cloned().collect()
    }

    /// The environment variables by name.
    pub fn environment(&self) -> impl Iterator<Item = (&str, &str)> {
        self.env.iter().flatten().filter_map(|entry| entry.split_once('='))
    }
}
