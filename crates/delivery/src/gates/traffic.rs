//! What goes through the environment, alone and against the live side.

mod judge;
mod measured;

use std::time::Duration;

use greenroom_apply::{Side, Sight};
use greenroom_model::gate::TrafficProbe;
use greenroom_model::traffic::Traffic;
use greenroom_provider::{Failure, FailureKind};

use super::Look;
use super::window::Window;
use judge::{Live, Own};

/// The counts of both sides, from look to look.
#[derive(Debug)]
pub(super) struct Counts {
    own: Window,
    live: Window,
}

impl Counts {
    pub(super) fn new(window: Option<Duration>) -> Counts {
        Counts { own: Window::new(window), live: Window::new(window) }
    }

    /// Looks once, `at` this time after the gate was asked.
    pub(super) async fn look(
        &mut self,
        asked: &TrafficProbe,
        sight: &dyn Sight,
        at: Duration,
    ) -> Look {
        let own = sight.traffic(Side::Own).await;
        let live = match asked.max_over_live {
            Some(_) => Some(sight.traffic(Side::Live).await),
            None => None,
        };
        self.take(asked, own, live, at).unwrap_or_else(|failure| Look::error(failure.to_string()))
    }

    fn take(
        &mut self,
        asked: &TrafficProbe,
        own: Result<Traffic, Failure>,
        live: Option<Result<Traffic, Failure>>,
        at: Duration,
    ) -> Result<Look, Failure> {
        let own = self.own.take(own?, at);
        let live = match (live, asked.max_over_live) {
            (Some(Ok(live)), Some(ratio)) => {
                Live::Side { traffic: self.live.take(live, at), ratio: ratio.as_f64() }
            }
            (Some(Err(failure)), _) if failure.kind == FailureKind::NotFound => {
                Live::Absent(failure.message)
            }
            (Some(Err(failure)), _) => return Err(failure),
            (None, _) | (_, None) => Live::NotAsked,
        };
        let Some(traffic) = own else {
            return Ok(Look::inconclusive("counting has begun"));
        };
        Ok(judge::judge(asked, &Own { traffic, is_full: self.own.is_full(at) }, &live))
    }
}
