//! From counts to a look: pure.

use greenroom_model::gate::{Bounds, Measure, TrafficProbe};
use greenroom_model::traffic::{Mirrored, Traffic};

use super::measured::{Errors, Latencies, Measured};
use crate::gates::Look;
use crate::gates::bounds::wanted;
use crate::gates::figures::count;

/// The gate's own side.
pub(super) struct Own {
    /// What has come to it within the window.
    pub(super) traffic: Traffic,
    /// Whether a whole window has passed.
    pub(super) is_full: bool,
}

/// The side that it is compared with.
pub(super) enum Live {
    /// It is not compared.
    NotAsked,
    /// There is none, for this reason.
    Absent(String),
    /// There is one.
    Side {
        /// What has come to it within the window; `None` if its counting has just begun.
        traffic: Option<Traffic>,
        /// How many times what is measured of it is allowed.
        ratio: f64,
    },
}

/// Judges one side by its bounds, and against the live one.
pub(super) fn judge(asked: &TrafficProbe, own: &Own, live: &Live) -> Look {
    match asked.measure {
        Measure::Coverage => coverage(asked.bounds, own.traffic.mirrored),
        Measure::Requests => requests(asked.bounds, own),
        Measure::ErrorRate => judged(asked, &own.traffic, live, Errors::of),
        Measure::Latency { quantile } => {
            let of = |traffic: &Traffic| Latencies::of(traffic, quantile.as_f64());
            judged(asked, &own.traffic, live, of)
        }
    }
}

/// Copies prove something if enough of what could be copied was.
fn coverage(bounds: Bounds, mirrored: Option<Mirrored>) -> Look {
    let Mirrored { eligible, answered, failed, copied: _ } = match mirrored {
        Some(mirrored) if mirrored.eligible > 0 => mirrored,
        Some(_) => return Look::inconclusive("no request came that could have been copied"),
        None => return Look::inconclusive("copies of requests are not counted"),
    };
    // Counts of requests are far below what a float holds exactly.
    #[allow(clippy::cast_precision_loss)]
    let share = answered as f64 * 100.0 / eligible as f64;
    let evidence = format!(
        "{share:.1} % of {} requests were answered by it as well, {} with an error{}",
        count(eligible),
        count(failed),
        wanted(bounds, " %")
    );
    match bounds.min.is_none_or(|min| share >= min.as_f64()) {
        true => Look::pass(evidence),
        false => Look::inconclusive(format!("{evidence}: that proves nothing")),
    }
}

/// As their count only grows, too few requests say nothing before a whole window has passed.
fn requests(bounds: Bounds, own: &Own) -> Look {
    let Some(requests) = own.traffic.requests else {
        return Look::inconclusive("its requests are not counted");
    };
    let evidence = format!("{} requests{}", count(requests), wanted(bounds, ""));
    // Counts of requests are far below what a float holds exactly.
    #[allow(clippy::cast_precision_loss)]
    let number = requests as f64;
    if bounds.max.is_some_and(|max| number > max.as_f64()) {
        Look::fail(evidence)
    } else if bounds.min.is_none_or(|min| number >= min.as_f64()) {
        Look::pass(evidence)
    } else if own.is_full {
        Look::fail(evidence)
    } else {
        Look::inconclusive(evidence)
    }
}

fn judged<M: Measured>(
    asked: &TrafficProbe,
    own: &Traffic,
    live: &Live,
    of: impl Fn(&Traffic) -> Option<M>,
) -> Look {
    let needed = u64::from(asked.min_samples);
    let own = match enough(of(own), needed) {
        Ok(own) => own,
        Err(why) => return Look::inconclusive(why),
    };
    let alone = own.within(asked.bounds);
    match live {
        Live::NotAsked => alone,
        Live::Absent(_) if asked.bounds != Bounds::default() => alone,
        Live::Absent(why) => alone.and(Look::inconclusive(why)),
        Live::Side { traffic, ratio } => match enough(traffic.as_ref().and_then(of), needed) {
            Ok(live) => alone.and(own.against(&live, *ratio)),
            Err(why) => alone.and(Look::inconclusive(format!("on the live side, {why}"))),
        },
    }
}

/// A side of which enough is known to judge it.
fn enough<M: Measured>(measured: Option<M>, needed: u64) -> Result<M, String> {
    let measured = measured.ok_or("nothing is counted yet")?;
    match measured.samples() {
        samples if samples >= needed => Ok(measured),
        samples => {
            let (samples, needed) = (count(samples), count(needed));
            Err(format!("{samples} requests are too few to tell, of at least {needed}"))
        }
    }
}
