//! The built binary as a user runs it, for the commands that need no world.

mod help;
mod init;
mod outside;
mod parity;
mod plan_file;
mod project;
mod schema;
mod validate;
