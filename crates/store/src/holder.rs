//! Who holds a lease.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The process that holds (or asks for) the lease of a state, as it introduces itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The name of the machine.
    pub host: String,
    /// The process on that machine.
    pub pid: u32,
    /// The user who runs it.
    pub user: String,
    /// The command line, as a person would type it.
    pub command: String,
    /// The page of the build that runs it, if a build server does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<String>,
    /// When it took the lease.
    pub since: Timestamp,
    /// What tells this lease from any other, also of the same process.
    pub lease: String,
}

impl Holder {
    /// Describes the calling process, which runs `command` on behalf of `build`, at `since`.
    pub fn this_process(command: &str, build: Option<String>, since: Timestamp) -> Holder {
        Holder {
            host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
            pid: std::process::id(),
            user: user(),
            command: command.to_owned(),
            build,
            since,
            lease: random_id(),
        }
    }

    /// Who it is, without what it does: `ann on ci-4`, and the page of its build.
    pub fn introduction(&self) -> String {
        let Holder { user, host, .. } = self;
        match &self.build {
            Some(build) => format!("{user} on {host}, {build}"),
            None => format!("{user} on {host}"),
        }
    }
}

/// 32 hexadecimal digits from the operating system's randomness.
pub(crate) fn random_id() -> String {
    let mut bytes = [0_u8; 16];
    // Without randomness of the system, the process and its time still tell two ids apart.
    if getrandom::fill(&mut bytes).is_err() {
        let now = Timestamp::now().as_nanosecond().to_le_bytes();
        bytes.copy_from_slice(&now);
        let pid = std::process::id().to_le_bytes();
        bytes[12..].copy_from_slice(&pid);
    }
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn user() -> String {
    let named = ["USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok());
    named.unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw()))
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Holder { host, pid, user, command, build, since, lease: _ } = self;
        write!(f, "{user} on {host}, process {pid}, `{command}`")?;
        if let Some(build) = build {
            write!(f, ", {build}")?;
        }
        write!(f, ", since {since}")
    }
}
