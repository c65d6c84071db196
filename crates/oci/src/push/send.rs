//! Sending an image: every blob that is not there yet, then the manifest.

use std::fs::File;
use std::io;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures::{Stream, StreamExt, future, stream};
use oci_client::Reference;
use oci_client::manifest::OciDescriptor;
use tokio::io::AsyncReadExt;

use super::PushError;
use super::assemble::Image;
use crate::layer::Layer;
use crate::name::{ImageId, place};
use crate::platform::Platform;
use crate::registry::{Described, Registry, RegistryError, Use};

/// How much of a file is sent at once.
const PIECE: usize = 256 * 1024;

/// The base of an image, and where it is.
pub(super) struct Base {
    name: String,
    registry: Registry,
    pub(super) described: Described,
}

impl Base {
    pub(super) async fn open(
        id: &ImageId,
        platform: &Platform,
        own: &str,
    ) -> Result<Base, PushError> {
        let name = id.to_string();
        let unread = PushError::base(&name);
        let registry = Registry::open(id.reference(), own, Use::Pull).await.map_err(&unread)?;
        let described = registry.describe(platform).await.map_err(&unread)?;
        Ok(Base { name, registry, described })
    }
}

pub(super) async fn all(
    repository: &Reference,
    base: Option<Base>,
    layer: Layer,
    image: Image,
) -> Result<(), PushError> {
    let failed = PushError::push(&place(repository));
    let host = repository.resolve_registry();
    let target = Registry::open(repository, host, Use::Push).await.map_err(&failed)?;
    if let Some(base) = &base {
        for lower in &image.lower {
            copy(&target, base, lower).await?;
        }
    }
    if !target.has_blob(&layer.digest).await.map_err(&failed)? {
        let content = content(layer.file);
        target.push_blob(content, &layer.digest, layer.size).await.map_err(&failed)?;
    }
    if !target.has_blob(&image.config_digest).await.map_err(&failed)? {
        let size = image.config.len() as u64;
        let content = stream::iter([Ok(Bytes::from(image.config))]);
        target.push_blob(content, &image.config_digest, size).await.map_err(&failed)?;
    }
    target.push_manifest(image.manifest, &image.digest).await.map_err(failed)
}

/// Has a layer of the base in the target: it is there, or is taken over, or is sent.
async fn copy(target: &Registry, base: &Base, layer: &OciDescriptor) -> Result<(), PushError> {
    let failed = PushError::push(&place(target.image()));
    let unread = PushError::base(&base.name);
    let there = target.has_blob(&layer.digest).await.map_err(&failed)?;
    if there || target.mount(base.registry.image(), &layer.digest).await {
        return Ok(());
    }
    let source = base.registry.blob(layer).await.map_err(&unread)?;
    let broken = Arc::default();
    let content = cut_off(source, Arc::clone(&broken));
    let size = u64::try_from(layer.size).expect("sizes were looked at");
    let pushed = target.push_blob(content, &layer.digest, size).await;
    // If the base broke off, that is why the target did not get it.
    let reason = broken.lock().expect("nobody panics while it is held").take();
    match reason {
        Some(reason) => Err(unread(reason)),
        None => pushed.map_err(failed),
    }
}

/// What ended a stream before its time.
type Reason = Arc<Mutex<Option<RegistryError>>>;

/// Ends a stream where it fails, and keeps the reason.
///
/// Each piece waits for the next: whoever has as much as was announced looks no further, and would
/// not learn from the end that it was something else.
fn cut_off(
    source: impl Stream<Item = Result<Bytes, RegistryError>> + Send,
    broken: Reason,
) -> impl Stream<Item = io::Result<Bytes>> + Send {
    let source = source.map(Some).chain(stream::iter([None]));
    let pieces = source.scan(None, move |waiting: &mut Option<Bytes>, next| {
        let ready = match next {
            Some(Ok(bytes)) => waiting.replace(bytes).map(Ok),
            None => waiting.take().map(Ok),
            Some(Err(error)) => {
                *waiting = None;
                *broken.lock().expect("nobody panics while it is held") = Some(error);
                Some(Err(io::ErrorKind::BrokenPipe.into()))
            }
        };
        future::ready(Some(ready))
    });
    pieces.filter_map(future::ready)
}

/// The content of a file, piece by piece.
fn content(file: File) -> impl Stream<Item = io::Result<Bytes>> + Send {
    stream::try_unfold(tokio::fs::File::from_std(file), |mut file| async move {
        let mut piece = Vec::with_capacity(PIECE);
        let read = (&mut file).take(PIECE as u64).read_to_end(&mut piece).await?;
        Ok((read > 0).then(|| (Bytes::from(piece), file)))
    })
}
