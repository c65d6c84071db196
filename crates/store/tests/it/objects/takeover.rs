//! Leases that run out, are seized, or are fought for.

use greenroom_sim::objects::{RequestKind, Storage};
use greenroom_store::{Lease, Sequence, Store, StoreError};
use tokio::time::{Instant, sleep};

use crate::objects::{Process, TTL, process};
use crate::session::{body, holder, payload, state};

async fn acquire(process: &Process, command: &str) -> Box<dyn Lease> {
    process.states.acquire(&state(), holder(command)).await.unwrap()
}

fn lost_to(error: &StoreError, command: &str) -> bool {
    matches!(error, StoreError::Lost { to: Some(to), .. } if to.command == command)
}

#[tokio::test(start_paused = true)]
async fn the_lease_of_a_dead_holder_is_free_after_its_time_without_help() {
    let storage = Storage::new();
    let dead = process(&storage);
    let lease = acquire(&dead, "dead").await;
    lease.append(payload(1)).await.unwrap();
    dead.client.stop();

    let next = process(&storage);
    let before = Instant::now();
    let taken = acquire(&next, "next").await;
    let waited = before.elapsed();
    assert!(waited >= TTL && waited < TTL * 3 / 2, "after {waited:?}");
    assert_eq!(taken.loaded().last(), Sequence(1));
    assert!(!taken.earlier_holder_is_gone(), "nobody knows whether it has ended");
    assert_eq!(next.states.holder(&state()).await.unwrap(), Some(holder("next")));
    taken.append(payload(2)).await.unwrap();
    taken.release().await.unwrap();

    let third = acquire(&process(&storage), "third").await;
    assert!(!third.earlier_holder_is_gone(), "nothing of the dead one was folded yet");
    third.fold(body(2), Sequence(2)).await.unwrap();
    third.release().await.unwrap();
    assert!(acquire(&process(&storage), "fourth").await.earlier_holder_is_gone());
}

#[tokio::test(start_paused = true)]
async fn a_holder_that_lives_keeps_its_lease_and_is_named_at_once() {
    let storage = Storage::new();
    let (alive, other) = (process(&storage), process(&storage));
    let lease = acquire(&alive, "alive").await;
    sleep(TTL * 5).await;
    let before = Instant::now();
    let refused = other.states.acquire(&state(), holder("other")).await.err().unwrap();
    assert!(matches!(&refused, StoreError::Held { holder: Some(it), .. } if it.command == "alive"));
    assert!(before.elapsed() <= TTL / 2, "after {:?}", before.elapsed());
    lease.append(payload(1)).await.unwrap();
    lease.still_held().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_holder_that_has_died_is_no_longer_named() {
    let storage = Storage::new();
    let (dead, other) = (process(&storage), process(&storage));
    let _lease = acquire(&dead, "dead").await;
    dead.client.stop();
    assert_eq!(other.states.holder(&state()).await.unwrap(), Some(holder("dead")));
    sleep(TTL * 3).await;
    assert_eq!(other.states.holder(&state()).await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn a_seized_lease_is_taken_at_once_and_the_old_holder_writes_nothing_more() {
    let storage = Storage::new();
    let (old, new) = (process(&storage), process(&storage));
    let lease = acquire(&old, "old").await;
    lease.append(payload(1)).await.unwrap();
    let before = Instant::now();
    let seized = new.states.seize(&state(), holder("new")).await.unwrap();
    assert!(before.elapsed().is_zero());
    let error = lease.append(payload(2)).await.unwrap_err();
    assert!(lost_to(&error, "new"), "{error}");
    assert!(error.to_string().contains("is held by ann on builder, process 17, `new`"), "{error}");
    for error in [
        lease.append(payload(2)).await.unwrap_err(),
        lease.fold(body(1), Sequence(1)).await.unwrap_err(),
        lease.still_held().await.unwrap_err(),
        lease.remove().await.unwrap_err(),
    ] {
        assert!(lost_to(&error, "new"), "{error}");
    }
    assert_eq!(seized.append(payload(2)).await.unwrap(), Sequence(2));
    seized.still_held().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn of_many_who_want_a_lease_one_gets_it() {
    for is_held_by_a_dead_one in [false, true] {
        let storage = Storage::new();
        let dead = process(&storage);
        if is_held_by_a_dead_one {
            acquire(&dead, "dead").await.append(payload(1)).await.unwrap();
            dead.client.stop();
        }
        let contenders: Vec<_> = (0..8).map(|_| process(&storage)).collect();
        let wanted = state();
        let tries = contenders.iter().map(|it| it.states.acquire(&wanted, holder("contender")));
        let results = futures::future::join_all(tries).await;
        assert_eq!(results.iter().filter(|it| it.is_ok()).count(), 1);
        for result in results {
            let refused = result.err();
            assert!(refused.is_none_or(|error| matches!(error, StoreError::Held { .. })));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_holder_that_slept_and_that_nobody_passed_over_goes_on() {
    let storage = Storage::new();
    let sleeper = process(&storage);
    let lease = acquire(&sleeper, "sleeper").await;
    lease.append(payload(1)).await.unwrap();
    sleeper.client.stop();
    sleep(TTL * 4).await;
    sleeper.client.go_on();
    lease.still_held().await.unwrap();
    lease.append(payload(2)).await.unwrap();
    lease.release().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_ran_out_proves_that_it_counts_before_it_does() {
    let storage = Storage::new();
    let holder_ = process(&storage);
    let lease = acquire(&holder_, "holder").await;
    let asked = |process: &Process| {
        process.client.requests().iter().filter(|it| it.kind == RequestKind::Update).count()
    };
    let before = asked(&holder_);
    lease.still_held().await.unwrap();
    assert_eq!(asked(&holder_), before, "a lease within its time is not asked for");
    holder_.client.stop();
    sleep(TTL * 2).await;
    let (still, ()) = tokio::join!(lease.still_held(), async {
        sleep(TTL).await;
        holder_.client.go_on();
    });
    still.unwrap();
    assert!(asked(&holder_) > before);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_lease_is_given_back_and_a_refused_one_as_well() {
    let storage = Storage::new();
    let process = process(&storage);
    drop(acquire(&process, "dropped").await);
    sleep(TTL / 100).await;
    let before = Instant::now();
    drop(acquire(&process, "next").await);
    assert!(before.elapsed().is_zero());
}

#[tokio::test(start_paused = true)]
async fn an_interrupted_removal_is_finished_by_the_next_lease() {
    let storage = Storage::new();
    let mut interrupted = 0;
    for nth in 1.. {
        let remover = process(&storage);
        let lease = acquire(&remover, "remover").await;
        lease.append(payload(lease.loaded().last().next().0)).await.unwrap();
        remover.client.stop_at(nth, true);
        let removed = tokio::select! {
            biased;
            () = remover.client.stopped() => false,
            removed = lease.remove() => { removed.unwrap(); true }
        };
        let next = process(&storage);
        let has_leftovers = next.states.has_leftovers(&state()).await.unwrap();
        assert!(!removed || !has_leftovers, "after request {nth}");
        if has_leftovers {
            interrupted += 1;
            assert_eq!(next.states.read(&state()).await.unwrap(), None);
            assert_eq!(next.states.list().await.unwrap(), []);
        }
        let lease = acquire(&next, "next").await;
        assert!(lease.loaded().is_new(), "after request {nth}");
        lease.release().await.unwrap();
        assert!(!next.states.has_leftovers(&state()).await.unwrap());
        if removed {
            break;
        }
    }
    assert!(interrupted >= 3, "{interrupted}");
}
