//! Layers of strangers.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};

use flate2::write::GzEncoder;
use proptest::prelude::*;
use tar::{Builder, EntryType, Header};

use super::*;
use crate::digest;

/// A root file system beside a folder with a file that nobody may touch.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Place {
        let temp = tempfile::tempdir().unwrap();
        fs::create_dir_all(temp.path().join("rootfs")).unwrap();
        fs::create_dir_all(temp.path().join("outside")).unwrap();
        fs::write(temp.path().join("outside/file"), "untouched").unwrap();
        Place(temp)
    }

    fn rootfs(&self) -> PathBuf {
        self.0.path().join("rootfs")
    }

    fn outside(&self) -> PathBuf {
        self.0.path().join("outside")
    }

    fn apply(&self, layer: &[Item]) -> Result<(), UnpackError> {
        let bytes = archive_of(layer);
        apply(spool(&bytes), Compression::None, &digest::of(&bytes), &self.rootfs())
    }

    fn read(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.rootfs().join(path)).ok()
    }

    /// All paths below the root, without following links.
    fn paths(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut ahead = vec![self.rootfs()];
        while let Some(folder) = ahead.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let entry = entry.unwrap();
                let path = entry.path().strip_prefix(self.rootfs()).unwrap().display().to_string();
                found.push(path);
                if entry.file_type().unwrap().is_dir() {
                    ahead.push(entry.path());
                }
            }
        }
        found.sort();
        found
    }

    /// Nothing but the root file system has changed.
    fn assert_contained(&self) {
        let mut names: Vec<_> =
            fs::read_dir(self.0.path()).unwrap().map(|it| it.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["outside", "rootfs"]);
        assert_eq!(fs::read_dir(self.outside()).unwrap().count(), 1);
        assert_eq!(fs::read_to_string(self.outside().join("file")).unwrap(), "untouched");
    }
}

/// An entry: its path, and what it is.
type Item = (String, What);

#[derive(Clone, Debug)]
enum What {
    File(&'static str),
    Folder,
    Link(String),
    HardLink(String),
    Device,
}

fn file(path: &str, text: &'static str) -> Item {
    (path.to_owned(), What::File(text))
}

fn folder(path: &str) -> Item {
    (path.to_owned(), What::Folder)
}

fn link(path: &str, target: impl ToString) -> Item {
    (path.to_owned(), What::Link(target.to_string()))
}

fn hard_link(path: &str, target: impl ToString) -> Item {
    (path.to_owned(), What::HardLink(target.to_string()))
}

fn archive_of(items: &[Item]) -> Vec<u8> {
    let mut archive = Builder::new(Vec::new());
    for (path, what) in items {
        let (kind, text, target) = match what {
            What::File(text) => (EntryType::Regular, *text, None),
            What::Folder => (EntryType::Directory, "", None),
            What::Link(target) => (EntryType::Symlink, "", Some(target)),
            What::HardLink(target) => (EntryType::Link, "", Some(target)),
            What::Device => (EntryType::Block, "", None),
        };
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(0o4755);
        header.set_size(text.len() as u64);
        header.set_mtime(0);
        // By hand, since the library writes no hostile names.
        raw(&mut header.as_old_mut().name, path);
        if let Some(target) = target {
            raw(&mut header.as_old_mut().linkname, target);
        }
        header.set_cksum();
        archive.append(&header, text.as_bytes()).unwrap();
    }
    archive.into_inner().unwrap()
}

fn raw(field: &mut [u8], text: &str) {
    field.fill(0);
    field[..text.len()].copy_from_slice(text.as_bytes());
}

fn spool(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
}

#[test]
fn a_higher_layer_replaces_adds_and_takes_away() {
    let place = Place::new();
    let lower = [file("etc/a", "1"), file("etc/b", "1"), file("opt/old/x", "1"), file("bin", "1")];
    place.apply(&lower).unwrap();
    let upper = [
        file("etc/a", "2"),
        file("etc/.wh.b", ""),
        file("opt/.wh.old", ""),
        folder("bin"),
        file("bin/sh", "2"),
        file(".wh.nothing", ""),
    ];
    place.apply(&upper).unwrap();
    assert_eq!(place.paths(), ["bin", "bin/sh", "etc", "etc/a", "opt"]);
    assert_eq!(place.read("etc/a").as_deref(), Some("2"));
}

#[test]
fn a_folder_is_cleared_of_lower_layers_alone_wherever_that_is_said() {
    for order in [[0, 1, 2], [1, 2, 0], [2, 0, 1]] {
        let place = Place::new();
        place.apply(&[file("app/old", "1"), file("app/sub/old", "1"), file("kept", "1")]).unwrap();
        let upper = [file("app/.wh..wh..opq", ""), file("app/new", "2"), file("app/sub/new", "2")];
        let turned: Vec<Item> = order.iter().map(|at| upper[*at].clone()).collect();
        place.apply(&turned).unwrap();
        assert_eq!(place.paths(), ["app", "app/new", "app/sub", "app/sub/new", "kept"]);
    }
}

#[test]
fn a_layer_does_not_take_away_what_it_brings() {
    let place = Place::new();
    place.apply(&[file("a", "1")]).unwrap();
    place.apply(&[file("a", "2"), file(".wh.a", "")]).unwrap();
    assert_eq!(place.read("a").as_deref(), Some("2"));
}

#[test]
fn a_folder_gives_way_to_a_file_and_to_a_link() {
    let place = Place::new();
    place.apply(&[file("a/x", "1"), file("b/x", "1"), file("c", "1")]).unwrap();
    place.apply(&[file("a", "2"), link("b", "c"), folder("c")]).unwrap();
    assert_eq!(place.paths(), ["a", "b", "c"]);
    assert_eq!(fs::read_link(place.rootfs().join("b")).unwrap(), Path::new("c"));
    assert!(place.rootfs().join("c").is_dir());
}

#[test]
fn entries_under_an_absolute_link_of_the_image_land_in_the_image() {
    let place = Place::new();
    place.apply(&[folder("run"), link("var/run", "/run")]).unwrap();
    place.apply(&[file("var/run/pid", "1")]).unwrap();
    assert_eq!(place.read("run/pid").as_deref(), Some("1"));
    assert_eq!(place.read("var/run/pid").as_deref(), Some("1"));
    assert_eq!(fs::read_link(place.rootfs().join("var/run")).unwrap(), Path::new("../run"));
}

#[test]
fn paths_that_climb_are_refused() {
    for path in ["../outside/file", "a/../../outside/file", "a/..", "../outside/.wh.file"] {
        let place = Place::new();
        let error = place.apply(&[file(path, "evil")]).unwrap_err();
        assert_eq!(error.to_string(), format!("an entry `{path}` would leave the image"));
        place.assert_contained();
    }
}

#[test]
fn whiteouts_of_the_folder_itself_are_refused() {
    for name in [".wh.", ".wh..", ".wh..."] {
        let place = Place::new();
        place.apply(&[file("kept", "1")]).unwrap();
        let error = place.apply(&[file(name, "")]).unwrap_err();
        assert_eq!(error.to_string(), format!("an entry `{name}` would leave the image"));
        assert_eq!(place.paths(), ["kept"]);
        place.assert_contained();
    }
}

#[test]
fn absolute_paths_begin_at_the_image() {
    let place = Place::new();
    let path = format!("{}/file", place.outside().display());
    place.apply(&[(path.clone(), What::File("inside"))]).unwrap();
    assert_eq!(place.read(&path[1..]).as_deref(), Some("inside"));
    place.assert_contained();
}

#[test]
fn nothing_is_written_or_removed_through_a_link() {
    let place = Place::new();
    let outside = place.outside().display().to_string();
    let up = "../outside";
    place
        .apply(&[link("abs", &outside), link("up", up), link("file", format!("{up}/file"))])
        .unwrap();
    let through = [
        file("abs/file", "evil"),
        file("up/file", "evil"),
        file("file", "evil"),
        file("abs/.wh.file", ""),
        file("up/.wh..wh..opq", ""),
        folder("up"),
    ];
    for item in through {
        place.apply(&[item]).unwrap();
        place.assert_contained();
    }
}

#[test]
fn a_link_that_was_there_before_does_not_lead_out_either() {
    let place = Place::new();
    symlink(place.outside(), place.rootfs().join("out")).unwrap();
    place.apply(&[file("out/file", "evil"), file("out/.wh.file", "")]).unwrap();
    place.assert_contained();
}

#[test]
fn a_hard_link_reaches_only_what_is_in_the_image() {
    let place = Place::new();
    place.apply(&[file("a", "1"), hard_link("b", "a"), hard_link("c", "/a")]).unwrap();
    assert_eq!(place.read("b").as_deref(), Some("1"));
    assert_eq!(place.read("c").as_deref(), Some("1"));
    let outside = place.outside().join("file").display().to_string();
    for target in [outside.as_str(), "../outside/file"] {
        let error = place.apply(&[hard_link("evil", target)]).unwrap_err();
        assert_eq!(error.to_string(), "cannot make `evil`");
        assert_eq!(place.read("evil"), None);
    }
    place.apply(&[link("l", &outside)]).unwrap();
    place.apply(&[hard_link("evil", "l")]).unwrap_err();
    place.assert_contained();
}

#[test]
fn rights_beyond_a_files_own_are_dropped_and_devices_left_out() {
    let place = Place::new();
    place.apply(&[file("program", "1"), folder("folder"), ("disk".into(), What::Device)]).unwrap();
    for path in ["program", "folder"] {
        let mode = fs::metadata(place.rootfs().join(path)).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o755, "{path}");
    }
    assert_eq!(place.paths(), ["folder", "program"]);
}

#[test]
fn a_layer_that_is_another_is_refused_before_anything_is_made() {
    let place = Place::new();
    let bytes = archive_of(&[file("a", "1")]);
    let other = digest::of(b"other");
    let error = apply(spool(&bytes), Compression::None, &other, &place.rootfs()).unwrap_err();
    assert_eq!(error.to_string(), "a layer unpacks to something else than its digest says");
    assert_eq!(place.paths(), Vec::<String>::new());
}

#[test]
fn a_packed_layer_unpacks_and_a_cut_off_one_does_not() {
    let bytes = archive_of(&[file("a", "1")]);
    let mut gzip = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&bytes).unwrap();
    let packed = gzip.finish().unwrap();
    let diff_id = digest::of(&bytes);
    let place = Place::new();
    apply(spool(&packed), Compression::Gzip, &diff_id, &place.rootfs()).unwrap();
    assert_eq!(place.read("a").as_deref(), Some("1"));
    for length in [0, 5, packed.len() / 2, packed.len() - 1] {
        let place = Place::new();
        let cut = spool(&packed[..length]);
        apply(cut, Compression::Gzip, &diff_id, &place.rootfs()).unwrap_err();
        assert_eq!(place.paths(), Vec::<String>::new(), "cut at {length}");
    }
}

fn part() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "a",
        "b",
        "c",
        "..",
        ".",
        "/outside",
        "outside",
        ".wh.a",
        ".wh..wh..opq",
    ])
}

fn path() -> impl Strategy<Value = String> {
    prop::collection::vec(part(), 1..5).prop_map(|parts| parts.join("/"))
}

fn item() -> impl Strategy<Value = Item> {
    let what = prop_oneof![
        Just(What::File("evil")),
        Just(What::Folder),
        path().prop_map(What::Link),
        path().prop_map(What::HardLink),
    ];
    (path(), what)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..Default::default() })]

    #[test]
    fn no_layers_reach_beyond_the_image(
        layers in prop::collection::vec(prop::collection::vec(item(), 1..8), 1..4),
    ) {
        let place = Place::new();
        for layer in &layers {
            // Whether it unpacks is another matter.
            let _ = place.apply(layer);
        }
        place.assert_contained();
    }
}
