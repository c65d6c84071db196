//! Finding the program of an instance.

use std::env;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};
use thiserror::Error;

use super::InstanceSpec;

/// Why a program cannot be run.
#[derive(Debug, Error)]
pub enum ProgramError {
    /// The command is empty.
    #[error("the command is empty")]
    Empty,
    /// The image is not there.
    #[error("there is no image folder `{}`", path.display())]
    NoImage {
        /// Where it was to be.
        path: PathBuf,
    },
    /// The program is not there.
    #[error("there is no program `{}`", path.display())]
    Missing {
        /// Where it was to be.
        path: PathBuf,
    },
    /// A name without a folder is neither in the image nor in `PATH`.
    #[error("there is no program `{name}` in `{}` nor in PATH", image.display())]
    NotFound {
        /// The program's name.
        name: String,
        /// The image's folder.
        image: PathBuf,
    },
    /// The file is there and may not be executed.
    #[error("`{}` is not executable", path.display())]
    NotExecutable {
        /// The file.
        path: PathBuf,
    },
}

/// The path of the instance's program: in the image, else in `PATH`.
pub(crate) fn find(spec: &InstanceSpec) -> Result<PathBuf, ProgramError> {
    let name = spec.command.first().filter(|name| !name.is_empty()).ok_or(ProgramError::Empty)?;
    if !spec.image.is_dir() {
        return Err(ProgramError::NoImage { path: spec.image.clone() });
    }
    let path = absolute(&spec.image).join(name);
    match check(&path) {
        Err(ProgramError::Missing { .. }) if !name.contains('/') => in_search_path(spec, name)
            .ok_or_else(|| ProgramError::NotFound {
                name: name.clone(),
                image: spec.image.clone(),
            }),
        checked => checked.map(|()| path),
    }
}

fn in_search_path(spec: &InstanceSpec, name: &str) -> Option<PathBuf> {
    let own = spec.environment.get("PATH").map(OsString::from);
    let search = own.or_else(|| env::var_os("PATH"))?;
    env::split_paths(&search).map(|folder| folder.join(name)).find(|path| check(path).is_ok())
}

fn check(path: &Path) -> Result<(), ProgramError> {
    if !path.is_file() {
        return Err(ProgramError::Missing { path: path.to_owned() });
    }
    access(path, Access::EXEC_OK).map_err(|_| ProgramError::NotExecutable { path: path.to_owned() })
}

/// The program runs in a working folder of its own, where a relative path would lead elsewhere.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_: io::Error| path.to_owned())
}
