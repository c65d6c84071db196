//! The supervisor: one process per instance, outliving the command.
//!
//! It starts the program, notes what becomes of it, and ends it when it is told to end itself. It
//! restarts nothing: whether an instance that ended is to run again is for a plan to say. The
//! program dies with it, also if it is killed: the kernel sees to the program, and the next
//! command to what that may have left.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, getppid, kill_process_group, waitid};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::files::{self, FileError};
use super::instance::{
    self, Assigned, Exit, InstanceSpec, InstanceState, Run, Status, log_path, spec_path,
    status_path,
};
use super::launch;
use super::process::{FOLDER_VARIABLE, ProcessId, UID_VARIABLE};
use super::root::Root;

/// Runs the instance of `folder` to its end.
pub(crate) fn run(folder: &Path) -> ExitCode {
    match supervise_folder(folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Becomes the program: `SUPERVISOR_PID ERROR_FILE PROGRAM ARGUMENT…`.
///
/// A step of its own, so that what must happen in the program's process before the program does
/// is ordinary code, and not code between fork and exec.
pub(crate) fn become_program(args: &[OsString]) -> ExitCode {
    let [supervisor, error_file, program, arguments @ ..] = args else { return ExitCode::from(2) };
    if let Err(error) = die_with(supervisor) {
        let _ = fs::write(error_file, error.to_string());
        return ExitCode::FAILURE;
    }
    let error = Command::new(program).args(arguments).exec();
    // Only reached if there is no program now.
    let _ = fs::write(error_file, format!("cannot execute `{}`: {error}", program.display()));
    ExitCode::FAILURE
}

/// Asks the kernel to kill this process when its supervisor dies.
fn die_with(supervisor: &OsStr) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    // It may have died before that took effect.
    let parent = getppid().map(|pid| pid.as_raw_nonzero().to_string());
    if parent.as_deref().map(OsStr::new) == Some(supervisor) {
        Ok(())
    } else {
        Err(io::Error::other("the supervisor was killed"))
    }
}

fn supervise_folder(folder: &Path) -> Result<(), FileError> {
    launch::settle_in(folder)?;
    let Some(Assigned { spec, port: Some(port) }) = files::read_json(&spec_path(folder))? else {
        return say(folder, InstanceState::Failed("the instance has no port".into()), None);
    };
    // The kernel's promise to kill the program is bound to the thread that starts it: this one.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    match runtime {
        Ok(runtime) => {
            let result = runtime.block_on(supervise(folder, &spec, port));
            // If it could not even say what happened, nobody is to wait for the program's end.
            runtime.shutdown_background();
            result
        }
        Err(error) => say(folder, InstanceState::Failed(error.to_string()), None),
    }
}

async fn supervise(folder: &Path, spec: &InstanceSpec, port: u16) -> Result<(), FileError> {
    let started = signal(SignalKind::terminate())
        .map_err(|error| error.to_string())
        .and_then(|terminate| Ok((terminate, spawn(folder, spec, port)?)));
    let (mut terminate, mut child) = match started {
        Ok(started) => started,
        Err(reason) => return say(folder, InstanceState::Failed(reason), None),
    };
    let program = ProcessId::of(child.id());
    let pid = Pid::from_child(&child);
    // Ends with the program and leaves it unreaped: its number stays its own while its group is
    // killed.
    let mut ended = spawn_blocking(move || {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while matches!(waitid(WaitId::Pid(pid), options), Err(rustix::io::Errno::INTR)) {}
    });
    say(folder, InstanceState::Starting, program.as_ref())?;
    let mut starting = true;
    loop {
        tokio::select! {
            _ = &mut ended => {
                let state = after_end(folder, reap(&mut child, pid));
                return say(folder, state, None);
            }
            _ = terminate.recv() => {
                let grace = Duration::from_millis(spec.stop_timeout_ms);
                let _ = kill_process_group(pid, Signal::TERM);
                if timeout(grace, &mut ended).await.is_err() {
                    let _ = kill_process_group(pid, Signal::KILL);
                    let _ = ended.await;
                }
                let _ = reap(&mut child, pid);
                return say(folder, InstanceState::Stopped, None);
            }
            ready = spec.readiness.wait(port), if starting => {
                starting = false;
                let state = if ready { InstanceState::Running } else { InstanceState::Unready };
                say(folder, state, program.as_ref())?;
            }
        }
    }
}

/// Starts the program in a process group of its own.
fn spawn(folder: &Path, spec: &InstanceSpec, port: u16) -> Result<Child, String> {
    let root = Root::above(folder).ok_or("the instance lies in no root folder")?;
    let run = instance::find_program(&root, spec).map_err(|error| error.to_string())?;
    start(folder, &run, port).map_err(|error| error.to_string())
}

fn start(folder: &Path, run: &Run, port: u16) -> io::Result<Child> {
    let work = folder.join("work");
    fs::create_dir_all(&work)?;
    let _ = fs::remove_file(error_path(folder));
    let output = OpenOptions::new().create(true).append(true).open(log_path(folder))?;
    let before = env::args_os().skip(1).take_while(|arg| arg != "supervise");
    Command::new(env::current_exe()?)
        .args(before)
        .arg("exec")
        .arg(std::process::id().to_string())
        .arg(error_path(folder))
        .arg(&run.program)
        .args(&run.arguments)
        .envs(&run.environment)
        .env("PORT", port.to_string())
        .env("GREENROOM_IMAGE", &run.image)
        .env(FOLDER_VARIABLE, folder)
        .env(UID_VARIABLE, folder.file_name().unwrap_or_default())
        .current_dir(work)
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output)
        .process_group(0)
        .spawn()
}

/// Kills what is left of the program's group, then lets the program itself go.
fn reap(child: &mut Child, pid: Pid) -> io::Result<ExitStatus> {
    let _ = kill_process_group(pid, Signal::KILL);
    child.wait()
}

fn after_end(folder: &Path, status: io::Result<ExitStatus>) -> InstanceState {
    if let Ok(reason) = fs::read_to_string(error_path(folder)) {
        return InstanceState::Failed(reason);
    }
    match status.map(|status| (status.code(), status.signal())) {
        Ok((Some(code), _)) => InstanceState::Exited(Exit::Status(code)),
        Ok((None, Some(signal))) => InstanceState::Exited(Exit::Signal(signal)),
        Ok((None, None)) => InstanceState::Failed("it ended in an unknown way".into()),
        Err(error) => InstanceState::Failed(error.to_string()),
    }
}

fn say(folder: &Path, state: InstanceState, program: Option<&ProcessId>) -> Result<(), FileError> {
    files::write_json(&status_path(folder), &Status { state, program: program.cloned() })
}

fn error_path(folder: &Path) -> PathBuf {
    folder.join("start-error")
}
