//! How a command that changes something ended.

use greenroom_apply::Applied;
use greenroom_model::plan::{OperationKind, Purpose};
use serde_json::json;

use super::words::{counted, elapsed, number};
use super::{Fields, Kind, Message, fields};
use crate::exit::Exit;
use crate::palette::{Palette, Tone};

/// The end of an apply or a destroy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Summary {
    /// What came of it.
    pub(crate) outcome: Outcome,
    /// Operations done, those included where nothing was to do after all.
    pub(crate) completed: usize,
    /// Operations that failed.
    pub(crate) failed: usize,
    /// Operations that never started because one that they need failed.
    pub(crate) skipped: usize,
    /// How long it took.
    pub(crate) elapsed: std::time::Duration,
    /// The command that goes on, if something is left to do.
    pub(crate) resume: Option<String>,
    /// The command that gives a promotion up whatever its front has become, if that is in the way.
    pub(crate) way_back: Option<String>,
}

/// What came of an apply or a destroy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// There was nothing to do.
    Unchanged,
    /// A plan file that was applied to its end before.
    AlreadyApplied,
    /// All of it was done.
    Applied,
    /// All of it was done, and everything is gone.
    Destroyed,
    /// Somebody did not say yes.
    Declined,
    /// An operation failed.
    Failed,
    /// All was done, and a gate did not pass.
    GateFailed,
    /// The candidate has the traffic.
    Promoted,
    /// The traffic is where it was before.
    RolledBack,
    /// A promotion is open and stays as it is.
    Halted,
    /// A promotion is open and waits for approval.
    AwaitingApproval,
    /// Environments are gone.
    Retired,
    /// A signal cut it short.
    Cancelled,
}

impl Outcome {
    /// What came of a plan.
    pub(crate) fn of(applied: &Applied, purpose: Purpose) -> Outcome {
        let gates_only = applied.failed.iter().all(|it| it.about.kind == OperationKind::Gate);
        match (applied.cancelled, applied.failed.is_empty()) {
            (true, _) => Outcome::Cancelled,
            (false, true) if applied.rolled_back => Outcome::RolledBack,
            (false, true) => match purpose {
                Purpose::Apply => Outcome::Applied,
                Purpose::Destroy => Outcome::Destroyed,
                Purpose::Promote | Purpose::Rollback | Purpose::Abort => Outcome::Promoted,
                Purpose::Retire => Outcome::Retired,
            },
            (false, false) if purpose.shifts() => Outcome::Halted,
            (false, false) if gates_only => Outcome::GateFailed,
            (false, false) => Outcome::Failed,
        }
    }

    /// The exit code for it.
    pub(crate) fn exit(self) -> Exit {
        match self {
            Outcome::Unchanged
            | Outcome::AlreadyApplied
            | Outcome::Applied
            | Outcome::Destroyed
            | Outcome::Promoted
            | Outcome::Retired => Exit::Done,
            Outcome::RolledBack => Exit::RolledBack,
            Outcome::Halted => Exit::Halted,
            Outcome::AwaitingApproval => Exit::AwaitingApproval,
            Outcome::Declined | Outcome::Failed => Exit::Error,
            Outcome::GateFailed => Exit::GateFailed,
            Outcome::Cancelled => Exit::Cancelled,
        }
    }

    /// Whether something is left to go on with.
    pub(crate) fn is_unfinished(self) -> bool {
        matches!(
            self,
            Outcome::Failed
                | Outcome::GateFailed
                | Outcome::Halted
                | Outcome::AwaitingApproval
                | Outcome::Cancelled
        )
    }

    fn as_str(self) -> &'static str {
        match self {
            Outcome::Unchanged => "unchanged",
            Outcome::AlreadyApplied => "already_applied",
            Outcome::Applied => "applied",
            Outcome::Destroyed => "destroyed",
            Outcome::Declined => "declined",
            Outcome::Failed => "failed",
            Outcome::GateFailed => "gate_failed",
            Outcome::Promoted => "promoted",
            Outcome::RolledBack => "rolled_back",
            Outcome::Halted => "halted",
            Outcome::AwaitingApproval => "awaiting_approval",
            Outcome::Retired => "retired",
            Outcome::Cancelled => "cancelled",
        }
    }
}

impl Summary {
    /// A command that did nothing.
    pub(crate) fn nothing_done(outcome: Outcome) -> Summary {
        Summary {
            outcome,
            completed: 0,
            failed: 0,
            skipped: 0,
            elapsed: std::time::Duration::ZERO,
            resume: None,
            way_back: None,
        }
    }

    fn sentence(&self, palette: Palette) -> String {
        let good = |text: &str| palette.paint(Tone::Good, text);
        let bad = |text: &str| palette.paint(Tone::Bad, text);
        let done = counted(self.completed, "operation");
        let time = elapsed(self.elapsed);
        match self.outcome {
            Outcome::Unchanged => good("Nothing to do."),
            Outcome::AlreadyApplied => good("This plan was applied already; nothing to do."),
            Outcome::Applied => format!("{} {done} in {time}.", good("Applied:")),
            Outcome::Destroyed => format!("{} {done} in {time}.", good("Destroyed:")),
            Outcome::Declined => "Not confirmed; nothing was changed.".to_owned(),
            Outcome::Failed => format!("{} {}", bad("Failed:"), self.counts()),
            Outcome::GateFailed => {
                format!("{} everything was applied, {}", bad("A gate did not pass:"), self.counts())
            }
            Outcome::Promoted => format!("{} {done} in {time}.", good("Promoted:")),
            Outcome::Retired => format!("{} {done} in {time}.", good("Retired:")),
            Outcome::RolledBack => {
                format!(
                    "{} the traffic is where it was before; {done} in {time}.",
                    bad("Rolled back:")
                )
            }
            Outcome::Halted => {
                format!("{} the traffic stays where it is; {}", bad("Halted:"), self.counts())
            }
            Outcome::AwaitingApproval => {
                format!("{} the promotion is open. {}", good("Awaiting approval:"), self.counts())
            }
            Outcome::Cancelled => format!("{} {}", bad("Cancelled:"), self.counts()),
        }
    }

    fn counts(&self) -> String {
        format!(
            "{} done, {} failed, {} skipped, in {}. What was done is recorded.",
            number(self.completed),
            number(self.failed),
            number(self.skipped),
            elapsed(self.elapsed)
        )
    }
}

impl Message for Summary {
    fn kind(&self) -> Kind {
        Kind::Summary
    }

    fn fields(&self) -> Fields {
        fields(json!({
            "outcome": self.outcome.as_str(),
            "completed": self.completed,
            "failed": self.failed,
            "skipped": self.skipped,
            "seconds": self.elapsed.as_secs_f64(),
            "resume": self.resume,
            "way_back": self.way_back,
        }))
    }

    fn text(&self, palette: Palette) -> String {
        let mut text = format!("{}\n", self.sentence(palette));
        if let Some(resume) = &self.resume {
            text.push_str(&format!("To go on: {resume}\n"));
        }
        if let Some(way_back) = &self.way_back {
            text.push_str(&format!("To give it up, whatever the front is now: {way_back}\n"));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_cancelled_run_says_what_was_done_and_how_to_go_on() {
        let summary = Summary {
            outcome: Outcome::Cancelled,
            completed: 3,
            failed: 0,
            skipped: 2,
            elapsed: Duration::from_secs(12),
            resume: Some("greenroom apply it --yes".to_owned()),
            way_back: None,
        };
        insta::assert_snapshot!(summary.text(Palette::PLAIN), @r"
        Cancelled: 3 done, 0 failed, 2 skipped, in 12s. What was done is recorded.
        To go on: greenroom apply it --yes
        ");
    }
}
