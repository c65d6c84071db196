//! The steps of a run: coming up, its commands, going down, what it delivers.

use std::borrow::Cow;
use std::time::Duration;

use greenroom_delivery::record::{Command, Delivery, Operation, Part, Run};
use jiff::Timestamp;

/// Which part of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Up,
    Command,
    Delivery,
    Down,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step<'a> {
    pub(super) phase: Phase,
    /// `up`, `down`, or the command as a person would type it.
    pub(super) name: Cow<'a, str>,
    pub(super) started: Timestamp,
    pub(super) ended: Timestamp,
    /// Why it failed; none if it did not.
    pub(super) failure: Option<String>,
}

impl Step<'_> {
    /// How long it took.
    pub(super) fn took(&self) -> Duration {
        between(self.started, self.ended)
    }
}

/// The steps of `run`, in order.
pub(super) fn steps(run: &Run) -> Vec<Step<'_>> {
    let up = run.up.iter().map(|part| of_part(Phase::Up, "up", part));
    let down = run.down.iter().map(|part| of_part(Phase::Down, "down", part));
    let deliveries = run.deliveries.iter().map(of_delivery);
    up.chain(run.commands.iter().map(of_command)).chain(down).chain(deliveries).collect()
}

fn of_part<'a>(phase: Phase, name: &'a str, part: &Part) -> Step<'a> {
    Step {
        phase,
        name: name.into(),
        started: part.started,
        ended: part.ended,
        failure: part.error.clone(),
    }
}

fn of_command(command: &Command) -> Step<'_> {
    let failure = match (&command.error, command.status) {
        (None, 0) => None,
        (None, status) => Some(format!("it ended with exit status {status}")),
        (Some(error), 0) => Some(error.clone()),
        (Some(error), status) => Some(format!("{error} (exit status {status})")),
    };
    Step {
        phase: Phase::Command,
        name: command.text.as_str().into(),
        started: command.started,
        ended: command.ended,
        failure,
    }
}

fn of_delivery(delivery: &Delivery) -> Step<'_> {
    Step {
        phase: Phase::Delivery,
        name: delivery.text().into(),
        started: delivery.started,
        ended: delivery.ended,
        failure: delivery.error.clone(),
    }
}

/// The phase in which an operation was done.
pub(super) fn phase_of(operation: &Operation, run: &Run) -> Phase {
    match &run.down {
        Some(down) if down.started <= operation.started => Phase::Down,
        _ => Phase::Up,
    }
}

/// The time from one moment to another; none at all if a clock was set back between them.
pub(super) fn between(started: Timestamp, ended: Timestamp) -> Duration {
    ended.duration_since(started).try_into().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(status: u8, error: Option<&str>) -> Option<String> {
        let at = Timestamp::UNIX_EPOCH;
        let error = error.map(str::to_owned);
        let command = Command { text: "make".to_owned(), started: at, ended: at, status, error };
        of_command(&command).failure
    }

    #[test]
    fn a_command_fails_by_its_status_or_because_it_was_ended() {
        assert_eq!(failure(0, None), None);
        assert_eq!(failure(3, None).as_deref(), Some("it ended with exit status 3"));
        assert_eq!(failure(0, Some("it was asked to end")).as_deref(), Some("it was asked to end"));
        assert_eq!(
            failure(143, Some("it was asked to end")).as_deref(),
            Some("it was asked to end (exit status 143)")
        );
    }

    #[test]
    fn no_time_passes_when_the_clock_is_set_back() {
        let earlier = Timestamp::UNIX_EPOCH;
        let later = Timestamp::from_second(7).unwrap();
        assert_eq!(between(earlier, later), Duration::from_secs(7));
        assert_eq!(between(later, earlier), Duration::ZERO);
    }
}
