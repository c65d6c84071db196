//! A disk in memory that fails on demand and knows what is durable.
//!
//! [`FaultyDisk`] stands in for the real disk under the folder store. It counts
//! the operations that change something (*effects*, from 1), fails the n-th, or
//! stops the machine there. After that, [`after_power_cut`] gives each world
//! that a real disk may come up with: content that was not synced lost, kept or
//! torn, and names that were not synced lost or kept. [`DiskWeather`] lets effects
//! fail by seed, and a process can end at any of them.
//!
//! What is absent: permissions and times.
//!
//! [`after_power_cut`]: FaultyDisk::after_power_cut

mod fault;
mod power_cut;
mod tree;

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use greenroom_store::disk::{Disk, DiskFile, DiskLock, Entry};

use fault::Faults;
pub use fault::{DiskWeather, Effect, EffectKind, Errno, Fault};
use tree::{NodeId, Tree};

use crate::life::{Life, Moment};
use crate::mishap::{Luck, Mishap};

/// The disk, as one process has it. Clones are the same disk and the same process.
#[derive(Clone, Default)]
pub struct FaultyDisk {
    shared: Arc<Shared>,
    life: Life,
}

/// While this lives, each sync waits for its end.
pub struct HeldSyncs {
    disk: FaultyDisk,
}

#[derive(Default)]
struct Shared {
    world: Mutex<World>,
    changed: Condvar,
}

#[derive(Default)]
struct World {
    tree: Tree,
    faults: Faults,
    /// Names of files whose syncs do nothing.
    lies: BTreeSet<String>,
    syncs_held: bool,
    syncs_waiting: usize,
}

impl FaultyDisk {
    /// An empty disk that does not fail.
    pub fn new() -> FaultyDisk {
        FaultyDisk::default()
    }

    /// The same disk as another process has it.
    #[must_use]
    pub fn for_process(&self, life: Life) -> FaultyDisk {
        FaultyDisk { shared: self.shared.clone(), life }
    }

    /// Changes what goes wrong, and what decides it, from now on.
    pub fn set_weather(&self, weather: DiskWeather, luck: Luck<EffectKind, Fault>) {
        self.world().faults.set_weather(weather, luck);
    }

    /// What went wrong by weather since this was last asked.
    pub fn take_mishaps(&self) -> Vec<Mishap<EffectKind, Fault>> {
        self.world().faults.take_mishaps()
    }

    /// Lies from now on about syncs of files of this name: they are said to be durable, and are
    /// not.
    pub fn lie_about(&self, name: &str) {
        self.world().lies.insert(name.to_owned());
    }

    /// Makes the `nth` effect from the disk's beginning fail with `fault`, and no other.
    pub fn fail_at(&self, nth: u64, fault: Fault) {
        self.world().faults.plan(nth, fault);
    }

    /// Lets `nth` effects happen and none after them, as if the process or the machine stopped.
    pub fn stop_after(&self, nth: u64) {
        self.world().faults.stop_after(nth);
    }

    /// The effects so far, failed ones included.
    pub fn effects(&self) -> Vec<Effect> {
        self.world().faults.effects().to_vec()
    }

    /// How many effects of `kind` there were so far.
    pub fn count(&self, kind: EffectKind) -> usize {
        self.world().faults.effects().iter().filter(|effect| effect.kind == kind).count()
    }

    /// Makes syncs of files wait until the returned value is dropped.
    #[must_use]
    pub fn hold_syncs(&self) -> HeldSyncs {
        self.world().syncs_held = true;
        HeldSyncs { disk: self.clone() }
    }

    /// The disk as the next process finds it after this one was killed: all that was written,
    /// durable or not, and no locks.
    pub fn after_kill(&self) -> FaultyDisk {
        let world = self.world();
        FaultyDisk::with(world.tree.without_locks(), &world)
    }

    /// How many worlds a power cut now may leave, at least 1.
    pub fn power_cuts(&self) -> usize {
        power_cut::count(&self.world().tree)
    }

    /// The `index`-th of the worlds that a power cut now may leave.
    ///
    /// The first loses all that was not synced, the last keeps it.
    ///
    /// # Panics
    ///
    /// If `index` is not below [`power_cuts`](FaultyDisk::power_cuts).
    pub fn after_power_cut(&self, index: usize) -> FaultyDisk {
        let world = self.world();
        FaultyDisk::with(power_cut::world(&world.tree, index), &world)
    }

    /// Keeps power cuts from tearing files that are created as `name` from now on: for content
    /// that nobody relies on after one, which would only multiply the worlds.
    pub fn never_tear(&self, name: &str) {
        self.world().tree.never_torn.insert(name.to_owned());
    }

    /// All files that a process sees now, with their content.
    pub fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        self.world().tree.files()
    }

    /// Replaces the content of a file behind everybody's back, durably.
    ///
    /// # Errors
    ///
    /// Not found if there is no such file.
    pub fn tamper(&self, path: impl AsRef<Path>, content: Vec<u8>) -> io::Result<()> {
        self.world().tree.tamper(path.as_ref(), content)
    }

    /// What the next process finds on the disk of `before`.
    fn with(tree: Tree, before: &World) -> FaultyDisk {
        let world = World { tree, lies: before.lies.clone(), ..World::default() };
        let shared = Shared { world: Mutex::new(world), ..Shared::default() };
        FaultyDisk { shared: Arc::new(shared), life: Life::new() }
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.shared.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts an effect, and does it unless it is to fail.
    fn effect<T>(
        &self,
        kind: EffectKind,
        path: &Path,
        act: impl FnOnce(&mut Tree) -> io::Result<T>,
    ) -> io::Result<T> {
        let mut world = self.world();
        match self.fault(&mut world, kind, path) {
            Some(fault) => Err(fault.error()),
            None => act(&mut world.tree),
        }
    }

    /// Comes to an effect: how it fails, if it does.
    fn fault(&self, world: &mut World, kind: EffectKind, path: &Path) -> Option<Fault> {
        if self.life.passes(Moment::Disk(kind)) {
            return world.faults.next(kind, path);
        }
        Some(Fault::Error(Errno::Io))
    }

    /// Looking is no effect, but a stopped machine does not look either.
    fn look<T>(&self, act: impl FnOnce(&Tree) -> io::Result<T>) -> io::Result<T> {
        let world = self.world();
        if world.faults.stopped() || self.life.is_over() {
            return Err(Errno::Io.error());
        }
        act(&world.tree)
    }
}

impl HeldSyncs {
    /// Returns when at least `syncs` wait.
    pub fn wait_for(&self, syncs: usize) {
        let mut world = self.disk.world();
        while world.syncs_waiting < syncs {
            world = self.disk.shared.changed.wait(world).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Drop for HeldSyncs {
    fn drop(&mut self) {
        self.disk.world().syncs_held = false;
        self.disk.shared.changed.notify_all();
    }
}

impl Disk for FaultyDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let node = self.effect(EffectKind::Create, path, |tree| tree.create(path))?;
        Ok(Box::new(File { disk: self.clone(), node, path: path.to_owned() }))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let node = self.look(|tree| tree.file(path))?;
        Ok(Box::new(File { disk: self.clone(), node, path: path.to_owned() }))
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.look(|tree| tree.read(path))
    }

    fn read_start(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        let mut bytes = self.read(path)?;
        bytes.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(bytes)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<Entry>> {
        self.look(|tree| tree.list(path))
    }

    fn exists(&self, path: &Path) -> io::Result<bool> {
        self.look(|tree| Ok(tree.exists(path)))
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.effect(EffectKind::CreateDir, path, |tree| tree.create_dir(path))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.effect(EffectKind::Rename, to, |tree| tree.rename(from, to))
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.effect(EffectKind::Link, to, |tree| tree.link(from, to))
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.effect(EffectKind::RemoveFile, path, |tree| tree.remove_file(path))
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        self.effect(EffectKind::RemoveDir, path, |tree| tree.remove_dir(path))
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.effect(EffectKind::SyncDir, path, |tree| tree.sync_dir(path))
    }

    fn try_lock(&self, path: &Path) -> io::Result<Option<Box<dyn DiskLock>>> {
        let locked = self.effect(EffectKind::Lock, path, |tree| tree.lock(path))?;
        let lock = |node| Lock { disk: self.clone(), node, path: path.to_owned() };
        Ok(locked.map(|node| Box::new(lock(node)) as Box<dyn DiskLock>))
    }

    fn is_locked(&self, path: &Path) -> io::Result<bool> {
        self.look(|tree| tree.is_locked(path))
    }
}

struct File {
    disk: FaultyDisk,
    node: NodeId,
    path: PathBuf,
}

impl DiskFile for File {
    fn write_all_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut world = self.disk.world();
        match self.disk.fault(&mut world, EffectKind::Write, &self.path) {
            None => world.tree.write(self.node, bytes, offset),
            Some(fault) => {
                let written = fault.written().min(bytes.len());
                world.tree.write(self.node, &bytes[..written], offset)?;
                Err(fault.error())
            }
        }
    }

    fn set_len(&mut self, length: u64) -> io::Result<()> {
        let node = self.node;
        self.disk.effect(EffectKind::SetLen, &self.path, |tree| tree.set_len(node, length))
    }

    fn sync(&mut self) -> io::Result<()> {
        let shared = &self.disk.shared;
        let mut world = self.disk.world();
        world.syncs_waiting += 1;
        shared.changed.notify_all();
        while world.syncs_held {
            world = shared.changed.wait(world).unwrap_or_else(PoisonError::into_inner);
        }
        world.syncs_waiting -= 1;
        let name = self.path.file_name().and_then(|name| name.to_str());
        let is_lie = name.is_some_and(|name| world.lies.contains(name));
        drop(world);
        let node = self.node;
        self.disk.effect(EffectKind::Sync, &self.path, |tree| {
            if is_lie { Ok(()) } else { tree.sync(node) }
        })
    }
}

struct Lock {
    disk: FaultyDisk,
    node: NodeId,
    path: PathBuf,
}

impl DiskLock for Lock {
    fn is_current(&self) -> io::Result<bool> {
        self.disk.look(|tree| Ok(tree.file(&self.path).is_ok_and(|node| node == self.node)))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        self.disk.world().tree.unlock(self.node);
    }
}
