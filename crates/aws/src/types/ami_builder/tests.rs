//! What is checked at plan, and what a machine does: its script is run, with the places and the
//! programs that are the machine's in a folder.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use greenroom_model::identity::Uid;
use greenroom_provider::{Proposal, ProposeRequest};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::console::{self, Said};
use super::*;

const UID: &str = "u1";

/// A machine's folder: `console`, `machine-id`, `log` …
struct Machine(TempDir);

impl Machine {
    fn new() -> Machine {
        let machine = Machine(tempfile::tempdir().expect("a folder"));
        machine.program("shutdown", r#"echo "$@" >>"$FOLDER/shutdowns""#);
        machine.program("cloud-init", r#"echo "$@" >>"$FOLDER/cloud-init""#);
        machine.program("sync", ":");
        // `curl -fsSL --retry 5 -o FILE URL`: what a URL leads to is in the folder.
        machine.program("curl", r#"cp "$FOLDER/${6#https://host/}" "$5""#);
        machine.write("machine-id", "0123456789abcdef");
        machine
    }

    fn program(&self, name: &str, text: &str) {
        let bin = self.0.path().join("bin");
        fs::create_dir_all(&bin).expect("a folder");
        let text = format!("#!/bin/sh\nFOLDER='{}'\n{text}\n", self.0.path().display());
        fs::write(bin.join(name), text).expect("a program");
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(bin.join(name), mode).expect("it can be run");
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.path().join(name), text).expect("a file");
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.path().join(name)).unwrap_or_default()
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Runs it to its end; what it said.
    fn provision(&self, artifacts: &[Artifact], scripts: &[Script], seconds: u32) -> Said {
        let text = user_data::script(Work { uid: UID, artifacts, scripts, seconds });
        let folder = self.path().display();
        let here = |path: &str| (path.to_owned(), format!("{folder}/{}", &path[1..]));
        let mut text = text.replace("PATH=/usr/local", &format!("PATH={folder}/bin:/usr/local"));
        let moved = ["/dev/console", "/etc/machine-id", "/var/lib/", "/var/log/"].map(here);
        for (path, moved) in &moved {
            text = text.replace(path, moved);
        }
        for folder in ["dev", "etc", "var/lib", "var/log"] {
            fs::create_dir_all(self.path().join(folder)).expect("a folder");
        }
        fs::rename(self.path().join("machine-id"), self.path().join("etc/machine-id"))
            .expect("a file");
        self.write("user-data", &text);
        let ended = Command::new("sh").arg(self.path().join("user-data")).status();
        assert!(ended.expect("there is a shell").success());
        console::read(&self.read("dev/console"), UID)
    }
}

fn script(name: &str, text: &str) -> Script {
    Script { name: name.to_owned(), script: text.to_owned() }
}

fn artifact(name: &str, content: &str) -> Artifact {
    let digest = Sha256::digest(content.as_bytes());
    let sha256 = digest.iter().map(|it| format!("{it:02x}")).collect();
    Artifact { name: name.to_owned(), url: format!("https://host/{name}.bin"), sha256 }
}

#[test]
fn a_machine_fetches_runs_its_scripts_forgets_and_stops() {
    let machine = Machine::new();
    machine.write("shop.bin", "#!/bin/sh\necho shop\n");
    let made = machine.path().join("made").display().to_string();
    let scripts = [
        script("it's one", &format!("\"$GREENROOM_ARTIFACTS/shop\" >'{made}'\nfalse || true")),
        script("two", &format!("#!/bin/sh\nfalse\necho two >>'{made}'\n")),
    ];
    let artifacts = [artifact("shop", "#!/bin/sh\necho shop\n")];
    assert_eq!(machine.provision(&artifacts, &scripts, 1800), Said::Provisioned);
    assert_eq!(machine.read("made"), "shop\ntwo\n");
    assert_eq!(machine.read("shutdowns"), "-P +35\n-P now\n");
    assert_eq!(machine.read("cloud-init"), "clean\n");
    assert_eq!(machine.read("etc/machine-id"), "");
    assert!(!machine.path().join("var/lib/greenroom-provision").exists());
}

#[test]
fn the_first_command_that_fails_is_the_last() {
    let machine = Machine::new();
    let scripts = [
        script("install.sh", "echo trying\n(exit 7)\necho not reached\n"),
        script("later.sh", "echo later\n"),
    ];
    let said = machine.provision(&[], &scripts, 1800);
    let why = "install.sh exited with 7".to_owned();
    assert_eq!(said, Said::Failed { why, log: "trying".to_owned() });
    assert_eq!(machine.read("shutdowns"), "-P +35\n-P now\n");
    assert_eq!(machine.read("cloud-init"), "", "it is kept as it is");
}

#[test]
fn an_artifact_that_is_another_one_ends_it() {
    let machine = Machine::new();
    machine.write("shop.bin", "evil");
    let said = machine.provision(&[artifact("shop", "good")], &[script("a", ":")], 1800);
    let Said::Failed { why, log } = said else { panic!("it has failed: {said:?}") };
    assert_eq!(why, "shop exited with 1");
    assert!(log.contains("FAILED"), "{log}");
}

#[test]
fn a_script_that_does_not_end_is_ended() {
    let machine = Machine::new();
    let said = machine.provision(&[], &[script("slow.sh", "exec sleep 600")], 1);
    let why = "slow.sh did not end in time: all had 1 seconds".to_owned();
    assert_eq!(said, Said::Failed { why, log: String::new() });
}

/// Proposes for the arguments `config` (JSON) beside the least that is needed.
fn mistakes(config: &str) -> Vec<String> {
    let least = r#""ami": "ami-1", "instance_type": "t3.micro""#;
    let config: Value = serde_json::from_str(&format!("{{{least}, {config}}}")).expect("JSON");
    let mut draft = Draft::new(ProposeRequest {
        kind: "aws_ami_builder".into(),
        address: "pr/aws_ami_builder.web".parse().expect("an address"),
        uid: Uid(UID.into()),
        prior: None,
        config: config.clone(),
        planned: config,
    });
    AmiBuilder.propose(&mut draft);
    let Proposal { wrong, .. } = draft.finish();
    wrong.into_iter().map(|it| format!("{}: {}", it.path, it.message)).collect()
}

#[test]
fn what_cannot_be_right_is_found_with_its_path() {
    let found = mistakes(
        r#""timeout": 0, "provision": [{"name": "a\nb", "script": ""}],
           "artifacts": [{"name": "../shop", "url": "file:///shop", "sha256": "abc"}]"#,
    );
    let paths: Vec<&str> = found.iter().filter_map(|it| it.split(": ").next()).collect();
    let artifact = ["artifacts[0].name", "artifacts[0].url", "artifacts[0].sha256"];
    assert_eq!(paths, [&["timeout", "provision[0].name"][..], &artifact].concat());
}

#[test]
fn artifacts_that_are_known_by_a_digest_alone_are_no_mistake() {
    assert!(mistakes(r#""provision": [], "artifacts": "blake3:0123""#).is_empty());
}

#[test]
fn what_is_too_long_for_user_data_is_compressed_or_refused() {
    let provision = |text: &str| {
        let scripts = serde_json::json!([{ "name": "a", "script": text }]);
        mistakes(&format!(r#""provision": {scripts}"#))
    };
    assert!(provision(&"apt-get install shop\n".repeat(2000)).is_empty());
    let hash = |it: u32| blake3::hash(&it.to_le_bytes()).to_hex().to_string();
    let noise: String = (0..1000).map(hash).collect();
    assert_eq!(provision(&noise), [format!("provision: {TOO_LONG}")]);
}
