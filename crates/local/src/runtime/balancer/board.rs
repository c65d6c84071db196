//! All that a balancer serves, and the step from one configuration to the next.
//!
//! A new configuration is taken whole or not at all: what can fail (ports, the file) comes first,
//! then the change itself, which cannot. Requests and connections go on through it.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::choice::Turns;
use super::config::{Action, Config, WeightedGroup};
use super::counters::Registry;
use super::group::{Group, TargetHealth};
use super::listener::{Forward, Listener, Rule};
use super::mirror::Mirror;
use crate::runtime::files::{self, FileError};
use crate::runtime::service;

/// What runs now.
pub(crate) struct Board {
    file: PathBuf,
    current: Versioned,
    listeners: BTreeMap<String, Arc<Listener>>,
    groups: BTreeMap<String, Arc<Group>>,
    pub(crate) listener_counters: Registry,
    pub(crate) group_counters: Registry,
    busy: mpsc::Sender<Infallible>,
}

/// A balancer's configuration and its number.
pub type Versioned = service::Versioned<Config>;

/// Why a configuration was not taken; the one before still runs.
#[derive(Debug, Error)]
pub(crate) enum ConfigureError {
    #[error("port {port} cannot be listened on: {source}")]
    Port { port: u16, source: io::Error },
    #[error("the listener {listener} names an unknown target group {group}")]
    UnknownGroup { listener: String, group: String },
    #[error(transparent)]
    File(#[from] FileError),
}

impl Board {
    /// An empty board that keeps its configuration in `file`.
    pub(crate) fn new(file: PathBuf, busy: mpsc::Sender<Infallible>) -> Board {
        Board {
            file,
            current: Versioned::default(),
            listeners: BTreeMap::new(),
            groups: BTreeMap::new(),
            listener_counters: Registry::default(),
            group_counters: Registry::default(),
            busy,
        }
    }

    /// Comes up with the configuration in the file.
    pub(crate) async fn restore(&mut self) -> Result<(), ConfigureError> {
        let Some(saved) = files::read_json::<Versioned>(&self.file)? else { return Ok(()) };
        self.current.version = saved.version;
        self.configure(saved.config).await.map(drop)
    }

    /// Takes a configuration and returns its version.
    pub(crate) async fn configure(&mut self, config: Config) -> Result<u64, ConfigureError> {
        check_groups(&config)?;
        let sockets = self.bind_new(&config).await?;
        let next = Versioned { version: self.current.version + 1, config };
        files::write_json(&self.file, &next)?;
        self.take_groups(&next.config);
        self.take_listeners(&next.config, sockets);
        self.drop_groups(&next.config);
        self.current = next;
        Ok(self.current.version)
    }

    /// What runs now.
    pub(crate) fn current(&self) -> &Versioned {
        &self.current
    }

    /// The targets of each group.
    pub(crate) fn health(&self) -> BTreeMap<String, Vec<TargetHealth>> {
        self.groups.iter().map(|(id, group)| (id.clone(), group.health())).collect()
    }

    /// Takes no new connections; the present ones end after what they are being served.
    pub(crate) fn close(self) -> Duration {
        self.listeners.values().for_each(|listener| listener.close());
        let delays = self.current.config.target_groups.values();
        let longest = delays.map(|group| group.deregistration_delay_ms).max().unwrap_or(0);
        Duration::from_millis(longest)
    }

    /// Binds the ports that no present listener serves.
    async fn bind_new(
        &self,
        config: &Config,
    ) -> Result<BTreeMap<String, TcpListener>, ConfigureError> {
        let mut sockets = BTreeMap::new();
        for (id, listener) in &config.listeners {
            let port = listener.port;
            if self.listeners.get(id).is_some_and(|present| present.port == port) {
                continue;
            }
            let socket = TcpListener::bind((config.address, port))
                .await
                .map_err(|source| ConfigureError::Port { port, source })?;
            sockets.insert(id.clone(), socket);
        }
        Ok(sockets)
    }

    fn take_groups(&mut self, config: &Config) {
        for (id, group) in &config.target_groups {
            match self.groups.get(id) {
                Some(present) => present.configure(group),
                None => {
                    let counters = self.group_counters.of(id);
                    self.groups.insert(id.clone(), Group::new(group, counters));
                }
            }
        }
    }

    fn take_listeners(&mut self, config: &Config, mut sockets: BTreeMap<String, TcpListener>) {
        let mut old = std::mem::take(&mut self.listeners);
        for (id, wanted) in &config.listeners {
            let rule = self.rule(&wanted.action);
            let listener = match (sockets.remove(id), old.remove(id)) {
                (Some(socket), replaced) => {
                    if let Some(replaced) = replaced {
                        replaced.close();
                    }
                    let counters = self.listener_counters.of(id);
                    let rule = (rule, config.idle_timeout_ms);
                    Listener::open(wanted.port, socket, rule, counters, self.busy.clone())
                }
                (None, Some(present)) => {
                    present.set_rule(rule, config.idle_timeout_ms);
                    present
                }
                (None, None) => unreachable!("a listener without a socket was bound before"),
            };
            self.listeners.insert(id.clone(), listener);
        }
        old.values().for_each(|listener| listener.close());
    }

    fn rule(&self, action: &Action) -> Rule {
        match action {
            Action::FixedResponse(response) => Rule::Fixed(response.clone()),
            Action::Forward(shares) => {
                let group = |share: &WeightedGroup| self.groups.get(&share.id).cloned();
                let mirrored = shares.iter().filter(|share| share.mirror > 0);
                let mirror = |share| Some(Mirror::new(group(share)?, share.mirror));
                Rule::Forward(Forward {
                    groups: shares.iter().filter_map(group).collect(),
                    turns: Turns::new(shares.iter().map(|share| share.weight)),
                    mirrors: mirrored.filter_map(mirror).collect(),
                })
            }
        }
    }

    fn drop_groups(&mut self, config: &Config) {
        self.groups.retain(|id, group| {
            let stays = config.target_groups.contains_key(id);
            if !stays {
                let before = self.current.config.target_groups.get(id);
                let delay = before.map_or(0, |group| group.deregistration_delay_ms);
                group.dissolve(Duration::from_millis(delay));
            }
            stays
        });
    }
}

fn check_groups(config: &Config) -> Result<(), ConfigureError> {
    for (id, listener) in &config.listeners {
        let Action::Forward(shares) = &listener.action else { continue };
        let unknown = |share: &&WeightedGroup| !config.target_groups.contains_key(&share.id);
        if let Some(share) = shares.iter().find(unknown) {
            let (listener, group) = (id.clone(), share.id.clone());
            return Err(ConfigureError::UnknownGroup { listener, group });
        }
    }
    Ok(())
}
