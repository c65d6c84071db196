//! The process of a zone: its life, and what it answers on its control socket.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Mutex;

use super::board::{Board, ConfigureError, Versioned};
use super::config::Config;
use crate::runtime::service::{self, Service, now_ms};

/// What a command can ask a zone's process.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Request {
    /// What runs now, and how is it?
    Status,
    /// Run this.
    Configure(Config),
}

/// What a zone's process answers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reply {
    Status(ZoneStatus),
    Configured { version: u64 },
    Refused { message: String, port: Option<u16> },
}

/// What a zone's process serves, and has served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZoneStatus {
    /// The process; with `started_ms`, it tells one process's counts from another's.
    pub pid: u32,
    /// When the process started, in milliseconds since 1970; counts begin anew with it.
    pub started_ms: u64,
    /// What it serves.
    pub running: Versioned,
    /// By the record's uid, whether what it stands for is healthy, where that is checked.
    pub healthy: BTreeMap<String, bool>,
    /// By the record's uid, how often it was answered with.
    pub answers: BTreeMap<String, u64>,
}

/// Where a zone's process keeps its configuration.
const CONFIG_FILE: &str = "config.json";

struct ZoneServer {
    board: Mutex<Board>,
    started_ms: u64,
}

/// Runs the name server of `folder` to its end.
pub(crate) fn run(folder: &Path) -> ExitCode {
    service::run(folder, serve)
}

async fn serve(folder: PathBuf) -> Result<(), Box<dyn Error>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut board = Board::new(folder.join(CONFIG_FILE));
    if let Err(error) = board.restore().await {
        // Comes up empty, so that the next command can see and repair it.
        eprintln!("error: cannot come up as before: {error}");
    }
    let server = Arc::new(ZoneServer { board: Mutex::new(board), started_ms: now_ms() });
    service::answer(&server, &mut terminate).await
}

impl Service for ZoneServer {
    type Request = Request;
    type Reply = Reply;

    async fn reply(&self, request: Request) -> Option<Reply> {
        let mut board = self.board.lock().await;
        Some(match request {
            Request::Status => Reply::Status(ZoneStatus {
                pid: std::process::id(),
                started_ms: self.started_ms,
                running: board.current().clone(),
                healthy: board.health(),
                answers: board.answers(),
            }),
            Request::Configure(config) => match board.configure(config).await {
                Ok(version) => Reply::Configured { version },
                Err(error) => refused(&error),
            },
        })
    }
}

fn refused(error: &ConfigureError) -> Reply {
    let port = match error {
        ConfigureError::Port { port, .. } => Some(*port),
        _ => None,
    };
    Reply::Refused { message: error.to_string(), port }
}
