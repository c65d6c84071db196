//! A server's process: started, found ready, and ended with whoever started it.

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

/// How long a server may take to start; a busy machine is slow.
const PATIENCE: Duration = Duration::from_secs(120);

/// What both servers print in front of their port.
const ANNOUNCEMENT: &str = "Running on http://127.0.0.1:";

/// A server that runs, on a port of loopback. Dropping it ends it.
pub(super) struct Server {
    pub(super) port: u16,
    child: Child,
    log: PathBuf,
}

impl Server {
    /// Starts a server, and waits until its port takes connections.
    pub(super) async fn start(
        python: &Path,
        arguments: &[&str],
        variables: &[(&str, &str)],
        folder: &Path,
        name: &str,
    ) -> Server {
        let log = folder.join(format!("{name}.log"));
        let file = || File::create(&log).expect("the server's log");
        let file = file();
        // A watchdog of the shell's: it ends the server when the pipe of its input breaks, that is
        // when this process is gone, however it went.
        let script =
            r#""$@" & server=$!; (cat >/dev/null; kill -9 $server 2>/dev/null) <&3 & wait $server"#;
        let child = Command::new("sh")
            .args(["-c", &format!("exec 3<&0; {script}"), "server"])
            .arg(python)
            .args(arguments)
            .envs(variables.iter().copied())
            .env("PYTHONUNBUFFERED", "1")
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(file.try_clone().expect("the log can be shared"))
            .stderr(file)
            .process_group(0)
            .spawn()
            .expect("the server can be started");
        let mut server = Server { port: 0, child, log };
        server.port = server.announced_port().await;
        server.wait_for_connections().await;
        server
    }

    async fn announced_port(&mut self) -> u16 {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(port) = port_in(&self.output()) {
                return port;
            }
            self.expect_running(until);
            sleep(Duration::from_millis(20)).await;
        }
    }

    async fn wait_for_connections(&mut self) {
        let until = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", self.port)).await.is_err() {
            self.expect_running(until);
            sleep(Duration::from_millis(20)).await;
        }
    }

    fn expect_running(&mut self, until: Instant) {
        let ended = self.child.try_wait().expect("the child can be asked");
        assert!(ended.is_none(), "the server ended with {ended:?}: {}", self.last_words());
        assert!(Instant::now() < until, "the server does not start: {}", self.last_words());
    }

    /// The end of what it wrote.
    pub(super) fn last_words(&self) -> String {
        let text = self.output();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }

    fn output(&self) -> String {
        let bytes = std::fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            // It may be gone already.
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.child.wait();
    }
}

fn port_in(output: &str) -> Option<u16> {
    let (_, rest) = output.split_once(ANNOUNCEMENT)?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    // The line may not be complete yet.
    let complete = rest.len() > digits.len();
    digits.parse().ok().filter(|_| complete)
}
