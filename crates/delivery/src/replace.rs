//! Files that are there wholly or not at all.

use std::io::{self, Write};
use std::path::Path;

/// Writes a file, readable by its owner alone, in the place of one that may be there. Interrupted,
/// it has happened wholly or not at all.
///
/// # Errors
///
/// What the system said; the file is as it was.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut file = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}
