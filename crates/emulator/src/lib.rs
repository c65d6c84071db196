//! AWS on loopback, for tests only: real API servers (moto and ministack, from Python's package
//! index) behind a proxy that makes them behave like AWS where they do not, and fail like the world.
//!
//! Here live the servers' installation and lives, the log of requests, the faults, and what AWS does
//! that they leave out; and [`venv`], which gives other tests what only Python has. Deliberately
//! absent: any SDK (that is what the proxy's users bring), any service of AWS of our own but for
//! [`fake_ec2`], and the other rooms of the house.
//!
//! ```no_run
//! use greenroom_emulator::{Cloud, Fault, Rule};
//!
//! let account = Cloud::shared().account();
//! account.inject(Rule::on("ec2:RunInstances", Fault::ResetAfter));
//! // … call account.endpoint() with account.id() as the access key …
//! assert_eq!(account.counts().get("ec2:RunInstances"), Some(&2));
//! account.assert_supported();
//! ```

mod actions;
mod buckets;
mod call;
mod cloud;
mod consistency;
mod dependencies;
pub mod fake_ec2;
mod faults;
mod flatten;
mod kinds;
mod leftovers;
mod log;
mod machines;
mod names;
mod pace;
mod paging;
mod proxy;
mod reply;
mod servers;
mod shape;
mod states;
mod tag_lists;
mod targets;
mod tenant;
mod tokens;
pub mod venv;
mod victim;
mod weather;
mod world;
mod xml;

pub use buckets::Limit;
pub use call::Parameters;
pub use cloud::{Account, Cloud};
pub use faults::{Fault, Rule};
pub use log::{Outcome, Request};
pub use pace::Pace;
pub use servers::StartError;
pub use victim::Victim;
pub use weather::Weather;
