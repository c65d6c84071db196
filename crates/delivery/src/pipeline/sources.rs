//! What a job depends on, as a digest: so that what passed is not run again, and what changed is.

use std::path::Path;
use std::process::Command;

use crate::project::Inputs;
use crate::record::Job;

/// The digest of everything below a project's repository that Git does not ignore; `None` where
/// there is no Git to ask, so that nothing is known to be the same.
#[must_use]
pub fn sources(folder: &Path) -> Option<String> {
    let top = git(folder, &["rev-parse", "--show-toplevel"])?;
    let top = Path::new(std::str::from_utf8(&top).ok()?.trim_end()).to_owned();
    let mut hash = blake3::Hasher::new();
    hash.update(&git(&top, &["rev-parse", "HEAD"])?);
    hash.update(&git(&top, &["diff", "HEAD", "--binary", "--no-ext-diff", "--no-textconv"])?);
    let untracked = git(&top, &["ls-files", "--others", "--exclude-standard", "-z"])?;
    for name in untracked.split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        let path = top.join(std::str::from_utf8(name).ok()?);
        // What a link leads to is not below the repository; its name is.
        let content = match path.is_symlink() {
            true => std::fs::read_link(&path).ok()?.into_os_string().into_encoded_bytes(),
            false => std::fs::read(&path).ok()?,
        };
        hash.update(name).update(&[0]).update(blake3::hash(&content).as_bytes());
    }
    Some(hash.finalize().to_hex().to_string())
}

fn git(folder: &Path, arguments: &[&str]) -> Option<Vec<u8>> {
    let output = Command::new("git").arg("-C").arg(folder).args(arguments).output().ok()?;
    output.status.success().then_some(output.stdout)
}

/// The digest of what a job depends on: the sources, what the specs are given, and which job it is.
#[must_use]
pub fn inputs(sources: &str, given: &Inputs, job: &Job) -> Option<String> {
    let mut hash = blake3::Hasher::new();
    let mut part = |text: &str| {
        hash.update(text.as_bytes()).update(&[0]);
    };
    part(sources);
    part(&job.name);
    let mut environment: Vec<(String, String)> = crate::wanted::variables()
        .filter(|(name, _)| name.starts_with(crate::project::VARIABLE_PREFIX))
        .collect();
    environment.sort();
    for (name, text) in environment.iter().chain(&given.var).chain(&given.image) {
        part(name);
        part(text);
    }
    part(given.image_set.as_deref().unwrap_or_default());
    for file in &given.var_file {
        part(&std::fs::read_to_string(file).ok()?);
    }
    Some(hash.finalize().to_hex().to_string())
}
