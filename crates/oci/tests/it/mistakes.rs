//! What cannot be, and what is said then.

use std::error::Error;
use std::fs;
use std::net::TcpListener;

use greenroom_oci::{ImageId, Order, base, exists, pull, push};

use crate::proxy::{Proxy, Weather};
use crate::registry::Registry;
use crate::shop::{Shop, manifests, stored};

/// An error with all its causes, as it is printed.
fn told(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

async fn push_fails(order: Order) -> String {
    told(&push(order).await.unwrap_err())
}

async fn pull_fails(id: &ImageId) -> String {
    let folder = tempfile::tempdir().unwrap();
    told(&pull(id, folder.path()).await.unwrap_err())
}

#[tokio::test]
async fn a_registry_that_is_away_is_named() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let repository = format!("{closed}/web");
    let said = push_fails(Shop::new().order(repository.clone(), &[("/a", "1")])).await;
    let expected =
        format!("`{repository}` has no new image: cannot reach the registry `{closed}`: ");
    assert!(said.starts_with(&expected), "{said}");
    let id: ImageId = format!("oci://{repository}@sha256:{}", "0".repeat(64)).parse().unwrap();
    let said = pull_fails(&id).await;
    assert!(said.starts_with(&format!("cannot reach the registry `{closed}`: ")), "{said}");
    let said = told(&exists(&id).await.unwrap_err());
    assert!(said.starts_with(&format!("cannot reach the registry `{closed}`: ")), "{said}");
}

#[tokio::test]
async fn a_base_that_is_not_there_is_named() {
    let Some(registry) = Registry::start() else { return };
    let own = registry.repository("web");
    let name = format!("{}:3", registry.repository("base"));
    let error = base(&name, "linux/amd64", &own).await.unwrap_err();
    let expected = format!("cannot read the base image `{name}`: there is no image `{name}`");
    assert_eq!(told(&error), expected);
}

#[tokio::test]
async fn a_base_of_another_platform_is_refused() {
    let Some(registry) = Registry::start() else { return };
    let own = registry.repository("web");
    let shop = Shop::new();
    let order = shop.order(registry.repository("base"), &[("/a", "1")]);
    let lower = push(Order { platform: "linux/riscv64".into(), ..order }).await.unwrap();
    let name = lower.to_string().replace("oci://", "");
    let error = base(&name, "linux/amd64", &own).await.unwrap_err();
    let expected = format!("there is no image `{name}` for linux/amd64");
    assert!(told(&error).ends_with(&expected), "{}", told(&error));
    assert_eq!(base(&name, "linux/riscv64", &own).await.unwrap(), lower);
}

#[tokio::test]
async fn names_that_are_none_reach_nobody() {
    let shop = Shop::new();
    let order = |repository: &str| shop.order(repository.into(), &[("/a", "1")]);
    let said = push_fails(order("host.example/web:3")).await;
    assert_eq!(said, "`host.example/web:3` is no `HOST/NAME`, without a tag or digest");
    let said = push_fails(order("host.example/Web")).await;
    assert!(said.starts_with("`host.example/Web` is no name of an image"), "{said}");
    let said = push_fails(Order { platform: "linux".into(), ..order("host.example/web") }).await;
    assert_eq!(said, "`linux` is no platform such as `linux/amd64`");
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_named_and_nothing_is_pushed() {
    let Some(registry) = Registry::start() else { return };
    let mut order = Shop::new().order(registry.repository("web"), &[("/a", "1")]);
    order.files[0].source = "/no/such/file".into();
    let said = push_fails(order).await;
    let expected =
        "the image's files are in no layer, and nothing was pushed: cannot read `/no/such/file`";
    assert!(said.starts_with(expected), "{said}");
    assert_eq!(manifests(&registry, "web"), 0);
}

/// The digests of the configuration and of the only layer of an image.
fn blobs(registry: &Registry, id: &ImageId) -> [String; 2] {
    let manifest = fs::read(stored(registry, id.digest())).unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
    [&manifest["config"], &manifest["layers"][0]]
        .map(|it| it["digest"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn whatever_is_damaged_in_the_registry_is_refused() {
    let Some(registry) = Registry::start() else { return };
    let id = push(Shop::new().order(registry.repository("web"), &[("/a", "1")])).await.unwrap();
    let [config, layer] = blobs(&registry, &id);
    for digest in [layer.as_str(), &config, id.digest()] {
        let path = stored(&registry, digest);
        let mut content = fs::read(&path).unwrap();
        let middle = content.len() / 2;
        content[middle] ^= 1;
        fs::write(&path, content).unwrap();
        let said = pull_fails(&id).await;
        // The registry looks at manifests itself.
        let found = said.contains("is not what its digest says") || digest == id.digest();
        assert!(found, "{digest}: {said}");
    }
}

#[tokio::test]
async fn what_is_damaged_on_the_way_is_refused_and_leaves_no_image() {
    let (Some(from), Some(to)) = (Registry::start(), Registry::start()) else { return };
    let shop = Shop::new();
    let lower = push(shop.order(from.repository("base"), &[("/a", "1")])).await.unwrap();
    let [_, layer] = blobs(&from, &lower);
    let proxy = Proxy::before(from.port, Weather::Corrupt(layer)).await;
    let damaged: ImageId = lower.to_string().replace(&from.host(), &proxy.host()).parse().unwrap();
    let expected =
        format!("what `{0}` has for `{0}/base` is not what its digest says", proxy.host());
    assert_eq!(pull_fails(&damaged).await, expected);
    let order = shop.order(to.repository("web"), &[("/b", "1")]);
    let said = push_fails(Order { base: Some(damaged.clone()), ..order }).await;
    assert_eq!(said, format!("cannot read the base image `{damaged}`: {expected}"));
    assert_eq!(manifests(&to, "web"), 0);
}
