//! Attestations: who gets one, what other tools make of it, and what it proves.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use greenroom_emulator::venv;
use serde_json::{Value, json};

use crate::shop;
use crate::world::{Ran, World};

const REQUIREMENTS: &str = include_str!("attesting/requirements.txt");
const TOOL: &str = include_str!("attesting/dsse.py");

const KEYS: &str = "\nsigning_key = \"ci.key\"\ntrusted_keys = [\"ci.key.pub\"]\n";
const RELEASE: &str = "
[stage.release]
needs    = [\"test\"]
template = \"environment.toml\"
front    = \"front.toml\"
promotion = { max_age = \"30d\" }
";

/// A world with a key, whose stage `test` has these lines more.
fn world(stage: &str) -> World {
    let world = World::new(&shop::files());
    let project = shop::PROJECT
        .replace("name = \"e2e\"\n", &format!("name = \"e2e\"{KEYS}"))
        .replace("[stage.test]\n", &format!("[stage.test]\n{stage}\n"));
    world.write("greenroom.toml", &format!("{project}{RELEASE}"));
    world.expect(0, &["keys", "generate", "--out", "ci.key"]);
    world
}

/// Runs the stage to this end, and returns its record.
fn run(world: &World, code: i32, command: &[&str]) -> Value {
    let head = ["run", "test", "--env", "pr", "--result", "result.json"];
    world.expect(code, &[&head, command].concat());
    let text = fs::read_to_string(world.path().join("result.json")).expect("a result");
    serde_json::from_str(&text).expect("JSON")
}

fn image_set(record: &Value) -> &str {
    record["image_set"].as_str().expect("an image set")
}

/// What is proven of an image set for the stage `release`.
fn verify(world: &World, code: i32, image_set: &str) -> Value {
    let ran = world.expect(code, &["attest", "verify", image_set, "--stage", "release", "--json"]);
    let proof = ran.stdout.lines().last().expect("a line");
    serde_json::from_str(proof).expect("JSON")
}

/// What is wrong with the only attestation of the stage `test`.
fn flaws(world: &World, image_set: &str) -> Vec<String> {
    let proof = verify(world, 2, image_set);
    let because = proof["stages"][0]["rejected"][0]["because"].as_array().expect("flaws");
    because.iter().map(|it| it.as_str().expect("a text").to_owned()).collect()
}

/// The files of an image set's attestations.
fn files(world: &World, image_set: &str) -> Vec<PathBuf> {
    let out = world.path().join("out");
    world.expect(0, &["attest", "show", image_set, "--out", &out.display().to_string()]);
    let entries = fs::read_dir(out).expect("a folder");
    entries.map(|it| it.expect("an entry").path()).collect()
}

/// In-toto's own library.
fn tool(world: &World, arguments: &[&str]) -> Ran {
    let python = venv::interpreter("attesting", REQUIREMENTS).expect("an environment of Python");
    let mut command = Command::new(python);
    command.arg("-c").arg(TOOL).args(arguments).current_dir(world.path());
    Ran::of(command.output().expect("Python starts"))
}

#[test]
fn a_run_that_passes_attests_and_one_that_fails_does_not() {
    let world = world(r#"run = ["test -n \"$GREENROOM_IMAGE_SET\""]"#);
    let record = run(&world, 0, &[]);
    assert!(record["attested"]["key"].is_string(), "{record}");
    assert_eq!(record["not_attested"], Value::Null);
    let set = image_set(&record).to_owned();
    let proof = verify(&world, 0, &set[..7]);
    assert_eq!(proof["stages"][0]["stage"], "test");
    assert_eq!(proof["stages"][0]["proof"]["key"], record["attested"]["key"]);
    assert_eq!(proof["stages"][0]["proof"]["envelope"], record["attested"]["envelope"]);
    world.assert_nothing_left();

    let failing = self::world(r#"run = ["false"]"#);
    let record = run(&failing, 1, &[]);
    assert_eq!((&record["attested"], &record["not_attested"]), (&Value::Null, &Value::Null));
    let proof = verify(&failing, 2, image_set(&record));
    assert_eq!(proof["stages"][0]["rejected"], json!([]));
}

#[test]
fn an_environment_that_is_resumed_or_changed_attests_nothing() {
    let resumed = world("on_failure = \"resume\"");
    run(&resumed, 1, &["--", "false"]);
    let record = run(&resumed, 0, &["--", "true"]);
    assert_eq!(record["not_attested"], "the environment was not made new in this run");

    let changed = world("");
    let record = run(&changed, 0, &["--", "sh", "-c", "rm -r root/target-groups/*"]);
    let reason = "the environment has changed since it was made: pr/local_target_group.web";
    assert_eq!(record["not_attested"], reason);
}

#[test]
fn other_commands_than_the_stages_own_attest_nothing() {
    let world = world("run = [\"true\"]\nattest = true");
    let record = run(&world, 122, &["--", "echo", "hello"]);
    assert_eq!(record["outcome"], "not_attested");
    assert_eq!(record["not_attested"], "the commands are not those of the stage");
    world.assert_nothing_left();
}

#[test]
fn without_a_key_nothing_is_attested_and_a_stage_that_must_is_not_begun() {
    let free = world("");
    fs::remove_file(free.path().join("ci.key")).expect("it is there");
    let record = run(&free, 0, &["--", "true"]);
    assert_eq!(record["not_attested"], "there is no signing key");
    let bound = world("attest = true");
    fs::remove_file(bound.path().join("ci.key")).expect("it is there");
    let ran = bound.expect(120, &["run", "test", "--", "touch", "ran"]);
    assert!(ran.stderr.contains("must attest, and there is no signing key"), "{}", ran.stderr);
    assert!(!bound.path().join("ran").exists());
    bound.assert_nothing_left();
}

#[test]
fn a_key_is_given_by_the_environment_and_kept_from_the_commands() {
    let world = world(r#"run = ["test -z \"$GREENROOM_SIGNING_KEY\""]"#);
    let pem = fs::read_to_string(world.path().join("ci.key")).expect("a key");
    fs::remove_file(world.path().join("ci.key")).expect("it is there");
    let mut command = world.command(&["run", "test", "--env", "pr"]);
    let ran = command.env("GREENROOM_SIGNING_KEY", pem).output().expect("greenroom starts");
    let said = String::from_utf8_lossy(&ran.stderr);
    assert_eq!(ran.status.code(), Some(0), "{said}");
    assert!(said.contains("test/pr is attested, signed by "), "{said}");
}

#[test]
fn another_template_another_file_or_another_key_proves_nothing() {
    let world = world("");
    world.write("greeting", "hi");
    let reads = "\n[local]\ngreeting = '${file(\"greeting\")}'\n[output.greeting]\nvalue = \"${local.greeting}\"\n";
    let template = format!("{}{reads}", shop::ENVIRONMENT);
    world.write("environment.toml", &template);
    let record = run(&world, 0, &["--", "true"]);
    let set = image_set(&record);
    verify(&world, 0, set);

    world.write("greeting", "ho");
    assert_eq!(flaws(&world, set), ["the file `greeting` has changed"]);
    world.write("greeting", "hi");
    world.write("environment.toml", &template.replace("/health", "/healthy"));
    assert!(flaws(&world, set)[0].starts_with("the template was "));
    world.write("environment.toml", &format!("# a comment\n{template}"));
    verify(&world, 0, set);

    world.expect(0, &["keys", "generate", "--out", "other.key"]);
    fs::rename(world.path().join("other.key.pub"), world.path().join("ci.key.pub")).expect("moved");
    assert!(flaws(&world, set)[0].starts_with("none of its keys is trusted"));
}

#[test]
fn other_tools_read_the_keys_and_verify_what_is_attested() {
    let world = world("");
    let record = run(&world, 0, &["--", "true"]);
    let [file] = &files(&world, image_set(&record))[..] else { panic!("one attestation") };
    let verified = tool(&world, &["verify", "ci.key.pub", &file.display().to_string()]);
    assert_eq!(verified.code, Some(0), "{}", verified.stderr);
    let statement: Value = serde_json::from_str(&verified.stdout).expect("JSON");
    assert_eq!(statement["_type"], "https://in-toto.io/Statement/v1");
    assert_eq!(statement["predicateType"], "https://in-toto.io/attestation/test-result/v0.1");
    assert_eq!(statement["subject"][0]["name"], "web");
    assert_eq!(statement["predicate"]["result"], "PASSED");
    assert_eq!(statement["predicate"]["passedTests"], json!(["true"]));
    assert_eq!(statement["predicate"]["greenroom"]["stage"], "test");

    for arguments in [&["-in", "ci.key"][..], &["-pubin", "-in", "ci.key.pub"]] {
        let mut openssl = Command::new("openssl");
        openssl.args(["pkey", "-noout", "-text"]).args(arguments).current_dir(world.path());
        let read = Ran::of(openssl.output().expect("openssl starts"));
        assert!(read.said().contains("ED25519"), "{}", read.said());
    }
}

#[test]
fn what_another_tool_has_signed_with_the_key_is_the_same() {
    let world = world("");
    let record = run(&world, 0, &["--", "true"]);
    let [file] = &files(&world, image_set(&record))[..] else { panic!("one attestation") };
    let ours = fs::read_to_string(file).expect("an envelope");
    let payload = tool(&world, &["verify", "ci.key.pub", &file.display().to_string()]).stdout;
    world.write("payload", &payload);
    let signed = tool(&world, &["sign", "ci.key", "payload"]);
    let theirs: Value = serde_json::from_str(&signed.stdout).expect("JSON");
    // Ed25519 signs the same alike, so both envelopes say the same, the name of the key included.
    assert_eq!(theirs, serde_json::from_str::<Value>(&ours).expect("JSON"));
}
