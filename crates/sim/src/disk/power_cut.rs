//! The worlds that a power cut may leave.
//!
//! Names and content are lost independently. The pending changes of a folder
//! are kept up to some point, as journalling file systems do, or all but one of
//! them, because POSIX promises no order; one folder at a time is cut in the
//! middle, with the others wholly lost and wholly kept. Of a
//! file's unsynced content, nothing, all, every prefix, only zeros (the length
//! was durable, the blocks were not), or only the second half is kept; one file
//! at a time, with the others lost.

use super::tree::{Change, Names, Node, NodeId, Tree};

/// How many worlds there are.
pub(super) fn count(tree: &Tree) -> usize {
    name_cuts(tree).len() * content_cuts(tree).len()
}

/// The `index`-th of them.
pub(super) fn world(tree: &Tree, index: usize) -> Tree {
    let (names, contents) = (name_cuts(tree), content_cuts(tree));
    assert!(index < names.len() * contents.len(), "there are fewer worlds than {index}");
    let (name, content) = (&names[index / contents.len()], &contents[index % contents.len()]);
    let mut world = tree.without_locks();
    for (id, node) in &mut world.nodes {
        match node {
            Node::Folder { durable, current, pending } => {
                name.apply(*id, durable, pending);
                current.clone_from(durable);
                pending.clear();
            }
            Node::File { durable, current } => {
                content.apply(*id, durable, current);
                current.clone_from(durable);
            }
        }
    }
    world
}

/// Which pending changes are kept, of one folder and of the others.
struct NameCut {
    folder: Option<(NodeId, Changes)>,
    others: bool,
}

#[derive(Clone, Copy)]
enum Changes {
    First(usize),
    AllBut(usize),
}

struct ContentCut {
    file: Option<(NodeId, Kept)>,
    others: bool,
}

enum Kept {
    Prefix(usize),
    Zeros,
    SecondHalf,
}

fn name_cuts(tree: &Tree) -> Vec<NameCut> {
    let mut cuts = vec![NameCut { folder: None, others: false }];
    for (id, node) in &tree.nodes {
        if let Node::Folder { pending, .. } = node {
            for others in [false, true] {
                let first = (1..pending.len()).map(Changes::First);
                // All but the last is among the first ones.
                let all_but = (0..pending.len().saturating_sub(1)).map(Changes::AllBut);
                let kept = first.chain(all_but);
                cuts.extend(kept.map(|kept| NameCut { folder: Some((*id, kept)), others }));
            }
        }
    }
    cuts.push(NameCut { folder: None, others: true });
    cuts
}

fn content_cuts(tree: &Tree) -> Vec<ContentCut> {
    let mut cuts = vec![ContentCut { file: None, others: false }];
    for (id, node) in &tree.nodes {
        let Node::File { durable, current } = node else { continue };
        if durable == current || tree.whole.contains(id) {
            continue;
        }
        let same = durable.iter().zip(current).take_while(|(a, b)| a == b).count();
        let longest = durable.len().max(current.len());
        let kept = (same..=longest).map(Kept::Prefix).chain([Kept::Zeros, Kept::SecondHalf]);
        cuts.extend(kept.map(|kept| ContentCut { file: Some((*id, kept)), others: false }));
    }
    cuts.push(ContentCut { file: None, others: true });
    cuts
}

impl NameCut {
    fn apply(&self, id: NodeId, durable: &mut Names, pending: &[Change]) {
        let kept = match self.folder {
            Some((folder, kept)) if folder == id => kept,
            _ if self.others => Changes::First(pending.len()),
            _ => Changes::First(0),
        };
        let changes = pending.iter().enumerate().filter(|(nth, _)| kept.keeps(*nth));
        changes.for_each(|(_, change)| change.apply(durable));
    }
}

impl Changes {
    fn keeps(self, nth: usize) -> bool {
        match self {
            Changes::First(kept) => nth < kept,
            Changes::AllBut(lost) => nth != lost,
        }
    }
}

impl ContentCut {
    fn apply(&self, id: NodeId, durable: &mut Vec<u8>, current: &[u8]) {
        match &self.file {
            Some((file, kept)) if *file == id => kept.apply(durable, current),
            _ if self.others => *durable = current.to_vec(),
            _ => {}
        }
    }
}

impl Kept {
    fn apply(&self, durable: &mut Vec<u8>, current: &[u8]) {
        match self {
            // A file that was cut shrinks towards its new length, one that was written grows.
            Kept::Prefix(kept) if current.len() < durable.len() => {
                durable.truncate((*kept).max(current.len()));
            }
            Kept::Prefix(kept) => {
                let written = &current[..(*kept).min(current.len())];
                let rest = durable.get(written.len()..).unwrap_or_default();
                *durable = [written, rest].concat();
            }
            Kept::Zeros => durable.resize(current.len(), 0),
            Kept::SecondHalf => {
                let same = durable.iter().zip(current).take_while(|(a, b)| a == b).count();
                let middle = same + (current.len() - same) / 2;
                durable.resize(middle.min(current.len()), 0);
                let start = durable.len();
                durable.extend_from_slice(&current[start..]);
            }
        }
    }
}
