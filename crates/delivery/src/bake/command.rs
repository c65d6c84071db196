//! Images that any program makes, such as Packer.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::sync::Arc;

use greenroom_apply::Cancel;
use greenroom_spec::image::CommandBuilder;
use greenroom_spec::source::Located;

use super::builder::Made;
use super::log::Log;
use super::recipe::Recipe;
use super::{BakeError, Bench, Workshop};
use crate::command::{CommandLine, Output, variable_name};
use crate::images::{Key, Origin};

/// Runs the program, whose last line is the image's id.
///
/// # Errors
///
/// [`BakeError`]; whether there is an image, only the program knows.
pub(super) async fn make(
    bench: &Bench,
    recipe: &Recipe<'_>,
    settings: &CommandBuilder,
    key: &Key,
    log: &Log,
    cancel: &Cancel,
) -> Result<Made, BakeError> {
    let work = tempfile::tempdir().map_err(BakeError::Work)?;
    let artifacts = recipe.fetch(bench, work.path()).await?;
    let mut variables = variables(&bench.workshop(), recipe.name, key, None);
    variables.insert("GREENROOM_ARTIFACTS".to_owned(), work.path().display().to_string());
    for (name, path) in artifacts {
        variables.insert(variable_name("GREENROOM_ARTIFACT_", &name), path.display().to_string());
    }
    let printed = work.path().join(".printed");
    let output = Output::Split {
        out: File::create(&printed).map_err(BakeError::Work)?,
        err: log.file().map_err(BakeError::Work)?,
    };
    let line = CommandLine::shell(&settings.command.value, &bench.folder);
    let ended = line.run(&variables, &output, cancel).await;
    let printed = fs::read(&printed).map_err(BakeError::Work)?;
    log.write(&printed);
    let failed = |reason: String| BakeError::Builder {
        image: recipe.name.to_owned(),
        reason,
        log: log.path().to_owned(),
        tail: log.tail(),
    };
    if cancel.is_cancelled() {
        return Err(BakeError::Cancelled);
    }
    if ended.status != 0 {
        let why = ended.error.unwrap_or_else(|| format!("exit status {}", ended.status));
        return Err(failed(format!("`{}`: {why}", line.text())));
    }
    let printed = String::from_utf8_lossy(&printed);
    let id = printed.lines().rev().map(str::trim).find(|line| !line.is_empty());
    let id = id.ok_or_else(|| failed(format!("`{}` printed no image id", line.text())))?;
    let origin = Origin { identity: id.to_owned(), ..Origin::default() };
    Ok(Made { id: id.to_owned(), origin, locations: Vec::new() })
}

/// Asks the program whether an image is there; without one, it is believed to be.
pub(super) async fn is_there(
    workshop: &Workshop<'_>,
    name: &str,
    settings: &CommandBuilder,
    key: &Key,
    id: &str,
) -> bool {
    let Some(exists) = &settings.exists else { return true };
    ask(workshop, exists, &variables(workshop, name, key, Some(id))).await == 0
}

/// Removes an image; `false` if no program does that.
///
/// # Errors
///
/// [`BakeError::Remove`]; the image may still be there.
pub(super) async fn remove(
    workshop: &Workshop<'_>,
    name: &str,
    settings: &CommandBuilder,
    key: &Key,
    id: &str,
) -> Result<bool, BakeError> {
    let Some(remove) = &settings.remove else { return Ok(false) };
    match ask(workshop, remove, &variables(workshop, name, key, Some(id))).await {
        0 => Ok(true),
        status => Err(BakeError::Remove {
            id: id.to_owned(),
            reason: format!("`{}`: exit status {status}", remove.value),
        }),
    }
}

async fn ask(
    workshop: &Workshop<'_>,
    line: &Located<Arc<str>>,
    variables: &BTreeMap<String, String>,
) -> u8 {
    let line = CommandLine::shell(&line.value, workshop.folder);
    line.run(variables, &Output::Error, &Cancel::new()).await.status
}

fn variables(
    workshop: &Workshop<'_>,
    name: &str,
    key: &Key,
    id: Option<&str>,
) -> BTreeMap<String, String> {
    let own = [
        ("GREENROOM_PROJECT", Some(&*workshop.project.name.value)),
        ("GREENROOM_IMAGE", Some(name)),
        ("GREENROOM_IMAGE_KEY", Some(key.as_str())),
        ("GREENROOM_IMAGE_ID", id),
    ];
    own.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?.to_owned()))).collect()
}
