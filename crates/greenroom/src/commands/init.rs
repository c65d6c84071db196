//! `greenroom init`: a small project that works at once, on this machine alone.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use crate::cli::InitArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::files::FilesWritten;

/// What stands for the project's name in `greenroom.toml`.
const NAME: &str = "PROJECT-NAME";

const FILES: [(&str, &str); 4] = [
    ("greenroom.toml", include_str!("init/greenroom.toml")),
    ("environment.toml", include_str!("init/environment.toml")),
    ("front.toml", include_str!("init/front.toml")),
    (".gitignore", include_str!("init/gitignore")),
];

pub(super) fn run(args: &InitArgs, context: &Context) -> Result<Exit, Failure> {
    let folder = &args.folder;
    let failed = |action| move |source| Failure::File { action, path: folder.clone(), source };
    fs::create_dir_all(folder).map_err(failed("make the folder"))?;
    let there: Vec<String> = FILES
        .iter()
        .map(|(name, _)| folder.join(name))
        .filter(|path| path.symlink_metadata().is_ok())
        .map(|path| path.display().to_string())
        .collect();
    if !there.is_empty() {
        return Err(Failure::Exists(there));
    }
    let absolute = folder.canonicalize().map_err(failed("find"))?;
    let name = project_name(&absolute);
    for (file, text) in FILES {
        write(&folder.join(file), &text.replace(NAME, &name))?;
    }
    let option = match folder.as_os_str() == "." {
        true => String::new(),
        false => format!("-C {} ", folder.display()),
    };
    context.console.tell(&FilesWritten {
        files: FILES.iter().map(|(name, _)| folder.join(name).display().to_string()).collect(),
        hint: format!("now try: greenroom {option}apply try"),
    });
    Ok(Exit::Done)
}

/// Writes a file that is not there.
fn write(path: &Path, text: &str) -> Result<(), Failure> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|source| Failure::File { action: "write", path: path.to_owned(), source })
}

/// A name for the project, made from that of its folder.
fn project_name(folder: &Path) -> String {
    let folder = folder.file_name().map(|name| name.to_string_lossy().to_lowercase());
    let name: String = folder
        .unwrap_or_default()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .take(40)
        .collect();
    match name.trim_matches('-') {
        "" => "project".to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_is_called_after_its_folder() {
        let named = |folder: &str| project_name(Path::new(folder));
        assert_eq!(named("/home/ann/My Shop_2"), "my-shop-2");
        assert_eq!(named("/.é."), "project");
        assert_eq!(named("/"), "project");
    }
}
