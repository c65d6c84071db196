//! Going on with a plan that an earlier process left: from where, and what is to be looked at first.
//!
//! A process may end in the middle of a phase and another go on hours later. What let the plan into
//! that phase is proven again before the phase goes on, and what the phase had begun to change is
//! read again: nobody knows what became of a call whose answer was lost, nor when.

use greenroom_model::address::Address;
use greenroom_model::journal::{Entry, Seen};
use greenroom_model::plan::{Action, Next, Operation, Phase};
use greenroom_model::value::Value;

use super::{Run, Target, target};
use crate::diff;

impl Run {
    /// The objects of which the state may be wrong, in a plan that is gone on with: those that the
    /// phase had begun to change and that nobody has seen to hold since. To be asked before the
    /// plan's opening is recorded.
    #[must_use]
    pub fn unproven(&self) -> Vec<Target> {
        let addresses = self.unverified(self.goes_on.unwrap_or(self.phase));
        let targets = addresses.filter_map(|address| {
            let remote = self.state.instance(address)?.current.as_ref()?;
            Some(target(address, remote))
        });
        targets.collect()
    }

    /// What an earlier run of the plan began to change in a phase, and did not see to hold.
    fn unverified(&self, phase: usize) -> impl Iterator<Item = &Address> {
        self.begun(phase).filter_map(|it| match &it.action {
            Action::Verify { address, .. } if !self.was_done(it) => Some(address),
            _ => None,
        })
    }

    /// The operations of a phase; none if no earlier run of the plan had begun it.
    fn begun(&self, phase: usize) -> impl Iterator<Item = &Operation> {
        let goes_on = self.state.run.as_ref().is_some_and(|it| it.plan == self.digest);
        let phase = self.plan.phases.get(phase).filter(|_| goes_on);
        phase.into_iter().flat_map(|it| &it.operations)
    }

    /// What the journal says of an object that was looked at, unless the state has it so.
    #[must_use]
    pub fn seen(&self, target: &Target, attributes: &Value) -> Option<Entry> {
        let Target { address, uid, attributes: known, .. } = target;
        if attributes.reveal() == known.reveal() {
            return None;
        }
        let status = self.object(address, uid)?.status;
        let schema = self.schemas.of_block(&address.block).map(|it| it.schema);
        let attributes = diff::marked_like(schema, address, attributes, known);
        let seen = Some(Seen { attributes, status });
        Some(Entry::Observed { address: address.clone(), uid: uid.clone(), seen })
    }

    /// Enters the phase that an earlier run of the same plan had come to; if that was in the middle
    /// of changing something, the one before, whose gates are asked again.
    pub(super) fn go_on(&mut self) {
        let reached = self.reached();
        let before = if self.is_amid(reached) { self.asked_before(reached) } else { None };
        self.goes_on = before.map(|_| reached);
        self.enter(before.unwrap_or(reached));
    }

    /// Whether an earlier run of the plan ended while a phase changed something.
    fn is_amid(&self, phase: usize) -> bool {
        self.unverified(phase).next().is_some()
            || self.begun(phase).any(|it| match &it.action {
                Action::Delete(removal) => self.to_remove(removal).is_some(),
                _ => false,
            })
    }

    /// The phase that an earlier run of the same plan had come to. Of a promotion, the roster says
    /// it: what stands before is over, and its objects may be other than it made them by now.
    fn reached(&self) -> usize {
        let promotion = self.state.roster.as_ref().and_then(|it| it.promotion.as_ref());
        let own = promotion.filter(|it| it.plan == self.digest);
        own.and_then(|it| self.plan.phases.iter().position(|phase| phase.name == it.phase))
            .unwrap_or(0)
    }

    /// The last phase before one that asked gates, by the way on which they pass.
    fn asked_before(&self, phase: usize) -> Option<usize> {
        let phases = &self.plan.phases;
        let before = |at: usize| {
            let to = Next::Phase(phases[at].name.clone());
            phases[..at].iter().rposition(|it| it.on_pass == to)
        };
        let asks = |at: &usize| {
            phases[*at].operations.iter().any(|it| matches!(it.action, Action::Gate { .. }))
        };
        std::iter::successors(before(phase), |at| before(*at)).find(asks)
    }

    /// Where a failure in the current phase leads to. What the plan is about to go on with may be
    /// half done: there, its way back counts.
    pub(super) fn on_fail(&self) -> &Next {
        let phase = self.plan.phases.get(self.goes_on.unwrap_or(self.phase));
        phase.map_or(&Next::Halt, |it| &it.on_fail)
    }

    /// Where the current phase leads to when it is over.
    pub(super) fn on_pass(&self, phase: &Phase) -> Next {
        match self.goes_on {
            Some(reached) => Next::Phase(self.plan.phases[reached].name.clone()),
            None => phase.on_pass.clone(),
        }
    }
}
