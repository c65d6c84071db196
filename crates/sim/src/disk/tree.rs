//! Files and folders, as a process sees them and as far as they are durable.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::io;
use std::path::{Component, Path, PathBuf};

use greenroom_store::disk::{Entry, EntryKind};
use rustix::io::Errno;

pub(super) type NodeId = u64;

#[derive(Clone)]
pub(super) struct Tree {
    pub(super) nodes: BTreeMap<NodeId, Node>,
    next: NodeId,
    locked: BTreeSet<NodeId>,
    /// Names of files that are lost or kept as a whole.
    pub(super) never_torn: BTreeSet<String>,
    /// The files that were created under such a name.
    pub(super) whole: BTreeSet<NodeId>,
}

#[derive(Clone)]
pub(super) enum Node {
    File { durable: Vec<u8>, current: Vec<u8> },
    Folder { durable: Names, current: Names, pending: Vec<Change> },
}

pub(super) type Names = BTreeMap<String, NodeId>;

/// A change of a folder's names that no sync has made durable.
#[derive(Clone)]
pub(super) enum Change {
    Add(String, NodeId),
    Remove(String),
    Rename(String, String, NodeId),
}

const ROOT: NodeId = 0;

impl Default for Tree {
    fn default() -> Tree {
        Tree {
            nodes: BTreeMap::from([(ROOT, Node::folder())]),
            next: 1,
            locked: BTreeSet::new(),
            never_torn: BTreeSet::new(),
            whole: BTreeSet::new(),
        }
    }
}

impl Node {
    fn folder() -> Node {
        Node::Folder { durable: Names::new(), current: Names::new(), pending: Vec::new() }
    }
}

impl Change {
    pub(super) fn apply(&self, names: &mut Names) {
        match self {
            Change::Add(name, node) => drop(names.insert(name.clone(), *node)),
            Change::Remove(name) => drop(names.remove(name)),
            Change::Rename(from, to, node) => {
                names.remove(from);
                names.insert(to.clone(), *node);
            }
        }
    }
}

impl Tree {
    pub(super) fn without_locks(&self) -> Tree {
        Tree { locked: BTreeSet::new(), ..self.clone() }
    }

    pub(super) fn create(&mut self, path: &Path) -> io::Result<NodeId> {
        if let Ok(node) = self.find(path) {
            let (_, current) = self.content(node)?;
            current.clear();
            return Ok(node);
        }
        self.add(path, Node::File { durable: Vec::new(), current: Vec::new() })
    }

    pub(super) fn create_dir(&mut self, path: &Path) -> io::Result<()> {
        match self.find(path) {
            Ok(_) => Err(Errno::EXIST.into()),
            Err(_) => self.add(path, Node::folder()).map(drop),
        }
    }

    pub(super) fn file(&self, path: &Path) -> io::Result<NodeId> {
        let node = self.find(path)?;
        match self.nodes.get(&node) {
            Some(Node::File { .. }) => Ok(node),
            _ => Err(Errno::ISDIR.into()),
        }
    }

    pub(super) fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        match self.nodes.get(&self.find(path)?) {
            Some(Node::File { current, .. }) => Ok(current.clone()),
            _ => Err(Errno::ISDIR.into()),
        }
    }

    pub(super) fn list(&self, path: &Path) -> io::Result<Vec<Entry>> {
        let names = self.names(self.find(path)?)?;
        Ok(names
            .iter()
            .map(|(name, node)| {
                let folder = matches!(self.nodes.get(node), Some(Node::Folder { .. }));
                let kind = if folder { EntryKind::Folder } else { EntryKind::File };
                Entry { name: name.clone(), kind }
            })
            .collect())
    }

    pub(super) fn exists(&self, path: &Path) -> bool {
        self.find(path).is_ok()
    }

    pub(super) fn write(&mut self, node: NodeId, bytes: &[u8], offset: u64) -> io::Result<()> {
        let (_, current) = self.content(node)?;
        let start = usize::try_from(offset).map_err(io::Error::other)?;
        let end = start + bytes.len();
        if current.len() < end {
            current.resize(end, 0);
        }
        current[start..end].copy_from_slice(bytes);
        Ok(())
    }

    pub(super) fn set_len(&mut self, node: NodeId, length: u64) -> io::Result<()> {
        let (_, current) = self.content(node)?;
        current.resize(usize::try_from(length).map_err(io::Error::other)?, 0);
        Ok(())
    }

    pub(super) fn sync(&mut self, node: NodeId) -> io::Result<()> {
        let (durable, current) = self.content(node)?;
        durable.clone_from(current);
        Ok(())
    }

    pub(super) fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let node = self.find(from)?;
        if from.parent() != to.parent() {
            return Err(Errno::XDEV.into());
        }
        if let Ok(replaced) = self.find(to) {
            match self.names(replaced) {
                Ok(names) if !names.is_empty() => return Err(Errno::NOTEMPTY.into()),
                Ok(_) if self.names(node).is_err() => return Err(Errno::ISDIR.into()),
                Err(_) if self.names(node).is_ok() => return Err(Errno::NOTDIR.into()),
                _ => {}
            }
        }
        self.change(from, Change::Rename(name_of(from)?, name_of(to)?, node))
    }

    pub(super) fn link(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let node = self.file(from)?;
        match self.find(to) {
            Ok(_) => Err(Errno::EXIST.into()),
            Err(_) => self.change(to, Change::Add(name_of(to)?, node)),
        }
    }

    pub(super) fn remove_file(&mut self, path: &Path) -> io::Result<()> {
        self.file(path)?;
        self.change(path, Change::Remove(name_of(path)?))
    }

    pub(super) fn remove_dir(&mut self, path: &Path) -> io::Result<()> {
        if !self.names(self.find(path)?)?.is_empty() {
            return Err(Errno::NOTEMPTY.into());
        }
        self.change(path, Change::Remove(name_of(path)?))
    }

    pub(super) fn sync_dir(&mut self, path: &Path) -> io::Result<()> {
        let node = self.find(path)?;
        match self.nodes.get_mut(&node) {
            Some(Node::Folder { durable, current, pending }) => {
                durable.clone_from(current);
                pending.clear();
                Ok(())
            }
            _ => Err(Errno::NOTDIR.into()),
        }
    }

    pub(super) fn lock(&mut self, path: &Path) -> io::Result<Option<NodeId>> {
        let node = match self.file(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.create(path)?,
            found => found?,
        };
        Ok(self.locked.insert(node).then_some(node))
    }

    pub(super) fn unlock(&mut self, node: NodeId) {
        self.locked.remove(&node);
    }

    pub(super) fn is_locked(&self, path: &Path) -> io::Result<bool> {
        Ok(self.locked.contains(&self.file(path)?))
    }

    pub(super) fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files = Vec::new();
        self.collect(ROOT, Path::new("/"), &mut files);
        files
    }

    pub(super) fn tamper(&mut self, path: &Path, content: Vec<u8>) -> io::Result<()> {
        let node = self.file(path)?;
        let (durable, current) = self.content(node)?;
        durable.clone_from(&content);
        *current = content;
        Ok(())
    }

    fn collect(&self, folder: NodeId, path: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) {
        for (name, node) in self.names(folder).into_iter().flatten() {
            let path = path.join(name);
            match self.nodes.get(node) {
                Some(Node::File { current, .. }) => files.push((path, current.clone())),
                _ => self.collect(*node, &path, files),
            }
        }
    }

    fn add(&mut self, path: &Path, node: Node) -> io::Result<NodeId> {
        let (id, name) = (self.next, name_of(path)?);
        if self.never_torn.contains(&name) {
            self.whole.insert(id);
        }
        self.change(path, Change::Add(name, id))?;
        self.next += 1;
        self.nodes.insert(id, node);
        Ok(id)
    }

    /// Changes a name in the folder that `path` lies in.
    fn change(&mut self, path: &Path, change: Change) -> io::Result<()> {
        let parent = self.find(path.parent().unwrap_or(path))?;
        match self.nodes.get_mut(&parent) {
            Some(Node::Folder { current, pending, .. }) => {
                change.apply(current);
                pending.push(change);
                Ok(())
            }
            _ => Err(Errno::NOTDIR.into()),
        }
    }

    fn content(&mut self, node: NodeId) -> io::Result<(&mut Vec<u8>, &mut Vec<u8>)> {
        match self.nodes.get_mut(&node) {
            Some(Node::File { durable, current }) => Ok((durable, current)),
            _ => Err(Errno::ISDIR.into()),
        }
    }

    fn names(&self, node: NodeId) -> io::Result<&Names> {
        match self.nodes.get(&node) {
            Some(Node::Folder { current, .. }) => Ok(current),
            _ => Err(Errno::NOTDIR.into()),
        }
    }

    fn find(&self, path: &Path) -> io::Result<NodeId> {
        let mut node = ROOT;
        for component in path.components() {
            if let Component::Normal(name) = component {
                let name = text(name)?;
                node = *self.names(node)?.get(name).ok_or(Errno::NOENT)?;
            }
        }
        Ok(node)
    }
}

fn name_of(path: &Path) -> io::Result<String> {
    path.file_name().ok_or(Errno::INVAL.into()).and_then(text).map(str::to_owned)
}

fn text(name: &OsStr) -> io::Result<&str> {
    name.to_str().ok_or(Errno::ILSEQ.into())
}
