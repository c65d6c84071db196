//! Concurrent appends share a request.

use std::time::Duration;

use greenroom_sim::objects::{Fault, RequestKind, Storage};
use greenroom_store::{Sequence, Store};

use crate::objects::{Process, process};
use crate::session::{holder, payload, payloads, state};

fn created(process: &Process) -> usize {
    process.client.requests().iter().filter(|it| it.kind == RequestKind::Create).count()
}

#[tokio::test(start_paused = true)]
async fn what_queues_during_a_request_shares_the_next_one() {
    let process = process(&Storage::new());
    let lease = process.states.acquire(&state(), holder("it")).await.unwrap();
    lease.append(payload(1)).await.unwrap();
    let before = created(&process);
    process.client.fail(1, Fault::Slow(Duration::from_millis(30)));
    let first = lease.enqueue(payloads(2..=2));
    tokio::task::yield_now().await;
    let rest: Vec<_> = (3..=65).map(|n| lease.enqueue(vec![payload(n)])).collect();
    assert_eq!(first.await.unwrap(), [Sequence(2)]);
    for (n, ticket) in (3..).zip(rest) {
        assert_eq!(ticket.await.unwrap(), [Sequence(n)]);
    }
    assert_eq!(created(&process) - before, 2, "64 appends need two requests");
}
