//! Instances of images from a registry.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use greenroom_local::runtime::instance::{self, InstanceError, InstanceSpec};
use greenroom_local::runtime::{Image, ObjectType, Probe, Readiness};
use greenroom_oci::{LayerFile, Order, Platform, Settings, push};

use crate::registry::Registry;
use crate::site::{Site, owner, uid};

/// A site beside a registry.
struct Place {
    site: Site,
    registry: Registry,
}

impl Place {
    fn new() -> Option<Place> {
        Some(Place { registry: Registry::start()?, site: Site::new() })
    }

    /// Pushes an image of scripts at these paths.
    async fn push(&self, scripts: &[(&str, &str)], settings: Settings) -> Image {
        let file = |(path, text): &(&str, &str)| {
            let source = self.site.script(&path.replace('/', "-"), text);
            LayerFile { source, path: path.into(), mode: 0o755 }
        };
        let order = Order {
            repository: self.registry.repository("shop/web"),
            base: None,
            platform: Platform::here().to_string(),
            files: scripts.iter().map(file).collect(),
            settings,
        };
        Image::Oci(push(order).await.unwrap())
    }

    /// An image that says what is run in it, and keeps running.
    async fn sleeper(&self) -> Image {
        let script =
            "echo \"$GREETING from $0 $*\"; echo \"image $GREENROOM_IMAGE\"; exec sleep 600";
        let settings = Settings {
            entrypoint: words(&["server", "--port"]),
            command: words(&["auto"]),
            environment: variables(&[("GREETING", "hello"), ("PATH", "/opt/bin:/usr/bin:/bin")]),
            working_dir: Some("/opt".into()),
            ..Settings::default()
        };
        self.push(&[("/opt/bin/server", script), ("/opt/other", script)], settings).await
    }

    fn spec(&self, image: &Image) -> InstanceSpec {
        InstanceSpec {
            image: image.clone(),
            command: Vec::new(),
            environment: BTreeMap::new(),
            readiness: Readiness { probe: Probe::None, timeout_ms: 20_000 },
            ..self.site.server("")
        }
    }

    async fn create(&self, name: &str, spec: &InstanceSpec) -> Result<(), InstanceError> {
        let (root, launcher) = (&self.site.root, &self.site.launcher);
        instance::create(root, launcher, &owner(name), spec).await?;
        instance::wait_ready(root, launcher, &uid(name)).await.map(drop)
    }

    async fn delete(&self, name: &str) {
        instance::delete(&self.site.root, &uid(name)).await.unwrap();
    }

    /// What is in the folder of images, without locks.
    fn unpacked(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.site.root.path().join("images")).into_iter().flatten();
        entries.map(|it| it.unwrap().path()).filter(|it| it.is_dir()).collect()
    }

    /// The first lines that an instance wrote.
    async fn said(&self, name: &str) -> String {
        let log = self.site.look(name).unwrap().log;
        crate::site::eventually("it speaks", async || {
            fs::read_to_string(&log).is_ok_and(|text| text.lines().count() > 1)
        })
        .await;
        fs::read_to_string(&log).unwrap()
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(ToString::to_string).collect()
}

fn variables(variables: &[(&str, &str)]) -> BTreeMap<String, String> {
    variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[tokio::test]
async fn an_instance_runs_what_its_image_says_and_takes_the_image_along() {
    let Some(place) = Place::new() else { return };
    let image = place.sleeper().await;
    place.create("web", &place.spec(&image)).await.unwrap();
    let unpacked = place.unpacked();
    let [folder] = unpacked.as_slice() else { panic!("{unpacked:?}") };
    let rootfs = folder.join("rootfs");
    let expected =
        format!("hello from {0}/opt/bin/server --port auto\nimage {0}\n", rootfs.display());
    assert_eq!(place.said("web").await, expected);
    place.delete("web").await;
    assert_eq!(place.site.contents(), Vec::<String>::new());
}

#[tokio::test]
async fn an_instance_may_say_otherwise() {
    let Some(place) = Place::new() else { return };
    let spec = InstanceSpec {
        command: words(&["./other", "one"]),
        environment: variables(&[("GREETING", "bye")]),
        ..place.spec(&place.sleeper().await)
    };
    place.create("web", &spec).await.unwrap();
    let said = place.said("web").await;
    assert!(said.starts_with("bye from "), "{said}");
    assert!(said.contains("/rootfs/opt/other one\n"), "{said}");
}

#[tokio::test]
async fn a_program_that_is_not_in_the_image_is_named_and_nothing_is_left() {
    let Some(place) = Place::new() else { return };
    let settings = Settings { entrypoint: words(&["/bin/start"]), ..Settings::default() };
    let image = place.push(&[("/opt/real", "exec sleep 600")], settings).await;
    let error = place.create("web", &place.spec(&image)).await.unwrap_err().to_string();
    assert!(error.starts_with("there is no program `"), "{error}");
    assert!(error.ends_with("/rootfs/bin/start`"), "{error}");
    assert_eq!(place.site.contents(), Vec::<String>::new());
}

#[tokio::test]
async fn an_image_that_says_nothing_needs_a_command() {
    let Some(place) = Place::new() else { return };
    let image = place.push(&[("/a", "exec sleep 600")], Settings::default()).await;
    let error = place.create("web", &place.spec(&image)).await.unwrap_err().to_string();
    let expected = format!("`{image}` does not say what is run in it, and `command` is left out");
    assert_eq!(error, expected);
    assert_eq!(place.site.contents(), Vec::<String>::new());
}

#[tokio::test]
async fn instances_made_at_once_share_one_image_which_goes_with_the_last() {
    let Some(place) = Place::new() else { return };
    let spec = place.spec(&place.sleeper().await);
    let names: Vec<String> = (0..8).map(|number| format!("web{number}")).collect();
    let made = futures::future::join_all(names.iter().map(|name| place.create(name, &spec))).await;
    assert!(made.iter().all(Result::is_ok), "{made:?}");
    assert_eq!(place.unpacked().len(), 1);
    let (last, others) = names.split_last().unwrap();
    futures::future::join_all(others.iter().map(|name| place.delete(name))).await;
    assert_eq!(place.unpacked().len(), 1);
    place.delete(last).await;
    assert_eq!(place.site.contents(), Vec::<String>::new());
}

#[tokio::test]
async fn whoever_comes_as_the_last_one_goes_has_the_image() {
    let Some(place) = Place::new() else { return };
    let spec = place.spec(&place.sleeper().await);
    place.create("web0", &spec).await.unwrap();
    for number in 0..10 {
        let (old, new) = (format!("web{number}"), format!("web{}", number + 1));
        let (made, ()) = tokio::join!(place.create(&new, &spec), place.delete(&old));
        made.unwrap();
        assert_eq!(place.unpacked().len(), 1);
    }
    place.delete("web10").await;
    assert_eq!(place.site.contents(), Vec::<String>::new());
}

#[tokio::test]
async fn what_a_killed_create_left_goes_with_the_next_delete() {
    let Some(place) = Place::new() else { return };
    let spec = place.spec(&place.sleeper().await);
    // Killed after it had unpacked its image, and as it unpacked.
    let images = place.site.root.path().join("images");
    fs::create_dir_all(images.join("sha256-0/rootfs")).unwrap();
    fs::write(images.join(".sha256-0.lock"), "").unwrap();
    fs::write(images.join(".sha256-1.lock"), "").unwrap();
    place.create("web", &spec).await.unwrap();
    place.delete("web").await;
    assert_eq!(place.site.contents(), Vec::<String>::new());
}

#[tokio::test]
async fn an_image_that_somebody_removed_is_pulled_again_by_the_next_change() {
    let Some(place) = Place::new() else { return };
    let spec = place.spec(&place.sleeper().await);
    place.create("web", &spec).await.unwrap();
    fs::remove_dir_all(&place.unpacked()[0]).unwrap();
    let spec = InstanceSpec { environment: variables(&[("GREETING", "again")]), ..spec };
    instance::update(&place.site.root, &place.site.launcher, &uid("web"), &spec).await.unwrap();
    assert_eq!(place.unpacked().len(), 1);
    assert!(place.site.folder(ObjectType::Instance, "web").is_dir());
}
