//! Which images a command uses.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use greenroom_model::identity::Digest;
use greenroom_model::state::Image;
use greenroom_spec::diagnostic::Diagnostic;
use greenroom_spec::near;
use greenroom_spec::project::Project;

use super::Inputs;
use crate::images::{of_id, of_set};

/// The images by name, and the set that they are: those that the project says are there and the
/// baked ones that were chosen, with the given ones in their place.
///
/// An id that is the relative path of something in the project's `folder` becomes absolute, so
/// that it means the same wherever the command is started.
pub fn images(
    project: &Project,
    folder: &Path,
    inputs: &Inputs,
    diagnostics: &mut Vec<Diagnostic>,
) -> (BTreeMap<Arc<str>, Image>, Option<Digest>) {
    let there = |id: &str| {
        let id = absolute(folder, id);
        Image { digest: Some(of_id(&id)), ..Image::everywhere(id) }
    };
    let fixed = project.images.iter().filter_map(|(name, image)| {
        let id = &image.id.as_ref()?.value;
        Some((name.clone(), there(id)))
    });
    let mut images: BTreeMap<Arc<str>, Image> = fixed.collect();
    images.extend(inputs.baked.images.clone());
    for (name, id) in &inputs.image {
        if project.images.contains_key(&**name) {
            images.insert(name.as_str().into(), there(id));
        } else {
            let known = project.images.keys().map(|name| &**name);
            let message = format!("the project has no image `{name}` (--image)");
            let unknown = Diagnostic::error("project::unknown_image", message);
            diagnostics.push(unknown.maybe_help(near::suggestion(name, known)));
        }
    }
    let digests = images.iter().filter_map(|(name, it)| Some((&**name, it.digest.as_ref()?)));
    let set = of_set(digests);
    (images, set)
}

/// The id of an image that is there, with a path made absolute.
pub(crate) fn absolute(folder: &Path, id: &str) -> String {
    match folder.join(id).canonicalize() {
        Ok(path) => path.display().to_string(),
        Err(_) => id.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_is_a_path_becomes_absolute_and_another_stays() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().canonicalize().unwrap();
        std::fs::create_dir_all(folder.join("images/web")).unwrap();
        assert_eq!(
            absolute(&folder, "images/./web"),
            folder.join("images/web").display().to_string()
        );
        assert_eq!(absolute(&folder, "ami-0ff"), "ami-0ff");
    }
}
