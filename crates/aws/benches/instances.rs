//! What a look at many instances costs: `cargo bench --bench instances`.
//!
//! 1,000 and 10,000 instances on a fake of EC2 that answers and pages as EC2 does, or as many as
//! are given behind `--`. The fake runs on a thread of its own; the processor time is that of the
//! provider's thread alone, the best of several rounds.

#[path = "../tests/it/many_instances.rs"]
mod many_instances;

use std::time::{Duration, Instant};

use greenroom_emulator::fake_ec2::FakeEc2;
use greenroom_provider::{Provider, ReadDepth, ReadRequest};
use many_instances::{instance, object, provider};
use rustix::time::{ClockId, clock_gettime};

const SIZES: [usize; 2] = [1_000, 10_000];
const ROUNDS: usize = 5;

fn main() {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let given: Vec<usize> = std::env::args().filter_map(|it| it.parse().ok()).collect();
    let sizes = if given.is_empty() { SIZES.to_vec() } else { given };
    println!("{:>10} {:>9} {:>12} {:>10}", "instances", "requests", "own CPU", "time");
    for size in sizes {
        let (requests, cpu, time) = runtime.block_on(best(size));
        let [cpu, time] = [cpu, time].map(|it| it.as_secs_f64() * 1e3);
        println!("{size:>10} {requests:>9} {cpu:>9.0} ms {time:>7.0} ms");
    }
}

async fn best(size: usize) -> (usize, Duration, Duration) {
    let fake = FakeEc2::start((0..size).map(instance).collect()).expect("a free port");
    let folder = tempfile::tempdir().expect("a folder");
    let mut best = (0, Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        fake.clear_log();
        let provider = provider(&fake, folder.path()).await;
        let request = |index| ReadRequest { object: object(index), depth: ReadDepth::Bulk };
        let requests = (0..size).map(request).collect();
        let (began, worked) = (Instant::now(), cpu());
        let answers = provider.read(requests).await;
        let (time, cpu) = (began.elapsed(), cpu() - worked);
        assert!(answers.iter().all(Result::is_ok), "all can be read");
        best = (fake.counts().values().sum(), best.1.min(cpu), best.2.min(time));
    }
    best
}

/// The processor time of this thread.
fn cpu() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or(0))
}
