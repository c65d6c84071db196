//! Starting processes that outlive the command.
//!
//! The command starts a launcher, which starts the process and ends: so the process is no child
//! of the command, leaves no zombie with it, and can lead a session of its own.

use std::env;
use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use rustix::process::Signal;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tokio::task::spawn_blocking;
use tokio::time::{Duration, Instant, sleep};

use super::files::{self, FileError};
use super::lock::{self, LifeLock};
use super::process::ProcessId;

/// What of the command's environment reaches the processes that outlive it.
///
/// No more, so that they do not depend on who happened to start them, and no credential of a
/// build job stays behind in them.
const INHERITED: [&str; 9] =
    ["PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "RUST_BACKTRACE"];

/// How often a waiting command looks at a folder.
pub(crate) const LOOK: Duration = Duration::from_millis(10);

/// How long a process may take from its start to its first record.
const START_LIMIT: Duration = Duration::from_secs(20);

/// The program that carries the runtime's entry point, with the arguments that lead there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launcher {
    /// The program.
    pub program: PathBuf,
    /// What comes before the runtime's own arguments.
    pub arguments: Vec<OsString>,
}

/// Why a process of the runtime does not run.
#[derive(Debug, Error)]
pub enum LaunchError {
    /// The launcher could not be started.
    #[error("cannot start `{}`", program.display())]
    Start {
        /// The program that carries the runtime.
        program: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The launcher ran and failed.
    #[error("`{}` could not start its process, see `{}`", program.display(), log.display())]
    Failed {
        /// The program that carries the runtime.
        program: PathBuf,
        /// What it wrote.
        log: PathBuf,
    },
    /// The process did not record itself.
    #[error("the process of `{}` died as it started", folder.display())]
    Died {
        /// The object's folder.
        folder: PathBuf,
    },
    /// The process does not end.
    #[error("process {pid} of `{}` does not end", folder.display())]
    Immortal {
        /// Its number.
        pid: u32,
        /// The object's folder.
        folder: PathBuf,
    },
    /// A file of the object's folder could not be used.
    #[error(transparent)]
    File(#[from] FileError),
}

impl Launcher {
    /// This very program, with the hidden subcommand `local-runtime`.
    ///
    /// # Errors
    ///
    /// If the system cannot say which program this is.
    pub fn own() -> io::Result<Launcher> {
        Ok(Launcher { program: env::current_exe()?, arguments: vec!["local-runtime".into()] })
    }

    /// Starts the process `role` of `folder` and hands it the folder's lock.
    pub(crate) async fn launch(
        &self,
        role: &'static str,
        folder: &Path,
        lock: LifeLock,
    ) -> Result<(), LaunchError> {
        let log = folder.join("runtime.log");
        let mut command = self.command(role, folder, &log)?;
        files::remove(&record_path(folder))?;
        command.stdin(lock.into_stdin());
        let status = spawn_blocking(move || command.status())
            .await
            .expect("starting a process does not panic")
            .map_err(|source| LaunchError::Start { program: self.program.clone(), source })?;
        if status.success() {
            return Ok(());
        }
        Err(LaunchError::Failed { program: self.program.clone(), log })
    }

    fn command(&self, role: &str, folder: &Path, log: &Path) -> Result<Command, FileError> {
        let output = OpenOptions::new()
            .create(true)
            .append(true)
            .open(log)
            .map_err(FileError::write(log))?;
        let errors = output.try_clone().map_err(FileError::write(log))?;
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .args(["launch", role])
            .arg(folder)
            .env_clear()
            .envs(inherited())
            .stdout(output)
            .stderr(errors)
            .current_dir(folder)
            // Out of reach of an interrupt meant for the command.
            .process_group(0);
        Ok(command)
    }
}

/// The launcher itself: `ROLE DIR`.
pub(crate) fn run(args: &[OsString]) -> ExitCode {
    let start = || -> io::Result<()> {
        let own = env::current_exe()?;
        // What led here, up to `launch`, leads there too.
        let before = env::args_os().skip(1).take_while(|arg| arg != "launch");
        // Dropping the handle leaves the process running.
        Command::new(own).args(before).args(args).stdin(Stdio::inherit()).spawn().map(drop)
    };
    match start() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: cannot start {args:?}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// First thing in a launched process: leaves the command's session, records who it is.
pub(crate) fn settle_in(folder: &Path) -> Result<(), FileError> {
    // Fails only if it leads a session already, which is what is wanted.
    let _ = rustix::process::setsid();
    let own = ProcessId::own().expect("a running process finds itself");
    files::write_json(&record_path(folder), &Record { process: own })
}

/// Ends the process of `folder`, first gently, and returns with its lock in hand.
///
/// With the lock nobody else can start it again.
pub(crate) async fn stop(folder: &Path, grace: Duration) -> Result<LifeLock, LaunchError> {
    let lock_path = lock_path(folder);
    if let Some(lock) = LifeLock::take(&lock_path)? {
        return Ok(lock);
    }
    let process = recorded(folder).await?;
    let Some(process) = process else { return wait_for_lock(folder, 0, START_LIMIT).await };
    process.signal(Signal::TERM);
    match wait_for_lock(folder, process.pid, grace).await {
        Err(LaunchError::Immortal { .. }) => {
            process.signal(Signal::KILL);
            wait_for_lock(folder, process.pid, START_LIMIT).await
        }
        ended => ended,
    }
}

/// Whether the process of `folder` runs.
pub(crate) fn is_running(folder: &Path) -> Result<bool, FileError> {
    lock::is_held(&lock_path(folder))
}

/// The lock file of an object.
pub(crate) fn lock_path(folder: &Path) -> PathBuf {
    folder.join("lock")
}

/// The process of `folder`; `None` if it died before it said so.
async fn recorded(folder: &Path) -> Result<Option<ProcessId>, LaunchError> {
    let start = Instant::now();
    while start.elapsed() < START_LIMIT {
        if let Some(record) = files::read_json::<Record>(&record_path(folder))? {
            return Ok(Some(record.process));
        }
        if !is_running(folder)? {
            return Ok(None);
        }
        sleep(LOOK).await;
    }
    Err(LaunchError::Died { folder: folder.to_owned() })
}

async fn wait_for_lock(folder: &Path, pid: u32, limit: Duration) -> Result<LifeLock, LaunchError> {
    let start = Instant::now();
    loop {
        if let Some(lock) = LifeLock::take(&lock_path(folder))? {
            return Ok(lock);
        }
        if start.elapsed() >= limit {
            return Err(LaunchError::Immortal { pid, folder: folder.to_owned() });
        }
        sleep(LOOK).await;
    }
}

fn inherited() -> impl Iterator<Item = (&'static str, OsString)> {
    INHERITED.into_iter().filter_map(|name| Some((name, env::var_os(name)?)))
}

fn record_path(folder: &Path) -> PathBuf {
    folder.join("process.json")
}

/// The content of `process.json`.
#[derive(Serialize, Deserialize)]
struct Record {
    process: ProcessId,
}
