//! What fails, and when.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use rustix::io::Errno as Os;

/// An operation that changed something, or would have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// What was done.
    pub kind: EffectKind,
    /// To which file or folder.
    pub path: PathBuf,
}

/// The kinds of effects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EffectKind {
    /// A file is created or emptied.
    Create,
    /// Bytes are written.
    Write,
    /// A file is cut.
    SetLen,
    /// A file's content becomes durable.
    Sync,
    /// A name replaces another.
    Rename,
    /// A file gets a further name.
    Link,
    /// A file's name is removed.
    RemoveFile,
    /// A folder is made.
    CreateDir,
    /// An empty folder is removed.
    RemoveDir,
    /// A folder's names become durable.
    SyncDir,
    /// A file is created, if need be, and locked.
    Lock,
}

/// How an effect fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It does not happen.
    Error(Errno),
    /// A write gets this many bytes down first; other effects do not happen.
    ShortWrite(usize, Errno),
}

/// What the system says about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Errno {
    /// The disk is full.
    NoSpace,
    /// The file system is mounted read-only.
    ReadOnly,
    /// The device failed.
    Io,
    /// The permissions do not allow it.
    Access,
}

#[derive(Default)]
pub(super) struct Faults {
    planned: BTreeMap<u64, Fault>,
    stop_after: Option<u64>,
    effects: Vec<Effect>,
}

impl Errno {
    /// The error as the system's own.
    pub fn error(self) -> io::Error {
        io::Error::from(match self {
            Errno::NoSpace => Os::NOSPC,
            Errno::ReadOnly => Os::ROFS,
            Errno::Io => Os::IO,
            Errno::Access => Os::ACCESS,
        })
    }
}

impl Fault {
    pub(super) fn error(self) -> io::Error {
        match self {
            Fault::Error(errno) | Fault::ShortWrite(_, errno) => errno.error(),
        }
    }

    pub(super) fn written(self) -> usize {
        match self {
            Fault::Error(_) => 0,
            Fault::ShortWrite(bytes, _) => bytes,
        }
    }
}

impl Faults {
    pub(super) fn plan(&mut self, nth: u64, fault: Fault) {
        self.planned.insert(nth, fault);
    }

    pub(super) fn stop_after(&mut self, nth: u64) {
        self.stop_after = Some(nth);
    }

    pub(super) fn effects(&self) -> &[Effect] {
        &self.effects
    }

    pub(super) fn stopped(&self) -> bool {
        self.stop_after.is_some_and(|last| self.effects.len() as u64 > last)
    }

    /// Counts an effect; the fault, if it is to fail.
    pub(super) fn next(&mut self, kind: EffectKind, path: &Path) -> Option<Fault> {
        self.effects.push(Effect { kind, path: path.to_owned() });
        if self.stopped() {
            return Some(Fault::Error(Errno::Io));
        }
        self.planned.remove(&(self.effects.len() as u64))
    }
}
