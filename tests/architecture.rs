//! The rooms of the house, and which may use which.
//!
//! `ARCHITECTURE.md` explains the arrows; this test holds the workspace to them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

/// Each room with the rooms that it stands on. What those stand on, it may use as well.
const ARROWS: &[(&str, &[&str])] = &[
    ("greenroom-model", &[]),
    ("greenroom-spec", &["greenroom-model"]),
    ("greenroom-engine", &["greenroom-spec"]),
    ("greenroom-provider", &["greenroom-model"]),
    ("greenroom-store", &["greenroom-model"]),
    ("greenroom-oci", &[]),
    ("greenroom-local", &["greenroom-oci", "greenroom-provider"]),
    ("greenroom-aws", &["greenroom-provider"]),
    ("greenroom-apply", &["greenroom-engine", "greenroom-provider", "greenroom-store"]),
    ("greenroom-delivery", &["greenroom-apply", "greenroom-oci"]),
    ("greenroom", &["greenroom-delivery", "greenroom-local", "greenroom-aws"]),
    (SIM, &["greenroom-delivery"]),
    (EMULATOR, &[]),
    ("shop-server", &[]),
];

/// The room that only tests use.
const SIM: &str = "greenroom-sim";

/// AWS on loopback, which only tests use and which uses no other room.
const EMULATOR: &str = "greenroom-emulator";

/// Rooms that the tests of every room may use, wherever they stand. What a provider is, is plain
/// requests and answers: the engine's tests answer what it asks as a provider would, so that they
/// cannot drift from what providers really say. What ships has the arrows alone.
const FOR_TESTS: &[&str] = &[SIM, EMULATOR, "greenroom-provider"];

/// What the pure rooms must not reach, however indirectly: files, network, processes, threads of
/// a runtime, randomness.
const EFFECTS: &[&str] = &["tokio", "async-std", "hyper", "mio", "rustix", "getrandom", "tempfile"];

#[test]
fn every_member_of_the_workspace_has_its_place() {
    let workspace = workspace();
    for package in workspace.workspace_packages() {
        let name = package.name.as_str();
        assert!(ARROWS.iter().any(|(room, _)| *room == name), "{name} is in no arrow");
    }
}

#[test]
fn a_room_uses_only_rooms_below_it() {
    let workspace = workspace();
    for package in workspace.workspace_packages() {
        let below = below(package.name.as_str());
        for (used, kind) in uses(&workspace, package) {
            let for_tests = kind == DependencyKind::Development && FOR_TESTS.contains(&used);
            let allowed = below.contains(used) || for_tests;
            assert!(allowed, "{} must not use {used} ({kind} dependency)", package.name);
        }
    }
}

#[test]
fn the_folder_of_a_room_is_its_name_without_the_prefix() {
    let workspace = workspace();
    let crates = workspace.workspace_root.join("crates");
    for package in workspace.workspace_packages() {
        let folder = package.manifest_path.parent().expect("a manifest stands in a folder");
        if folder.starts_with(&crates) {
            let name = package.name.as_str();
            let expected = name.strip_prefix("greenroom-").unwrap_or(name);
            assert_eq!(folder.file_name(), Some(expected), "{name}");
        }
    }
}

#[test]
fn decisions_are_made_without_runtime_files_network_or_randomness() {
    let workspace = workspace();
    for room in ["greenroom-model", "greenroom-spec", "greenroom-engine"] {
        let linked = linked(&workspace, room);
        assert!(linked.contains("greenroom-model"), "{room} is not linked with itself: {linked:?}");
        for effect in EFFECTS {
            assert!(!linked.contains(*effect), "{room} reaches {effect}");
        }
    }
}

#[test]
fn only_the_command_line_renders_diagnostics() {
    let workspace = workspace();
    for package in workspace.workspace_packages() {
        let fancy = package
            .dependencies
            .iter()
            .filter(|dependency| dependency.name == "miette")
            .any(|miette| miette.features.iter().any(|feature| feature.starts_with("fancy")));
        let may = package.name.as_str() == "greenroom";
        assert!(may || !fancy, "{} turns on miette's fancy feature", package.name);
    }
}

#[test]
fn what_providers_are_made_of_stays_in_them() {
    const HOMES: [(&str, &[&str]); 2] =
        [("aws-", &["greenroom-aws"]), ("hickory-", &["greenroom-aws", "greenroom-local"])];
    let workspace = workspace();
    for package in workspace.workspace_packages() {
        for dependency in &package.dependencies {
            for (library, homes) in HOMES {
                let is_home = homes.contains(&package.name.as_str());
                let may = is_home || !dependency.name.starts_with(library);
                assert!(may, "{} uses {}", package.name, dependency.name);
            }
        }
    }
}

#[test]
fn every_crate_says_at_its_head_what_lives_there() {
    let workspace = workspace();
    for package in workspace.workspace_packages() {
        for target in package.targets.iter().filter(|target| target.is_lib() || target.is_bin()) {
            let text = fs::read_to_string(&target.src_path).unwrap();
            let head: Vec<&str> = text.lines().take_while(|line| line.starts_with("//!")).collect();
            let words = head.join(" ").split_whitespace().filter(|word| *word != "//!").count();
            assert!(words >= 5, "{} has no `//!` head that says anything", target.src_path);
        }
    }
}

#[test]
fn the_map_names_every_room() {
    let workspace = workspace();
    let map = fs::read_to_string(workspace.workspace_root.join("ARCHITECTURE.md")).unwrap();
    for package in workspace.workspace_packages() {
        let folder = package.manifest_path.parent().expect("a manifest stands in a folder");
        let room = folder.strip_prefix(&workspace.workspace_root).unwrap();
        assert!(map.contains(&format!("`{room}`")), "ARCHITECTURE.md does not name {room}");
    }
}

#[test]
fn no_file_of_the_top_level_tests_is_forgotten() {
    let workspace = workspace();
    let declared: BTreeSet<PathBuf> = workspace
        .workspace_packages()
        .iter()
        .flat_map(|package| &package.targets)
        .filter(|target| target.is_test())
        .map(|target| target.src_path.canonicalize().unwrap())
        .collect();
    for root in test_roots(workspace.workspace_root.join("tests").as_std_path()) {
        assert!(declared.contains(&root), "{} is no test of any crate", root.display());
    }
}

fn workspace() -> Metadata {
    MetadataCommand::new()
        .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml"))
        .no_deps()
        .exec()
        .expect("the workspace that this test was built from can be read")
}

/// The rooms that `room` may use.
fn below(room: &str) -> BTreeSet<&'static str> {
    let direct = ARROWS.iter().find(|(name, _)| *name == room).map_or(&[][..], |(_, below)| below);
    direct.iter().flat_map(|name| below(name).into_iter().chain([*name])).collect()
}

/// The members of the workspace that a package's manifest names.
fn uses<'a>(
    workspace: &'a Metadata,
    package: &'a Package,
) -> impl Iterator<Item = (&'a str, DependencyKind)> {
    let members: BTreeSet<&str> =
        workspace.workspace_packages().iter().map(|member| member.name.as_str()).collect();
    package
        .dependencies
        .iter()
        .map(|dependency| (dependency.name.as_str(), dependency.kind))
        .filter(move |(name, _)| members.contains(name))
}

/// The names of the packages that are linked into `room` when it is built alone, on this platform.
fn linked(workspace: &Metadata, room: &str) -> BTreeSet<String> {
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--edges", "normal", "--prefix", "none", "--format", "{p}"])
        .args(["--package", room])
        .current_dir(&workspace.workspace_root)
        .output()
        .expect("cargo, which built this test, can be run");
    let errors = String::from_utf8_lossy(&tree.stderr);
    assert!(tree.status.success(), "cargo tree failed for {room}: {errors}");
    let packages = String::from_utf8_lossy(&tree.stdout);
    packages.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

/// The files below `folder` that should each be a test binary.
fn test_roots(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder)
        .expect("the top-level tests have a folder")
        .map(|entry| entry.expect("a folder of the checkout can be read").path())
        .map(|path| if path.is_dir() { path.join("main.rs") } else { path })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs") && path.exists())
        .map(|path| path.canonicalize().expect("the file was just seen"))
        .collect()
}
