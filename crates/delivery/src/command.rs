//! Running a command: with what it is told by its environment, its output where it belongs, and an
//! end that is bounded.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use greenroom_apply::Cancel;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tokio::process::Child;
use tokio::time::timeout;

use crate::attest::keys;

/// How long a command that is asked to end may take for it before it is killed.
pub const GRACE: Duration = Duration::from_secs(10);

/// The start of the names of the variables that tell a command an environment's outputs.
pub(crate) const OUTPUT: &str = "GREENROOM_OUTPUT_";

/// A command to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandLine {
    program: OsString,
    arguments: Vec<OsString>,
    /// Where it works; the process's own folder if there is none.
    folder: Option<PathBuf>,
    text: String,
}

/// Where the output of commands goes.
#[derive(Debug)]
pub enum Output {
    /// To this process's own streams.
    Inherited,
    /// Both streams to this process's standard error.
    Error,
    /// Both streams, to a file.
    File(File),
    /// Each stream to a file of its own.
    Split {
        /// What it prints.
        out: File,
        /// What it says beside that.
        err: File,
    },
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Its status as a shell has it.
    pub status: u8,
    /// Whether it was asked to end.
    pub cancelled: bool,
    /// Why it could not be started.
    pub error: Option<String>,
}

impl CommandLine {
    /// Words that are a program and its arguments, run where this process works; `text` is how a
    /// person would type them. `None` for no words.
    #[must_use]
    pub fn words(words: &[OsString], text: String) -> Option<CommandLine> {
        let (program, arguments) = words.split_first()?;
        Some(CommandLine {
            program: program.clone(),
            arguments: arguments.to_vec(),
            folder: None,
            text,
        })
    }

    /// A line for the shell, run in a folder.
    #[must_use]
    pub fn shell(line: &str, folder: &Path) -> CommandLine {
        CommandLine {
            program: "sh".into(),
            arguments: vec!["-c".into(), line.into()],
            folder: Some(folder.to_owned()),
            text: line.to_owned(),
        }
    }

    /// The command, for people.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Runs it to its end. A cancellation asks it to end, and kills it after [`GRACE`]; an abort
    /// kills it at once.
    ///
    /// Unless its input is a terminal, which the terminal's own group alone may read, it leads a
    /// process group, all of which is ended with it.
    pub async fn run(
        &self,
        variables: &BTreeMap<String, String>,
        output: &Output,
        cancel: &Cancel,
    ) -> Ended {
        let leads = !io::stdin().is_terminal();
        let mut child = match self.start(variables, output, leads) {
            Ok(child) => child,
            Err(error) => return not_started(&error),
        };
        tokio::select! {
            biased;
            status = child.wait() => ended(status, false),
            () = cancel.cancelled() => ended(end(&mut child, leads, cancel).await, true),
        }
    }

    fn start(
        &self,
        variables: &BTreeMap<String, String>,
        output: &Output,
        leads: bool,
    ) -> io::Result<Child> {
        let mut command = tokio::process::Command::new(&self.program);
        command.args(&self.arguments).kill_on_drop(true);
        command.current_dir(self.folder.as_deref().unwrap_or(Path::new(".")));
        // What an outer run told this process is not about this environment.
        for (name, _) in std::env::vars_os().filter(|(name, _)| is_output(name)) {
            command.env_remove(name);
        }
        // What is tested must not sign its own results.
        command.env_remove(keys::VARIABLE);
        command.envs(variables);
        if leads {
            command.process_group(0);
        }
        match output {
            Output::Inherited => {}
            Output::Error => {
                command.stdout(io::stderr());
            }
            Output::File(file) => {
                command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file.try_clone()?);
            }
            Output::Split { out, err } => {
                command.stdin(Stdio::null()).stdout(out.try_clone()?).stderr(err.try_clone()?);
            }
        }
        command.spawn()
    }
}

fn is_output(name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| name.starts_with(OUTPUT))
}

/// The name of a variable for `name`: letters and digits stay, in capitals.
pub(crate) fn variable_name(prefix: &str, name: &str) -> String {
    let kept = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    prefix.chars().chain(name.chars().map(kept)).collect()
}

/// Ends a command that still runs.
async fn end(child: &mut Child, leads: bool, cancel: &Cancel) -> io::Result<ExitStatus> {
    signal(child, leads, Signal::TERM);
    tokio::select! {
        biased;
        () = cancel.aborted() => {}
        ended = timeout(GRACE, child.wait()) => if let Ok(status) = ended { return status },
    }
    signal(child, leads, Signal::KILL);
    child.wait().await
}

fn signal(child: &Child, leads: bool, signal: Signal) {
    let id = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    // One that has ended meanwhile needs no signal.
    let _ =
        id.map(|id| if leads { kill_process_group(id, signal) } else { kill_process(id, signal) });
}

fn ended(status: io::Result<ExitStatus>, cancelled: bool) -> Ended {
    match status {
        Ok(status) => Ended { status: shell_status(status), cancelled, error: None },
        Err(error) => not_started(&error),
    }
}

/// A status as a shell tells it.
fn shell_status(status: ExitStatus) -> u8 {
    let signal = || status.signal().map(|signal| 128 + signal);
    let code = status.code().or_else(signal).unwrap_or(1);
    u8::try_from(code).unwrap_or(u8::MAX)
}

/// What a shell says of a command that it cannot start.
fn not_started(error: &io::Error) -> Ended {
    let status = if error.kind() == ErrorKind::NotFound { 127 } else { 126 };
    Ended { status, cancelled: false, error: Some(error.to_string()) }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Seek};

    use super::*;

    async fn run(line: &str, cancel: &Cancel) -> (Ended, String) {
        let mut file = tempfile::tempfile().unwrap();
        let output = Output::File(file.try_clone().unwrap());
        let variables = BTreeMap::from([("GREENROOM_ENV".to_owned(), "pr-17".to_owned())]);
        let command = CommandLine::shell(line, Path::new("/"));
        let ended = command.run(&variables, &output, cancel).await;
        file.rewind().unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        (ended, text)
    }

    /// Runs a line that writes something to `$marker` when it is up, and calls `stop` then.
    async fn stopped(line: &str, cancel: &Cancel, stop: impl FnOnce()) -> (Ended, String) {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let line = format!("marker={}; {line}", file.path().display());
        let mut marked = String::new();
        let running = run(&line, cancel);
        let stop = async {
            while !marked.ends_with('\n') {
                tokio::task::yield_now().await;
                file.read_to_string(&mut marked).unwrap();
            }
            stop();
        };
        let ((ended, _), ()) = tokio::join!(running, stop);
        (ended, marked)
    }

    #[tokio::test]
    async fn a_command_sees_its_variables_and_its_status_is_a_shells() {
        let cancel = Cancel::new();
        let (ended, text) = run("echo $GREENROOM_ENV in $(pwd); exit 7", &cancel).await;
        assert_eq!(ended, Ended { status: 7, cancelled: false, error: None });
        assert_eq!(text, "pr-17 in /\n");
        assert_eq!(run("kill -TERM $$", &cancel).await.0.status, 143);
        let missing = CommandLine::words(&["/no/such/program".into()], String::new()).unwrap();
        let ended = missing.run(&BTreeMap::new(), &Output::Inherited, &cancel).await;
        assert_eq!((ended.status, ended.error.is_some()), (127, true));
    }

    #[tokio::test]
    async fn a_cancelled_command_ends_with_all_that_it_started() {
        let cancel = Cancel::new();
        let line = "sleep 600 & echo $! > $marker; wait";
        let (ended, child) = stopped(line, &cancel, || cancel.cancel()).await;
        assert_eq!(ended, Ended { status: 143, cancelled: true, error: None });
        // It got the same signal; without a parent it is the system's to bury.
        let stat = format!("/proc/{}/stat", child.trim());
        while std::fs::read_to_string(&stat).is_ok_and(|it| !it.contains(") Z ")) {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_command_that_does_not_listen_is_killed_by_an_abort() {
        let cancel = Cancel::new();
        let line = "trap '' TERM; echo up > $marker; while :; do sleep 1; done";
        let stop = || {
            cancel.cancel();
            cancel.abort();
        };
        let (ended, _) = stopped(line, &cancel, stop).await;
        assert_eq!(ended, Ended { status: 137, cancelled: true, error: None });
    }

    #[test]
    fn names_of_variables_are_those_of_a_shell() {
        assert_eq!(variable_name(OUTPUT, "target-group.arn"), "GREENROOM_OUTPUT_TARGET_GROUP_ARN");
    }
}
