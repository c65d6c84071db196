//! Waits for places in a store, in simulated time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::join_all;
use greenroom_apply::{Cancel, Clock};
use greenroom_delivery::places::{Limits, Me, Places, PlacesError};
use greenroom_sim::chance::Chance;
use greenroom_sim::disk::FaultyDisk;
use greenroom_sim::objects::{Client, Fault, Storage, TokioClock};
use greenroom_store::{FolderStore, Holder, LedgerName, ObjectStates, Segment, Store};
use object_store::path::Path;
use tokio::time::{Instant, sleep};

use super::{limits, me};

/// The time of tokio, which stands still while nobody waits for it.
struct Paused(Instant);

impl Clock for Paused {
    fn now(&self) -> i64 {
        i64::try_from(self.0.elapsed().as_secs()).unwrap()
    }
}

fn places(store: &Arc<dyn Store>, limits: Limits) -> Places {
    Places::new(Arc::clone(store), Arc::new(Paused(Instant::now())), limits)
}

fn folder() -> Arc<dyn Store> {
    Arc::new(FolderStore::on(Arc::new(FaultyDisk::new()), "/srv/state").inline())
}

fn objects(client: &Client) -> Arc<dyn Store> {
    let states = ObjectStates::new(Arc::new(client.clone()), Path::from("team"), "s3://states");
    Arc::new(states.with_clock(Arc::new(TokioClock::new())))
}

fn holder(of: &Me) -> Holder {
    Holder {
        host: "ci-4".into(),
        pid: 17,
        user: "ann".into(),
        command: format!("greenroom up {}", of.ticket),
        build: None,
        since: "2026-03-01T12:00:00Z".parse().unwrap(),
        lease: of.ticket.clone(),
    }
}

async fn ledger(store: &Arc<dyn Store>) -> Option<String> {
    let ledger =
        store.ledger(&LedgerName::of_project(&Segment::new("shop").unwrap())).await.unwrap();
    ledger.content.map(|content| String::from_utf8(content.to_vec()).unwrap())
}

/// Makes the environment, has it for `time`, and removes it.
async fn live(store: &Arc<dyn Store>, me: &Me, time: Duration, listed: impl AsyncFnOnce()) {
    let lease = store.acquire(&me.state, holder(me)).await.unwrap();
    lease.append("{}".into()).await.unwrap();
    listed().await;
    sleep(time).await;
    lease.remove().await.unwrap();
}

async fn everybody_goes_and_never_too_many_at_once(stores: Vec<Arc<dyn Store>>) {
    let (up, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let one = async |(nth, store): (usize, &Arc<dyn Store>)| {
        let me = me(&format!("it/pr-{nth}"), &format!("process {nth}"));
        let places = places(store, limits(None, &[("it", 2)]));
        let place = places.wait_for(&me, &Cancel::new(), |_| {}).await.unwrap();
        most.fetch_max(1 + up.fetch_add(1, Ordering::SeqCst), Ordering::SeqCst);
        // Longer than any reservation lives that nobody renews.
        sleep(Duration::from_secs(90)).await;
        let lives = async || {
            place.taken().await;
            sleep(Duration::from_secs(90)).await;
            up.fetch_sub(1, Ordering::SeqCst);
        };
        live(store, &me, Duration::ZERO, lives).await;
    };
    join_all(stores.iter().enumerate().map(one)).await;
    assert_eq!(most.into_inner(), 2);
}

#[tokio::test(start_paused = true)]
async fn everybody_goes_and_never_too_many_at_once_in_a_folder() {
    let store = folder();
    everybody_goes_and_never_too_many_at_once(vec![store; 7]).await;
}

#[tokio::test(start_paused = true)]
async fn everybody_goes_and_never_too_many_at_once_on_object_storage_in_bad_weather() {
    let storage = Storage::new();
    let client = |seed| {
        let client = storage.client();
        let mut chance = Chance::new(seed);
        // Never two in a row, so that each request may be tried again.
        for nth in (2..2_000).step_by(2) {
            if !chance.percent(10) {
                continue;
            }
            let faults = [Fault::Refused, Fault::AnswerLost, Fault::Lost, Fault::Conflict];
            client.fail(nth, *chance.pick(&faults));
        }
        objects(&client)
    };
    everybody_goes_and_never_too_many_at_once((0..7).map(client).collect()).await;
}

#[tokio::test(start_paused = true)]
async fn without_a_limit_nothing_is_read_or_written() {
    let client = Storage::new().client();
    let store = objects(&client);
    let places = places(&store, limits(None, &[("perf", 1)]));
    let me = me("it/a", "first");
    places.take(&me).await.unwrap().taken().await;
    places.wait_for(&me, &Cancel::new(), |_| {}).await.unwrap().give_back().await;
    assert_eq!(client.requests().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn who_does_not_wait_learns_who_has_the_places_and_leaves_no_trace() {
    let store = folder();
    let places = places(&store, limits(Some(1), &[]));
    let (first, second) = (me("it/a", "first"), me("it/b", "second"));
    let place = places.take(&first).await.unwrap();
    let before = ledger(&store).await;
    let refused = places.take(&second).await.err().unwrap().to_string();
    assert_eq!(
        refused,
        "there is no place for `shop/it/b`: `max_environments` of the project is 1: `shop/it/a`, \
         held by first@ci"
    );
    assert_eq!(ledger(&store).await, before);
    live(&store, &first, Duration::ZERO, async || {
        place.taken().await;
        let refused = places.take(&second).await.err().unwrap().to_string();
        let holder = "held by ann on ci-4, process 17, `greenroom up first`";
        assert!(refused.contains(holder), "{refused}");
    })
    .await;
    places.take(&second).await.unwrap().give_back().await;
    assert_eq!(ledger(&store).await.unwrap(), r#"{"format":1,"line":[]}"#);
}

#[tokio::test(start_paused = true)]
async fn who_waits_is_told_only_what_is_new() {
    let store = folder();
    let places = places(&store, limits(Some(1), &[]));
    let (first, second, third) = (me("it/a", "1"), me("it/b", "2"), me("it/c", "3"));
    let told = Mutex::new(Vec::new());
    // So that a place comes free just before the second looks, and well before the third does.
    let time = Duration::from_millis(30_500);
    let place = places.take(&first).await.unwrap();
    let waits = async |who: &Me, patience| {
        sleep(patience).await;
        let note = |waiting: &_| {
            let greenroom_delivery::places::Waiting { place, taken, .. } = waiting;
            let taken: Vec<_> = taken.iter().map(|it| it.state.to_string()).collect();
            told.lock().unwrap().push(format!("{}: {place}, {}", who.ticket, taken.join(" ")));
        };
        let place = places.wait_for(who, &Cancel::new(), note).await.unwrap();
        live(&store, who, time, async || place.taken().await).await;
    };
    tokio::join!(
        live(&store, &first, time, async || place.taken().await),
        waits(&second, Duration::from_secs(1)),
        waits(&third, Duration::from_secs(2)),
    );
    let told = told.into_inner().unwrap();
    assert_eq!(told, ["2: 1, shop/it/a", "3: 2, shop/it/a", "3: 1, shop/it/b"]);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_wait_leaves_the_line() {
    let store = folder();
    let places = places(&store, limits(Some(1), &[]));
    let (first, second) = (me("it/a", "first"), me("it/b", "second"));
    let _place = places.take(&first).await.unwrap();
    let before = ledger(&store).await;
    let cancel = Cancel::new();
    let ended = places.wait_for(&second, &cancel, |_| cancel.cancel()).await;
    assert!(matches!(ended, Err(PlacesError::Cancelled { .. })));
    assert_eq!(ledger(&store).await, before);
}

#[tokio::test(start_paused = true)]
async fn a_process_that_dies_keeps_its_reservation_for_a_minute_only() {
    let store = folder();
    let places = places(&store, limits(Some(1), &[]));
    let (first, second) = (me("it/a", "first"), me("it/b", "second"));
    let place = places.take(&first).await.unwrap();
    sleep(Duration::from_mins(10)).await;
    places.take(&second).await.err().expect("the place was renewed");
    drop(place);
    sleep(Duration::from_mins(1)).await;
    places.take(&second).await.unwrap().give_back().await;
}

#[tokio::test(start_paused = true)]
async fn a_ledger_that_holds_no_line_is_told_and_kept() {
    let store = folder();
    let shop = LedgerName::of_project(&Segment::new("shop").unwrap());
    let nothing = store.ledger(&shop).await.unwrap();
    let newer = "{\"format\":2}";
    assert!(store.write_ledger(&shop, &nothing.version, newer.into()).await.unwrap());
    let places = places(&store, limits(Some(1), &[]));
    let refused = places.take(&me("it/a", "first")).await.err().unwrap();
    assert!(matches!(refused, PlacesError::Unreadable { .. }), "{refused}");
    assert_eq!(ledger(&store).await.as_deref(), Some(newer));
}
