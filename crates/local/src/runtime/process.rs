//! Processes by identity: a pid together with the start time, because pids are reused.

use std::io;
use std::path::Path;
use std::time::Duration;

use rustix::process::{Pid, Signal};
use serde::{Deserialize, Serialize};

/// The environment variable that tells a program its instance's uid.
pub const UID_VARIABLE: &str = "GREENROOM_UID";

/// The environment variable by which a program's processes are recognised: the instance's folder,
/// which also tells two root folders apart.
pub const FOLDER_VARIABLE: &str = "GREENROOM_FOLDER";

/// One process, told apart from later ones with the same pid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessId {
    /// The process's number.
    pub pid: u32,
    /// When it started, in the system's own notation; only good for comparing.
    pub started: String,
}

impl ProcessId {
    /// The identity of a process that runs now; `None` if there is none with this number.
    pub fn of(pid: u32) -> Option<ProcessId> {
        Some(ProcessId { pid, started: system::start_time(pid)? })
    }

    /// The identity of this process.
    pub(crate) fn own() -> Option<ProcessId> {
        ProcessId::of(std::process::id())
    }

    /// Whether the process still runs.
    pub fn is_alive(&self) -> bool {
        system::start_time(self.pid).is_some_and(|started| started == self.started)
    }

    /// Sends a signal, unless the process has ended.
    pub(crate) fn signal(&self, signal: Signal) {
        system::signal(self.pid, signal, |pid| {
            system::start_time(pid).is_some_and(|started| started == self.started)
        });
    }
}

/// Kills whatever still runs of the object in `folder`, and returns when it is gone.
///
/// It finds processes by their environment, which also catches those that left the program's
/// group, and by `known`. A stranger that got a reused pid has neither.
pub(crate) async fn end_leftovers(folder: &Path, known: Option<&ProcessId>) -> io::Result<()> {
    const ROUNDS: usize = 100;
    for _ in 0..ROUNDS {
        let mut left = system::with_variable(FOLDER_VARIABLE, folder.as_os_str());
        left.extend(known.filter(|process| process.is_alive()).cloned());
        if left.is_empty() {
            return Ok(());
        }
        left.iter().for_each(|process| process.signal(Signal::KILL));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Err(io::Error::new(io::ErrorKind::TimedOut, "processes of the object do not die"))
}

fn pid(number: u32) -> Option<Pid> {
    Pid::from_raw(i32::try_from(number).ok()?)
}

#[cfg(target_os = "linux")]
mod system {
    use std::ffi::OsStr;
    use std::fs;
    use std::os::unix::ffi::OsStrExt;

    use rustix::process::{PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

    use super::ProcessId;

    /// Start time in clock ticks since boot; `None` also for a zombie, which runs no more.
    pub(super) fn start_time(pid: u32) -> Option<String> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name in parentheses may itself hold spaces and parentheses.
        let (_, rest) = stat.rsplit_once(") ")?;
        let mut fields = rest.split(' ');
        let state = fields.next()?;
        let started = fields.nth(18)?;
        (!matches!(state, "Z" | "X")).then(|| started.to_owned())
    }

    /// Signals through a descriptor, so that the process that was verified is the one that
    /// gets it.
    pub(super) fn signal(number: u32, signal: Signal, verify: impl FnOnce(u32) -> bool) {
        let Some(pid) = super::pid(number) else { return };
        let Ok(process) = pidfd_open(pid, PidfdFlags::empty()) else { return };
        if verify(number) {
            // It may have ended by now, which is what the signal is for.
            let _ = pidfd_send_signal(&process, signal);
        }
    }

    /// All processes of this user whose environment sets `variable` to `value`.
    pub(super) fn with_variable(variable: &str, value: &OsStr) -> Vec<ProcessId> {
        let wanted = [variable.as_bytes(), b"=", value.as_bytes()].concat();
        let sets = |pid: &u32| {
            let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            environment.split(|&byte| byte == 0).any(|entry| entry == wanted)
        };
        let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
        entries
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .filter(|pid| *pid != std::process::id() && sets(pid))
            .filter_map(ProcessId::of)
            .collect()
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::process::{Command, Stdio};

    use rustix::process::{Signal, kill_process, kill_process_group};

    use super::ProcessId;

    /// Start time to the second, as `ps` prints it; `None` also for a zombie.
    pub(super) fn start_time(pid: u32) -> Option<String> {
        let output = Command::new("ps")
            .args(["-o", "state=,lstart=", "-p", &pid.to_string()])
            .stdin(Stdio::null())
            .output()
            .ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        let (state, started) = text.trim().split_once(' ')?;
        (!state.starts_with('Z')).then(|| started.trim().to_owned())
    }

    /// Signals the process, and on a kill its group, which it leads if it is a program.
    pub(super) fn signal(number: u32, signal: Signal, verify: impl FnOnce(u32) -> bool) {
        let Some(pid) = super::pid(number) else { return };
        if verify(number) {
            if signal == Signal::KILL {
                let _ = kill_process_group(pid, signal);
            }
            let _ = kill_process(pid, signal);
        }
    }

    /// Other processes' environments cannot be read here.
    pub(super) fn with_variable(_: &str, _: &std::ffi::OsStr) -> Vec<ProcessId> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_process_is_itself_and_a_later_one_with_its_pid_is_not() {
        let own = ProcessId::own().unwrap();
        assert!(own.is_alive());
        let stranger = ProcessId { started: "another time".into(), ..own };
        assert!(!stranger.is_alive());
        // Would kill this very test if identity were the pid alone.
        stranger.signal(Signal::KILL);
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn leftovers_are_found_by_environment_and_others_are_spared() {
        let folder = format!("/leftover-{}", std::process::id());
        let sleep = |folder: &str| {
            let mut command = Command::new("sleep");
            command.arg("600").env(FOLDER_VARIABLE, folder).stdin(Stdio::null()).spawn().unwrap()
        };
        let mut ours = sleep(&folder);
        let mut other = sleep("/another");
        end_leftovers(Path::new(&folder), None).await.unwrap();
        assert!(!ours.wait().unwrap().success());
        assert!(other.try_wait().unwrap().is_none());
        other.kill().unwrap();
        other.wait().unwrap();
    }
}
