//! Promotions: the phases that a plan is put together from, and what becomes of the roster.

mod composing;
mod deciding;
mod forecasting;
mod resuming;
mod routes;
mod stage;
