//! What must be true at every moment: whatever a call does to the front or to an environment is
//! judged when it does it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use greenroom_model::address::Scope;
use greenroom_model::gate::GateResult;
use greenroom_model::roster::{Role, Roster};
use greenroom_model::state::State;
use tokio::time::Instant;

use crate::cloud::{CallKind, Deed, Watcher, Weights};
use crate::play::{Rule, Violation, ensure};

/// How long after its process ended a call may still take effect, and be its.
const ECHO: Duration = Duration::from_secs(90);

/// Journalled times are whole seconds.
const GRAIN: Duration = Duration::from_secs(1);

/// The judge, as all processes and the cloud know it.
#[derive(Clone, Default)]
pub(super) struct Court(Arc<Mutex<Judge>>);

#[derive(Default)]
pub(super) struct Judge {
    /// Who had the traffic when the last promotion began, or has it since.
    live: Option<Scope>,
    /// Who takes it over.
    candidate: Option<Scope>,
    /// How long it must stay at one weight.
    pause: Option<Duration>,
    /// When its weight rose last.
    risen: Option<Instant>,
    /// What gates have said of environments in the last promotion.
    heard: BTreeMap<Scope, GateResult>,
    /// The objects that nobody may touch.
    kept: BTreeMap<Arc<str>, Scope>,
    /// Environments that may go.
    going: BTreeSet<Scope>,
    /// Until when objects may be repaired.
    repaired: Option<Instant>,
    /// When a call that took effect late last changed who gets what.
    disturbed: Option<Instant>,
    /// When somebody else last took away what shares the traffic out, unless that was repaired.
    unfronted: Option<Instant>,
    violation: Option<Violation>,
    /// How often traffic was shifted.
    pub(super) shifts: u64,
    /// How often calls that took effect late changed who gets what.
    pub(super) disturbances: u64,
}

impl Court {
    pub(super) fn judge(&self) -> MutexGuard<'_, Judge> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was not as it must be.
    pub(super) fn verdict(&self) -> Result<(), Violation> {
        self.judge().violation.clone().map_or(Ok(()), Err)
    }
}

impl Watcher for Court {
    fn changed(&mut self, deeds: &[Deed<'_>], before: &Weights, now: &Weights) {
        let mut judge = self.judge();
        let judged = judge.deeds(deeds, before, now);
        let violation = judged.err();
        if judge.violation.is_none() {
            judge.violation = violation;
        }
    }
}

impl Judge {
    /// A promotion begins, or a rollback.
    pub(super) fn opens(&mut self, roster: &Roster, candidate: Scope, pause: Option<Duration>) {
        self.stands(roster);
        self.candidate = Some(candidate);
        self.pause = pause;
    }

    /// No promotion is open.
    pub(super) fn stands(&mut self, roster: &Roster) {
        self.live = roster.live().cloned();
        self.candidate = None;
        self.risen = None;
        self.heard.clear();
    }

    /// A state was settled: these are its objects.
    pub(super) fn sees(&mut self, state: &State) {
        let Some(roster) = &state.roster else { return };
        let is_kept = |scope: &Scope| {
            roster
                .entries
                .get(scope)
                .is_some_and(|it| matches!(it.role, Role::Live | Role::Retained))
        };
        let remotes = state.instances().filter(|(address, _)| is_kept(&address.scope));
        let ids = remotes.flat_map(|(address, it)| {
            let all = it.current.iter().chain(&it.deposed);
            all.map(move |remote| (remote.id.clone(), address.scope.clone())).collect::<Vec<_>>()
        });
        self.kept = ids.collect();
    }

    /// A gate was asked.
    pub(super) fn heard(&mut self, scope: &Scope, result: GateResult) {
        if matches!(result, GateResult::Pass | GateResult::Fail) {
            self.heard.insert(scope.clone(), result);
        }
    }

    /// Environments may go from now on.
    pub(super) fn lets_go(&mut self, scopes: impl IntoIterator<Item = Scope>) {
        self.going.extend(scopes);
    }

    /// Whether an environment was to go: what has it may be half gone.
    pub(super) fn has_let_go(&self, scope: &Scope) -> bool {
        self.going.contains(scope)
    }

    /// Objects may be repaired from now on.
    pub(super) fn repairs(&mut self, roster: &Roster) {
        self.stands(roster);
        self.repaired = Some(Instant::now() + Duration::from_secs(24 * 60 * 60));
    }

    /// Nobody repairs any more, but what is under way may still arrive.
    pub(super) fn repairs_no_more(&mut self) {
        self.repaired = self.repaired.map(|it| it.min(Instant::now() + ECHO));
    }

    /// A command came to its end, and the roster says what the front gives: unless a call that
    /// took effect late has changed it since the command began.
    pub(super) fn finds(
        &mut self,
        roster: &Roster,
        weights: &Weights,
        began: Instant,
    ) -> Result<(), Violation> {
        if self.unfronted.is_some() || self.disturbed.is_some_and(|at| at >= began) {
            return Ok(());
        }
        self.disturbed = None;
        weights_hold(roster, weights)
    }

    /// Whether what the front gives was changed since a command last saw to it.
    pub(super) fn is_disturbed(&self) -> bool {
        self.disturbed.is_some() || self.unfronted.is_some()
    }

    /// Somebody else took away what shares the traffic out.
    pub(super) fn is_unfronted(&mut self) {
        self.unfronted = Some(Instant::now());
    }

    /// A command that began then has seen to it that nothing of the front is missing.
    pub(super) fn makes_the_front_whole(&mut self, began: Instant) {
        self.unfronted = self.unfronted.filter(|at| *at >= began);
    }

    fn deeds(
        &mut self,
        deeds: &[Deed<'_>],
        before: &Weights,
        now: &Weights,
    ) -> Result<(), Violation> {
        for deed in deeds {
            self.old_sides_are_kept(deed)?;
        }
        // Who sent it need not even live any more: what it did is to be found by the next command.
        if let Some(at) = deeds.iter().find_map(|it| it.late) {
            if before != now {
                self.disturbed = Some(at);
                self.disturbances += 1;
            }
            return Ok(());
        }
        for (scope, weight) in now {
            let had = before.get(scope).copied().unwrap_or(0);
            if *weight > had {
                self.rises(scope, had, *weight)?;
            }
        }
        let serves = |it: &Weights| it.values().any(|weight| *weight > 0);
        let may_stop = self.going.iter().any(|it| before.get(it).is_some_and(|it| *it > 0));
        if serves(before) && !serves(now) && !may_stop {
            let how = format!("{deeds:?} leave nobody: {before:?} became {now:?}");
            return Err(Rule::SomebodyServes.violated(how));
        }
        Ok(())
    }

    /// Traffic goes only to who has shown that it serves.
    fn rises(&mut self, scope: &Scope, before: u64, weight: u64) -> Result<(), Violation> {
        self.shifts += 1;
        let is_proven = match self.heard.get(scope) {
            Some(said) => *said == GateResult::Pass,
            // Who had the traffic before is asked before it gets more of it again.
            None => self.live.as_ref() == Some(scope) && self.candidate.is_none(),
        };
        if !is_proven {
            let said = self.heard.get(scope);
            let how =
                format!("{scope} rises from {before} to {weight}, and its gate said {said:?}");
            return Err(Rule::Proven.violated(how));
        }
        if self.candidate.as_ref() != Some(scope) {
            return Ok(());
        }
        let last = self.risen.replace(Instant::now());
        if let (Some(last), Some(pause), true) = (last, self.pause, before > 0)
            && last.elapsed() + GRAIN < pause
        {
            let how =
                format!("{scope} rises to {weight} after {:?}, not {pause:?}", last.elapsed());
            return Err(Rule::Paced.violated(how));
        }
        Ok(())
    }

    /// What had the traffic is not touched until it is retired.
    fn old_sides_are_kept(&self, deed: &Deed<'_>) -> Result<(), Violation> {
        let changes = matches!(deed.kind, CallKind::Update | CallKind::Delete);
        let at = deed.late.unwrap_or_else(Instant::now);
        let repairs = self.repaired.is_some_and(|until| at < until);
        let Some(scope) = deed.id.and_then(|it| self.kept.get(it)).filter(|_| changes && !repairs)
        else {
            return Ok(());
        };
        if self.going.contains(scope) {
            return Ok(());
        }
        let how = format!("{:?} of {}, which is kept", deed.kind, deed.address);
        Err(Rule::OldSideKept.violated(how))
    }
}

/// The front gives what the roster says that it was seen to give.
pub(super) fn weights_hold(roster: &Roster, weights: &Weights) -> Result<(), Violation> {
    for (scope, entry) in &roster.entries {
        let given = weights.get(scope).copied().unwrap_or(0);
        let is = entry.weight == entry.verified && u64::from(entry.verified.percent()) == given;
        ensure!(is, WeightsHold, "{scope} has {given}, and {entry:?} is noted");
    }
    Ok(())
}
