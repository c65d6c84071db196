//! What a builder does when it first starts: a script that every machine with `cloud-init` runs.
//!
//! The machine needs nothing but to reach what it fetches. What came of it, it says on its console.

use std::fmt::Write;
use std::io;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};

use crate::types::instance::MOST_USER_DATA;

/// The parts that are the same for all.
const MACHINE: &str = include_str!("machine.sh");

/// A script, run by the program that its first line names, else by `sh -e`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Script {
    pub(super) name: String,
    pub(super) script: String,
}

/// A file that scripts find in `$GREENROOM_ARTIFACTS`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Artifact {
    pub(super) name: String,
    pub(super) url: String,
    pub(super) sha256: String,
}

/// What is done to provision a machine.
#[derive(Clone, Copy, Debug)]
pub(super) struct Work<'a> {
    /// The builder's uid, which it says when it is done.
    pub(super) uid: &'a str,
    pub(super) artifacts: &'a [Artifact],
    pub(super) scripts: &'a [Script],
    /// How long all of it may take.
    pub(super) seconds: u32,
}

/// The user data in Base64; compressed where AWS would not take it as it is, which `cloud-init`
/// understands. None if it is too long even so.
pub(super) fn encoded(work: Work<'_>) -> Option<String> {
    let text = script(work).into_bytes();
    let data = if text.len() <= MOST_USER_DATA { text } else { compressed(&text) };
    (data.len() <= MOST_USER_DATA).then(|| STANDARD.encode(data))
}

fn compressed(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    io::copy(&mut &*text, &mut encoder).and_then(|_| encoder.finish()).expect("memory takes it")
}

/// The script.
pub(super) fn script(work: Work<'_>) -> String {
    let Work { uid, artifacts, scripts, seconds } = work;
    let mut text =
        format!("#!/bin/sh\n# greenroom-ami-builder {uid}\nseconds={seconds}\n\n{MACHINE}");
    for Artifact { name, url, sha256 } in artifacts {
        let [name, url] = [name, url].map(|it| quoted(it));
        let _ = write!(text, "\nstep {name} sh -e fetch {name} {url} {sha256}\n");
    }
    for (at, Script { name, script }) in scripts.iter().enumerate() {
        let end = format!("GREENROOM-{}", &blake3::hash(script.as_bytes()).to_hex()[..16]);
        let line = if script.ends_with('\n') { "" } else { "\n" };
        let _ = write!(text, "\ncat >{at} <<'{end}'\n{script}{line}{end}\n");
        let name = quoted(name);
        let _ = match script.starts_with("#!") {
            true => writeln!(text, "chmod +x {at}\nstep {name} ./{at}"),
            false => writeln!(text, "step {name} sh -e ./{at}"),
        };
    }
    let _ = write!(text, "\ncd / && forget\nsay 'provisioned {uid}'\nend\n");
    text
}

/// A text as one word of the shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
