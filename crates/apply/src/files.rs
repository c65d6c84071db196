//! The project's files, as far as expressions may read them.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// The folder below which `file()` and the like read.
#[derive(Clone, Debug)]
pub struct ProjectFiles {
    root: PathBuf,
}

/// Folders that hold no sources: they are not listed.
const SKIPPED: [&str; 4] = [".git", ".greenroom", "target", "node_modules"];
/// Files listed at most, so that a project in a large folder is not walked for ever.
const MOST_FILES: usize = 100_000;

impl ProjectFiles {
    /// The files below `root`.
    pub fn below(root: impl Into<PathBuf>) -> ProjectFiles {
        ProjectFiles { root: root.into() }
    }

    /// Reads a file by its path relative to the root.
    ///
    /// # Errors
    ///
    /// Why there is no content, in words for an expression's diagnostic.
    pub fn read(&self, path: &str) -> Result<Arc<[u8]>, String> {
        let relative = inside(path).ok_or_else(|| {
            format!("`{path}` is not inside the project's folder, where alone files are read")
        })?;
        let full = self.root.join(relative);
        let real = full.canonicalize().map_err(|error| format!("cannot read `{path}`: {error}"))?;
        let root =
            self.root.canonicalize().map_err(|error| format!("cannot read `{path}`: {error}"))?;
        if !real.starts_with(root) {
            return Err(format!("`{path}` leads out of the project's folder"));
        }
        std::fs::read(&real)
            .map(Arc::from)
            .map_err(|error| format!("cannot read `{path}`: {error}"))
    }

    /// The paths of all files, relative to the root and with `/`, in order.
    #[must_use]
    pub fn list(&self) -> Vec<Arc<str>> {
        let mut found = Vec::new();
        let mut folders = vec![self.root.clone()];
        while let Some(folder) = folders.pop() {
            let Ok(entries) = std::fs::read_dir(&folder) else { continue };
            for entry in entries.flatten() {
                let Ok(kind) = entry.file_type() else { continue };
                let skipped = SKIPPED.iter().any(|it| entry.file_name() == *it);
                if kind.is_dir() && !skipped {
                    folders.push(entry.path());
                } else if kind.is_file() && found.len() < MOST_FILES {
                    found.extend(self.relative(&entry.path()));
                }
            }
        }
        found.sort();
        found
    }

    fn relative(&self, path: &Path) -> Option<Arc<str>> {
        let relative = path.strip_prefix(&self.root).ok()?;
        let parts: Option<Vec<&str>> =
            relative.components().map(|part| part.as_os_str().to_str()).collect();
        parts.map(|parts| parts.join("/").into())
    }
}

/// The path, if it does not climb out of its root.
fn inside(path: &str) -> Option<PathBuf> {
    let mut clean = PathBuf::new();
    for part in Path::new(path).components() {
        match part {
            Component::Normal(name) => clean.push(name),
            Component::CurDir => {}
            Component::ParentDir => {
                if !clean.pop() {
                    return None;
                }
            }
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(clean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_climb_out_are_refused() {
        for path in ["../secret", "/etc/passwd", "a/../../b"] {
            assert_eq!(inside(path), None, "{path}");
        }
        assert_eq!(inside("./a/../b/c"), Some(PathBuf::from("b/c")));
    }
}
