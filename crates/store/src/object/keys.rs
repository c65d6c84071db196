//! Where the objects of a state are.
//!
//! ```text
//! PREFIX/shop/project.ledger
//! PREFIX/shop/integration/pr-17.state/lease
//! PREFIX/shop/integration/pr-17.state/LINEAGE/snapshot
//! PREFIX/shop/integration/pr-17.state/LINEAGE/journal/EPOCH/SLOT
//! PREFIX/shop/integration/pr-17.state/LINEAGE/requests/KIND.ABOUT.json
//! ```
//!
//! Ledgers are the project's, and no stage can have the name of one. The lease outlives the state. All else is below its lineage, so that one who still writes to a
//! state that was removed does not write to the next of its name.

use object_store::path::Path;

use crate::format::object::Slot;
use crate::ledger::LedgerName;
use crate::name::{Segment, StateName};
use crate::position::Lineage;
use crate::request::RequestName;

const SUFFIX: &str = ".state";

/// The keys of one state.
#[derive(Clone)]
pub(crate) struct Keys {
    root: Path,
}

/// The keys of one lineage of a state.
#[derive(Clone)]
pub(crate) struct LineageKeys {
    root: Path,
}

impl Keys {
    pub(crate) fn new(prefix: &Path, state: &StateName) -> Keys {
        let project = prefix.clone().join(state.project.as_str());
        let root = match &state.environment {
            None => project.join(format!("{}{SUFFIX}", state.stage)),
            Some(environment) => {
                project.join(state.stage.as_str()).join(format!("{environment}{SUFFIX}"))
            }
        };
        Keys { root }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn lease(&self) -> Path {
        self.root.clone().join("lease")
    }

    pub(crate) fn of(&self, lineage: &Lineage) -> LineageKeys {
        LineageKeys { root: self.root.clone().join(lineage.0.as_str()) }
    }
}

impl LineageKeys {
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn snapshot(&self) -> Path {
        self.root.clone().join("snapshot")
    }

    pub(crate) fn journal(&self) -> Path {
        self.root.clone().join("journal")
    }

    pub(crate) fn epoch(&self, epoch: u64) -> Path {
        self.journal().join(number(epoch))
    }

    pub(crate) fn slot(&self, at: Slot) -> Path {
        self.epoch(at.epoch).join(number(at.slot))
    }

    pub(crate) fn requests(&self) -> Path {
        self.root.clone().join("requests")
    }

    pub(crate) fn request(&self, name: &RequestName) -> Path {
        self.requests().join(name.file_name())
    }
}

/// The key of a ledger.
pub(crate) fn ledger(prefix: &Path, name: &LedgerName) -> Path {
    prefix.clone().join(name.project.as_str()).join(name.file_name())
}

/// The ledger that a key below `prefix` is of.
pub(crate) fn ledger_of(prefix: &Path, key: &Path) -> Option<LedgerName> {
    let parts: Vec<_> = key.prefix_match(prefix)?.collect();
    let [project, file] = &parts[..] else { return None };
    LedgerName::of_file(&Segment::new(project.as_ref()).ok()?, file.as_ref())
}

/// The place in the journal that a key names.
pub(crate) fn slot_of(key: &Path) -> Option<Slot> {
    let mut parts = key.as_ref().rsplit('/');
    let mut number = || parts.next().filter(|it| it.len() == WIDTH)?.parse().ok();
    let slot = number()?;
    Some(Slot { epoch: number()?, slot })
}

/// The state that a key below `prefix` belongs to, and whether it is more than its lease.
pub(crate) fn state_of(prefix: &Path, key: &Path) -> Option<(StateName, bool)> {
    let parts: Vec<_> = key.prefix_match(prefix)?.collect();
    let texts: Vec<&str> = parts.iter().map(AsRef::as_ref).collect();
    let (project, environment, stage, rest) = match texts[..] {
        [project, stage, ref rest @ ..] if stage.ends_with(SUFFIX) => {
            (project, None, stage.strip_suffix(SUFFIX)?, rest)
        }
        [project, stage, environment, ref rest @ ..] => {
            (project, Some(environment.strip_suffix(SUFFIX)?), stage, rest)
        }
        _ => return None,
    };
    let state = StateName {
        project: Segment::new(project).ok()?,
        stage: Segment::new(stage).ok()?,
        environment: environment.map(Segment::new).transpose().ok()?,
    };
    Some((state, rest.len() > 1))
}

/// Keys are listed in the order of their bytes, so numbers in them have one width.
const WIDTH: usize = 12;

/// The highest number that a slot's key can have.
pub(crate) const LAST_SLOT: u64 = 999_999_999_999;

fn number(number: u64) -> String {
    format!("{number:0WIDTH$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> StateName {
        text.parse().unwrap()
    }

    #[test]
    fn a_key_names_its_state_again() {
        for prefix in [Path::ROOT, Path::from("team/states")] {
            for state in ["shop/production", "shop/integration/pr-17"] {
                let keys = Keys::new(&prefix, &name(state));
                assert_eq!(state_of(&prefix, &keys.lease()), Some((name(state), false)));
                let snapshot = keys.of(&Lineage("ab".into())).snapshot();
                assert_eq!(state_of(&prefix, &snapshot), Some((name(state), true)));
            }
            assert_eq!(
                state_of(
                    &prefix,
                    &ledger(&prefix, &LedgerName::of_project(&Segment::new("shop").unwrap()))
                ),
                None
            );
            for other in ["shop", "shop/a/b/c", "Shop/x.state/lease", "shop/../x.state/lease"] {
                let key = Path::from(format!("{prefix}/{other}"));
                assert_eq!(state_of(&prefix, &key), None, "{key}");
            }
        }
    }

    #[test]
    fn keys_of_the_journal_are_in_the_order_of_its_slots() {
        let keys = Keys::new(&Path::ROOT, &name("a/b")).of(&Lineage("ab".into()));
        let slots = [(1, 0), (1, 9), (1, 10), (2, 0), (10, 3)];
        let slots = slots.map(|(epoch, slot)| Slot { epoch, slot });
        let listed = slots.map(|at| keys.slot(at));
        assert!(listed.is_sorted());
        assert_eq!(listed.map(|key| slot_of(&key)), slots.map(Some));
        assert_eq!(slot_of(&keys.snapshot()), None);
    }
}
