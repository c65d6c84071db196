//! One API server as a child process.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::{Kind, StartError, sockets};

const LAUNCH: &str = include_str!("launch.py");
const AMIS: &str = include_str!("amis.json");

/// What a server prints once it listens.
const RUNNING: &str = "Running on http://127.0.0.1:";

/// How long a server may take to listen, on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(60);

/// How much of what a server said is shown.
const SHOWN_LINES: usize = 25;

/// A running API server. It ends when this is dropped, and when this process ends, however.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    stderr: PathBuf,
    /// Where it listens on loopback.
    pub(crate) port: u16,
}

impl Server {
    /// Starts a server and returns when it listens, on loopback only.
    pub(crate) fn start(kind: Kind, python: &Path, folder: &Path) -> Result<Server, StartError> {
        let stderr = folder.join(kind.name()).with_extension("stderr");
        let log = File::create(&stderr).map_err(|source| StartError::file(&stderr, source))?;
        let mut command = kind.command(python, folder)?;
        // The child reads the end of its standard input as the end of this process.
        command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(log);
        let child = command.spawn();
        let shown = || format!("{command:?}");
        let child = child.map_err(|source| StartError::Run { command: shown(), source })?;
        let mut server = Server { child, stderr, port: 0 };
        match server.await_port().and_then(|()| server.listens_alone()) {
            Ok(()) => Ok(server),
            Err(problem) => {
                let stderr = server.said();
                Err(StartError::Server { server: kind.name(), problem, stderr })
            }
        }
    }

    /// The end of what the server said, without the lines that only name a request.
    pub(crate) fn said(&self) -> String {
        let text = fs::read(&self.stderr).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().filter(|line| !line.contains(" HTTP/1.1")).collect();
        lines[lines.len().saturating_sub(SHOWN_LINES)..].join("\n")
    }

    fn await_port(&mut self) -> Result<(), String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(port) = port(&fs::read_to_string(&self.stderr).unwrap_or_default()) {
                self.port = port;
                return Ok(());
            }
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(format!("ended with {status} before it listened"));
            }
            if Instant::now() > deadline {
                return Err(format!("did not listen within {} seconds", PATIENCE.as_secs()));
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Some of their services listen on every interface unless they are told not to.
    fn listens_alone(&self) -> Result<(), String> {
        let listening = sockets::listening(self.child.id()).map_err(|error| error.to_string())?;
        let wanted = [(std::net::Ipv4Addr::LOCALHOST, self.port).into()];
        if listening == wanted {
            return Ok(());
        }
        Err(format!("listens on {listening:?}, not just on port {} of loopback", self.port))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Its children are in its group. Both calls fail only if it has ended already.
        let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        let _ = self.child.wait();
    }
}

impl Kind {
    /// What the server is called, to a reader and as a Python module's package.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Moto => "moto",
            Kind::Ministack => "ministack",
        }
    }

    fn command(self, python: &Path, folder: &Path) -> Result<Command, StartError> {
        let mut command = Command::new(python);
        command.args(["-c", LAUNCH]).current_dir(folder).env("TMPDIR", folder);
        match self {
            Kind::Moto => moto(&mut command, folder)?,
            Kind::Ministack => ministack(&mut command, folder),
        }
        Ok(command)
    }
}

fn moto(command: &mut Command, folder: &Path) -> Result<(), StartError> {
    let amis = folder.join("amis.json");
    fs::write(&amis, AMIS).map_err(|source| StartError::file(&amis, source))?;
    command
        .args(["moto.server", "-H", "127.0.0.1", "-p", "0"])
        // Without these it launches any image, type and key, and knows no managed policy.
        .env("MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION", "true")
        .env("MOTO_ENABLE_KEYPAIR_VALIDATION", "true")
        .env("MOTO_ENABLE_AMI_VALIDATION", "true")
        .env("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
        // Its own 1,301 images cost 90 ms and 3 MB in each account and region.
        .env("MOTO_AMIS_PATH", amis);
    Ok(())
}

fn ministack(command: &mut Command, folder: &Path) {
    command
        .arg("ministack.app")
        .env("GATEWAY_PORT", "0")
        .env("BIND_HOST", "127.0.0.1")
        // These two would listen on every interface, whatever BIND_HOST says.
        .env("IOT_MTLS_ENABLED", "0")
        .env("SFTP_ENABLED", "0")
        .env("SERVICES", "route53,cloudwatch")
        .env("STATE_DIR", folder)
        .env("S3_DATA_DIR", folder);
}

fn port(stderr: &str) -> Option<u16> {
    let (_, rest) = stderr.split_once(RUNNING)?;
    let digits = rest.split_once(|next: char| !next.is_ascii_digit())?.0;
    digits.parse().ok()
}
