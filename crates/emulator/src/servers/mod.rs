//! The API servers: their Python environment, their processes, their lives.

mod server;
mod sockets;

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use tempfile::TempDir;
use thiserror::Error;
use tokio::sync::OnceCell;
use tokio::task;

use crate::venv;

pub(crate) use server::Server;

/// Why the cloud did not start. No process is left.
#[derive(Debug, Error)]
pub enum StartError {
    /// A program could not be run at all.
    #[error("cannot run {command}; it needs Python 3 with its venv module")]
    Run {
        /// The command line.
        command: String,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// A program ended with a failure.
    #[error("{command} ended with {status}:\n{stderr}")]
    Failed {
        /// The command line.
        command: String,
        /// How it ended.
        status: ExitStatus,
        /// What it said.
        stderr: String,
    },
    /// A file or folder could not be used.
    #[error("cannot use {}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The proxy could not listen.
    #[error("cannot listen on loopback")]
    Listen(#[source] io::Error),
    /// A server did not come up, or is not as it should be.
    #[error("{server} {problem}; it said:\n{stderr}")]
    Server {
        /// Which.
        server: &'static str,
        /// What is wrong with it.
        problem: String,
        /// The end of what it said.
        stderr: String,
    },
}

impl StartError {
    pub(crate) fn file(path: &Path, source: io::Error) -> StartError {
        StartError::File { path: path.to_owned(), source }
    }
}

/// Replies are shaped by botocore, so nothing may float.
const REQUIREMENTS: &str = include_str!("requirements.txt");

/// Which server answers a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// EC2, Elastic Load Balancing, IAM, STS, SSM, S3 and all others.
    Moto,
    /// Route 53 and CloudWatch.
    Ministack,
}

impl Kind {
    /// The server of the service that signs as `service`.
    pub(crate) fn of(service: &str) -> Kind {
        match service {
            "route53" | "monitoring" => Kind::Ministack,
            _ => Kind::Moto,
        }
    }
}

/// The servers, each started by the first call that needs it.
#[derive(Debug)]
pub(crate) struct Servers {
    python: PathBuf,
    folder: TempDir,
    moto: OnceCell<Server>,
    ministack: OnceCell<Server>,
}

impl Servers {
    /// Makes sure that the servers can be started.
    pub(crate) fn prepare() -> Result<Servers, StartError> {
        let folder = tempfile::Builder::new().prefix("greenroom-emulator-").tempdir();
        let folder = folder.map_err(|source| StartError::file(&std::env::temp_dir(), source))?;
        let (moto, ministack) = (OnceCell::new(), OnceCell::new());
        Ok(Servers {
            python: venv::interpreter("emulators", REQUIREMENTS)?,
            folder,
            moto,
            ministack,
        })
    }

    /// The server of this kind; starts it if it does not run yet.
    pub(crate) async fn get(&self, kind: Kind) -> Result<&Server, StartError> {
        self.cell(kind).get_or_try_init(|| self.start(kind)).await
    }

    /// The end of what the server has said so far.
    pub(crate) fn said(&self, kind: Kind) -> String {
        self.cell(kind).get().map(Server::said).unwrap_or_default()
    }

    fn cell(&self, kind: Kind) -> &OnceCell<Server> {
        match kind {
            Kind::Moto => &self.moto,
            Kind::Ministack => &self.ministack,
        }
    }

    async fn start(&self, kind: Kind) -> Result<Server, StartError> {
        let (python, folder) = (self.python.clone(), self.folder.path().to_owned());
        let started = task::spawn_blocking(move || Server::start(kind, &python, &folder));
        started.await.expect("starting a server does not panic")
    }
}
