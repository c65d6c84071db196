//! `bake`, `images`, and a pipeline that publishes, bakes, and runs its stages from what was baked.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::shop;
use crate::world::{Ran, World};

const HEAD: &str = r#"
[project]
name = "e2e"

[state]
url = "state"

[repository]
url = "repository"

[artifact.shop]
path = "built/shop-server"
"#;

const STAGES: &str = r#"
[image.web]
builder   = "local"
artifacts = ["shop"]
files     = ["conf/*"]

[stage.build]
run     = ["test -e built/shop-server"]
publish = ["shop"]

[stage.bake]
needs = ["build"]
bake  = ["web"]

[stage.left]
needs    = ["bake"]
template = "environment.toml"
front    = "front.toml"
run      = ["echo $GREENROOM_IMAGE_SET $GREENROOM_OUTPUT_IMAGE >> left"]

[stage.right]
needs    = ["bake"]
template = "environment.toml"
front    = "front.toml"
run      = ["echo $GREENROOM_IMAGE_SET $GREENROOM_OUTPUT_IMAGE >> right"]
"#;

/// A project whose artifact is built, and whose image has a file beside it.
fn world(images: &str) -> World {
    let world = World::new(&shop::files());
    world.write("greenroom.toml", &format!("{HEAD}{images}"));
    let template =
        format!("{}\n[output.image]\nvalue = \"${{image.web.id}}\"\n", shop::ENVIRONMENT);
    world.write("environment.toml", &template);
    for folder in ["built", "conf"] {
        fs::create_dir(world.path().join(folder)).expect("a folder");
    }
    world.write("conf/shop.conf", "a = 1\n");
    build(&world, b"");
    world
}

/// Puts the server where the artifact is looked for, with more bytes behind it.
fn build(world: &World, more: &[u8]) {
    let mut server = fs::read(world.path().join("image/shop-server")).expect("the server");
    server.extend_from_slice(more);
    let path = world.path().join("built/shop-server");
    fs::write(&path, server).expect("the artifact");
    let mut mode = fs::metadata(&path).expect("the artifact").permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut mode, 0o755);
    fs::set_permissions(&path, mode).expect("it is executable");
}

fn record(world: &World) -> Value {
    let path = world.path().join(".greenroom/pipelines/pipeline/record.json");
    serde_json::from_slice(&fs::read(path).expect("a record")).expect("JSON")
}

fn job<'a>(record: &'a Value, name: &str) -> &'a Value {
    let jobs = record["jobs"].as_array().expect("jobs");
    jobs.iter().find(|it| it["name"] == name).expect("the job")
}

/// Whether the pipeline's last run published and baked something new.
fn new(record: &Value) -> (bool, bool) {
    let new = |stage: &str| job(record, stage)["run"]["deliveries"][0]["new"] == true;
    (new("build"), new("bake"))
}

/// The image sets that commands of a stage were told of, and the images that they ran in.
fn seen(world: &World, stage: &str) -> Vec<(String, String)> {
    let text = fs::read_to_string(world.path().join(stage)).unwrap_or_default();
    let words = text.lines().map(|line| line.split_once(' ').expect("two words"));
    words.map(|(set, image)| (set.to_owned(), image.to_owned())).collect()
}

/// The events of a command with `--json`.
fn events(ran: &Ran, kind: &str) -> Vec<Value> {
    let all = ran.stdout.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    all.filter(|event| event["type"] == kind).collect()
}

/// Waits until something is so.
fn until(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..3000 {
        if is_so() {
            return;
        }
        thread::sleep(Duration::from_millis(20));
    }
    panic!("it never came to this: {what}");
}

fn images(world: &World) -> Vec<PathBuf> {
    let entries = fs::read_dir(world.path().join(".greenroom/images"));
    let mut images: Vec<_> =
        entries.map(|it| it.flatten().map(|it| it.path()).collect()).unwrap_or_default();
    images.sort();
    images
}

#[test]
fn a_pipeline_bakes_once_and_every_stage_runs_what_was_baked() {
    let world = world(STAGES);
    world.expect(0, &["pipeline"]);
    assert_eq!(new(&record(&world)), (true, true));
    let set = job(&record(&world), "bake")["run"]["image_set"].as_str().expect("a set").to_owned();
    let [image] = &images(&world)[..] else { panic!("there is another number of images") };
    let expected = [(set.clone(), image.display().to_string())];
    assert_eq!(
        (seen(&world, "left"), seen(&world, "right")),
        (expected.to_vec(), expected.to_vec())
    );
    assert!(image.join("shop-server").is_file() && image.join("conf/shop.conf").is_file());

    world.expect(0, &["pipeline"]);
    assert_eq!(new(&record(&world)), (false, false), "nothing has changed");
    assert_eq!(seen(&world, "right")[1], expected[0]);
    assert_eq!(images(&world).len(), 1);

    build(&world, b"\n");
    world.expect(0, &["pipeline"]);
    assert_eq!(new(&record(&world)), (true, true), "one byte is another artifact");
    let (left, right) = (seen(&world, "left"), seen(&world, "right"));
    assert_eq!(left[2], right[2]);
    assert!(left[2].0 != set && left[2].1 != expected[0].1, "everything downstream follows");
    world.assert_nothing_exists();
}

#[test]
fn what_a_pipeline_has_baked_and_run_is_proven_and_nothing_else_is() {
    let world = world(&format!(
        "{STAGES}\n[stage.production]\nneeds = [\"left\", \"right\"]\ntemplate = \"environment.toml\"\n\
         front = \"front.toml\"\npromotion = {{}}\n"
    ));
    let project = fs::read_to_string(world.path().join("greenroom.toml")).expect("the project");
    let keys = "name = \"e2e\"\nsigning_key = \"ci.key\"\ntrusted_keys = [\"ci.key.pub\"]";
    world.write("greenroom.toml", &project.replace("name = \"e2e\"", keys));
    world.expect(0, &["keys", "generate", "--out", "ci.key"]);
    world.expect(0, &["pipeline"]);
    let set =
        || job(&record(&world), "bake")["run"]["image_set"].as_str().expect("a set").to_owned();
    let verify =
        |code: i32| world.expect(code, &["attest", "verify", &set(), "--stage", "production"]);
    verify(0);
    let shown = world.expect(0, &["attest", "show", &set(), "--out", "attestations"]);
    let files = fs::read_dir(world.path().join("attestations")).expect("attestations");
    assert_eq!(files.count(), 3, "two stages, and how the image was baked: {}", shown.said());

    build(&world, b"\n");
    world.expect(0, &["pipeline", "--only", "build", "--only", "bake", "--only", "left"]);
    let unproven = verify(2);
    assert!(unproven.said().contains("right"), "{}", unproven.said());
    world.expect(0, &["pipeline", "--only", "right"]);
    let set = seen(&world, "right")[1].0.clone();
    world.expect(0, &["attest", "verify", &set, "--stage", "production"]);
}

#[test]
fn a_file_that_goes_into_an_image_is_part_of_it() {
    let world = world(STAGES);
    world.expect(0, &["publish"]);
    world.expect(0, &["bake"]);
    let again = world.expect(0, &["bake"]);
    assert!(again.stderr.contains("unchanged, nothing to bake"), "{}", again.said());
    world.write("conf/shop.conf", "a = 2\n");
    let changed = world.expect(0, &["bake", "--json"]);
    assert_eq!(events(&changed, "image_bake").last().expect("an event")["fate"], "baked");
    assert_eq!(images(&world).len(), 2);
}

#[test]
fn an_image_that_was_deleted_or_changed_behind_our_back_is_baked_anew() {
    let world = world(STAGES);
    world.expect(0, &["publish"]);
    world.expect(0, &["bake"]);
    let image = images(&world).remove(0);
    let damages: [fn(&PathBuf); 2] = [
        |image| fs::remove_dir_all(image).expect("it was there"),
        |image| fs::write(image.join("conf/shop.conf"), "b = 1\n").expect("it is written"),
    ];
    for damage in damages {
        damage(&image);
        let ran = world.expect(0, &["bake"]);
        assert!(ran.stderr.contains("is not there any more"), "{}", ran.said());
        let content = fs::read_to_string(image.join("conf/shop.conf")).expect("it is there again");
        assert_eq!(content, "a = 1\n");
    }
    assert_eq!(images(&world), [image]);
}

#[test]
fn what_is_not_published_is_not_baked() {
    let world = world(STAGES);
    let refused = world.expect(1, &["bake"]);
    assert!(refused.stderr.contains("`shop` is not published as it is now"), "{}", refused.said());
    assert!(refused.stderr.contains("greenroom publish shop"), "{}", refused.said());
    world.expect(0, &["publish"]);
    let version = events(&world.expect(0, &["artifacts", "--json"]), "artifacts").remove(0);
    let version = version["artifacts"][0]["version"].as_str().expect("a version").to_owned();
    fs::remove_file(world.path().join("built/shop-server")).expect("the artifact");
    let refused = world.expect(1, &["bake"]);
    assert!(refused.stderr.contains(&format!("--artifact shop={version}")), "{}", refused.said());
    world.expect(0, &["bake", "--artifact", &format!("shop={version}")]);
    let refused = world.expect(1, &["bake", "--artifact", "shop=0.1"]);
    assert!(refused.stderr.contains("is not published as version 0.1"), "{}", refused.said());
    assert_eq!(images(&world).len(), 1);
}

const PROGRAM: &str = r#"
[image.web]
builder   = "command"
artifacts = ["shop"]
command   = "./bake.sh"
exists    = "test -e baked/$GREENROOM_IMAGE_ID"
remove    = "rm baked/$GREENROOM_IMAGE_ID"
timeout   = "60s"
"#;

/// A project whose image a script makes: a file named after its key.
fn programmed(script: &str) -> World {
    let world = world(PROGRAM);
    fs::create_dir(world.path().join("baked")).expect("a folder");
    write_script(&world, script);
    world.expect(0, &["publish"]);
    world
}

fn write_script(world: &World, script: &str) {
    let text = format!(
        "#!/bin/sh\nset -e\ntest -x \"$GREENROOM_ARTIFACT_SHOP\"\necho begun >> begun\n{script}\n\
         id=web-$GREENROOM_IMAGE_KEY; cp \"$GREENROOM_ARTIFACT_SHOP\" baked/$id; echo made it >&2; \
         echo $id\n"
    );
    let path = world.path().join("bake.sh");
    fs::write(&path, text).expect("the script");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(path, mode).expect("it is executable");
}

fn begun(world: &World) -> usize {
    fs::read_to_string(world.path().join("begun")).map_or(0, |text| text.lines().count())
}

#[test]
fn a_program_bakes_and_its_log_is_kept_and_shown_when_it_fails() {
    let world = programmed("echo the disk is on fire; exit 7");
    let failed = world.expect(1, &["bake"]);
    assert!(failed.stderr.contains("exit status 7"), "{}", failed.said());
    assert!(failed.stderr.contains("the disk is on fire"), "{}", failed.said());
    assert!(world.greenroom(&["images", "list"]).stdout.contains("there are no image sets"));
    write_script(&world, "");
    world.expect(0, &["bake"]);
    world.expect(0, &["bake"]);
    assert_eq!(begun(&world), 2, "it failed once, and was made once");
    let logs = fs::read_dir(world.path().join(".greenroom/bakes")).expect("logs");
    let log = fs::read_to_string(logs.flatten().next().expect("a log").path()).expect("a log");
    assert!(log.starts_with("made it\nweb-"), "{log}");
    fs::remove_dir_all(world.path().join("baked")).expect("images");
    fs::create_dir(world.path().join("baked")).expect("a folder");
    world.expect(0, &["bake"]);
    assert_eq!(begun(&world), 3, "it was gone");
    world.expect(0, &["bake", "--rebake"]);
    assert_eq!(begun(&world), 4);
}

#[test]
fn a_program_that_never_ends_is_ended() {
    let world = programmed("echo still at it; exec sleep 1000");
    let text = fs::read_to_string(world.path().join("greenroom.toml")).expect("the project");
    world.write("greenroom.toml", &text.replace("timeout   = \"60s\"", "timeout = \"1s\""));
    let failed = world.expect(1, &["bake"]);
    assert!(failed.stderr.contains("was not made within 1s"), "{}", failed.said());
    assert!(failed.stderr.contains("still at it"), "{}", failed.said());
}

#[test]
fn of_two_bakes_of_the_same_content_one_bakes_and_the_other_finds_it() {
    let world = programmed("while ! test -e go; do sleep 0.02; done");
    let start = || {
        let mut command = world.command(&["bake", "--json"]);
        command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("greenroom starts")
    };
    let first = start();
    until("the first bakes", || begun(&world) == 1);
    let mut second = start();
    let mut said = BufReader::new(second.stdout.take().expect("its output")).lines();
    let waits = said.next().expect("an event").expect("text");
    assert!(waits.contains("\"waiting\""), "{waits}");
    world.write("go", "");
    let ended = first.wait_with_output().expect("it ends");
    assert!(ended.status.success());
    let found = said.next().expect("an event").expect("text");
    assert!(found.contains("\"found\""), "{found}");
    assert!(second.wait().expect("it ends").success());
    assert_eq!(begun(&world), 1);
}

#[test]
fn a_bake_that_was_killed_is_done_by_the_next() {
    let world = programmed("while ! test -e go; do sleep 0.02; done");
    let mut command = world.command(&["bake"]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut killed = command.spawn().expect("greenroom starts");
    until("it bakes", || begun(&world) == 1);
    killed.kill().expect("it is killed");
    killed.wait().expect("it ends");
    world.write("go", "");
    world.expect(0, &["bake"]);
    assert_eq!(fs::read_dir(world.path().join("baked")).expect("images").count(), 1);
    assert!(world.expect(0, &["images", "list"]).stdout.contains("web"));
}

#[test]
fn an_environment_keeps_its_images_until_it_is_told_otherwise_and_protects_them() {
    let world = world(STAGES);
    world.expect(0, &["publish"]);
    world.expect(0, &["bake"]);
    world.expect(0, &["apply", "left", "--yes"]);
    let image = world.output("left", "image");
    build(&world, b"\n");
    world.expect(0, &["publish"]);
    world.expect(0, &["bake"]);
    let kept = world.expect(0, &["apply", "left", "--yes"]);
    assert_eq!(world.output("left", "image"), image);
    assert!(kept.stderr.contains("the environment keeps its images"), "{}", kept.said());

    let sets = events(&world.expect(0, &["images", "list", "--json"]), "image_sets").remove(0);
    let digest = |at: usize| sets["sets"][at]["digest"].as_str().expect("a digest").to_owned();
    let (newest, old) = (digest(0), digest(1));
    let diff = world.expect(2, &["images", "diff", &old, &newest[..10], "--detailed-exitcode"]);
    assert_eq!(diff.stdout.matches("artifact shop@").count(), 2, "{}", diff.said());
    let listed = world.expect(0, &["images", "prune", "--keep", "1"]);
    assert!(listed.stdout.contains("stays: used by e2e/left/default"), "{}", listed.said());
    let wrong = world.expect(1, &["apply", "left", "--yes", "--image-set", "0000"]);
    assert!(wrong.stderr.contains("there is no image set `0000`"), "{}", wrong.said());

    world.expect(0, &["apply", "left", "--yes", "--image-set", &newest[..12]]);
    assert_ne!(world.output("left", "image"), image);
    let listed = world.expect(2, &["images", "prune", "--keep", "1"]);
    assert!(listed.stdout.contains(&image), "{}", listed.said());
    assert_eq!(images(&world).len(), 2, "they were listed only");
    world.expect(0, &["images", "prune", "--keep", "1", "--yes"]);
    assert_eq!(images(&world), [PathBuf::from(world.output("left", "image"))]);
    world.expect(0, &["destroy", "left", "--yes"]);
    world.assert_nothing_exists();
}
