//! What the emulator adds to the API servers, asked over plain HTTP.

mod client;
mod faults;
mod names;
mod servers;
mod tokens;
