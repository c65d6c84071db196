//! What the emulator adds to the API servers, asked over plain HTTP.

mod client;
mod consistency;
mod dependencies;
mod fake_ec2;
mod faults;
mod limits;
mod machines;
mod names;
mod paging;
mod servers;
mod shape;
mod states;
mod tokens;
