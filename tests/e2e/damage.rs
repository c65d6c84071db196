//! States that were damaged, or come from the future.

use std::fs;
use std::path::PathBuf;

use crate::shop::files;
use crate::world::World;

fn applied() -> (World, PathBuf) {
    let world = World::new(&files());
    world.expect(0, &["apply", "test", "--yes"]);
    let snapshot = fs::read_dir(world.state_folder("test"))
        .expect("the state's folder")
        .flatten()
        .map(|it| it.path())
        .find(|it| it.file_name().is_some_and(|name| name.to_string_lossy().contains("snapshot")))
        .expect("a snapshot");
    (world, snapshot)
}

#[test]
fn a_truncated_snapshot_is_refused_and_left_as_it_is() {
    let (world, snapshot) = applied();
    let whole = fs::read(&snapshot).expect("a snapshot");
    let half = &whole[..whole.len() / 2];
    fs::write(&snapshot, half).expect("a damaged snapshot");
    for command in
        [["plan", "test"].as_slice(), &["apply", "test", "--yes"], &["state", "list", "test"]]
    {
        let refused = world.expect(1, command);
        assert!(refused.stderr.contains("state examine"), "{}", refused.stderr);
    }
    assert_eq!(fs::read(&snapshot).expect("still there"), half);
    assert_eq!(world.servers().len(), 1, "nothing was touched");
    fs::write(&snapshot, whole).expect("the snapshot is restored");
    world.expect(0, &["destroy", "test", "--yes"]);
    world.assert_nothing_left();
}

#[test]
fn a_state_of_a_newer_format_is_refused_with_the_version_that_wrote_it() {
    let (world, snapshot) = applied();
    let text = fs::read_to_string(&snapshot).expect("a snapshot");
    let (line, body) = text.split_once('\n').expect("a header line");
    let [magic, _, header] =
        line.splitn(3, ' ').collect::<Vec<_>>().try_into().expect("three parts");
    let newer = header.replacen("\"format\":1", "\"format\":999", 1).replacen(
        concat!("greenroom ", env!("CARGO_PKG_VERSION")),
        "greenroom 99.1.2",
        1,
    );
    assert_ne!(newer, header, "the header names its format");
    let checksum = crc32c::crc32c(newer.as_bytes());
    let newer = format!("{magic} {checksum:08x} {newer}\n{body}");
    fs::write(&snapshot, newer).expect("a snapshot from the future");
    let refused = world.expect(1, &["plan", "test"]);
    assert!(refused.stderr.contains("99.1.2"), "{}", refused.stderr);
    fs::write(&snapshot, text).expect("the snapshot is restored");
}
