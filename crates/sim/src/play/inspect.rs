//! What must be true: after every settling, and on a quiet day.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use greenroom_model::address::Scope;
use greenroom_model::identity::Uid;
use greenroom_model::state::{Remote, State, Status};
use greenroom_store::{Loaded, Sequence, Serial, StateName, Store};

use super::lineages::is_ours;
use crate::cloud::{Cloud, SimObject};
use crate::script::Spec;

/// What must be true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// Every object that says it is a state's is in that state, or watched for by it.
    NoOrphan,
    /// Every object in a state was made.
    NoPhantom,
    /// Nothing exists twice.
    NothingTwice,
    /// Nobody else's object is changed or deleted.
    NoTrespass,
    /// Settling leaves nothing open.
    AllSettled,
    /// A state can be read, and errors are those of the world.
    Sound,
    /// Serials and sequences only rise, and no record is lost.
    GoesForward,
    /// On a quiet day an apply comes to its end, and then state, cloud and specs agree.
    Converges,
    /// A second apply has nothing to do.
    SecondIsEmpty,
    /// Destroying everything leaves nothing.
    NothingLeft,
    /// Traffic goes only to who has shown that it serves.
    Proven,
    /// A front that has sent traffic to somebody sends it to somebody.
    SomebodyServes,
    /// What had the traffic is not touched until it is retired.
    OldSideKept,
    /// A weight lasts as long as it is to.
    Paced,
    /// Every object is the front's, or that of an environment in the roster.
    Rostered,
    /// A promotion comes to its end, with one environment that has all traffic.
    Ends,
    /// The front gives the weights that the roster says it was seen to give.
    WeightsHold,
    /// With both sides bad, nothing is changed.
    Halts,
}

/// What is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The rule that does not hold.
    pub rule: Rule,
    /// How that shows.
    pub how: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.rule, self.how)
    }
}

impl Rule {
    /// Does not hold.
    pub(crate) fn violated(self, how: impl Into<String>) -> Violation {
        Violation { rule: self, how: how.into() }
    }
}

/// Refuses what must not be.
macro_rules! ensure {
    ($holds:expr, $rule:ident, $($said:tt)*) => {
        if !$holds {
            return Err($crate::play::Rule::$rule.violated(format!($($said)*)).into());
        }
    };
}
pub(crate) use ensure;

/// Looks at states and at the truth.
pub(crate) struct Inspector {
    pub(crate) cloud: Cloud,
    /// How far each state was when it was last seen.
    seen: RefCell<BTreeMap<StateName, Seen>>,
}

#[derive(Clone, PartialEq)]
struct Seen {
    lineage: String,
    serial: Serial,
    last: Sequence,
}

impl Inspector {
    pub(crate) fn new(cloud: Cloud) -> Inspector {
        Inspector { cloud, seen: RefCell::default() }
    }

    /// Forgets how far a state was: it may be gone from now on.
    pub(crate) fn may_go(&self, name: &StateName) {
        self.seen.borrow_mut().remove(name);
    }

    /// What must be true right after a state was settled: of its environment, or of all there is.
    pub(crate) async fn settled(
        &self,
        truth: &dyn Store,
        name: &StateName,
        environment: Option<&str>,
        state: &State,
    ) -> Result<(), Violation> {
        ensure!(state.open.is_empty(), AllSettled, "{name}: open after settling: {:?}", state.open);
        let last = self.goes_on(truth, name).await?;
        if last.is_some_and(|last| last.0 > state.sequence.0) {
            // Whoever settled it was passed over meanwhile, and will be told.
            return Ok(());
        }
        let known: BTreeSet<Arc<str>> = remotes(state).map(|(_, it)| it.id.clone()).collect();
        let watched = watched(state);
        let environment = environment.map(scope);
        let is_its =
            |it: &&SimObject| environment.as_ref().is_none_or(|own| it.address.scope == *own);
        for object in self.ours().iter().filter(is_its) {
            let is_known = known.contains(&object.id) || watched.contains(&object.uid);
            ensure!(is_known, NoOrphan, "{name}: an orphan: {} {}", object.address, object.id);
        }
        for (address, remote) in remotes(state) {
            let was_made = self.cloud.has_made(&remote.id);
            ensure!(was_made, NoPhantom, "{name}: {address} was never made: {}", remote.id);
        }
        self.nothing_twice()?;
        self.no_trespass()
    }

    /// States only go forward; how far this one is, if there is one.
    async fn goes_on(
        &self,
        truth: &dyn Store,
        name: &StateName,
    ) -> Result<Option<Sequence>, Violation> {
        let loaded = truth.read(name).await;
        let loaded = loaded.map_err(|error| Rule::Sound.violated(format!("{name}: {error:?}")))?;
        let Some(loaded) = loaded.filter(|it| !it.is_new()) else { return Ok(None) };
        let now = Seen::of(&loaded);
        let mut seen = self.seen.borrow_mut();
        if let Some(before) = seen.get(name) {
            ensure!(
                before.lineage == now.lineage,
                GoesForward,
                "{name}: it is another state than it was"
            );
            ensure!(before.serial <= now.serial, GoesForward, "{name}: the serial went back");
            ensure!(
                before.last <= now.last,
                GoesForward,
                "{name}: records are lost: {:?}",
                now.last
            );
        }
        let last = now.last;
        seen.insert(name.clone(), now);
        Ok(Some(last))
    }

    fn nothing_twice(&self) -> Result<(), Violation> {
        let mut uids = BTreeSet::new();
        for object in self.ours() {
            let first = uids.insert(object.uid.clone());
            ensure!(first, NothingTwice, "it exists twice: {} {}", object.address, object.uid);
        }
        Ok(())
    }

    /// Nobody else's objects were touched.
    pub(crate) fn no_trespass(&self) -> Result<(), Violation> {
        let touched = self.cloud.trespasses();
        ensure!(touched.is_empty(), NoTrespass, "another's were touched: {touched:?}");
        Ok(())
    }

    /// What must be true on a quiet day, when everything was applied.
    pub(super) fn converged(
        &self,
        name: &StateName,
        state: &State,
        spec: &Spec,
        environment: &str,
    ) -> Result<(), Violation> {
        let there: BTreeSet<String> = self.of(state).iter().map(crate::rig::line).collect();
        let known = crate::rig::known(state);
        ensure!(known == there, Converges, "{name}: state and cloud differ:\n{known:?}\n{there:?}");
        let addresses: BTreeSet<String> =
            self.of(state).iter().map(|it| it.address.to_string()).collect();
        ensure!(
            addresses.len() == there.len(),
            NothingTwice,
            "{name}: something exists twice: {there:?}"
        );
        let wanted: BTreeSet<String> = spec.addresses(environment).into_iter().collect();
        ensure!(
            addresses == wanted,
            Converges,
            "{name}: {addresses:?} is not what is wanted: {wanted:?}"
        );
        for (address, remote) in remotes(state) {
            ensure!(
                remote.status == Status::Ready,
                Converges,
                "{name}: {address} is {:?}",
                remote.status
            );
        }
        Ok(())
    }

    /// Nothing of any state is left.
    pub(crate) fn nothing_left(&self) -> Result<(), Violation> {
        let left: Vec<String> = self.ours().iter().map(crate::rig::line).collect();
        ensure!(left.is_empty(), NothingLeft, "left after everything was destroyed: {left:?}");
        self.no_trespass()
    }

    /// The objects of a state, as they say; but for imports that took effect after they were given
    /// up, which are their owner's.
    fn of(&self, state: &State) -> Vec<SimObject> {
        let known: BTreeSet<Arc<str>> = remotes(state).map(|(_, it)| it.id.clone()).collect();
        let is_state = |it: &SimObject| it.lineage.as_ref() == Some(&state.lineage);
        let mut objects = self.cloud.objects();
        objects.retain(|it| {
            is_state(it) && (known.contains(&it.id) || !self.cloud.is_by_hand(&it.id))
        });
        objects
    }

    /// The objects that say they are ours.
    pub(crate) fn ours(&self) -> Vec<SimObject> {
        let mut objects = self.cloud.objects();
        objects.retain(|it| {
            it.lineage.as_ref().is_some_and(|it| is_ours(&it.0)) && !self.cloud.is_by_hand(&it.id)
        });
        objects
    }
}

impl Seen {
    fn of(loaded: &Loaded) -> Seen {
        Seen {
            lineage: loaded.header.lineage.0.clone(),
            serial: loaded.header.serial,
            last: loaded.last(),
        }
    }
}

fn remotes(state: &State) -> impl Iterator<Item = (greenroom_model::address::Address, &Remote)> {
    state.instances().flat_map(|(address, it)| {
        it.current.iter().chain(&it.deposed).map(move |remote| (address.clone(), remote))
    })
}

/// The identities that a state watches for.
pub(crate) fn watched(state: &State) -> BTreeSet<Uid> {
    let subjects = state.watch.iter().flat_map(|it| &it.intent.subjects);
    subjects.map(|it| it.uid.clone()).collect()
}

/// The scope of an environment.
pub(super) fn scope(environment: &str) -> Scope {
    Scope::environment(environment).expect("a sound name")
}
