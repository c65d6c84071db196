//! The builder `oci`: an image in a registry, made of a base and files.
//!
//! What is written and sent, `greenroom_oci` knows; here is what the words of a spec mean for it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use greenroom_oci::{CREATED, ImageId, LayerFile, Order, PushError, Settings};
use greenroom_spec::image::OciBuilder;
use jiff::Timestamp;

pub use greenroom_oci::{RegistryError, Removal, exists, remove};

/// An image that is to be made.
#[derive(Clone, Debug)]
pub struct OciOrder<'a> {
    /// What the spec says.
    pub settings: &'a OciBuilder,
    /// What it starts from, as [`base`] found it.
    pub base: Option<ImageId>,
    /// Where the content of each file is, its path in the image and its mode. A path that does not
    /// begin with `/` is one in the folder that the spec says.
    pub files: Vec<(PathBuf, String, u32)>,
}

/// An image that is in its registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// Its id: `oci://HOST/NAME@sha256:…`.
    pub id: ImageId,
    /// When it was made, as it says itself: always the same, so that equal inputs make an equal
    /// image.
    pub created: Timestamp,
}

/// Finds the image that the spec's base is now; `None` if it says none.
///
/// # Errors
///
/// [`PushError`]: the base is not there for this platform, or its registry does not tell.
pub async fn base(settings: &OciBuilder) -> Result<Option<ImageId>, PushError> {
    match &settings.base {
        None => Ok(None),
        Some(base) => {
            let (base, own) = (&base.value, &settings.repository.value);
            greenroom_oci::base(base, &settings.platform, own).await.map(Some)
        }
    }
}

/// Makes an image and pushes it. Equal orders give an equal image.
///
/// Whoever drops this future leaves no image, at most blobs that belong to none.
///
/// # Errors
///
/// [`PushError`]: whichever it is, there is no new image.
pub async fn push(order: OciOrder<'_>) -> Result<Pushed, PushError> {
    let settings = order.settings;
    let folder = Path::new(&*settings.folder);
    let file = |(source, path, mode): (PathBuf, String, u32)| LayerFile {
        source,
        path: folder.join(path),
        mode,
    };
    let id = greenroom_oci::push(Order {
        repository: settings.repository.value.to_string(),
        base: order.base,
        platform: settings.platform.to_string(),
        files: order.files.into_iter().map(file).collect(),
        settings: run_settings(settings),
    });
    let created = CREATED.parse().expect("it is a time");
    Ok(Pushed { id: id.await?, created })
}

fn run_settings(settings: &OciBuilder) -> Settings {
    let words = |words: &[Arc<str>]| words.iter().map(ToString::to_string).collect();
    let working_dir = settings.working_dir.as_ref().unwrap_or(&settings.folder);
    Settings {
        entrypoint: words(&settings.entrypoint),
        command: words(&settings.command),
        environment: texts(&settings.environment),
        working_dir: Some(working_dir.to_string()),
        user: settings.user.as_ref().map(ToString::to_string),
        labels: texts(&settings.labels),
    }
}

fn texts(map: &BTreeMap<Arc<str>, Arc<str>>) -> BTreeMap<String, String> {
    map.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
}
