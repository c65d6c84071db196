//! Exit codes. Scripts rely on them; the book explains them.

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It did what it was asked to.
    Done,
    /// An error, or mistakes in the specs.
    Error,
    /// `plan --detailed-exitcode`: there are changes.
    Changes,
    /// A reading command found open intents.
    Open,
    /// `attest verify`: not all that is required is proven.
    NotProven,
    /// `parity`: the environments differ, and nothing explains it.
    NotExplained,
    /// Somebody else holds the state.
    Held,
    /// What a plan file read has changed since.
    PlanRefused,
    /// Everything was applied, and a gate did not pass.
    GateFailed,
    /// A promotion failed, and the traffic is where it was before.
    RolledBack,
    /// A promotion halted: it is open, and everything stays as it is.
    Halted,
    /// A promotion is open and waits for approval.
    AwaitingApproval,
    /// A signal cut it short.
    Cancelled,
    /// There are as many environments as there may be.
    NoPlace,
    /// A run of a stage ended: with its command's status, or one of 120 to 125.
    Run(u8),
}

impl Exit {
    /// The number that the process ends with.
    pub(crate) fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Error => 1,
            Exit::Changes | Exit::Open | Exit::NotProven | Exit::NotExplained => 2,
            Exit::Held => 3,
            Exit::PlanRefused => 4,
            Exit::GateFailed => 5,
            Exit::RolledBack => 6,
            Exit::Halted => 7,
            Exit::AwaitingApproval => 8,
            Exit::Cancelled => 130,
            Exit::NoPlace => 123,
            Exit::Run(code) => code,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}
