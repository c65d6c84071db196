//! Python environments of what only Python has: made once per user and set of pins.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::StartError;

/// The Python interpreter of an environment that holds what the `requirements` name, in pip's
/// form: every package, with its exact version. `name` is part of its folder's name.
///
/// The environment is built beside its final place under a lock and then renamed, so that neither
/// processes that start at once nor an install that was killed leave half of one.
///
/// # Errors
///
/// Without Python 3 with its `venv` module, or when the packages cannot be installed.
pub fn interpreter(name: &str, requirements: &str) -> Result<PathBuf, StartError> {
    let version = output(Command::new("python3").arg("--version"))?;
    let fingerprint = fingerprint(&version.stdout, requirements);
    let folder = cache().join(format!("{name}-{fingerprint}"));
    let python = folder.join("bin/python");
    if python.exists() {
        return Ok(python);
    }
    fs::create_dir_all(cache()).map_err(|source| StartError::file(&cache(), source))?;
    let lock = folder.with_extension("lock");
    let lock = File::create(&lock).map_err(|source| StartError::file(&lock, source))?;
    lock.lock().map_err(|source| StartError::file(&folder, source))?;
    if !python.exists() {
        install(&folder, requirements)?;
    }
    Ok(python)
}

fn install(folder: &Path, requirements: &str) -> Result<(), StartError> {
    let partial = folder.with_extension("partial");
    if partial.exists() {
        fs::remove_dir_all(&partial).map_err(|source| StartError::file(&partial, source))?;
    }
    output(Command::new("python3").args(["-m", "venv"]).arg(&partial))?;
    let file = partial.join("requirements.txt");
    fs::write(&file, requirements).map_err(|source| StartError::file(&file, source))?;
    output(
        Command::new(partial.join("bin/python"))
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"])
            .arg("--requirement")
            .arg(&file),
    )?;
    fs::rename(&partial, folder).map_err(|source| StartError::file(folder, source))
}

fn output(command: &mut Command) -> Result<Output, StartError> {
    let shown = format!("{command:?}");
    let output =
        command.output().map_err(|source| StartError::Run { command: shown.clone(), source })?;
    if output.status.success() {
        return Ok(output);
    }
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(StartError::Failed { command: shown, status: output.status, stderr })
}

/// An environment serves one version of Python only.
fn fingerprint(version: &[u8], requirements: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(version).update(requirements.as_bytes());
    hasher.finalize().to_hex()[..16].to_owned()
}

fn cache() -> PathBuf {
    let home = || PathBuf::from(env::var_os("HOME").unwrap_or_default()).join(".cache");
    env::var_os("XDG_CACHE_HOME").map_or_else(home, PathBuf::from).join("greenroom-ci")
}
