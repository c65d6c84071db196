//! The proxy in front of the servers: one file a behaviour.

pub(crate) mod fault;
pub(crate) mod log;

mod amend;
mod answer;
mod call;
mod listen;
mod tokens;
mod upstream;

use std::time::Duration;

use crate::cloud::UNKNOWN;
use crate::servers::{Servers, Upstream};
use answer::Answer;
use call::Call;
use fault::{Fault, Faults};
use log::Log;
use tokens::Tokens;

pub(crate) use listen::Listener;

/// Everything between a client and the servers.
pub(crate) struct Proxy {
    servers: Servers,
    client: upstream::Client,
    pub(crate) log: Log,
    pub(crate) faults: Faults,
    tokens: Tokens,
}

/// How an answer goes back to the client.
pub(crate) enum Delivery {
    /// As it is.
    Whole(Answer),
    /// The connection breaks before a byte of it was sent.
    Reset,
    /// The connection breaks in the middle of it.
    Truncated(Answer),
    /// Nothing comes for so long, then the connection breaks.
    Stalled(Duration),
}

impl Proxy {
    pub(crate) fn new(servers: Servers) -> Proxy {
        Proxy {
            servers,
            client: upstream::Client::new(),
            log: Log::default(),
            faults: Faults::default(),
            tokens: Tokens::default(),
        }
    }

    /// Takes a call, and says what the client gets to see of it.
    pub(crate) async fn handle(&self, call: Call) -> Delivery {
        let number = self.log.arrived(&call);
        let fault = self.faults.choose(&call);
        if let Some(fault) = &fault {
            fault.pass_time_before().await;
        }
        let delivery = match fault.as_ref().and_then(|fault| fault.instead(&call)) {
            Some(delivery) => delivery,
            None => {
                let answer = self.answer(&call).await;
                match fault {
                    Some(fault) => fault.after(&call, answer).await,
                    None => Delivery::Whole(answer),
                }
            }
        };
        self.log.answered(number, &delivery);
        delivery
    }

    /// The answer as AWS would give it on a good day.
    async fn answer(&self, call: &Call) -> Answer {
        self.tokens.once(call, self.forward(call)).await
    }

    /// The servers' answer; what they do not know is refused in a way that nobody repeats.
    async fn forward(&self, call: &Call) -> Answer {
        let upstream = Upstream::of(&call.service);
        let port = self.servers.port(upstream).await;
        let answer = self.client.ask(port, &amend::amended(call)).await;
        if !answer.is_unknown() {
            return answer;
        }
        let reason = self.servers.last_words(upstream);
        let message = format!("{} {:?}: {reason}", call.name(), call.parameters);
        Answer::error(&call.service, 400, UNKNOWN, &message)
    }
}

impl Fault {
    /// What the client gets in place of an answer: nothing was done.
    fn instead(&self, call: &Call) -> Option<Delivery> {
        match self {
            Fault::Throttle => Some(Delivery::Whole(Answer::throttled(&call.service))),
            Fault::ServerError => Some(Delivery::Whole(Answer::broken(&call.service))),
            Fault::Refuse { status, code, message } => {
                Some(Delivery::Whole(Answer::error(&call.service, *status, code, message)))
            }
            Fault::ResetBefore => Some(Delivery::Reset),
            _ => None,
        }
    }

    /// What the client gets to see of an answer: it was done.
    async fn after(self, call: &Call, answer: Answer) -> Delivery {
        match self {
            Fault::ResetAfter => Delivery::Reset,
            Fault::TruncateAfter => Delivery::Truncated(answer),
            Fault::StallAfter(time) => Delivery::Stalled(time),
            Fault::ErrorAfter => Delivery::Whole(Answer::broken(&call.service)),
            Fault::KillAfter(process) => {
                process.kill();
                Delivery::Reset
            }
            _ => Delivery::Whole(answer),
        }
    }

    async fn pass_time_before(&self) {
        match self {
            Fault::Delay(time) => tokio::time::sleep(*time).await,
            Fault::KillBefore(process) => process.kill(),
            _ => {}
        }
    }
}
