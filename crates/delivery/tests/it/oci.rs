//! What the words of a spec mean for an image in a registry.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

use greenroom_delivery::bake::oci::{OciOrder, Removal, base, exists, push, remove};
use greenroom_model::span::Span;
use greenroom_oci::{config_of, pull, rootfs_of};
use greenroom_spec::image::OciBuilder;
use greenroom_spec::source::{Located, Place, Sources};

use crate::registry::Registry;

fn located(text: String) -> Located<Arc<str>> {
    let file = Sources::default().add("greenroom.toml", "");
    Located { value: text.into(), at: Place { file, span: Span::new(0, 0) } }
}

fn builder(repository: String) -> OciBuilder {
    OciBuilder {
        repository: located(repository),
        base: None,
        folder: "/opt/shop".into(),
        entrypoint: vec!["./server".into()],
        command: vec!["fast".into()],
        environment: BTreeMap::from([("A".into(), "1".into())]),
        working_dir: None,
        user: None,
        labels: BTreeMap::new(),
        platform: greenroom_oci::Platform::here().to_string().into(),
    }
}

#[tokio::test]
async fn an_image_of_a_spec_is_made_found_as_a_base_and_removed() {
    let Some(registry) = Registry::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("source");
    fs::write(&source, "program").unwrap();
    let files = || {
        let (inside, elsewhere) = ("server".to_owned(), "/etc/shop".to_owned());
        vec![(source.clone(), inside, 0o755), (source.clone(), elsewhere, 0o644)]
    };
    let settings = builder(registry.repository("shop/web"));
    assert_eq!(base(&settings).await.unwrap(), None);
    let order = OciOrder { settings: &settings, base: None, files: files() };
    let pushed = push(order.clone()).await.unwrap();
    assert_eq!(push(order).await.unwrap(), pushed);

    let name = pushed.id.to_string().replace("oci://", "");
    let above = OciBuilder { base: Some(located(name)), ..settings.clone() };
    assert_eq!(base(&above).await.unwrap(), Some(pushed.id.clone()));

    let unpacked = tempfile::tempdir().unwrap();
    pull(&pushed.id, unpacked.path()).await.unwrap();
    let rootfs = rootfs_of(unpacked.path());
    assert_eq!(fs::read_to_string(rootfs.join("opt/shop/server")).unwrap(), "program");
    assert_eq!(fs::read_to_string(rootfs.join("etc/shop")).unwrap(), "program");
    let config = config_of(unpacked.path()).unwrap().config.unwrap();
    assert_eq!(config.command(), ["./server", "fast"]);
    assert_eq!(config.working_dir.as_deref(), Some("/opt/shop"));

    assert_eq!(remove(&pushed.id).await.unwrap(), Removal::Removed);
    assert!(!exists(&pushed.id).await.unwrap());
}
