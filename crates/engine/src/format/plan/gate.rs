//! Gates.

use greenroom_model::gate::{Gate, OnInconclusive, Pace};
use greenroom_model::value::Value;
use serde::{Deserialize, Serialize};

use super::probe::ProbeForm;
use crate::format::error::Misfit;
use crate::format::form::{Reader, Text, time};

/// The form of [`Gate`].
#[derive(Serialize, Deserialize)]
pub(super) struct GateForm<'a> {
    #[serde(borrow)]
    probe: ProbeForm<'a>,
    #[serde(borrow)]
    pace: PaceForm<'a>,
    #[serde(default, skip_serializing_if = "is_usual")]
    on_inconclusive: OnInconclusive,
}

#[derive(Serialize, Deserialize)]
struct PaceForm<'a> {
    #[serde(borrow)]
    initial_delay: Text<'a>,
    #[serde(borrow)]
    interval: Text<'a>,
    #[serde(borrow)]
    timeout: Text<'a>,
    successes: u32,
    failure_limit: u32,
    #[serde(borrow)]
    deadline: Text<'a>,
}

impl<'a> GateForm<'a> {
    pub(super) fn of(gate: &'a Gate<Value>) -> GateForm<'a> {
        let Gate { probe, pace, on_inconclusive } = gate;
        GateForm {
            probe: ProbeForm::of(probe),
            pace: PaceForm::of(pace),
            on_inconclusive: *on_inconclusive,
        }
    }

    pub(super) fn read(self, reader: &mut Reader) -> Result<Gate<Value>, Misfit> {
        Ok(Gate {
            probe: self.probe.read(reader)?,
            pace: self.pace.read()?,
            on_inconclusive: self.on_inconclusive,
        })
    }
}

/// Whether it can be left out.
fn is_usual(on_inconclusive: &OnInconclusive) -> bool {
    *on_inconclusive == OnInconclusive::default()
}

impl PaceForm<'_> {
    fn of(pace: &Pace) -> PaceForm<'static> {
        let Pace { initial_delay, interval, timeout, successes, failure_limit, deadline } = *pace;
        PaceForm {
            initial_delay: time::write(initial_delay),
            interval: time::write(interval),
            timeout: time::write(timeout),
            successes,
            failure_limit,
            deadline: time::write(deadline),
        }
    }

    fn read(self) -> Result<Pace, Misfit> {
        Ok(Pace {
            initial_delay: time::read(&self.initial_delay)?,
            interval: time::read(&self.interval)?,
            timeout: time::read(&self.timeout)?,
            successes: self.successes,
            failure_limit: self.failure_limit,
            deadline: time::read(&self.deadline)?,
        })
    }
}
