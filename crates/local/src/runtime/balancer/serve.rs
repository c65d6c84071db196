//! The balancer's process: its life, and what it answers on its control socket.

use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde::{Deserialize, Serialize};
use tokio::io::BufReader;
use tokio::net::{UnixListener, UnixStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Mutex, mpsc};
use tokio::time::timeout;

use super::board::{Board, ConfigureError, Versioned};
use super::config::Config;
use super::counters::CounterValues;
use super::group::TargetHealth;
use crate::runtime::{control, files, launch};

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
    match run_folder(folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run_folder(folder: &Path) -> Result<(), Box<dyn std::error::Error>> {
    launch::settle_in(folder)?;
    // The socket is bound by a relative path, which is short however deep the folder lies.
    env::set_current_dir(folder)?;
    allow_many_connections();
    let workers = std::thread::available_parallelism().map_or(2, |count| count.get().min(4));
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers)
        .enable_all()
        .build()?
        .block_on(serve(folder.join(CONFIG_FILE)))
}

async fn serve(file: PathBuf) -> Result<(), Box<dyn std::error::Error>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let (busy, mut idle) = mpsc::channel(1);
    let mut board = Board::new(file, busy);
    if let Err(error) = board.restore().await {
        // Comes up empty, so that the next command can see and repair it.
        eprintln!("error: cannot come up as before: {error}");
    }
    let board = Arc::new(Server { board: Mutex::new(Some(board)), started_ms: now_ms() });
    files::remove(Path::new(control::SOCKET))?;
    let socket = UnixListener::bind(control::SOCKET)?;
    loop {
        tokio::select! {
            accepted = socket.accept() => {
                if let Ok((stream, _)) = accepted {
                    tokio::spawn(answer(Arc::clone(&board), stream));
                }
            }
            _ = terminate.recv() => break,
        }
    }
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

async fn answer(server: Arc<Server>, stream: UnixStream) {
    let mut stream = BufReader::new(stream);
    // A client that goes away or talks nonsense gets no answer, and needs none.
    while let Ok(Some(request)) = control::read_line(&mut stream).await {
        let Some(reply) = server.reply(request).await else { return };
        if control::write_line(stream.get_mut(), &reply).await.is_err() {
            return;
        }
    }
}

impl Server {
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

/// Each request takes two descriptors, and the usual limit is low.
fn allow_many_connections() {
    let limit = getrlimit(Resource::Nofile);
    // Fewer connections, at worst.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
