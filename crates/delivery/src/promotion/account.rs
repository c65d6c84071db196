//! The account of a promotion: what was seen of it, line by line, by all processes that carried it
//! out.
//!
//! One JSON object a line, each appended when it is known: a process that is killed leaves what it
//! saw, and the next one goes on writing. What decided lies in the state and not here.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use greenroom_model::history::Chapter;
use greenroom_model::identity::Digest;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::own;
use crate::record::Operation;

/// The version of the lines that this build writes.
const FORMAT: u32 = 1;
const LINES: &str = "account.jsonl";
/// As many digits of a plan's digest as tell promotions of one environment apart.
const DIGITS: usize = 8;

/// All that is known of a promotion.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    /// The project.
    pub project: String,
    /// The stage.
    pub stage: String,
    /// The program and version that tells it.
    pub written_by: String,
    /// What the state keeps of it.
    pub chapter: Chapter,
    /// What was seen.
    pub lines: Vec<Line>,
}

/// Something that was seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// A process began to carry it out, or to go on with it.
    Began {
        /// The version of what follows.
        format: u32,
        /// When.
        at: Timestamp,
        /// Who, for people.
        by: String,
    },
    /// A phase began.
    Phase {
        /// When.
        at: Timestamp,
        /// Its name.
        name: String,
    },
    /// A look at the environments.
    Sample(Sample),
    /// Something was done.
    Operation(Operation),
    /// The process came to its end.
    Ended {
        /// When.
        at: Timestamp,
    },
}

/// One look at the environments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// When.
    pub at: Timestamp,
    /// The environments by name.
    pub sides: BTreeMap<String, Side>,
}

/// What was seen of an environment; what is left out could not be told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Side {
    /// The weight that it was meant to have, in percent.
    pub meant: u8,
    /// The weight that the front was seen to give it.
    pub verified: u8,
    /// The seconds that the following counts are about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// Requests that came in that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests: Option<u64>,
    /// Those of them that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errors: Option<u64>,
    /// Connections, or requests, that were open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open: Option<u64>,
    /// Targets that served.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub healthy: Option<u32>,
    /// Targets that did not, or of which nobody knew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<u32>,
}

/// The folder of an account, below the project's.
#[derive(Debug)]
pub struct AccountFolder {
    path: PathBuf,
    lines: File,
}

impl Line {
    /// That a process begins.
    #[must_use]
    pub fn began(at: Timestamp, by: String) -> Line {
        Line::Began { format: FORMAT, at, by }
    }
}

impl AccountFolder {
    /// The folder for the promotion of `candidate` by a plan; made if it is not there.
    ///
    /// # Errors
    ///
    /// What the system said.
    pub fn open(
        project: &Path,
        stage: &str,
        candidate: &str,
        plan: &Digest,
    ) -> io::Result<AccountFolder> {
        let digest = plan.0.get(..DIGITS).unwrap_or(&plan.0);
        let path = own::folder(project, &format!("promotions/{stage}/{candidate}-{digest}"))?;
        let mut lines = OpenOptions::new().append(true).create(true).open(path.join(LINES))?;
        // A line that a killed process did not finish must not swallow the next one.
        lines.write_all(b"\n")?;
        Ok(AccountFolder { path, lines })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends lines.
    ///
    /// # Errors
    ///
    /// What the system said; some may be there.
    pub fn append(&mut self, lines: &[Line]) -> io::Result<()> {
        let mut text = Vec::new();
        for line in lines {
            serde_json::to_writer(&mut text, line)?;
            text.push(b'\n');
        }
        self.lines.write_all(&text)
    }

    /// All lines so far. What cannot be read is passed over: a newer version, or a killed process,
    /// wrote it.
    ///
    /// # Errors
    ///
    /// What the system said.
    pub fn lines(&self) -> io::Result<Vec<Line>> {
        let text = std::fs::read(self.path.join(LINES))?;
        let lines = text.split(|byte| *byte == b'\n');
        Ok(lines.filter_map(|line| serde_json::from_slice(line).ok()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(project: &Path) -> AccountFolder {
        AccountFolder::open(project, "production", "r2", &Digest::of(b"plan")).expect("a folder")
    }

    fn phase(second: i64) -> Line {
        let at = Timestamp::from_second(second).expect("a time");
        Line::Phase { at, name: "ready".to_owned() }
    }

    #[test]
    fn another_process_goes_on_with_an_account_that_a_kill_cut_short() {
        let project = tempfile::tempdir().expect("a folder");
        let mut first = folder(project.path());
        first.append(&[phase(1)]).expect("a line");
        first.lines.write_all(b"{\"phase\":{\"at\":").expect("half a line");
        drop(first);
        let mut second = folder(project.path());
        second.append(&[phase(2)]).expect("a line");
        assert_eq!(second.lines().expect("lines"), [phase(1), phase(2)]);
    }

    #[test]
    fn each_promotion_of_an_environment_has_a_folder_of_its_own() {
        let project = tempfile::tempdir().expect("a folder");
        let again = Digest::of(b"rollback");
        let again = AccountFolder::open(project.path(), "production", "r2", &again);
        assert_ne!(again.expect("a folder").path(), folder(project.path()).path());
    }
}
