//! A real registry on loopback, for one test.

#![allow(dead_code, reason = "not every test needs all of it")]

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// The program, as Debian's package of this name has it.
const PROGRAM: &str = "docker-registry";

/// A user of a registry that has users, whose hash is in the tests of the library that made it.
pub(crate) const USER: &str = "ann";
pub(crate) const PASSWORD: &str = "U*U";
const USERS: &str = "ann:$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW\n";

/// A registry, which ends with the test.
pub(crate) struct Registry {
    pub(crate) port: u16,
    folder: TempDir,
    process: Child,
}

/// What of a registry differs from one that lets everybody do everything.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Open,
    /// Only [`USER`] may do anything.
    WithUsers,
    /// Nothing is ever deleted.
    Keeping,
}

impl Registry {
    /// Starts one; `None`, which is said, if this machine has no such program.
    pub(crate) fn start() -> Option<Registry> {
        Registry::of(Kind::Open)
    }

    pub(crate) fn of(kind: Kind) -> Option<Registry> {
        let program = program()?;
        // Somebody may be faster to take the port that is free now.
        for _ in 0..5 {
            let folder = TempDir::with_prefix("greenroom-registry-").expect("a temporary folder");
            let port = free_port();
            let process = launch(&program, kind, &folder, port);
            let mut registry = Registry { port, folder, process };
            if registry.answers() {
                return Some(registry);
            }
        }
        panic!("`{PROGRAM}` does not start");
    }

    /// Its name in the names of images.
    pub(crate) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// A repository in it.
    pub(crate) fn repository(&self, name: &str) -> String {
        format!("{}/{name}", self.host())
    }

    /// Where it keeps its blobs.
    pub(crate) fn storage(&self) -> PathBuf {
        self.folder.path().join("data/docker/registry/v2")
    }

    fn answers(&mut self) -> bool {
        let limit = Instant::now() + Duration::from_secs(20);
        while Instant::now() < limit && self.process.try_wait().expect("our child").is_none() {
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return true;
            }
            sleep(Duration::from_millis(10));
        }
        false
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Where the program is; says so if it is nowhere.
pub(crate) fn program() -> Option<PathBuf> {
    let search = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&search).map(|it| it.join(PROGRAM)).find(|it| it.is_file());
    if found.is_none() {
        println!("skipped: there is no `{PROGRAM}` in PATH; Debian has a package of that name");
    }
    found
}

fn launch(program: &PathBuf, kind: Kind, folder: &TempDir, port: u16) -> Child {
    let path = folder.path().display();
    let delete = kind != Kind::Keeping;
    let mut config = format!(
        "version: 0.1\n\
         log: {{ level: error, accesslog: {{ disabled: true }} }}\n\
         storage: {{ filesystem: {{ rootdirectory: {path}/data }}, delete: {{ enabled: {delete} }} }}\n\
         http: {{ addr: '127.0.0.1:{port}', relativeurls: true, secret: s }}\n"
    );
    if kind == Kind::WithUsers {
        fs::write(folder.path().join("users"), USERS).expect("a file of users");
        config += &format!("auth: {{ htpasswd: {{ realm: test, path: {path}/users }} }}\n");
    }
    let file = folder.path().join("config.yml");
    fs::write(&file, config).expect("a configuration");
    Command::new(program)
        .arg("serve")
        .arg(file)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts")
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("it has an address").port()
}
