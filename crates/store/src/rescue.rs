//! Records that a store did not take, kept on the local disk until it does.
//!
//! One file each time, made whole or not at all, and named after the state and its lineage:
//! `shop.integration.pr-17.LINEAGE.ID.rescue`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::disk::Disk;
use crate::error::{OnDisk, StoreError};
use crate::format::{first_line, journal};
use crate::holder::random_id;
use crate::name::StateName;
use crate::os_disk::OsDisk;
use crate::position::{Lineage, Sequence};
use crate::{FORMAT, WRITTEN_BY};

const KIND: &str = "greenroom-rescue";
const SUFFIX: &str = ".rescue";

/// A folder for records that could not be written where they belong.
#[derive(Clone)]
pub struct RescueFolder {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
}

/// Records that were kept together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rescue {
    /// The file.
    pub path: PathBuf,
    /// The payloads of the records, in order.
    pub payloads: Vec<Bytes>,
}

#[derive(Serialize, Deserialize)]
struct Header {
    format: u32,
    written_by: String,
    state: String,
    lineage: Lineage,
}

impl RescueFolder {
    /// The folder on the real disk, which is made when it is needed.
    pub fn new(folder: impl AsRef<Path>) -> RescueFolder {
        RescueFolder::on(Arc::new(OsDisk), folder)
    }

    /// The folder on `disk`.
    pub fn on(disk: Arc<dyn Disk>, folder: impl AsRef<Path>) -> RescueFolder {
        RescueFolder { disk, folder: folder.as_ref().to_owned() }
    }

    /// Keeps records of a state, durably, and returns the file that they are in.
    ///
    /// # Errors
    ///
    /// [`StoreError::Io`]: nothing is kept.
    pub fn keep(
        &self,
        state: &StateName,
        lineage: &Lineage,
        payloads: &[Bytes],
    ) -> Result<PathBuf, StoreError> {
        let path = self.folder.join(format!("{}{}{SUFFIX}", prefix(state, lineage), random_id()));
        let aside = path.with_extension("new");
        let written = self.write(state, lineage, payloads, &aside).and_then(|()| {
            self.disk.rename(&aside, &path)?;
            self.disk.sync_dir(&self.folder)
        });
        written.map_err(StoreError::io("write", &path, OnDisk::Nothing))?;
        Ok(path)
    }

    /// What is kept for a state, in the order of the files' names. Files that hold something else
    /// are none of these.
    ///
    /// # Errors
    ///
    /// [`StoreError::Io`] if the folder or a file in it cannot be read.
    pub fn kept(&self, state: &StateName, lineage: &Lineage) -> Result<Vec<Rescue>, StoreError> {
        let prefix = prefix(state, lineage);
        let listed = match self.disk.list(&self.folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            listed => listed.map_err(StoreError::io("list", &self.folder, OnDisk::Nothing))?,
        };
        let mut kept = Vec::new();
        for entry in listed {
            if !entry.name.starts_with(&prefix) || !entry.name.ends_with(SUFFIX) {
                continue;
            }
            let path = self.folder.join(entry.name);
            let bytes = self.disk.read(&path);
            let bytes = bytes.map_err(StoreError::io("read", &path, OnDisk::Nothing))?;
            kept.extend(decode(&bytes.into()).map(|payloads| Rescue { path, payloads }));
        }
        Ok(kept)
    }

    /// Forgets what was kept, once it is where it belongs.
    ///
    /// # Errors
    ///
    /// [`StoreError::Io`] if the file cannot be removed.
    pub fn forget(&self, rescue: &Rescue) -> Result<(), StoreError> {
        let removed = self.disk.remove_file(&rescue.path);
        removed.map_err(StoreError::io("remove", &rescue.path, OnDisk::Nothing))
    }

    fn write(
        &self,
        state: &StateName,
        lineage: &Lineage,
        payloads: &[Bytes],
        path: &Path,
    ) -> std::io::Result<()> {
        for folder in self.folder.ancestors().collect::<Vec<_>>().into_iter().rev() {
            if !self.disk.exists(folder)? {
                self.disk.create_dir(folder)?;
            }
        }
        let (format, written_by) = (FORMAT, WRITTEN_BY.to_owned());
        let (state, lineage) = (state.to_string(), lineage.clone());
        let header = Header { format, written_by, state, lineage };
        let json = serde_json::to_vec(&header).expect("a header has string keys only");
        let mut bytes = first_line::encode(KIND, &json);
        let mut last = Sequence(0);
        for payload in payloads {
            journal::encode_record(&mut bytes, last.next(), last, payload);
            last = last.next();
        }
        let mut file = self.disk.create(path)?;
        file.write_all_at(&bytes, 0)?;
        file.sync()
    }
}

fn prefix(state: &StateName, lineage: &Lineage) -> String {
    format!("{}.{lineage}.", state.to_string().replace('/', "."))
}

/// The payloads, if this is what was written, by a version that is known here.
fn decode(bytes: &Bytes) -> Option<Vec<Bytes>> {
    let (_, start) = first_line::decode::<Header>(KIND, bytes).ok()?;
    let lines = journal::scan_lines(bytes, start, Sequence(0));
    let payloads = lines.records.into_iter().map(|placed| placed.record.payload);
    lines.tail.is_none().then(|| payloads.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payloads(count: u8) -> Vec<Bytes> {
        (0..count).map(|n| Bytes::from(format!("{{\"n\":{n}}}"))).collect()
    }

    #[test]
    fn what_is_kept_for_a_state_is_there_until_it_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let rescues = RescueFolder::new(folder.path().join("deep/rescue"));
        let (state, lineage): (StateName, _) = ("a/b/c".parse().unwrap(), Lineage("12".into()));
        assert_eq!(rescues.kept(&state, &lineage).unwrap(), []);
        let path = rescues.keep(&state, &lineage, &payloads(3)).unwrap();
        let kept = rescues.kept(&state, &lineage).unwrap();
        assert_eq!(kept, [Rescue { path, payloads: payloads(3) }]);
        assert_eq!(rescues.kept(&state, &Lineage("1".into())).unwrap(), []);
        assert_eq!(rescues.kept(&"a/b".parse().unwrap(), &lineage).unwrap(), []);
        rescues.forget(&kept[0]).unwrap();
        assert_eq!(rescues.kept(&state, &lineage).unwrap(), []);
    }

    #[test]
    fn a_file_that_is_not_what_was_written_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let rescues = RescueFolder::new(folder.path());
        let (state, lineage): (StateName, _) = ("a/b/c".parse().unwrap(), Lineage("12".into()));
        let path = rescues.keep(&state, &lineage, &payloads(2)).unwrap();
        let good = std::fs::read(&path).unwrap();
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 0x20;
            std::fs::write(&path, bad).unwrap();
            assert_eq!(rescues.kept(&state, &lineage).unwrap(), [], "byte {at}");
        }
        assert!(path.exists());
    }
}
