//! From objects to a state, and the judgement whether they are one.

use bytes::Bytes;
use object_store::UpdateVersion;
use object_store::path::Path;

use crate::error::StoreError;
use crate::format::object::{self, Slot, SlotHeader, SnapshotMark};
use crate::format::snapshot;
use crate::object::damage::Judge;
use crate::object::keys::{Keys, LineageKeys, slot_of};
use crate::object::objects::Found;
use crate::position::{Lineage, Sequence};
use crate::state::{Loaded, SnapshotHeader};

/// A state, and the objects it was read from.
pub(crate) struct Opened {
    pub(crate) loaded: Loaded,
    /// The version of the snapshot's object, if there is one.
    pub(crate) snapshot: Option<UpdateVersion>,
    /// The last slot that is wholly in the snapshot.
    pub(crate) through: Option<Slot>,
    /// The slots past it, in order.
    pub(crate) slots: Vec<KnownSlot>,
}

impl Opened {
    /// A state that nothing was written to yet.
    pub(crate) fn new(lineage: Lineage) -> Opened {
        let loaded = Loaded::new(lineage);
        Opened { loaded, snapshot: None, through: None, slots: Vec::new() }
    }
}

/// An object of the journal.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KnownSlot {
    pub(crate) at: Slot,
    /// The last record in it or before it.
    pub(crate) last: Sequence,
    pub(crate) fence: bool,
}

/// What came of one attempt to read a state.
enum Reading {
    Consistent(Box<Opened>),
    /// It changed meanwhile.
    Changed,
    /// It is damaged like this, or else it changed meanwhile.
    Doubtful(StoreError),
}

/// The snapshot of a state, if there is one.
struct Base {
    header: SnapshotHeader,
    body: Option<Bytes>,
    through: Option<Slot>,
    version: Option<UpdateVersion>,
}

/// How often a state that changes all the time is read.
const READS: usize = 20;

/// Reads the state of the lineage that `which` names, as it is at one moment; `None` if it names
/// none.
///
/// What looks damaged may only be changing, unless it looks the same once more.
pub(crate) async fn read_consistently<F>(
    judge: Judge<'_>,
    keys: &Keys,
    which: impl Fn() -> F,
) -> Result<Option<Opened>, StoreError>
where
    F: Future<Output = Result<Option<Lineage>, StoreError>>,
{
    let mut doubt: Option<String> = None;
    for _ in 0..READS {
        let Some(lineage) = which().await? else { return Ok(None) };
        doubt = match read(judge, &keys.of(&lineage), &lineage).await? {
            Reading::Consistent(opened) => return Ok(Some(*opened)),
            Reading::Changed => None,
            Reading::Doubtful(error) => {
                let text = error.to_string();
                if doubt.as_ref() == Some(&text) {
                    return Err(error);
                }
                Some(text)
            }
        };
    }
    Err(StoreError::Restless { state: judge.state.clone() })
}

/// Reads the objects of a lineage once.
async fn read(
    judge: Judge<'_>,
    keys: &LineageKeys,
    lineage: &Lineage,
) -> Result<Reading, StoreError> {
    let objects = judge.objects;
    let snapshot = objects.get(&keys.snapshot()).await?;
    let base = base(judge, keys, lineage, snapshot)?;
    let offset = base.through.map(|at| keys.slot(at));
    let mut listed = objects.list(&keys.journal(), offset.as_ref()).await?;
    listed.retain(|key| slot_of(key).is_some());
    let slots = objects.get_all(listed).await?;
    // What is listed after the snapshot was read may follow on a later one.
    let now = objects.version(&keys.snapshot()).await?;
    if now.map(|it| it.e_tag) != base.version.as_ref().map(|it| it.e_tag.clone()) {
        return Ok(Reading::Changed);
    }
    Ok(match follow(judge, lineage, base, slots) {
        Ok(opened) => Reading::Consistent(Box::new(opened)),
        Err(error) => Reading::Doubtful(error),
    })
}

fn base(
    judge: Judge<'_>,
    keys: &LineageKeys,
    lineage: &Lineage,
    found: Option<Found>,
) -> Result<Base, StoreError> {
    let key = keys.snapshot();
    let none = SnapshotHeader::before_the_first(lineage.clone());
    let Some(Found { bytes, version }) = found else {
        return Ok(Base { header: none, body: None, through: None, version: None });
    };
    let (mark, content) = judge.decode::<SnapshotMark>(&key, &bytes)?;
    let (through, version) = (mark.through, Some(version));
    if content.is_empty() {
        return Ok(Base { header: none, body: None, through, version });
    }
    let decoded = snapshot::decode(&content);
    let (header, body) = decoded.map_err(|why| judge.unreadable(&key, why))?;
    if header.lineage != *lineage {
        let problem = format!("it has lineage {}, the lease has {lineage}", header.lineage);
        return Err(judge.corrupt(&key, 0, None, problem));
    }
    Ok(Base { header, body: Some(body), through, version })
}

/// Strings the slots together behind the snapshot.
fn follow(
    judge: Judge<'_>,
    lineage: &Lineage,
    base: Base,
    slots: Vec<(Path, Option<Found>)>,
) -> Result<Opened, StoreError> {
    let Base { header, body, through, version } = base;
    let mut opened = Opened {
        loaded: Loaded { header, body, records: Vec::new(), torn: None },
        snapshot: version,
        through,
        slots: Vec::new(),
    };
    let mut end = End { at: through, last: None };
    for (key, found) in slots {
        let Some(found) = found else {
            let problem = "it was listed, and is gone".to_owned();
            return Err(judge.corrupt(&key, 0, None, problem));
        };
        let (slot, content) = judge.decode::<SlotHeader>(&key, &found.bytes)?;
        if let Some(problem) = end.mismatch(lineage, &slot, slot_of(&key), opened.loaded.last()) {
            return Err(judge.corrupt(&key, 0, None, problem));
        }
        let records = object::decode_records(&slot, &content);
        let records = records.map_err(|why| judge.unreadable(&key, why))?;
        end.at = Some(slot.at);
        end.last = records.last().map(|it| it.sequence).or(end.last);
        let folded = opened.loaded.header.folded;
        opened.loaded.records.extend(records.into_iter().filter(|it| it.sequence > folded));
        let last = end.last.unwrap_or(folded);
        opened.slots.push(KnownSlot { at: slot.at, last, fence: slot.fence });
    }
    Ok(opened)
}

/// How far the journal was read.
struct End {
    at: Option<Slot>,
    /// The last record, if it is known from the journal.
    last: Option<Sequence>,
}

impl End {
    /// Why `slot` does not follow.
    fn mismatch(
        &self,
        lineage: &Lineage,
        slot: &SlotHeader,
        named: Option<Slot>,
        last: Sequence,
    ) -> Option<String> {
        if slot.lineage != *lineage {
            return Some(format!("it has lineage {}, the lease has {lineage}", slot.lineage));
        }
        if named != Some(slot.at) {
            return Some(format!(
                "it says that it is slot {} of epoch {}",
                slot.at.slot, slot.at.epoch
            ));
        }
        let expected = match self.at {
            Some(before) if before.epoch == slot.at.epoch => before.slot + 1,
            _ => 0,
        };
        if slot.at.slot != expected {
            return Some(format!("slot {expected} before it is missing"));
        }
        let follows = match self.last {
            Some(last) => slot.after == last,
            // A snapshot may end within the slot that it was made after.
            None => slot.after <= last,
        };
        (!slot.fence && !follows).then(|| {
            format!("it follows record {}, and the last one before it is {last}", slot.after)
        })
    }
}
