//! Promotions by load balancer and by DNS: real processes, real traffic.

mod dns;
mod follow;
mod hooks;
#[cfg(feature = "fail-points")]
mod killed;
mod load;
mod outside;
mod preflight;
mod replanned;
mod requests;
mod secrets;
mod shares;
mod soaking;
mod stage;
mod verdicts;
