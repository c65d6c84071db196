//! Images in a real registry: what runs from them, and what is left of them.

use std::fs;
use std::path::Path;

use greenroom_oci::{ImageId, LayerFile, Order, Platform, Settings, base, push};

use crate::http::Client;
use crate::registry::{Kind, PASSWORD, Registry, USER};
use crate::shop::{FRONT, PROJECT};
use crate::world::World;

/// Instances that run what their image says.
const ENVIRONMENT: &str = r#"
[variable.count]
type    = "number"
default = 1

[resource.local_instance.web]
count       = "${var.count}"
image       = "${image.web.id}"
environment = { SHOP_INSTANCE = "web-${count.index}" }
readiness   = { type = "http", path = "/health" }

[resource.local_target_group.web]
targets      = "${[for i in local_instance.web : { address = i.private_ip, port = i.port }]}"
health_check = { path = "/health" }

[output.target_group]
value = "${local_target_group.web.id}"
"#;

const FILES: [(&str, &str); 3] =
    [("greenroom.toml", PROJECT), ("environment.toml", ENVIRONMENT), ("front.toml", FRONT)];

fn order(repository: String, files: &[(&Path, &str)], settings: Settings) -> Order {
    let file = |(source, path): &(&Path, &str)| LayerFile {
        source: source.to_path_buf(),
        path: path.into(),
        mode: 0o755,
    };
    Order {
        repository,
        base: None,
        platform: Platform::here().to_string(),
        files: files.iter().map(file).collect(),
        settings,
    }
}

/// Pushes the shop's image: a base with a greeting in its environment, and the server above it.
async fn push_shop(world: &World, registry: &Registry) -> ImageId {
    let motd = world.path().join("motd");
    fs::write(&motd, "welcome").expect("a file is written");
    let settings = Settings {
        environment: [("SHOP_GREETING".to_owned(), "hello from the base".to_owned())].into(),
        ..Settings::default()
    };
    let below = order(registry.repository("base"), &[(&motd, "/etc/motd")], settings);
    let below = push(below).await.expect("the base is pushed").to_string().replace("oci://", "");
    let server = world.path().join("image/shop-server");
    let settings = Settings {
        entrypoint: vec!["./shop-server".to_owned()],
        working_dir: Some("/opt/shop".to_owned()),
        ..Settings::default()
    };
    let own =
        order(registry.repository("shop/web"), &[(&server, "/opt/shop/shop-server")], settings);
    let base = base(&below, &own.platform, &own.repository).await.expect("the base is found");
    push(Order { base: Some(base), ..own }).await.expect("the image is pushed")
}

/// Runs what pushes, since the tests here are not async.
fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(work)
}

fn given(image: &ImageId) -> String {
    format!("web={image}")
}

#[test]
fn an_environment_runs_from_a_registry_and_takes_its_image_along() {
    let Some(registry) = Registry::start() else { return };
    let world = World::new(&FILES);
    let image = block_on(push_shop(&world, &registry));
    let apply = ["apply", "test", "--yes", "--image", &given(&image), "--var", "count=2"];
    world.expect(0, &apply);
    assert_eq!(world.servers().len(), 2);
    assert_eq!((world.objects()["instances"], world.objects()["images"]), (2, 1));
    let answer = Client::new(&world.output("test", "front.url"), false).get("/").unwrap();
    assert!(answer.body.contains("hello from the base"), "{}", answer.body);
    let unpacked = world.path().join("root/images").join(image.file_name());
    assert_eq!(fs::read_to_string(unpacked.join("rootfs/etc/motd")).unwrap(), "welcome");
    // Nothing changes, and nothing is pulled: the registry is away.
    drop(registry);
    let plan =
        ["plan", "test", "--detailed-exitcode", "--image", &given(&image), "--var", "count=2"];
    world.expect(0, &plan);
    world.expect(0, &["destroy", "test", "--yes"]);
    world.assert_nothing_left();
}

#[test]
fn an_image_that_is_baked_into_a_registry_is_pulled_by_its_digest_and_run() {
    let Some(registry) = Registry::start() else { return };
    let world = World::new(&FILES);
    let baked = format!(
        "builder = \"oci\"\nartifacts = [\"shop\"]\nrepository = \"{}\"\nfolder = \"/opt/shop\"\n\
         entrypoint = [\"./shop-server\"]\nenvironment = {{ SHOP_GREETING = \"hello from the bake\" }}",
        registry.repository("shop/web")
    );
    let artifact =
        "[repository]\nurl = \"repository\"\n[artifact.shop]\npath = \"image/shop-server\"\n";
    world.write("greenroom.toml", &(PROJECT.replace("id = \"image\"", &baked) + artifact));
    world.expect(0, &["publish"]);
    world.expect(0, &["bake"]);
    let again = world.expect(0, &["bake"]);
    assert!(again.said().contains("unchanged, nothing to bake: oci://"), "{}", again.said());
    world.expect(0, &["apply", "test", "--yes"]);
    let answer =
        Client::new(&world.output("test", "front.url"), false).get("/").expect("an answer");
    assert!(answer.body.contains("hello from the bake"), "{}", answer.body);
    world.expect(0, &["destroy", "test", "--yes"]);
    world.assert_nothing_exists();
}

#[test]
fn a_tag_is_refused_as_the_plan_is_made() {
    let world = World::new(&FILES);
    let image = "web=oci://host.example/shop/web:3";
    let ran = world.expect(1, &["plan", "test", "--image", image]);
    for part in [
        "`oci://host.example/shop/web:3` has no digest, and a tag may be",
        "oci://HOST/NAME@sha256:",
    ] {
        assert!(ran.stderr.contains(part), "{part}\n{}", ran.stderr);
    }
    world.assert_nothing_left();
}

#[test]
fn a_folder_needs_a_command() {
    let world = World::new(&FILES);
    let ran = world.expect(1, &["plan", "test"]);
    let part = "a folder does not say what is run in it";
    assert!(ran.stderr.contains(part), "{}", ran.stderr);
}

#[test]
fn an_image_that_is_gone_or_whose_registry_is_away_fails_before_anything_runs() {
    let Some(registry) = Registry::start() else { return };
    let world = World::new(&FILES);
    let missing = format!("oci://{}/shop/web@sha256:{}", registry.host(), "0".repeat(64));
    let ran = world.expect(1, &["apply", "test", "--yes", "--image", &format!("web={missing}")]);
    assert!(ran.said().contains("there is no image `"), "{}", ran.said());
    assert!(!world.objects().contains_key("instances"), "{:?}", world.objects());
    assert!(!world.objects().contains_key("images"), "{:?}", world.objects());
    let host = registry.host();
    drop(registry);
    let ran = world.expect(1, &["apply", "test", "--yes", "--image", &format!("web={missing}")]);
    let part = format!("cannot reach the registry `{host}`");
    assert!(ran.said().contains(&part), "{}", ran.said());
    world.expect(0, &["destroy", "test", "--yes"]);
    world.assert_nothing_left();
}

#[test]
fn credentials_are_used_and_are_not_shown() {
    let Some(registry) = Registry::of(Kind::WithUsers) else { return };
    let world = World::new(&FILES);
    let image = format!("oci://{}/shop/web@sha256:{}", registry.host(), "0".repeat(64));
    let apply = ["apply", "test", "--yes", "--image", &format!("web={image}")];
    let refused = world.expect(1, &apply);
    let part = format!("`{}` gives no access to `shop/web`, and was given no", registry.host());
    assert!(refused.said().contains(&part), "{}", refused.said());
    let known = world
        .command(&apply)
        .env("GREENROOM_REGISTRY_USER", USER)
        .env("GREENROOM_REGISTRY_PASSWORD", PASSWORD)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&[known.stderr, known.stdout].concat()).into_owned();
    assert!(said.contains("there is no image `"), "{said}");
    assert!(!said.contains(PASSWORD), "{said}");
    world.expect(0, &["destroy", "test", "--yes"]);
}
