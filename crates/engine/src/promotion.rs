//! Promotions: how traffic goes from one environment to another, as phases of one plan.
//!
//! [`compose`] makes the plan from what the planner found for each weight, [`compose_back`] that of
//! a way back which is planned anew; [`decide`] makes of a mark what the journal says; [`Draining`]
//! judges whether an environment still serves anybody.

mod compose;
mod decide;
mod draft;
mod drain;
mod forecast;
mod leave;
mod route;

pub use compose::{
    Parts, Soaked, WayBack, compose, compose_back, gates_of, shortest, waits_for_front,
    weight_phase,
};
pub use decide::{Occasion, decide};
pub use draft::GateAsk;
pub use drain::{Drained, Draining};
pub use forecast::{forecast, refreshed};
pub use leave::leave;
pub use route::{Admission, Route, Terms};
