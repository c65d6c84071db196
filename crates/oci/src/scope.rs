//! Paths in a root file system that is a folder.

use std::ffi::{OsStr, OsString};
use std::path::{Component, Path, PathBuf};
use std::{fs, io};

/// How many links a path may lead through, as Linux has it.
const MOST_LINKS: usize = 40;

/// Where `path` leads in the file system whose root is the folder `root`.
///
/// Symbolic links are followed as if `root` were `/`: no link and no `..` leads out of it. What
/// is not there is taken as no link. Nobody else may change the folder meanwhile.
///
/// # Errors
///
/// If the links of the path lead in a circle.
pub fn resolve(root: &Path, path: &Path) -> io::Result<PathBuf> {
    let mut ahead: Vec<OsString> = parts(path).rev().map(OsStr::to_owned).collect();
    let mut reached = PathBuf::new();
    let mut links = 0;
    while let Some(part) = ahead.pop() {
        if part == ".." {
            reached.pop();
            continue;
        }
        let next = reached.join(&part);
        let Ok(target) = fs::read_link(root.join(&next)) else {
            reached = next;
            continue;
        };
        links += 1;
        if links > MOST_LINKS {
            return Err(io::Error::other("too many levels of symbolic links"));
        }
        if target.is_absolute() {
            reached = PathBuf::new();
        }
        ahead.extend(parts(&target).rev().map(OsStr::to_owned));
    }
    Ok(root.join(reached))
}

/// The target of a symbolic link in `folder`, both seen from the root, such that the link means
/// the same outside of the root file system and does not lead out of it.
pub(crate) fn contained(folder: &Path, target: &Path) -> PathBuf {
    let start = if target.is_absolute() { Path::new("") } else { folder };
    let mut reached: Vec<&OsStr> = parts(start).collect();
    let mut leaves = target.is_absolute();
    for part in parts(target) {
        if part != ".." {
            reached.push(part);
        } else if reached.pop().is_none() {
            leaves = true;
        }
    }
    if !leaves {
        return target.to_owned();
    }
    let up = parts(folder).map(|_| OsStr::new(".."));
    let path: PathBuf = up.chain(reached).collect();
    if path.as_os_str().is_empty() { PathBuf::from(".") } else { path }
}

/// The words of a path that lead somewhere.
fn parts(path: &Path) -> impl DoubleEndedIterator<Item = &OsStr> {
    path.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name),
        Component::ParentDir => Some(OsStr::new("..")),
        Component::CurDir | Component::RootDir | Component::Prefix(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn no_path_leads_out() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("usr/bin")).unwrap();
        let links = [
            ("bin", "usr/bin"),
            ("abs", "/usr"),
            ("up", "../../../etc"),
            ("usr/bin/far", "../../../../../tmp"),
            ("usr/bin/sh", "/abs/bin/dash"),
        ];
        for (name, target) in links {
            symlink(target, root.path().join(name)).unwrap();
        }
        for (path, expected) in [
            ("/bin/sh", "usr/bin/dash"),
            ("bin/sh", "usr/bin/dash"),
            ("../../etc/passwd", "etc/passwd"),
            ("/up/passwd", "etc/passwd"),
            ("bin/far/x", "tmp/x"),
            ("bin/../lib", "usr/lib"),
            ("/", ""),
        ] {
            let resolved = resolve(root.path(), Path::new(path)).unwrap();
            assert_eq!(resolved, root.path().join(expected), "{path}");
        }
    }

    #[test]
    fn a_circle_is_an_error() {
        let root = tempfile::tempdir().unwrap();
        symlink("/b", root.path().join("a")).unwrap();
        symlink("a", root.path().join("b")).unwrap();
        let error = resolve(root.path(), Path::new("a/x")).unwrap_err();
        assert_eq!(error.to_string(), "too many levels of symbolic links");
    }

    #[test]
    fn links_out_are_turned_in() {
        for (folder, target, expected) in [
            ("usr/bin", "dash", "dash"),
            ("usr/bin", "../lib/x", "../lib/x"),
            ("usr/bin", "/etc/x", "../../etc/x"),
            ("var", "/run", "../run"),
            ("", "/", "."),
            ("a", "../../../etc/passwd", "../etc/passwd"),
            ("a", "/../../etc", "../etc"),
        ] {
            let contained = contained(Path::new(folder), Path::new(target));
            assert_eq!(contained, Path::new(expected), "{target} in {folder}");
        }
    }
}
