//! Which key signs.

use std::path::Path;

use super::keys::{KeyError, SigningKey, VARIABLE};
use crate::project::Project;

/// The key to sign with: that of the environment variable, else that of the project. A file that
/// the project names and that is not there is no mistake: few machines have the key.
///
/// # Errors
///
/// [`KeyError`].
pub fn signing_key(
    project: &Project,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Option<SigningKey>, KeyError> {
    if let Some(given) = variable(VARIABLE).filter(|it| !it.is_empty()) {
        return SigningKey::given(&given, Path::new("")).map(Some);
    }
    let file = project.spec.signing_key.as_ref().map(|it| &*it.value);
    let file = file.filter(|file| project.folder.join(file).exists());
    file.map(|file| SigningKey::given(file, &project.folder)).transpose()
}
