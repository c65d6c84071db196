//! The driver: where engine, store and providers meet.
//!
//! It answers the planner's questions, carries out what a run hands it, and keeps the journal
//! ahead of every effect. Deliberately absent: decisions. What to do, in which order, and what an
//! answer means, the engine says.

mod answer;
mod cancel;
mod clock;
mod drive;
mod error;
mod event;
mod files;
mod gates;
mod glance;
mod import;
mod journal;
mod lifetime;
mod migrate;
mod objects;
mod providers;
mod request;
mod rescue;
mod restore;
mod session;
mod settle;
mod survey;
mod verify;
mod workbench;

pub use cancel::Cancel;
pub use clock::{Clock, SystemClock};
pub use drive::{Applied, FailedOperation};
pub use error::ApplyError;
pub use event::{About, Event, Observer, Unobserved};
pub use files::ProjectFiles;
pub use gates::{Gates, NoGates, Question, Side, Sight, Teller, Told, Until};
pub use glance::Glance;
pub use providers::{ProviderFactory, Providers};
pub use request::{Asked, Asking};
pub use session::Session;
pub use survey::{Sighted, Survey, SurveyRequest};
pub use verify::{Known, Verified};
pub use workbench::{PlanRequest, Planned, View, Workbench};
