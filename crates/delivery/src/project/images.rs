//! Which images a command uses.

use std::collections::BTreeMap;
use std::path::Path;

use greenroom_spec::diagnostic::Diagnostic;
use greenroom_spec::near;
use greenroom_spec::project::Project;

/// Image ids by name: those of the project, with `given` ones in their place.
///
/// An id that is the relative path of something in the project's `folder` becomes absolute, so
/// that it means the same wherever the command is started.
pub fn images(
    project: &Project,
    folder: &Path,
    given: &[(String, String)],
    diagnostics: &mut Vec<Diagnostic>,
) -> BTreeMap<String, String> {
    let fixed = project.images.iter().filter_map(|(name, image)| {
        let id = &image.id.as_ref()?.value;
        Some((name.to_string(), absolute(folder, id)))
    });
    let mut images: BTreeMap<String, String> = fixed.collect();
    for (name, id) in given {
        if project.images.contains_key(&**name) {
            images.insert(name.clone(), absolute(folder, id));
        } else {
            let known = project.images.keys().map(|name| &**name);
            let message = format!("the project has no image `{name}` (--image)");
            let unknown = Diagnostic::error("project::unknown_image", message);
            diagnostics.push(unknown.maybe_help(near::suggestion(name, known)));
        }
    }
    images
}

fn absolute(folder: &Path, id: &str) -> String {
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
