//! Gates.

use greenroom_model::gate::{Gate, Pace, Probe};
use greenroom_model::value::Value;
use serde::{Deserialize, Serialize};

use crate::format::error::Misfit;
use crate::format::form::{Json, Mode, Reader, Text, present, time};

/// The form of [`Gate`].
#[derive(Serialize, Deserialize)]
pub(super) struct GateForm<'a> {
    #[serde(borrow)]
    probe: ProbeForm<'a>,
    #[serde(borrow)]
    pace: PaceForm<'a>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ProbeForm<'a> {
    Http {
        #[serde(borrow)]
        url: Json<'a>,
        status: u16,
        #[serde(
            borrow,
            default,
            deserialize_with = "present",
            skip_serializing_if = "Option::is_none"
        )]
        body: Option<Json<'a>>,
    },
    Tcp {
        #[serde(borrow)]
        endpoint: Json<'a>,
    },
    Command {
        #[serde(borrow)]
        argv: Vec<Json<'a>>,
    },
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
        let Gate { probe, pace } = gate;
        GateForm { probe: ProbeForm::of(probe), pace: PaceForm::of(pace) }
    }

    pub(super) fn read(self, reader: &mut Reader) -> Result<Gate<Value>, Misfit> {
        Ok(Gate { probe: self.probe.read(reader)?, pace: self.pace.read()? })
    }
}

impl<'a> ProbeForm<'a> {
    fn of(probe: &'a Probe<Value>) -> ProbeForm<'a> {
        let given = |value| Json::Given(value, Mode::Referred);
        match probe {
            Probe::Http { url, status, body } => {
                ProbeForm::Http { url: given(url), status: *status, body: body.as_ref().map(given) }
            }
            Probe::Tcp { endpoint } => ProbeForm::Tcp { endpoint: given(endpoint) },
            Probe::Command { argv } => {
                ProbeForm::Command { argv: argv.iter().map(given).collect() }
            }
        }
    }

    fn read(self, reader: &mut Reader) -> Result<Probe<Value>, Misfit> {
        Ok(match self {
            ProbeForm::Http { url, status, body } => Probe::Http {
                url: reader.value(url)?,
                status,
                body: body.map(|body| reader.value(body)).transpose()?,
            },
            ProbeForm::Tcp { endpoint } => Probe::Tcp { endpoint: reader.value(endpoint)? },
            ProbeForm::Command { argv } => {
                let argv = argv.into_iter().map(|argument| reader.value(argument));
                Probe::Command { argv: argv.collect::<Result<_, _>>()? }
            }
        })
    }
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
