//! Plays the simulation for many seeds.

fn main() {
    let (from, to): (u64, u64) = {
        let mut arguments = std::env::args().skip(1).map(|it| it.parse().unwrap_or(0));
        (arguments.next().unwrap_or(0), arguments.next().unwrap_or(10))
    };
    let mut tally = greenroom_sim::tally::Tally::default();
    let started = std::time::Instant::now();
    let (mut operations, mut commands, mut crashes) = (0, 0, 0);
    for seed in from..to {
        let script = greenroom_sim::script::Script::of(seed);
        let played = greenroom_sim::play::play(&script, None);
        tally.add(&played.tally);
        operations += played.figures.operations;
        commands += played.figures.commands;
        crashes += played.figures.crashes;
        if let Some(violation) = played.violation {
            println!("seed {seed}: {}", violation.0);
        }
    }
    println!("{tally}");
    let n = to - from;
    println!("{n} in {:?}: {operations} {commands} {crashes}", started.elapsed());
}
