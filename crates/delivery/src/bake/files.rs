//! The project's files that an image names.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use globset::GlobBuilder;
use greenroom_apply::ProjectFiles;
use greenroom_spec::source::Located;
use rustix::fs::{Access, access};

use super::BakeError;
use crate::hex::sha256;

/// A file of the project.
#[derive(Clone)]
pub(super) struct ProjectFile {
    /// Its path relative to the project's folder, with `/`.
    pub(super) path: String,
    /// Where it is.
    pub(super) source: PathBuf,
    /// Whether it may be executed.
    pub(super) executable: bool,
    /// Its content.
    pub(super) content: Arc<[u8]>,
    /// The SHA-256 of its content.
    pub(super) sha256: String,
}

impl ProjectFile {
    /// Its permissions in an image.
    pub(super) fn mode(&self) -> u32 {
        if self.executable { 0o755 } else { 0o644 }
    }
}

/// The files that `patterns` name, in the order of the patterns and then of their paths, each
/// once.
///
/// # Errors
///
/// [`BakeError::Pattern`], [`BakeError::NoFiles`] and [`BakeError::File`].
pub(super) fn select(
    folder: &Path,
    image: &str,
    patterns: &[Located<Arc<str>>],
) -> Result<Vec<ProjectFile>, BakeError> {
    let files = ProjectFiles::below(folder);
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for Located { value: pattern, .. } in patterns {
        for path in matching(&files, image, pattern)? {
            if seen.insert(path.clone()) {
                found.push(read(&files, folder, image, &path)?);
            }
        }
    }
    Ok(found)
}

fn matching(
    files: &ProjectFiles,
    image: &str,
    pattern: &Arc<str>,
) -> Result<Vec<Arc<str>>, BakeError> {
    if !pattern.contains(['*', '?', '[', '{']) {
        return Ok(vec![pattern.trim_start_matches("./").into()]);
    }
    let glob = GlobBuilder::new(pattern).literal_separator(true).build();
    let glob = glob.map_err(|source| BakeError::Pattern {
        image: image.to_owned(),
        pattern: pattern.to_string(),
        source,
    })?;
    let matcher = glob.compile_matcher();
    let found: Vec<_> = files.list().into_iter().filter(|it| matcher.is_match(&**it)).collect();
    if found.is_empty() {
        let (image, pattern) = (image.to_owned(), pattern.to_string());
        return Err(BakeError::NoFiles { image, pattern });
    }
    Ok(found)
}

fn read(
    files: &ProjectFiles,
    folder: &Path,
    image: &str,
    path: &str,
) -> Result<ProjectFile, BakeError> {
    let content = files.read(path);
    let content = content.map_err(|reason| BakeError::File { image: image.to_owned(), reason })?;
    let source = folder.join(path);
    Ok(ProjectFile {
        executable: access(&source, Access::EXEC_OK).is_ok(),
        sha256: sha256(&content),
        path: path.to_owned(),
        source,
        content,
    })
}
