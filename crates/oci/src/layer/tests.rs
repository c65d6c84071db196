use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use flate2::read::GzDecoder;
use proptest::prelude::*;
use tar::Archive;

use super::*;
use crate::digest;

struct Sources(tempfile::TempDir);

impl Sources {
    fn new() -> Sources {
        Sources(tempfile::tempdir().unwrap())
    }

    /// A file `name` with this content, at `path` in the image.
    fn file(&self, name: &str, content: &str, path: &str) -> LayerFile {
        let source = self.0.path().join(name);
        fs::write(&source, content).unwrap();
        LayerFile { source, path: path.into(), mode: 0o644 }
    }
}

/// What is in a layer: path, kind, mode and content, in order.
fn content(layer: &mut Layer) -> Vec<(String, EntryType, u32, String)> {
    layer.file.rewind().unwrap();
    let mut archive = Archive::new(GzDecoder::new(&mut layer.file));
    let entries = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        let header = entry.header();
        assert_eq!((header.uid().unwrap(), header.gid().unwrap()), (0, 0));
        assert_eq!(header.mtime().unwrap(), 0);
        let (kind, mode) = (header.entry_type(), header.mode().unwrap());
        (entry.path().unwrap().display().to_string(), kind, mode, text)
    });
    entries.collect()
}

fn error(files: &[LayerFile]) -> String {
    write(files).err().unwrap().to_string()
}

#[test]
fn a_layer_has_its_files_sorted_with_the_folders_on_the_way() {
    let sources = Sources::new();
    let program = LayerFile { mode: 0o755, ..sources.file("a", "program", "/opt/shop/server") };
    let mut layer = write(&[sources.file("b", "text", "etc/motd"), program]).unwrap();
    let entry = |path: &str, kind, mode, text: &str| (path.to_owned(), kind, mode, text.to_owned());
    let expected = [
        entry("etc", EntryType::Directory, 0o755, ""),
        entry("etc/motd", EntryType::Regular, 0o644, "text"),
        entry("opt", EntryType::Directory, 0o755, ""),
        entry("opt/shop", EntryType::Directory, 0o755, ""),
        entry("opt/shop/server", EntryType::Regular, 0o755, "program"),
    ];
    assert_eq!(content(&mut layer), expected);
}

#[test]
fn digests_and_size_are_those_of_the_file() {
    let sources = Sources::new();
    let mut layer = write(&[sources.file("a", "text", "a")]).unwrap();
    let mut packed = Vec::new();
    layer.file.read_to_end(&mut packed).unwrap();
    assert_eq!((layer.digest.clone(), layer.size), (digest::of(&packed), packed.len() as u64));
    let mut unpacked = Vec::new();
    GzDecoder::new(packed.as_slice()).read_to_end(&mut unpacked).unwrap();
    assert_eq!(layer.diff_id, digest::of(&unpacked));
}

#[test]
fn neither_order_nor_time_nor_the_mode_of_a_source_reach_the_layer() {
    let sources = Sources::new();
    let (a, b) = (sources.file("a", "1", "x/a"), sources.file("b", "2", "x/b"));
    let first = write(&[a.clone(), b.clone()]).unwrap();
    fs::set_permissions(&a.source, Permissions::from_mode(0o600)).unwrap();
    let late = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(2_000_000_000);
    File::options().write(true).open(&b.source).unwrap().set_modified(late).unwrap();
    assert_eq!(write(&[b, a]).unwrap().digest, first.digest);
}

#[test]
fn a_path_longer_than_a_header_stays_whole() {
    let sources = Sources::new();
    let path = format!("{}/file", ["folder"; 40].join("/"));
    let mut layer = write(&[sources.file("a", "text", &path)]).unwrap();
    assert_eq!(content(&mut layer).last().unwrap().0, path);
}

#[test]
fn paths_that_are_none_are_named() {
    let sources = Sources::new();
    for path in ["../etc/passwd", "/", "", "a/../b", "a/", "a/.wh.b"] {
        let expected = format!("`{path}` is no path of a file in an image");
        assert_eq!(error(&[sources.file("a", "", path)]), expected);
    }
}

#[test]
fn two_files_of_one_path_are_named() {
    let sources = Sources::new();
    let pairs = [("/x/a", "x/a"), ("x", "x/a"), ("x/a", "x")];
    for (first, second) in pairs {
        let expected = format!("`{second}` cannot be in the image beside another file there");
        let files = [sources.file("a", "1", first), sources.file("b", "2", second)];
        assert_eq!(error(&files), expected);
    }
}

#[test]
fn a_source_that_cannot_be_read_is_named() {
    let sources = Sources::new();
    let missing = LayerFile { source: "/no/such/file".into(), ..sources.file("a", "", "a") };
    assert_eq!(error(&[missing]), "cannot read `/no/such/file`");
    let folder = LayerFile { source: sources.0.path().into(), ..sources.file("a", "", "a") };
    let expected = format!("cannot read `{}`", sources.0.path().display());
    assert_eq!(error(&[folder]), expected);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..Default::default() })]

    #[test]
    fn equal_files_in_any_order_give_an_equal_layer(
        files in prop::collection::btree_map("[a-z]{1,8}", ".{0,64}", 1..8),
        seed in any::<prop::sample::Index>(),
    ) {
        let sources = Sources::new();
        let made: Vec<LayerFile> = files
            .iter()
            .map(|(name, text)| sources.file(name, text, &format!("app/{name}")))
            .collect();
        let mut turned = made.clone();
        turned.rotate_left(seed.index(made.len()));
        let mut layer = write(&made).unwrap();
        prop_assert_eq!(&write(&turned).unwrap().digest, &layer.digest);
        let there = content(&mut layer).into_iter().skip(1);
        let there: Vec<(String, String)> = there.map(|(path, _, _, text)| (path, text)).collect();
        let expected = files.iter().map(|(name, text)| (format!("app/{name}"), text.clone()));
        prop_assert_eq!(there, expected.collect::<Vec<_>>());
    }
}
