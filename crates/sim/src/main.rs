//! Plays the simulation for many seeds, and cuts those that fail down to what it takes.

use std::io;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread::available_parallelism;

use clap::Parser;
use greenroom_sim::campaign::Campaign;
use greenroom_sim::play::tell;
use greenroom_sim::script::Script;
use greenroom_sim::shrink::shrink;
use greenroom_sim::stage::{self, History, Season};

/// Plays the simulation for many seeds
#[derive(Parser)]
struct Arguments {
    /// How many seeds to play
    #[arg(long, default_value_t = 5000)]
    seeds: u64,
    /// The first seed
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// How many to play at once; as many as there are processors if left out
    #[arg(long)]
    jobs: Option<NonZeroUsize>,
    /// How many of the seeds that fail to cut down to what it takes
    #[arg(long, default_value_t = 1)]
    replays: usize,
    /// Play histories of a stage that promotes, instead
    #[arg(long, conflicts_with_all = ["replays", "replay"])]
    promotions: bool,
    /// Tell what happens in the replay in this file, instead
    #[arg(long, conflicts_with_all = ["seeds", "from", "jobs", "replays"])]
    replay: Option<PathBuf>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let passed = match &arguments.replay {
        Some(file) => replay(file),
        None if arguments.promotions => Ok(promotions(&arguments)),
        None => Ok(seeds(&arguments)),
    };
    match passed {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("greenroom-sim: {error}");
            ExitCode::from(2)
        }
    }
}

impl Arguments {
    fn jobs(&self) -> usize {
        self.jobs.or_else(|| available_parallelism().ok()).map_or(1, NonZeroUsize::get)
    }
}

/// Plays histories of a stage that promotes, and tells what happened in the first that failed;
/// whether none did.
fn promotions(arguments: &Arguments) -> bool {
    let Arguments { seeds, from, .. } = *arguments;
    let season = Season { from, seeds, jobs: arguments.jobs(), flaw: None, only_first: false };
    let tidings = season.run();
    for (seed, violation) in &tidings.failing {
        println!("seed {seed}: {violation}");
    }
    if let Some((seed, _)) = tidings.failing.first() {
        for line in stage::play(&History::of(*seed), None).story {
            println!("{line}");
        }
    }
    println!("{tidings}");
    tidings.failing.is_empty()
}

/// Plays seeds; whether none failed.
fn seeds(arguments: &Arguments) -> bool {
    let Arguments { seeds, from, replays, .. } = *arguments;
    let jobs = arguments.jobs();
    let report = Campaign { from, seeds, jobs, flaw: None, only_first: false }.run();
    for (seed, violation) in &report.failing {
        println!("seed {seed}: {violation}");
    }
    let shrunk = report.failing.iter().take(replays);
    for shrunk in shrunk.filter_map(|(seed, _)| shrink(&Script::of(*seed), None)) {
        println!("\n# {}\n{}", shrunk.violation, shrunk.script.to_text());
    }
    println!("{report}");
    report.failing.is_empty()
}

/// Tells what happens in a replay; whether it passes.
fn replay(file: &PathBuf) -> io::Result<bool> {
    let text = std::fs::read_to_string(file)?;
    let script = Script::from_text(&text).map_err(io::Error::other)?;
    let played = tell(&script, None);
    for line in played.story.unwrap_or_default() {
        println!("{line}");
    }
    match &played.violation {
        Some(violation) => println!("violated: {violation}"),
        None => println!("nothing is violated"),
    }
    Ok(played.violation.is_none())
}
