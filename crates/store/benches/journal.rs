//! What an append and a fold cost on the disk under the system's temporary folder.

#![allow(clippy::unwrap_used, missing_docs)]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use greenroom_store::{FolderStore, Holder, Lease, StateName, Store};
use tokio::runtime::Runtime;

/// As long as the outcome of a small resource.
fn payload() -> Bytes {
    Bytes::from(format!("{{\"outcome\":\"{}\"}}", "x".repeat(280)))
}

fn lease(runtime: &Runtime, store: &FolderStore) -> Arc<dyn Lease> {
    let state = StateName::promoted("bench", "journal").unwrap();
    let holder = Holder::this_process("cargo bench", None, jiff::Timestamp::UNIX_EPOCH);
    Arc::from(runtime.block_on(store.acquire(&state, holder)).unwrap())
}

async fn append(lease: &Arc<dyn Lease>, writers: u64, records: u64) -> Duration {
    let started = Instant::now();
    let tasks: Vec<_> = (0..writers)
        .map(|writer| {
            let lease = Arc::clone(lease);
            tokio::spawn(async move {
                for _ in 0..share(records, writers, writer) {
                    black_box(lease.append(payload()).await.unwrap());
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    started.elapsed()
}

fn share(records: u64, writers: u64, writer: u64) -> u64 {
    records / writers + u64::from(writer < records % writers)
}

fn appends(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("append");
    group.throughput(Throughput::Elements(1));
    let runtime = Runtime::new().unwrap();
    for writers in [1, 8, 64, 256] {
        let folder = tempfile::tempdir().unwrap();
        let lease = lease(&runtime, &FolderStore::new(folder.path()));
        group.bench_function(BenchmarkId::new("writers", writers), |bencher| {
            bencher.iter_custom(|records| runtime.block_on(append(&lease, writers, records)));
        });
    }
}

fn folds(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("fold");
    group.sample_size(10);
    let runtime = Runtime::new().unwrap();
    for megabytes in [1_u64, 10, 50] {
        let folder = tempfile::tempdir().unwrap();
        let lease = lease(&runtime, &FolderStore::new(folder.path()));
        let last = runtime.block_on(lease.append(payload())).unwrap();
        let body = Bytes::from(vec![b'x'; usize::try_from(megabytes << 20).unwrap()]);
        group.throughput(Throughput::Bytes(megabytes << 20));
        group.bench_function(BenchmarkId::new("megabytes", megabytes), |bencher| {
            bencher.iter(|| runtime.block_on(lease.fold(body.clone(), last)).unwrap());
        });
    }
}

criterion_group!(benches, appends, folds);
criterion_main!(benches);
