//! The scheduler: which operations of a phase may start now.
//!
//! A pure state machine over positions; what an operation does is not its business.

use std::collections::BTreeSet;

use greenroom_model::plan::Need;
use greenroom_model::schema::Strength;

/// The operations of one phase, with what each still waits for.
#[derive(Clone, Debug)]
pub struct Schedule {
    nodes: Vec<Node>,
    ready: BTreeSet<u32>,
    unfinished: usize,
}

#[derive(Clone, Debug)]
struct Node {
    progress: Progress,
    waits_for: u32,
    /// Who waits for this one, and how far it must come.
    dependents: Vec<(u32, Strength)>,
}

/// How far an operation has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It waits for others, or for a free slot.
    Waiting,
    /// It was handed out.
    Started,
    /// The world has accepted it; it is not complete.
    Accepted,
    /// It is complete.
    Complete,
    /// It failed.
    Failed,
    /// It will never be carried out, because one that it needs failed, or was given up.
    Skipped,
}

/// An event that cannot happen: a mistake of the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("operation {operation} cannot go from {from:?} to {to:?}")]
pub struct ImpossibleEvent {
    /// The operation's position.
    pub operation: u32,
    /// Where it is.
    pub from: Progress,
    /// Where it was to go.
    pub to: Progress,
}

impl Schedule {
    /// A schedule of as many operations as there are lists of needs.
    ///
    /// Needs must not form a cycle; planning has made sure of that.
    #[must_use]
    pub fn new<'a>(needs: impl IntoIterator<Item = &'a [Need]>) -> Schedule {
        let mut nodes: Vec<Node> = Vec::new();
        let mut edges = Vec::new();
        for (position, needs) in needs.into_iter().enumerate() {
            let position = u32::try_from(position).expect("fewer operations than u32 can count");
            let waits_for = u32::try_from(needs.len()).expect("fewer needs than operations");
            nodes.push(Node { progress: Progress::Waiting, waits_for, dependents: Vec::new() });
            edges.extend(needs.iter().map(|need| (need.operation, position, need.until)));
        }
        for (needed, waiting, until) in edges {
            nodes[needed as usize].dependents.push((waiting, until));
        }
        let ready = (0u32..)
            .zip(&nodes)
            .filter(|(_, node)| node.waits_for == 0)
            .map(|(position, _)| position)
            .collect();
        Schedule { unfinished: nodes.len(), nodes, ready }
    }

    /// Hands out the first operation that may start, in the order of the plan.
    pub fn start(&mut self) -> Option<u32> {
        let position = self.ready.pop_first()?;
        self.nodes[position as usize].progress = Progress::Started;
        Some(position)
    }

    /// Whether an operation could be handed out now.
    #[must_use]
    pub fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// The operations that could be handed out now, in the order of the plan.
    pub fn ready(&self) -> impl Iterator<Item = u32> {
        self.ready.iter().copied()
    }

    /// Whether every operation is complete, failed or skipped.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.unfinished == 0
    }

    /// How far an operation has come.
    #[must_use]
    pub fn progress(&self, operation: u32) -> Progress {
        self.nodes[operation as usize].progress
    }

    /// Notes that the world accepted an operation.
    ///
    /// # Errors
    ///
    /// [`ImpossibleEvent`] unless it was started.
    pub fn accepted(&mut self, operation: u32) -> Result<(), ImpossibleEvent> {
        self.advance(operation, &[Progress::Started], Progress::Accepted)?;
        self.release(operation, Strength::Accepted);
        Ok(())
    }

    /// Notes that an operation is complete.
    ///
    /// # Errors
    ///
    /// [`ImpossibleEvent`] unless it was started or accepted.
    pub fn completed(&mut self, operation: u32) -> Result<(), ImpossibleEvent> {
        let before = self.progress(operation);
        self.advance(operation, &[Progress::Started, Progress::Accepted], Progress::Complete)?;
        if before == Progress::Started {
            self.release(operation, Strength::Accepted);
        }
        self.release(operation, Strength::Complete);
        self.unfinished -= 1;
        Ok(())
    }

    /// Notes that an operation failed, and returns those that will therefore never start.
    ///
    /// Operations that needed only its acceptance go on if it had been accepted.
    ///
    /// # Errors
    ///
    /// [`ImpossibleEvent`] unless it was started or accepted.
    pub fn failed(&mut self, operation: u32) -> Result<Vec<u32>, ImpossibleEvent> {
        let before = self.progress(operation);
        self.advance(operation, &[Progress::Started, Progress::Accepted], Progress::Failed)?;
        self.unfinished -= 1;
        Ok(self.skip_dependents(operation, before == Progress::Accepted))
    }

    /// Gives up an operation that was not carried out, be it waiting or only handed out. Returns
    /// those that will never start therefore, it included; none if it is past that.
    pub fn give_up(&mut self, operation: u32) -> Vec<u32> {
        if !matches!(self.progress(operation), Progress::Waiting | Progress::Started) {
            return Vec::new();
        }
        self.nodes[operation as usize].progress = Progress::Skipped;
        self.ready.remove(&operation);
        self.unfinished -= 1;
        let mut skipped = self.skip_dependents(operation, false);
        skipped.push(operation);
        skipped.sort_unstable();
        skipped
    }

    /// Gives up everything that is not over, but what is in `kept`.
    pub fn stop(&mut self, kept: &BTreeSet<u32>) {
        for (position, node) in (0u32..).zip(&mut self.nodes) {
            let is_open =
                matches!(node.progress, Progress::Waiting | Progress::Started | Progress::Accepted);
            if is_open && !kept.contains(&position) {
                node.progress = Progress::Skipped;
                self.unfinished -= 1;
            }
        }
        self.ready.clear();
    }

    /// Skips what waits for an operation that stopped short, and what waits for that.
    fn skip_dependents(&mut self, operation: u32, was_accepted: bool) -> Vec<u32> {
        let mut skipped = Vec::new();
        let mut stopped = vec![(operation, was_accepted)];
        while let Some((stopped_one, was_accepted)) = stopped.pop() {
            for (dependent, until) in self.nodes[stopped_one as usize].dependents.clone() {
                let satisfied = was_accepted && until == Strength::Accepted;
                if !satisfied && self.progress(dependent) == Progress::Waiting {
                    self.nodes[dependent as usize].progress = Progress::Skipped;
                    self.ready.remove(&dependent);
                    self.unfinished -= 1;
                    skipped.push(dependent);
                    stopped.push((dependent, false));
                }
            }
        }
        skipped.sort_unstable();
        skipped
    }

    fn advance(
        &mut self,
        operation: u32,
        allowed: &[Progress],
        to: Progress,
    ) -> Result<(), ImpossibleEvent> {
        let from = self.progress(operation);
        if !allowed.contains(&from) {
            return Err(ImpossibleEvent { operation, from, to });
        }
        self.nodes[operation as usize].progress = to;
        Ok(())
    }

    /// Lets those go on that waited for just this.
    fn release(&mut self, operation: u32, reached: Strength) {
        let dependents = std::mem::take(&mut self.nodes[operation as usize].dependents);
        for &(dependent, until) in &dependents {
            let node = &mut self.nodes[dependent as usize];
            if until == reached {
                node.waits_for -= 1;
                if node.waits_for == 0 && node.progress == Progress::Waiting {
                    self.ready.insert(dependent);
                }
            }
        }
        self.nodes[operation as usize].dependents = dependents;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn need(operation: u32) -> Need {
        Need { operation, until: Strength::Complete }
    }

    fn schedule(needs: &[&[Need]]) -> Schedule {
        Schedule::new(needs.iter().copied())
    }

    fn start_all(schedule: &mut Schedule) -> Vec<u32> {
        std::iter::from_fn(|| schedule.start()).collect()
    }

    #[test]
    fn dependents_start_when_all_they_need_is_complete() {
        let mut schedule = schedule(&[&[], &[], &[need(0), need(1)]]);
        assert_eq!(start_all(&mut schedule), [0, 1]);
        schedule.completed(1).expect("was started");
        assert!(start_all(&mut schedule).is_empty());
        schedule.completed(0).expect("was started");
        assert_eq!(start_all(&mut schedule), [2]);
        assert!(!schedule.is_finished());
        schedule.completed(2).expect("was started");
        assert!(schedule.is_finished());
    }

    #[test]
    fn acceptance_is_enough_for_who_needs_no_more() {
        let weak = Need { operation: 0, until: Strength::Accepted };
        let mut schedule = schedule(&[&[], &[weak], &[need(0)]]);
        assert_eq!(start_all(&mut schedule), [0]);
        schedule.accepted(0).expect("was started");
        assert_eq!(start_all(&mut schedule), [1]);
        schedule.completed(0).expect("was accepted");
        assert_eq!(start_all(&mut schedule), [2]);
    }

    #[test]
    fn a_failure_stops_its_dependents_only() {
        let mut schedule = schedule(&[&[], &[need(0)], &[need(1)], &[]]);
        assert_eq!(start_all(&mut schedule), [0, 3]);
        assert_eq!(schedule.failed(0), Ok(vec![1, 2]));
        assert!(!schedule.is_finished());
        schedule.completed(3).expect("was started");
        assert!(schedule.is_finished());
        assert_eq!(schedule.progress(2), Progress::Skipped);
    }

    #[test]
    fn what_is_given_up_takes_its_dependents_along_and_is_over() {
        let mut schedule = schedule(&[&[], &[need(0)], &[], &[]]);
        assert_eq!(schedule.start(), Some(0));
        assert_eq!(schedule.give_up(0), [0, 1], "it was only handed out");
        assert_eq!(schedule.give_up(2), [2]);
        assert!(schedule.give_up(2).is_empty() && schedule.give_up(1).is_empty());
        assert_eq!(start_all(&mut schedule), [3]);
        schedule.completed(3).expect("was started");
        assert!(schedule.give_up(3).is_empty() && schedule.is_finished());
    }

    #[test]
    fn impossible_events_are_errors() {
        let mut schedule = schedule(&[&[], &[need(0)]]);
        assert!(schedule.completed(0).is_err());
        assert_eq!(schedule.start(), Some(0));
        schedule.completed(0).expect("was started");
        assert!(schedule.completed(0).is_err());
        assert!(schedule.failed(0).is_err());
    }
}
