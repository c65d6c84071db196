//! Copies of requests, and that no client notices them.

use bytes::Bytes;
use greenroom_local::runtime::balancer::{self, BalancerCounters, BalancerSpec};
use greenroom_local::runtime::{ListenAddress, listener, target_group};
use greenroom_model::traffic::Mirrored;
use http_body_util::Full;
use hyper::{Method, Request, StatusCode};

use crate::side::{Manner, Side};
use crate::site::{Site, eventually, group_of, mirror, uid};
use crate::traffic::{Tally, burst, client, get, send};

/// A balancer over a live side, and one that gets copies.
struct Pair {
    site: Site,
    port: u16,
    live: Side,
    mirrored: Side,
}

impl Pair {
    async fn new(manner: Manner, percent: u32) -> Pair {
        let site = Site::new();
        let live = Side::start("live", Manner::Well).await;
        let mirrored = Side::start("mirrored", manner).await;
        let port = site.balance(&[("old", 1, &[live.port]), ("new", 0, &[mirrored.port])]).await;
        let pair = Pair { site, port, live, mirrored };
        pair.share(&[("old", 1, 0), ("new", 0, percent)]).await;
        pair
    }

    async fn share(&self, shares: &[(&str, u32, u32)]) {
        listener::update(&self.site.root, &uid("front"), &mirror(shares)).await.unwrap();
    }

    async fn counters(&self) -> BalancerCounters {
        balancer::counters(&self.site.root, &uid("lb")).await.unwrap()
    }

    async fn copies(&self) -> Mirrored {
        self.counters().await.target_groups["new"].mirrored
    }

    /// The counts of copies, once all of them have ended.
    async fn ended(&self) -> Mirrored {
        eventually("all copies have ended", async || {
            let copies = self.copies().await;
            copies.copied == copies.answered + copies.failed
        })
        .await;
        self.copies().await
    }

    async fn burst(&self, count: usize) {
        let tally: Tally = burst(self.port, 8, count).await;
        assert_eq!(tally.failures, Vec::<String>::new());
        assert_eq!(tally.answers, [("live".to_owned(), count)].into());
    }
}

fn counts(eligible: u64, copied: u64, answered: u64, failed: u64) -> Mirrored {
    Mirrored { eligible, copied, answered, failed }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_requests_that_read_are_copied_and_copies_are_marked() {
    let pair = Pair::new(Manner::Well, 100).await;
    let client = client(1);
    let ask = async |method: Method, headers: &[(&str, &str)], body: &'static str| {
        let uri = format!("http://127.0.0.1:{}/shop?page=2", pair.port);
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(Bytes::from_static(body.as_bytes()))).unwrap();
        assert_eq!(send(&client, request).await.unwrap().0, StatusCode::OK);
    };
    ask(Method::GET, &[("x-client", "1")], "").await;
    ask(Method::HEAD, &[("x-client", "2")], "").await;
    ask(Method::POST, &[], "order").await;
    ask(Method::PUT, &[], "").await;
    ask(Method::DELETE, &[], "").await;
    ask(Method::GET, &[], "a body").await;
    ask(Method::GET, &[("connection", "upgrade"), ("upgrade", "websocket")], "").await;
    ask(Method::GET, &[("greenroom-mirrored", "true")], "").await;

    assert_eq!(pair.ended().await, counts(2, 2, 2, 0));
    let mut seen = pair.mirrored.seen();
    seen.sort_by_key(|request| request.headers["x-client"].clone());
    assert_eq!(seen.len(), 2);
    for (request, method) in seen.iter().zip([Method::GET, Method::HEAD]) {
        assert_eq!((&request.method, &*request.path), (&method, "/shop?page=2"));
        assert_eq!(request.headers["greenroom-mirrored"], "true");
        assert_eq!(request.headers["x-forwarded-for"], "127.0.0.1");
        assert!(!request.headers.contains_key("content-length"), "{request:?}");
    }
    let live = pair.live.seen();
    assert_eq!(live.len(), 8);
    let marked = live.iter().filter(|it| it.headers.contains_key("greenroom-mirrored"));
    assert_eq!(marked.count(), 1, "the client's own mark passes, no other is made");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_percentage_is_exact_and_copies_count_nowhere_else() {
    let pair = Pair::new(Manner::Well, 25).await;
    pair.burst(400).await;
    assert_eq!(pair.ended().await, counts(400, 100, 100, 0));
    assert_eq!(pair.mirrored.seen().len(), 100);
    let counters = pair.counters().await;
    let new = &counters.target_groups["new"];
    assert_eq!((new.requests, new.faults, new.in_flight, new.open_connections), (0, 0, 0, 0));
    assert_eq!(new.latency_buckets.iter().sum::<u64>(), 0);
    assert_eq!(counters.target_groups["old"].requests, 400);
    assert_eq!(counters.target_groups["old"].mirrored, Mirrored::default());
    assert_eq!(counters.listeners["front"].requests, 400);
    assert_eq!(counters.listeners["front"].mirrored, Mirrored::default());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_the_weights_send_there_is_not_copied_there() {
    let pair = Pair::new(Manner::Well, 0).await;
    pair.share(&[("old", 1, 0), ("new", 1, 100)]).await;
    let tally = burst(pair.port, 4, 100).await;
    assert_eq!((tally.failures.len(), tally.share("live")), (0, 50.0));
    assert_eq!(pair.ended().await, counts(50, 50, 50, 0));
    assert_eq!(pair.mirrored.seen().len(), 100);
    assert_eq!(pair.counters().await.target_groups["new"].requests, 50);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_side_that_answers_badly_changes_nothing_for_clients() {
    for (manner, percent, well) in [
        (Manner::With(500), 100, false),
        (Manner::With(404), 100, true),
        (Manner::Breaks, 100, false),
        (Manner::BreaksOff, 100, false),
        // Few, as each of them is read for a while.
        (Manner::NeverEnds, 2, true),
    ] {
        let pair = Pair::new(manner, percent).await;
        pair.burst(200).await;
        let copied = u64::from(percent) * 2;
        let (answered, failed) = if well { (copied, 0) } else { (0, copied) };
        assert_eq!(pair.ended().await, counts(200, copied, answered, failed), "{manner:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn copies_in_flight_are_bounded_and_end_when_their_target_leaves() {
    let pair = Pair::new(Manner::Hangs, 100).await;
    let patient = BalancerSpec { address: ListenAddress::default(), idle_timeout_ms: 3_600_000 };
    let (root, launcher) = (&pair.site.root, &pair.site.launcher);
    balancer::update(root, launcher, &uid("lb"), &patient).await.unwrap();
    pair.burst(400).await;
    assert_eq!(pair.copies().await, counts(400, 256, 0, 0));
    target_group::update(root, &uid("new"), &group_of(&[])).await.unwrap();
    assert_eq!(pair.ended().await, counts(400, 256, 0, 256));
    // Nobody is there to take them.
    pair.burst(10).await;
    assert_eq!(pair.copies().await, counts(410, 256, 0, 256));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_that_is_not_answered_in_time_has_failed() {
    let pair = Pair::new(Manner::Hangs, 100).await;
    let hasty = BalancerSpec { address: ListenAddress::default(), idle_timeout_ms: 1000 };
    balancer::update(&pair.site.root, &pair.site.launcher, &uid("lb"), &hasty).await.unwrap();
    assert_eq!(get(&client(0), pair.port, "/").await.unwrap().1, "live");
    assert_eq!(pair.ended().await, counts(1, 1, 0, 1));
}
