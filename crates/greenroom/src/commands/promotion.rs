//! Promotions: the commands that shift traffic, and those that ask something of who does.

pub(super) mod abort;
pub(super) mod approve;
pub(super) mod history;
mod open;
pub(super) mod promote;
pub(super) mod retire;
pub(super) mod rollback;
mod shift;
pub(super) mod status;
