//! Promotions: what takes the traffic of a stage over, checked and planned.
//!
//! The engine composes the plan; here it is found out what goes into it: the roster, the sealed
//! environments, the front at each weight, and whether the image set may be promoted at all.

pub mod account;
mod ahead;
mod error;
mod looks;
mod outlook;
mod passes;
mod preflight;
mod resume;
mod retire;
mod sealed;
mod standing;
mod take_over;
mod way_back;
mod witness;

pub use error::PromotionError;
pub use looks::{Looks, Seen, Since};
pub use outlook::{Asked, Outlook, Waiting};
pub use preflight::Preflight;
pub use resume::{Resumed, can_give_up, open_promotion};
pub use retire::retirable;
pub use standing::plan_standing;
pub use take_over::{Prepared, Promoting};
pub use witness::Witness;
