//! The byte forms of state, journal entries and plans.

mod arbitrary;
mod damage;
mod gates;
mod golden;
mod round_trip;
mod samples;
mod unknown_fields;
