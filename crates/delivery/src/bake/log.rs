//! The log of a bake: what its builder printed.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::BakeError;
use crate::images::Key;
use crate::own;

/// How many of the last lines of a log an error shows.
const TAIL_LINES: usize = 20;
/// How much of the end of a log is looked at for them.
const TAIL_BYTES: u64 = 16 * 1024;

/// The log of one bake.
pub struct Log {
    path: PathBuf,
    file: File,
}

impl Log {
    /// A new log below the project's folder, in the place of an earlier one of the same key.
    ///
    /// # Errors
    ///
    /// [`BakeError::Log`].
    pub(super) fn create(project: &Path, image: &str, key: &Key) -> Result<Log, BakeError> {
        let name = format!("{image}-{}.log", key.short());
        let create = || {
            let path = own::folder(project, "bakes")?.join(&name);
            let file = File::options().read(true).append(true).create(true).open(&path)?;
            file.set_len(0)?;
            Ok(Log { path, file })
        };
        create().map_err(|source| BakeError::Log { name: name.clone(), source })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file, for a program's output.
    pub(super) fn file(&self) -> io::Result<File> {
        self.file.try_clone()
    }

    /// Adds to it. A disk that is full costs the log, not the image.
    pub(super) fn write(&self, text: &[u8]) {
        let _ = (&self.file).write_all(text);
    }

    /// Its last lines.
    pub(super) fn tail(&self) -> String {
        self.end().map(|text| last_lines(&text)).unwrap_or_default()
    }

    fn end(&self) -> io::Result<String> {
        let mut file = File::open(&self.path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
}
