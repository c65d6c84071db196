//! Random specs in bad weather, by seed: whatever happens, the next quiet apply puts it right.

use greenroom_sim::cloud::{Chance, Cloud, Weather};
use greenroom_sim::disk::FaultyDisk;

use crate::lab::{Lab, simulate};
use crate::random_spec::Spec;

/// Seeds of a usual run. `GREENROOM_SEEDS=FROM..TO` runs others.
const SEEDS: std::ops::Range<u64> = 0..64;
/// Changes of a spec, each applied.
const STEPS: u64 = 5;
/// Applies on a quiet day until nothing is left to do. More than one, because what turns out never
/// to become ready is made anew by the next.
const ROUNDS: usize = 2;

fn seeds() -> std::ops::Range<u64> {
    let Ok(given) = std::env::var("GREENROOM_SEEDS") else { return SEEDS };
    let (from, to) = given.split_once("..").expect("GREENROOM_SEEDS is FROM..TO");
    from.parse().unwrap()..to.parse().unwrap()
}

#[test]
fn random_specs_in_bad_weather_converge_by_seed() {
    let mut failing = Vec::new();
    for seed in seeds() {
        let outcome = std::panic::catch_unwind(|| simulate(live_through(seed)));
        if outcome.is_err() {
            failing.push(seed);
        }
    }
    assert!(failing.is_empty(), "failing seeds: {failing:?}; see above");
}

async fn live_through(seed: u64) {
    let mut chance = Chance::new(seed ^ 0x5eed);
    let mut spec = Spec::random(&mut chance);
    let mut lab = Lab::of(Cloud::with_weather(Weather::stormy(seed)), FaultyDisk::new());
    for step in 0..STEPS {
        let context = format!("seed {seed}, step {step}");
        let template = spec.template();
        if chance.percent(40) {
            lab.cloud.stop_at(1 + chance.below(20), chance.percent(50));
        }
        let died = tokio::select! {
            biased;
            () = lab.cloud.stopped() => true,
            applied = lab.up(&template) => {
                applied.unwrap_or_else(|error| panic!("{context}: {error:?}\n{template}"));
                false
            }
        };
        lab.cloud.never_stop();
        if died {
            lab = lab.after_kill();
        }
        lab.knows_all(&format!("{context}, after the storm (died: {died})")).await;
        let addresses = spec.addresses();
        for address in addresses {
            match chance.below(20) {
                0 => _ = lab.cloud.kill(&address),
                1 => _ = lab.cloud.break_down(&address),
                2 if address.contains("sim_machine") => {
                    lab.cloud.change(&address, "size", "odd");
                }
                _ => {}
            }
        }
        if chance.percent(50) {
            lab.converge(&template, ROUNDS, &context).await;
        }
        spec.change(&mut chance);
        lab.cloud.set_weather(Weather::stormy(seed * STEPS + step));
    }
    lab.converge(&spec.template(), ROUNDS, &format!("seed {seed}, at the end")).await;
    lab.leaves_nothing(&format!("seed {seed}")).await;
}
