//! `bake` of machine images: what it makes, and what is left of one that fails or is killed.

use std::collections::{BTreeMap, BTreeSet};

use greenroom_emulator::Pace;

use crate::cloud::{Ran, Shop, ids};
use crate::repository;

/// The region of the image, and that of its copy.
const HOME: &str = "eu-central-1";
const AWAY: &str = "eu-west-1";

/// Who else may launch it.
const PARTNER: &str = "222233334444";

const BAKE: &[&str] = &["bake", "web"];

/// What there is, by kind and region.
type Found = BTreeMap<&'static str, usize>;

/// A project with an image, in an account of its own.
pub(crate) struct Kitchen {
    pub(crate) shop: Shop,
}

impl Kitchen {
    /// An image that is provisioned by this script.
    pub(crate) fn new(script: &str) -> Kitchen {
        let kitchen = Kitchen { shop: Shop::empty() };
        kitchen.shop.account.set_pace(Pace { vanishing: Some(1), ..Pace::default() });
        kitchen.says("base = { id = \"ami-12c6146b\" }");
        kitchen.shop.write("install.sh", script);
        kitchen
    }

    /// An image that has a copy, and is shared.
    pub(crate) fn of_two_regions() -> Kitchen {
        let kitchen = Kitchen::new("echo one\n");
        kitchen.says(&format!(
            "base = {{ id = \"ami-12c6146b\" }}\nregions = [\"{AWAY}\"]\naccounts = [\"{PARTNER}\"]"
        ));
        kitchen
    }

    /// Writes what the project says of the image beside what is always so.
    fn says(&self, image: &str) {
        let project = format!(
            "[project]\nname = \"shop\"\n[state]\nurl = \"state\"\n\
             [provider.aws]\nregion = \"{HOME}\"\n\
             [image.web]\nbuilder = \"ami\"\nprovision = [\"install.sh\"]\n\
             instance_type = \"t3.micro\"\n{image}\n"
        );
        self.shop.write("greenroom.toml", &project);
    }

    /// An image with an artifact that is published in a bucket.
    fn with_artifact() -> Kitchen {
        let kitchen = Kitchen { shop: repository::shop() };
        let project = kitchen.shop.read("greenroom.toml");
        kitchen.shop.write(
            "greenroom.toml",
            &format!(
                "{project}[image.web]\nbuilder = \"ami\"\nartifacts = [\"app\"]\n\
                 provision = [\"install.sh\"]\ninstance_type = \"t3.micro\"\n\
                 base = {{ id = \"ami-12c6146b\" }}\n"
            ),
        );
        kitchen.shop.write("install.sh", "install -m 755 $GREENROOM_ARTIFACTS/app /usr/bin/app\n");
        kitchen.shop.write("app", "the program");
        kitchen.shop.expect(0, &["publish"]);
        kitchen
    }

    pub(crate) fn bakes(&self) -> Ran {
        self.shop.expect(0, BAKE)
    }

    /// A bake that fails; what it says.
    fn fails(&self) -> String {
        self.shop.expect(1, BAKE).stderr
    }

    /// What there is that says it is the project's, how many of each kind; machines without those
    /// that are terminated.
    pub(crate) fn found(&self) -> Found {
        let ours = "Filter.1.Name=tag-key&Filter.1.Value.1=greenroom%3Alineage";
        let alive = "Filter.2.Name=instance-state-name&Filter.2.Value.1=pending\
                     &Filter.2.Value.2=running&Filter.2.Value.3=stopping&Filter.2.Value.4=stopped";
        let count = |region: &str, action: &str, id: &str| {
            let answer = self.shop.ask_in(region, &format!("Action=Describe{action}&{ours}"));
            ids(&answer, id).into_iter().collect::<BTreeSet<String>>().len()
        };
        let found = [
            ("copies", count(AWAY, "Images", "imageId")),
            ("images", count(HOME, "Images", "imageId")),
            ("machines", count(HOME, &format!("Instances&{alive}"), "instanceId")),
            ("snapshots", count(HOME, "Snapshots", "snapshotId")),
            ("snapshots of copies", count(AWAY, "Snapshots", "snapshotId")),
            ("volumes", count(HOME, "Volumes", "volumeId")),
        ];
        found.into_iter().filter(|(_, count)| *count > 0).collect()
    }

    /// Asserts that there is the image alone.
    pub(crate) fn assert_baked(&self) {
        assert_eq!(self.found(), Found::from([("images", 1), ("snapshots", 1)]));
        self.shop.account.assert_supported();
    }

    /// As [`assert_baked`](Kitchen::assert_baked), with its copy.
    pub(crate) fn assert_baked_in_two_regions(&self) {
        let image = [("images", 1), ("snapshots", 1)];
        let copy = [("copies", 1), ("snapshots of copies", 1)];
        assert_eq!(self.found(), image.into_iter().chain(copy).collect());
        self.shop.account.assert_supported();
    }

    /// Asserts that there is nothing.
    pub(crate) fn assert_clean(&self) {
        assert_eq!(self.found(), Found::new());
        self.shop.account.assert_supported();
    }

    fn count(&self, action: &str) -> usize {
        self.shop.account.counts().get(action).copied().unwrap_or_default()
    }

    /// The images with our tags in a region.
    fn images(&self, region: &str) -> Vec<String> {
        let ours = "Filter.1.Name=tag-key&Filter.1.Value.1=greenroom%3Alineage";
        ids(&self.shop.ask_in(region, &format!("Action=DescribeImages&{ours}")), "imageId")
    }
}

#[test]
fn an_image_is_baked_once_and_its_copies_follow_what_the_project_says() {
    let kitchen = Kitchen::of_two_regions();
    kitchen.bakes();
    kitchen.assert_baked_in_two_regions();
    for region in [HOME, AWAY] {
        let [image] = &kitchen.images(region)[..] else { panic!("one image in {region}") };
        let asked =
            format!("Action=DescribeImageAttribute&Attribute=launchPermission&ImageId={image}");
        assert_eq!(ids(&kitchen.shop.ask_in(region, &asked), "userId"), [PARTNER], "{region}");
    }
    kitchen.bakes();
    kitchen.says("base = { id = \"ami-12c6146b\" }");
    kitchen.bakes();
    kitchen.assert_baked();
    assert_eq!(kitchen.count("ec2:RunInstances"), 1);
}

#[test]
fn a_machine_fetches_its_artifacts_from_a_bucket() {
    let kitchen = Kitchen::with_artifact();
    kitchen.bakes();
    kitchen.assert_baked();
    kitchen.shop.write("app", "another program");
    kitchen.shop.expect(0, &["publish"]);
    kitchen.bakes();
    kitchen.shop.expect(0, &["images", "prune", "--keep", "1", "--yes"]);
    kitchen.assert_baked();
}

#[test]
fn an_image_that_is_baked_again_is_another_one() {
    let kitchen = Kitchen::new("echo one\n");
    kitchen.bakes();
    kitchen.shop.expect(0, &["bake", "web", "--rebake"]);
    assert_eq!(kitchen.images(HOME).len(), 2);
    kitchen.bakes();
    assert_eq!(kitchen.images(HOME).len(), 2, "the newer one is found");
    kitchen.shop.expect(0, &["images", "prune", "--keep", "1", "--yes"]);
    kitchen.assert_baked();
}

#[test]
fn a_pruned_image_goes_with_its_copies_and_snapshots() {
    let kitchen = Kitchen::of_two_regions();
    kitchen.bakes();
    kitchen.shop.write("install.sh", "echo two\n");
    kitchen.bakes();
    assert_eq!(kitchen.found()["images"], 2);
    kitchen.shop.expect(0, &["images", "prune", "--keep", "1", "--yes"]);
    kitchen.assert_baked_in_two_regions();
    kitchen.shop.expect(0, &["state", "verify"]);
}

#[test]
fn an_image_names_no_end_once_it_is_whole() {
    let kitchen = Kitchen::of_two_regions();
    kitchen.bakes();
    for region in [HOME, AWAY] {
        for action in ["DescribeImages", "DescribeSnapshots"] {
            let expiring = "Filter.1.Name=tag-key&Filter.1.Value.1=greenroom%3Aexpires";
            let found = kitchen.shop.ask_in(region, &format!("Action={action}&{expiring}"));
            assert!(!found.contains("greenroom:lineage"), "{region}: {found}");
        }
    }
    kitchen.shop.expect(0, &["reap"]);
    kitchen.shop.expect(0, &["state", "verify"]);
}

#[test]
fn a_script_that_fails_is_told_with_its_log_and_nothing_is_left() {
    let kitchen = Kitchen::new("echo trying\nexit 7\n");
    let said = kitchen.fails();
    assert!(said.contains("install.sh exited with 7"), "{said}");
    assert!(said.contains("+ exit 7"), "{said}");
    kitchen.assert_clean();
    kitchen.shop.write("install.sh", "echo better\n");
    kitchen.bakes();
    kitchen.assert_baked();
}

#[test]
fn a_machine_that_does_not_end_is_removed() {
    let kitchen = Kitchen::new("sleep infinity\n");
    kitchen.says("base = { id = \"ami-12c6146b\" }\ntimeout = \"1s\"");
    let said = kitchen.fails();
    assert!(said.contains("has not provisioned itself after 10s"), "{said}");
    kitchen.assert_clean();
}

#[test]
fn a_base_that_is_not_one_is_named() {
    let kitchen = Kitchen::new("echo one\n");
    for (filter, told) in [
        ("name = \"nothing-*\"", "no image fits"),
        ("architecture = [\"x86_64\", \"arm64\"]", "images fit, but one is asked for: ami-"),
    ] {
        kitchen.says(&format!("base = {{ owners = [\"amazon\"], filter = {{ {filter} }} }}"));
        let said = kitchen.fails();
        let wanted = filter.split(' ').next().expect("a name");
        assert!(said.contains(told) && said.contains(wanted), "{said}");
    }
    assert_eq!(kitchen.count("ec2:RunInstances"), 0);
}

#[test]
fn an_image_that_somebody_deregistered_is_baked_anew() {
    let kitchen = Kitchen::of_two_regions();
    kitchen.bakes();
    let [image] = &kitchen.images(HOME)[..] else { panic!("one image") };
    kitchen.shop.ask("ec2", &format!("Action=DeregisterImage&ImageId={image}"));
    kitchen.bakes();
    let found = kitchen.found();
    // Whoever deregisters an image has its snapshots to delete.
    let expected = [("copies", 1), ("images", 1), ("snapshots", 2), ("snapshots of copies", 1)];
    assert_eq!(found, Found::from(expected));
    assert_eq!(kitchen.count("ec2:RunInstances"), 2);
}
