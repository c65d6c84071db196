//! The binary `greenroom`; everything it does is in the library beside it.

use std::process::ExitCode;

/// Values and states are many small allocations; this allocator keeps them close together. Without
/// the kernel's huge pages (`no_thp`), which would double the memory of a small plan.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    greenroom::main(std::env::args_os())
}
