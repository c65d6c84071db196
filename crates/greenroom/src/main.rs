//! The binary `greenroom`; everything it does is in the library beside it.

use std::process::ExitCode;

fn main() -> ExitCode {
    greenroom::main(std::env::args_os())
}
