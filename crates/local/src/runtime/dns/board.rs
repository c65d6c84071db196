//! All that a zone's process serves, and the step from one configuration to the next.
//!
//! A new configuration is taken whole or not at all: what can fail (values, the port, the file)
//! comes first, then the change itself, which cannot.

use std::collections::BTreeMap;
use std::io;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use hickory_server::Server;
use thiserror::Error;
use tokio::net::{TcpListener, UdpSocket};

use super::config::Config;
use super::handler::{Handler, Served};
use super::monitor::Monitor;
use super::zone::Zone;
use crate::runtime::files::{self, FileError};
use crate::runtime::service;

/// A zone's configuration and its number.
pub type Versioned = service::Versioned<Config>;

/// What runs now.
pub(crate) struct Board {
    file: PathBuf,
    current: Versioned,
    served: Arc<Served>,
    /// Its sockets close when it is dropped.
    server: Option<Server<Handler>>,
    monitors: BTreeMap<String, Arc<Monitor>>,
    /// By the record's uid. They outlive what they count, so that a record that comes back goes on.
    answers: BTreeMap<String, Arc<AtomicU64>>,
}

/// Why a configuration was not taken; the one before still runs.
#[derive(Debug, Error)]
pub(crate) enum ConfigureError {
    #[error("port {port} cannot be listened on: {source}")]
    Port { port: u16, source: io::Error },
    #[error("{0}")]
    Zone(String),
    #[error(transparent)]
    File(#[from] FileError),
}

/// How long a connection may be silent.
const TCP_IDLE: Duration = Duration::from_secs(5);

/// How many answers a connection may have waiting to be read.
const TCP_WAITING: usize = 32;

impl Board {
    /// An empty board that keeps its configuration in `file`.
    pub(crate) fn new(file: PathBuf) -> Board {
        Board {
            file,
            current: Versioned::default(),
            served: Arc::default(),
            server: None,
            monitors: BTreeMap::new(),
            answers: BTreeMap::new(),
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
        let next = Versioned { version: self.current.version + 1, config };
        let monitors = self.monitors_for(&next.config).map_err(ConfigureError::Zone)?;
        let zone = self.zone(&next, &monitors).map_err(ConfigureError::Zone)?;
        let stays = self.server.is_some() && self.current.config.port == next.config.port;
        let server = if stays { None } else { Some(self.listen(next.config.port).await?) };
        files::write_json(&self.file, &next)?;
        self.served.set(zone);
        if server.is_some() {
            self.server = server;
        }
        self.monitors = monitors;
        self.current = next;
        Ok(self.current.version)
    }

    /// What runs now.
    pub(crate) fn current(&self) -> &Versioned {
        &self.current
    }

    /// By the record's uid, whether what it stands for is healthy, where that is checked.
    pub(crate) fn health(&self) -> BTreeMap<String, bool> {
        self.monitors.iter().map(|(uid, it)| (uid.clone(), it.is_healthy())).collect()
    }

    /// By the record's uid, how often it was answered with.
    pub(crate) fn answers(&self) -> BTreeMap<String, u64> {
        self.answers.iter().map(|(uid, count)| (uid.clone(), count.load(Relaxed))).collect()
    }

    /// The health checks of a configuration; those that stay the same go on.
    fn monitors_for(&self, config: &Config) -> Result<BTreeMap<String, Arc<Monitor>>, String> {
        let mut monitors = BTreeMap::new();
        for (uid, record) in &config.records {
            let check = record.weighted.as_ref().and_then(|it| it.health_check.as_ref());
            let Some(check) = check else { continue };
            let present = self.monitors.get(uid).filter(|present| present.check == *check);
            let monitor = present.map_or_else(|| Monitor::start(check), |it| Ok(Arc::clone(it)))?;
            monitors.insert(uid.clone(), monitor);
        }
        Ok(monitors)
    }

    fn zone(
        &mut self,
        next: &Versioned,
        monitors: &BTreeMap<String, Arc<Monitor>>,
    ) -> Result<Zone, String> {
        let mut zone = Zone::new(&next.config, next.version)?;
        for (uid, record) in &next.config.records {
            let answers = self.answers.entry(uid.clone()).or_default();
            zone.add_record(record, monitors.get(uid).cloned(), Arc::clone(answers))?;
        }
        Ok(zone)
    }

    /// Opens the port, of UDP and TCP.
    async fn listen(&self, port: u16) -> Result<Server<Handler>, ConfigureError> {
        let refused = |source| ConfigureError::Port { port, source };
        let at = (Ipv4Addr::LOCALHOST, port);
        let datagrams = UdpSocket::bind(at).await.map_err(refused)?;
        let connections = TcpListener::bind(at).await.map_err(refused)?;
        let mut server = Server::new(Handler(Arc::clone(&self.served)));
        server.register_socket(datagrams);
        server.register_listener(connections, TCP_IDLE, TCP_WAITING);
        Ok(server)
    }
}
