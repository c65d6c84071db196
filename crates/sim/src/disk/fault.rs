//! What fails, and when.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use rustix::io::Errno as Os;
use serde::{Deserialize, Serialize};

use crate::chance::Chance;
use crate::ids::without_made_up;
use crate::mishap::{Luck, Mishap};

/// An operation that changed something, or would have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// What was done.
    pub kind: EffectKind,
    /// To which file or folder.
    pub path: PathBuf,
}

/// The kinds of effects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// It does not happen.
    Error(Errno),
    /// A write gets this many bytes down first; other effects do not happen.
    ShortWrite(usize, Errno),
    /// The disk is full from here on: nothing that takes room happens until the weather changes.
    Full,
}

/// How often what goes wrong with the effects on a disk, in percent; more often with the kinds of
/// which there are few.
#[derive(Debug, Clone, Copy, Default)]
pub struct DiskWeather {
    /// An effect fails.
    pub fails: u8,
    /// A write fails in the middle.
    pub torn: u8,
    /// The disk becomes full.
    pub fills: u8,
}

/// What the system says about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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

pub(super) struct Faults {
    planned: BTreeMap<u64, Fault>,
    stop_after: Option<u64>,
    effects: Vec<Effect>,
    weather: DiskWeather,
    luck: Luck<EffectKind, Fault>,
    full: bool,
}

impl Default for Faults {
    fn default() -> Faults {
        Faults {
            planned: BTreeMap::new(),
            stop_after: None,
            effects: Vec::new(),
            weather: DiskWeather::default(),
            luck: Luck::new(0),
            full: false,
        }
    }
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
            Fault::Full => Errno::NoSpace.error(),
        }
    }

    pub(super) fn written(self) -> usize {
        match self {
            Fault::Error(_) | Fault::Full => 0,
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
        let planned = self.planned.remove(&(self.effects.len() as u64));
        planned.or_else(|| self.by_weather(kind, path))
    }

    pub(super) fn set_weather(&mut self, weather: DiskWeather, luck: Luck<EffectKind, Fault>) {
        self.weather = weather;
        self.luck = luck;
        self.full = false;
    }

    pub(super) fn take_mishaps(&mut self) -> Vec<Mishap<EffectKind, Fault>> {
        self.luck.take_met()
    }

    fn by_weather(&mut self, kind: EffectKind, path: &Path) -> Option<Fault> {
        let place = self.luck.visit(kind, without_made_up(&path.display().to_string()));
        let weather = self.weather;
        let fault = self.luck.decide(&place, |chance| weather.fault(kind, chance));
        self.full |= fault == Some(Fault::Full);
        fault.or((self.full && kind.takes_room()).then_some(Fault::Full))
    }
}

impl EffectKind {
    /// How many times as often as others it fails, so that rare ones fail at all.
    fn frailty(self) -> u8 {
        match self {
            EffectKind::SetLen => 50,
            EffectKind::RemoveDir => 35,
            EffectKind::RemoveFile => 5,
            EffectKind::CreateDir => 3,
            _ => 1,
        }
    }

    /// Whether it needs room on the disk.
    fn takes_room(self) -> bool {
        use EffectKind::{Create, CreateDir, Link, Lock, Rename, Write};
        matches!(self, Create | Write | Rename | Link | CreateDir | Lock)
    }
}

impl DiskWeather {
    fn fault(self, kind: EffectKind, chance: &mut Chance) -> Option<Fault> {
        // Who can change something can make it durable, unless the device fails.
        let errnos: &[Errno] = match kind {
            EffectKind::Sync | EffectKind::SyncDir => &[Errno::Io, Errno::NoSpace],
            _ => &[Errno::Io, Errno::NoSpace, Errno::ReadOnly],
        };
        let errno = *chance.pick(errnos);
        let written = usize::try_from(chance.below(200)).unwrap_or(0);
        let only = |is: bool, likely| if is { likely } else { 0 };
        let times = kind.frailty();
        let faults = [
            (self.fails.saturating_mul(times), Fault::Error(errno)),
            (
                only(kind == EffectKind::Write, self.torn),
                Fault::ShortWrite(written, Errno::NoSpace),
            ),
            (only(kind.takes_room(), self.fills.saturating_mul(times)), Fault::Full),
        ];
        faults.into_iter().find_map(|(likely, fault)| chance.percent(likely).then_some(fault))
    }
}
