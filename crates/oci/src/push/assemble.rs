//! What an image is made of: its configuration and its manifest.

use std::collections::BTreeMap;

use oci_client::manifest::{
    IMAGE_CONFIG_MEDIA_TYPE, IMAGE_DOCKER_LAYER_GZIP_MEDIA_TYPE, IMAGE_DOCKER_LAYER_TAR_MEDIA_TYPE,
    IMAGE_LAYER_GZIP_MEDIA_TYPE, IMAGE_LAYER_MEDIA_TYPE, OCI_IMAGE_MEDIA_TYPE, OciDescriptor,
    OciImageManifest,
};
use serde::Serialize;
use serde_json::json;

use super::{CREATED, Order, PushError, Settings};
use crate::config::{ImageConfig, RootFs, RunConfig};
use crate::digest;
use crate::layer::Layer;
use crate::name::place;
use crate::platform::Platform;
use crate::registry::Described;

/// Layers as images of today have them, also where the base calls them by docker's names.
const LAYER_TYPES: [(&str, &str); 5] = [
    (IMAGE_LAYER_MEDIA_TYPE, IMAGE_LAYER_MEDIA_TYPE),
    (IMAGE_LAYER_GZIP_MEDIA_TYPE, IMAGE_LAYER_GZIP_MEDIA_TYPE),
    ("application/vnd.oci.image.layer.v1.tar+zstd", "application/vnd.oci.image.layer.v1.tar+zstd"),
    (IMAGE_DOCKER_LAYER_TAR_MEDIA_TYPE, IMAGE_LAYER_MEDIA_TYPE),
    (IMAGE_DOCKER_LAYER_GZIP_MEDIA_TYPE, IMAGE_LAYER_GZIP_MEDIA_TYPE),
];

/// An image but for the content of its layers.
pub(super) struct Image {
    pub(super) manifest: Vec<u8>,
    /// The digest of the manifest, by which the image is known.
    pub(super) digest: String,
    pub(super) config: Vec<u8>,
    pub(super) config_digest: String,
    /// The layers of the base.
    pub(super) lower: Vec<OciDescriptor>,
}

pub(super) fn image(
    order: &Order,
    platform: &Platform,
    base: Option<&Described>,
    layer: &Layer,
) -> Result<Image, PushError> {
    let config = bytes(&config(order, platform, base, layer));
    let config_digest = digest::of(&config);
    let lower = match base {
        Some(base) => lower_layers(order, base)?,
        None => Vec::new(),
    };
    let own = descriptor(IMAGE_LAYER_GZIP_MEDIA_TYPE, &layer.digest, layer.size);
    let manifest = bytes(&OciImageManifest {
        schema_version: 2,
        media_type: Some(OCI_IMAGE_MEDIA_TYPE.to_owned()),
        config: descriptor(IMAGE_CONFIG_MEDIA_TYPE, &config_digest, config.len() as u64),
        layers: lower.iter().cloned().chain([own]).collect(),
        subject: None,
        artifact_type: None,
        annotations: None,
    });
    Ok(Image { digest: digest::of(&manifest), manifest, config, config_digest, lower })
}

fn lower_layers(order: &Order, base: &Described) -> Result<Vec<OciDescriptor>, PushError> {
    let layer = |it: &OciDescriptor| {
        let known = LAYER_TYPES.iter().find(|(name, _)| *name == it.media_type);
        let size = u64::try_from(it.size).ok();
        // Some layers are not in the registry, but somewhere else.
        match (known, size) {
            (Some((_, media_type)), Some(size)) if it.urls.is_none() => {
                Ok(descriptor(media_type, &it.digest, size))
            }
            _ => Err(PushError::BaseLayer {
                base: order.base.as_ref().map(ToString::to_string).unwrap_or_default(),
                media_type: it.media_type.clone(),
            }),
        }
    };
    base.manifest.layers.iter().map(layer).collect()
}

fn descriptor(media_type: &str, digest: &str, size: u64) -> OciDescriptor {
    OciDescriptor {
        media_type: media_type.to_owned(),
        digest: digest.to_owned(),
        size: i64::try_from(size).expect("no file is as long"),
        ..OciDescriptor::default()
    }
}

fn config(
    order: &Order,
    platform: &Platform,
    base: Option<&Described>,
    layer: &Layer,
) -> ImageConfig {
    let below = base.map(|base| &base.config);
    let mut diff_ids = below.map(|it| it.rootfs.diff_ids.clone()).unwrap_or_default();
    diff_ids.push(layer.diff_id.clone());
    let mut history = below.and_then(|it| it.history.clone()).unwrap_or_default();
    history.push(json!({ "created": CREATED, "created_by": "greenroom" }));
    let run = below.and_then(|it| it.config.clone()).unwrap_or_default();
    ImageConfig {
        created: Some(CREATED.to_owned()),
        architecture: platform.architecture.clone(),
        os: platform.os.clone(),
        variant: platform.variant.clone().or_else(|| below.and_then(|it| it.variant.clone())),
        config: Some(run_config(&order.settings, run, labels(order))),
        rootfs: RootFs { r#type: "layers".to_owned(), diff_ids },
        history: Some(history),
    }
}

fn run_config(settings: &Settings, base: RunConfig, labels: BTreeMap<String, String>) -> RunConfig {
    let command = some(&settings.command);
    let (entrypoint, cmd) = match some(&settings.entrypoint) {
        // The arguments of the base were meant for its own program.
        Some(entrypoint) => (Some(entrypoint), command),
        None => (base.entrypoint, command.or(base.cmd)),
    };
    let mut all = base.labels.unwrap_or_default();
    all.extend(labels);
    RunConfig {
        user: settings.user.clone().or(base.user),
        env: some(&environment(base.env.unwrap_or_default(), &settings.environment)),
        entrypoint,
        cmd,
        working_dir: settings.working_dir.clone().or(base.working_dir),
        labels: (!all.is_empty()).then_some(all),
        others: base.others,
    }
}

fn some(words: &[String]) -> Option<Vec<String>> {
    (!words.is_empty()).then(|| words.to_vec())
}

/// The base's variables in their order, with the values that are given, and then the others.
fn environment(mut entries: Vec<String>, given: &BTreeMap<String, String>) -> Vec<String> {
    for (name, value) in given {
        let entry = format!("{name}={value}");
        let is_its = |it: &&mut String| it.split_once('=').is_some_and(|(key, _)| key == name);
        match entries.iter_mut().find(is_its) {
            Some(old) => *old = entry,
            None => entries.push(entry),
        }
    }
    entries
}

/// Where the image comes from, below what the order says itself.
fn labels(order: &Order) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    if let Some(base) = &order.base {
        let prefix = "org.opencontainers.image.base";
        labels.insert(format!("{prefix}.name"), place(base.reference()));
        labels.insert(format!("{prefix}.digest"), base.digest().to_owned());
    }
    labels.extend(order.settings.labels.clone());
    labels
}

fn bytes(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("what an image says has texts as keys")
}
