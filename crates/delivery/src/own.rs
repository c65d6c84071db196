//! The project's folder for what is not of its sources: `.greenroom`, which Git ignores.

use std::path::{Path, PathBuf};
use std::{fs, io};

/// A folder below it, made if it is not there.
///
/// # Errors
///
/// What the system said.
pub(crate) fn folder(project: &Path, name: &str) -> io::Result<PathBuf> {
    let own = project.join(".greenroom");
    let folder = own.join(name);
    fs::create_dir_all(&folder)?;
    let ignore = own.join(".gitignore");
    if !ignore.exists() {
        fs::write(ignore, "*\n")?;
    }
    Ok(folder)
}
