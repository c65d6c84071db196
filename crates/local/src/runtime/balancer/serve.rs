//! The balancer's process: its life, and what it answers on its control socket.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Mutex, mpsc};
use tokio::time::timeout;

use super::board::{Board, ConfigureError, Versioned};
use super::config::Config;
use super::counters::CounterValues;
use super::group::TargetHealth;
use crate::runtime::service::{self, Service, now_ms};

/// What a command can ask a balancer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Request {
    /// What runs now?
    Status,
    /// Run this.
    Configure(Config),
    /// What was served?
    Counters,
    /// How are the targets?
    Health,
}

/// What a balancer answers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reply {
    Status(Versioned),
    Configured { version: u64 },
    Counters(BalancerCounters),
    Health(BTreeMap<String, Vec<TargetHealth>>),
    Refused { message: String, port: Option<u16> },
}

/// What a balancer has served since its process started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BalancerCounters {
    /// The process; with `started_ms`, it tells one process's counts from another's.
    pub pid: u32,
    /// When the process started, in milliseconds since 1970; counts begin anew with it.
    pub started_ms: u64,
    /// By the listener's uid.
    pub listeners: BTreeMap<String, CounterValues>,
    /// By the target group's uid.
    pub target_groups: BTreeMap<String, CounterValues>,
}

/// Where a balancer keeps its configuration.
const CONFIG_FILE: &str = "config.json";

/// How long requests may take to end, beyond the longest deregistration delay.
pub(crate) const STOP_LIMIT: Duration = Duration::from_secs(2);

/// Runs the balancer of `folder` to its end.
pub(crate) fn run(folder: &Path) -> ExitCode {
    service::run(folder, serve)
}

async fn serve(folder: PathBuf) -> Result<(), Box<dyn std::error::Error>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let (busy, mut idle) = mpsc::channel(1);
    let mut board = Board::new(folder.join(CONFIG_FILE), busy);
    if let Err(error) = board.restore().await {
        // Comes up empty, so that the next command can see and repair it.
        eprintln!("error: cannot come up as before: {error}");
    }
    let board = Arc::new(Server { board: Mutex::new(Some(board)), started_ms: now_ms() });
    service::answer(&board, &mut terminate).await?;
    let limit = board.board.lock().await.take().map_or(STOP_LIMIT, |b| b.close() + STOP_LIMIT);
    // Ends with the last connection, because each holds a sender.
    let _ = timeout(limit, idle.recv()).await;
    Ok(())
}

struct Server {
    /// `None` once the process is on its way out.
    board: Mutex<Option<Board>>,
    started_ms: u64,
}

impl Service for Server {
    type Request = Request;
    type Reply = Reply;

    async fn reply(&self, request: Request) -> Option<Reply> {
        let mut board = self.board.lock().await;
        let board = board.as_mut()?;
        Some(match request {
            Request::Status => Reply::Status(board.current().clone()),
            Request::Configure(config) => match board.configure(config).await {
                Ok(version) => Reply::Configured { version },
                Err(error) => refused(&error),
            },
            Request::Counters => Reply::Counters(BalancerCounters {
                pid: std::process::id(),
                started_ms: self.started_ms,
                listeners: board.listener_counters.values(),
                target_groups: board.group_counters.values(),
            }),
            Request::Health => Reply::Health(board.health()),
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
