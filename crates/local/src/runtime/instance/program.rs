//! Finding the program of an instance.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use greenroom_oci::PullError;
use rustix::fs::{Access, access};
use thiserror::Error;

use super::InstanceSpec;
use crate::runtime::image::Image;
use crate::runtime::root::Root;

/// Why a program cannot be run.
#[derive(Debug, Error)]
pub enum ProgramError {
    /// The command is empty.
    #[error("the command is empty")]
    Empty,
    /// Neither the instance nor its image says what is run.
    #[error("`{image}` does not say what is run in it, and `command` is left out")]
    Unsaid {
        /// The image.
        image: String,
    },
    /// What the image says of itself cannot be read.
    #[error(transparent)]
    Image(#[from] PullError),
    /// The path of the program leads nowhere.
    #[error("`{}` leads nowhere in the image", path.display())]
    Links {
        /// The path in the image.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
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

/// What an instance runs.
#[derive(Debug)]
pub(crate) struct Run {
    /// The program's path.
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<String>,
    pub(crate) environment: BTreeMap<String, String>,
    /// The folder that the image is in.
    pub(crate) image: PathBuf,
}

/// Finds what an instance runs; its image is there.
pub(crate) fn find(root: &Root, spec: &InstanceSpec) -> Result<Run, ProgramError> {
    match &spec.image {
        Image::Folder(folder) => in_folder(folder, spec),
        Image::Oci(id) => in_unpacked(&root.image(id), spec),
    }
}

/// What an instance is called where it is spoken of.
pub(crate) fn title(spec: &InstanceSpec) -> String {
    if spec.command.is_empty() { spec.image.to_string() } else { spec.command.join(" ") }
}

fn in_folder(folder: &Path, spec: &InstanceSpec) -> Result<Run, ProgramError> {
    let (name, arguments) = split(&spec.command)?;
    if !folder.is_dir() {
        return Err(ProgramError::NoImage { path: folder.to_owned() });
    }
    let program = first(&[absolute(folder).join(name)], folder, name, &spec.environment)?;
    let image = folder.to_owned();
    Ok(Run { program, arguments, environment: spec.environment.clone(), image })
}

/// By what the image says of itself, under what the instance says.
fn in_unpacked(folder: &Path, spec: &InstanceSpec) -> Result<Run, ProgramError> {
    let rootfs = greenroom_oci::rootfs_of(folder);
    let config = greenroom_oci::config_of(folder)?.config.unwrap_or_default();
    let own = config.command();
    let command = if spec.command.is_empty() { &own } else { &spec.command };
    if command.is_empty() {
        return Err(ProgramError::Unsaid { image: spec.image.to_string() });
    }
    let (name, arguments) = split(command)?;
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let mut environment: BTreeMap<_, _> = config.environment().map(owned).collect();
    let mut folders = vec![Path::new("/").join(config.working_dir.unwrap_or_default())];
    if !name.contains('/') {
        let path = environment.get("PATH").map_or("/usr/local/bin:/usr/bin:/bin", String::as_str);
        folders.extend(env::split_paths(path));
    }
    let inside = |folder: PathBuf| {
        let path = folder.join(name);
        greenroom_oci::resolve(&rootfs, &path)
            .map_err(|source| ProgramError::Links { path, source })
    };
    let paths: Vec<PathBuf> = folders.into_iter().map(inside).collect::<Result<_, _>>()?;
    let program = first(&paths, &rootfs, name, &spec.environment)?;
    environment.extend(spec.environment.clone());
    Ok(Run { program, arguments, environment, image: rootfs })
}

fn split(command: &[String]) -> Result<(&str, Vec<String>), ProgramError> {
    match command {
        [name, arguments @ ..] if !name.is_empty() => Ok((name, arguments.to_vec())),
        _ => Err(ProgramError::Empty),
    }
}

/// The first of some paths in an image where there is a program, else the one in `PATH`.
fn first(
    paths: &[PathBuf],
    image: &Path,
    name: &str,
    environment: &BTreeMap<String, String>,
) -> Result<PathBuf, ProgramError> {
    let mut missing = None;
    for path in paths {
        match check(path) {
            Err(error @ ProgramError::Missing { .. }) => missing = missing.or(Some(error)),
            checked => return checked.map(|()| path.clone()),
        }
    }
    let (name, image) = (name.to_owned(), image.to_owned());
    match missing {
        Some(error) if name.contains('/') => Err(error),
        _ => in_search_path(environment, &name).ok_or(ProgramError::NotFound { name, image }),
    }
}

fn in_search_path(environment: &BTreeMap<String, String>, name: &str) -> Option<PathBuf> {
    let own = environment.get("PATH").map(OsString::from);
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
