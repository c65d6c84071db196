//! Services: processes that take their whole configuration over a control socket.
//!
//! A load balancer is one, and so is a zone's DNS server. What they have in common is here: how a
//! command brings one up and composes its configuration in turn with others, and the process's
//! own life. What a service serves is its own.

use std::env;
use std::error::Error;
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::io::BufReader;
use tokio::net::{UnixListener, UnixStream};
use tokio::signal::unix::Signal;
use tokio::time::sleep;

use super::control;
use super::files::{self, FileError};
use super::launch::{self, LOOK, LaunchError, Launcher};
use super::lock::LifeLock;

/// A configuration and its number, which rises with each.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versioned<C> {
    /// 0 before the first.
    pub version: u64,
    /// The configuration.
    pub config: C,
}

/// What a process answers on its control socket.
pub(crate) trait Service: Send + Sync + 'static {
    /// What it can be asked.
    type Request: DeserializeOwned + Send;
    /// What it answers.
    type Reply: Serialize + Send + Sync;

    /// Answers a request; `None` once the process is on its way out.
    fn reply(&self, request: Self::Request) -> impl Future<Output = Option<Self::Reply>> + Send;
}

/// Starts the process `role` of `folder` unless it runs, and returns when it listens.
pub(crate) async fn start(
    launcher: &Launcher,
    role: &'static str,
    folder: &Path,
) -> Result<(), LaunchError> {
    if let Some(lock) = LifeLock::take(&launch::lock_path(folder))? {
        launcher.launch(role, folder, lock).await?;
    }
    while !control::listens(folder).await {
        if !launch::is_running(folder)? {
            return Err(LaunchError::Died { folder: folder.to_owned() });
        }
        sleep(LOOK).await;
    }
    Ok(())
}

/// Lets one command at a time compose and send; else a slow one could send what is old by then.
pub(crate) async fn take_turn(folder: &Path) -> Result<File, FileError> {
    let path = folder.join("configure.lock");
    let lock = move || {
        let file = OpenOptions::new().create(true).append(true).open(&path);
        let file = file.map_err(FileError::write(&path))?;
        file.lock().map_err(FileError::read(&path))?;
        Ok(file)
    };
    tokio::task::spawn_blocking(lock).await.expect("taking a lock does not panic")
}

/// Runs the process of `folder` to its end; `serve` is what it does.
pub(crate) fn run<F>(folder: &Path, serve: impl FnOnce(PathBuf) -> F) -> ExitCode
where
    F: Future<Output = Result<(), Box<dyn Error>>>,
{
    match run_folder(folder, serve) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run_folder<F>(folder: &Path, serve: impl FnOnce(PathBuf) -> F) -> Result<(), Box<dyn Error>>
where
    F: Future<Output = Result<(), Box<dyn Error>>>,
{
    launch::settle_in(folder)?;
    // The socket is bound by a relative path, which is short however deep the folder lies.
    env::set_current_dir(folder)?;
    allow_many_connections();
    let workers = std::thread::available_parallelism().map_or(2, |count| count.get().min(4));
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers)
        .enable_all()
        .build()?
        .block_on(serve(folder.to_owned()))
}

/// Answers on the control socket until the process is told to end.
pub(crate) async fn answer<S: Service>(
    service: &Arc<S>,
    terminate: &mut Signal,
) -> Result<(), Box<dyn Error>> {
    files::remove(Path::new(control::SOCKET))?;
    let socket = UnixListener::bind(control::SOCKET)?;
    loop {
        tokio::select! {
            accepted = socket.accept() => {
                if let Ok((stream, _)) = accepted {
                    tokio::spawn(talk(Arc::clone(service), stream));
                }
            }
            _ = terminate.recv() => return Ok(()),
        }
    }
}

async fn talk<S: Service>(service: Arc<S>, stream: UnixStream) {
    let mut stream = BufReader::new(stream);
    // A client that goes away or talks nonsense gets no answer, and needs none.
    while let Ok(Some(request)) = control::read_line(&mut stream).await {
        let Some(reply) = service.reply(request).await else { return };
        if control::write_line(stream.get_mut(), &reply).await.is_err() {
            return;
        }
    }
}

/// Each request takes two descriptors, and the usual limit is low.
fn allow_many_connections() {
    let limit = getrlimit(Resource::Nofile);
    // Fewer connections, at worst.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}

/// Now, in milliseconds since 1970.
pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
