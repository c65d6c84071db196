//! What is found out before a promotion begins.

use std::fs;

use super::stage::{STAGE, roster, world};

/// The image of the stage, as one that is baked from the same file.
const BAKED: &str = "[image.web]\nbuilder = \"local\"\nfiles = [\"image/*\"]";

#[test]
fn an_image_that_is_gone_is_refused_before_anything_is_made() {
    let world = world("steps = [100]");
    let project = fs::read_to_string(world.path().join("greenroom.toml")).expect("the project");
    world.write("greenroom.toml", &project.replace("[image.web]\nid = \"image\"", BAKED));
    let template = fs::read_to_string(world.path().join("environment.toml")).expect("the template");
    world.write("environment.toml", &template.replace("./shop-server", "./image/shop-server"));
    world.expect(0, &["bake"]);
    world.expect(0, &["promote", STAGE, "--yes"]);

    fs::remove_dir_all(world.path().join(".greenroom/images")).expect("an image is there");
    let refused = world.expect(1, &["promote", STAGE, "--yes"]);
    assert!(refused.stderr.contains("of the images, `web` is not there any more"), "{refused:?}");
    assert_eq!(roster(&world).len(), 1, "nothing was made");

    world.expect(0, &["bake"]);
    world.expect(0, &["promote", STAGE, "--yes"]);
    assert_eq!(roster(&world).len(), 2);
}
