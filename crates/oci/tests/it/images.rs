//! What is pushed is what is pulled.

use std::collections::BTreeMap;
use std::fs;

use greenroom_oci::{Order, Removal, Settings, base, exists, push, remove};

use crate::registry::{Kind, Registry};
use crate::shop::{Shop, Unpacked, manifests, stored};

#[tokio::test]
async fn an_image_from_nothing_is_pulled_as_it_was_pushed() {
    let Some(registry) = Registry::start() else { return };
    let shop = Shop::new();
    let order = shop.order(registry.repository("shop/web"), &[("/opt/a", "1"), ("/etc/b", "2")]);
    let settings = Settings {
        entrypoint: vec!["/opt/a".into()],
        command: vec!["--fast".into()],
        environment: BTreeMap::from([("A".into(), "b=c".into())]),
        working_dir: Some("/opt".into()),
        user: Some("nobody".into()),
        labels: BTreeMap::from([("team".into(), "shop".into())]),
    };
    let id = push(Order { settings, ..order }).await.unwrap();
    assert!(exists(&id).await.unwrap());
    let image = Unpacked::of(&id).await;
    assert_eq!(image.read("opt/a").as_deref(), Some("1"));
    assert_eq!(image.read("etc/b").as_deref(), Some("2"));
    let config = image.config();
    assert_eq!(config.command(), ["/opt/a", "--fast"]);
    assert_eq!(config.environment().collect::<Vec<_>>(), [("A", "b=c")]);
    assert_eq!(
        (config.working_dir.as_deref(), config.user.as_deref()),
        (Some("/opt"), Some("nobody"))
    );
    assert_eq!(config.labels.unwrap()["team"], "shop");
}

#[tokio::test]
async fn equal_inputs_give_an_equal_image_in_any_registry() {
    let (Some(first), Some(second)) = (Registry::start(), Registry::start()) else { return };
    let files = [("/opt/a", "1"), ("/opt/b", "2")];
    let one = push(Shop::new().order(first.repository("web"), &files)).await.unwrap();
    let turned = [files[1], files[0]];
    let other = push(Shop::new().order(second.repository("web"), &turned)).await.unwrap();
    assert_eq!(one.digest(), other.digest());
    let again = push(Shop::new().order(first.repository("web"), &files)).await.unwrap();
    assert_eq!(one, again);
    let changed = [("/opt/a", "1"), ("/opt/b", "3")];
    let changed = push(Shop::new().order(first.repository("web"), &changed)).await.unwrap();
    assert_ne!(one, changed);
    assert_eq!(manifests(&first, "web"), 2);
}

/// A base in `from`, and an image of it in `to`, which says what the base does not.
async fn on_a_base(from: &Registry, to: &Registry) {
    let shop = Shop::new();
    let lower = shop.order(from.repository("base"), &[("/etc/a", "base"), ("/etc/b", "base")]);
    let settings = Settings {
        entrypoint: vec!["/bin/base".into()],
        environment: BTreeMap::from([("A".into(), "base".into()), ("B".into(), "base".into())]),
        labels: BTreeMap::from([("from".into(), "base".into())]),
        ..Settings::default()
    };
    let lower = push(Order { settings, ..lower }).await.unwrap();
    let order = shop.order(to.repository("shop/web"), &[("/etc/b", "own"), ("/opt/c", "own")]);
    let name = lower.to_string().replace("oci://", "");
    let found = base(&name, &order.platform, &order.repository).await.unwrap();
    assert_eq!(found, lower);
    let settings = Settings {
        command: vec!["serve".into()],
        environment: BTreeMap::from([("B".into(), "own".into()), ("C".into(), "own".into())]),
        ..Settings::default()
    };
    let id = push(Order { base: Some(found), settings, ..order }).await.unwrap();
    let image = Unpacked::of(&id).await;
    assert_eq!(image.read("etc/a").as_deref(), Some("base"));
    assert_eq!(image.read("etc/b").as_deref(), Some("own"));
    assert_eq!(image.read("opt/c").as_deref(), Some("own"));
    let config = image.config();
    assert_eq!(config.command(), ["/bin/base", "serve"]);
    let environment: Vec<_> = config.environment().collect();
    assert_eq!(environment, [("A", "base"), ("B", "own"), ("C", "own")]);
    let labels = config.labels.unwrap();
    assert_eq!(labels["from"], "base");
    assert_eq!(labels["org.opencontainers.image.base.digest"], lower.digest());
}

#[tokio::test]
async fn a_base_of_the_same_registry_is_below_the_own_files() {
    let Some(registry) = Registry::start() else { return };
    on_a_base(&registry, &registry).await;
}

#[tokio::test]
async fn a_base_of_another_registry_is_copied() {
    let (Some(from), Some(to)) = (Registry::start(), Registry::start()) else { return };
    on_a_base(&from, &to).await;
}

#[tokio::test]
async fn a_removed_image_is_gone_and_others_stay() {
    let Some(registry) = Registry::start() else { return };
    let shop = Shop::new();
    let repository = || registry.repository("web");
    let first = push(shop.order(repository(), &[("/a", "1")])).await.unwrap();
    let second = push(shop.order(repository(), &[("/a", "2")])).await.unwrap();
    assert_eq!(remove(&first).await.unwrap(), Removal::Removed);
    assert!(!exists(&first).await.unwrap());
    assert!(exists(&second).await.unwrap());
    assert_eq!(remove(&first).await.unwrap(), Removal::Gone);
    // Its blobs may be there yet; the image is made again all the same.
    assert_eq!(push(shop.order(repository(), &[("/a", "1")])).await.unwrap(), first);
    assert_eq!(Unpacked::of(&first).await.read("a").as_deref(), Some("1"));
}

#[tokio::test]
async fn a_registry_that_keeps_everything_says_so_and_that_is_no_error() {
    let Some(registry) = Registry::of(Kind::Keeping) else { return };
    let id = push(Shop::new().order(registry.repository("web"), &[("/a", "1")])).await.unwrap();
    let reason = format!("`{}` answers 405 Method Not Allowed", registry.host());
    assert_eq!(remove(&id).await.unwrap(), Removal::Refused { reason });
    assert!(exists(&id).await.unwrap());
}

#[tokio::test]
async fn a_layer_of_many_pieces_arrives_whole() {
    let Some(registry) = Registry::start() else { return };
    let shop = Shop::new();
    // Without any pattern that would pack it away.
    let mut state = 1_u64;
    let mut noise = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        char::from(b' ' + (state >> 33) as u8 % 90)
    };
    let content: String = (0..8_000_000).map(|_| noise()).collect();
    let id = push(shop.order(registry.repository("web"), &[("/a", &content)])).await.unwrap();
    assert!(Unpacked::of(&id).await.read("a").is_some_and(|read| read == content));
    let manifest = fs::metadata(stored(&registry, id.digest())).unwrap();
    assert!(manifest.len() < 2000, "the manifest holds no content");
}
