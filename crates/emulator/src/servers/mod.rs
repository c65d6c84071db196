//! The API servers: installed once, started when they are first needed, gone with the test.

mod process;
mod venv;

use std::path::Path;

use tempfile::TempDir;
use tokio::sync::OnceCell;

use process::Server;

/// Which server answers for a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Upstream {
    /// EC2, load balancers, IAM, STS, SSM, S3 and the rest.
    Moto,
    /// Route 53 and CloudWatch.
    Ministack,
}

impl Upstream {
    /// The server for a service, by its name in a signature's scope.
    pub(crate) fn of(service: &str) -> Upstream {
        match service {
            "route53" | "monitoring" => Upstream::Ministack,
            _ => Upstream::Moto,
        }
    }
}

/// The servers of one cloud.
pub(crate) struct Servers {
    folder: TempDir,
    moto: OnceCell<Server>,
    ministack: OnceCell<Server>,
}

impl Servers {
    pub(crate) fn new() -> Servers {
        let folder = tempfile::tempdir().expect("a temporary folder for the servers");
        Servers { folder, moto: OnceCell::new(), ministack: OnceCell::new() }
    }

    /// The port of a server, which is started if it does not run yet.
    pub(crate) async fn port(&self, upstream: Upstream) -> u16 {
        let server = match upstream {
            Upstream::Moto => self.moto.get_or_init(|| moto(self.folder.path())).await,
            Upstream::Ministack => {
                self.ministack.get_or_init(|| ministack(self.folder.path())).await
            }
        };
        server.port
    }

    /// The end of what a server wrote: the reason for an error of its own.
    pub(crate) fn last_words(&self, upstream: Upstream) -> String {
        let server = match upstream {
            Upstream::Moto => self.moto.get(),
            Upstream::Ministack => self.ministack.get(),
        };
        server.map(Server::last_words).unwrap_or_default()
    }
}

async fn moto(folder: &Path) -> Server {
    let images = folder.join("amis.json");
    std::fs::write(&images, include_str!("amis.json")).expect("a temporary file");
    let images = images.display().to_string();
    let variables = [
        ("MOTO_AMIS_PATH", images.as_str()),
        ("MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION", "true"),
        ("MOTO_ENABLE_KEYPAIR_VALIDATION", "true"),
        ("MOTO_ENABLE_AMI_VALIDATION", "true"),
        ("MOTO_IAM_LOAD_MANAGED_POLICIES", "true"),
    ];
    let arguments = ["-m", "moto.server", "-H", "127.0.0.1", "-p", "0"];
    Server::start(&venv::python().await, &arguments, &variables, folder, "moto").await
}

async fn ministack(folder: &Path) -> Server {
    let data = folder.display().to_string();
    let variables = [
        ("GATEWAY_PORT", "0"),
        ("BIND_HOST", "127.0.0.1"),
        // Both listen on every address, whatever BIND_HOST says.
        ("IOT_MTLS_ENABLED", "0"),
        ("SFTP_ENABLED", "0"),
        ("SERVICES", "route53,cloudwatch"),
        ("STATE_DIR", data.as_str()),
        ("S3_DATA_DIR", data.as_str()),
        ("TMPDIR", data.as_str()),
    ];
    let python = venv::python().await;
    Server::start(&python, &["-m", "ministack"], &variables, folder, "ministack").await
}
