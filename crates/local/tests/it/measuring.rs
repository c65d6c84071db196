//! What the provider says about traffic and health, and whether listeners are served as recorded.

use std::collections::BTreeMap;
use std::time::Duration;

use greenroom_local::runtime::{ObjectType, balancer, listener};
use greenroom_model::traffic::Traffic;
use greenroom_model::value::{Number, Value};
use greenroom_provider::{Failure, FailureKind, Health, Object, Provider, WorldEffect};
use hyper::StatusCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::provider::{World, number};
use crate::side::{Manner, Side};
use crate::site::{eventually, kill, mirror, uid};
use crate::traffic::{client, get};

impl World {
    async fn traffic(&self, object: &Object) -> Traffic {
        self.provider.traffic(vec![object.clone()]).await.remove(0).unwrap()
    }

    async fn health(&self, group: &Object) -> Result<Health, Failure> {
        self.provider.health(vec![group.clone()]).await.remove(0)
    }

    async fn verify(&self, object: &Object, limit: Duration) -> Result<Value, Failure> {
        let object = Object { timeout: Some(limit), ..object.clone() };
        self.provider.verify(object).await
    }

    async fn group(&self, name: &str, ports: &[u16]) -> Object {
        self.create("local_target_group", name, &group(ports, 0.1)).await.unwrap()
    }

    async fn balancer(&self, name: &str) -> Object {
        self.create("local_load_balancer", name, &empty()).await.unwrap()
    }

    async fn front(&self, name: &str, balancer: &str, shares: &[(&str, u32)]) -> Object {
        self.create("local_listener", name, &front(balancer, shares)).await.unwrap()
    }

    async fn wait_for(&self, group: &Object, healthy: u32, unhealthy: u32, unknown: u32) {
        let expected = Health { healthy, unhealthy, unknown };
        eventually("the targets are as expected", async || {
            self.health(group).await.is_ok_and(|health| health == expected)
        })
        .await;
    }
}

fn empty() -> Value {
    Value::object::<&str>([])
}

fn group(ports: &[u16], interval: f64) -> Value {
    let target = |port: &u16| Value::object([("port", Value::from(*port))]);
    let seconds = |number: f64| Value::from(Number::try_from(number).unwrap());
    let check = [
        ("path", Value::from("/health")),
        ("interval", seconds(interval)),
        ("timeout", seconds(interval.max(2.0))),
    ];
    Value::object([
        ("targets", Value::list(ports.iter().map(target))),
        ("health_check", Value::object(check)),
    ])
}

fn front(balancer: &str, shares: &[(&str, u32)]) -> Value {
    let share = |(id, weight): &(&str, u32)| {
        Value::object([("id", Value::from(*id)), ("weight", Value::from(*weight))])
    };
    let forward = Value::object([("target_group", Value::list(shares.iter().map(share)))]);
    let action = Value::object([("type", Value::from("forward")), ("forward", forward)]);
    Value::object([("load_balancer", Value::from(balancer)), ("default_action", action)])
}

async fn ask(port: u16, count: usize) -> BTreeMap<StatusCode, usize> {
    let client = client(1);
    let mut statuses = BTreeMap::new();
    for _ in 0..count {
        let (status, _) = get(&client, port, "/").await.unwrap();
        *statuses.entry(status).or_default() += 1;
    }
    statuses
}

fn requests(traffic: &Traffic) -> (Option<u64>, Option<u64>) {
    (traffic.requests, traffic.errors)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_are_counted_by_the_group_and_connections_by_the_load_balancer() {
    let world = World::new();
    let side = Side::start("side", Manner::Well).await;
    let tg = world.group("tg", &[side.port]).await;
    let unserved = world.traffic(&tg).await;
    assert_eq!(requests(&unserved), (Some(0), Some(0)));
    assert_ne!(&*unserved.epoch, "");

    let lb = world.balancer("lb").await;
    let http = world.front("front", "lb", &[("tg", 1)]).await;
    world.wait_for(&tg, 1, 0, 0).await;
    let port = number(&http, "port");
    let client = client(1);
    for status in [200, 404, 500, 503] {
        side.set(Manner::With(status));
        assert_eq!(get(&client, port, "/").await.unwrap().0.as_u16(), status);
    }
    let traffic = world.traffic(&tg).await;
    assert_ne!(traffic.epoch, unserved.epoch);
    assert_eq!(requests(&traffic), (Some(4), Some(2)));
    assert_eq!(traffic.latency.as_ref().unwrap().count(), 4);
    assert_eq!((traffic.in_flight, traffic.connections), (Some(0), None));
    assert_eq!(traffic.mirrored.unwrap().eligible, 0);

    let connected = world.traffic(&lb).await;
    assert_eq!((connected.connections, requests(&connected)), (Some(1), (None, None)));
    assert_eq!((connected.latency, connected.in_flight), (None, None));
    assert_eq!(connected.epoch, traffic.epoch);
    drop(client);
    eventually("the connection is closed", async || {
        world.traffic(&lb).await.connections == Some(0)
    })
    .await;

    let failures = world.provider.traffic(vec![http.clone(), tg]).await;
    assert_eq!(failures[0].as_ref().unwrap_err().kind, FailureKind::Argument);
    assert_eq!(requests(failures[1].as_ref().unwrap()), (Some(4), Some(2)));
    let failure = world.health(&lb).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Argument);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_side_does_not_answer_is_its_error() {
    let world = World::new();
    let [breaking, gone] = [Side::start("a", Manner::Well), Side::start("b", Manner::Well)];
    let (breaking, gone) = (breaking.await, gone.await);
    // Checked so rarely that nobody finds out before the requests do.
    let rare = |port| group(&[port], 3600.0);
    let a = world.create("local_target_group", "a", &rare(breaking.port)).await.unwrap();
    let b = world.create("local_target_group", "b", &rare(gone.port)).await.unwrap();
    world.balancer("lb").await;
    let [first, second] = [
        world.front("first", "lb", &[("a", 1)]).await,
        world.front("second", "lb", &[("b", 1), ("a", 0)]).await,
    ];
    world.wait_for(&a, 1, 0, 0).await;
    world.wait_for(&b, 1, 0, 0).await;

    breaking.set(Manner::BreaksOff);
    let client = client(0);
    get(&client, number(&first, "port"), "/").await.unwrap_err();
    breaking.set(Manner::Breaks);
    let (status, _) = get(&client, number(&first, "port"), "/").await.unwrap();
    assert_eq!(status, StatusCode::BAD_GATEWAY);
    assert_eq!(requests(&world.traffic(&a).await), (Some(2), Some(2)));

    gone.stop().await;
    let statuses = ask(number(&second, "port"), 3).await;
    assert_eq!(statuses, [(StatusCode::BAD_GATEWAY, 3)].into());
    assert_eq!(requests(&world.traffic(&b).await), (Some(3), Some(3)));
    assert_eq!(requests(&world.traffic(&a).await), (Some(2), Some(2)), "weight 0 gets nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_another_group_makes_good_is_the_first_ones_error() {
    let world = World::new();
    let [gone, well] = [Side::start("a", Manner::Well), Side::start("b", Manner::Well)];
    let (gone, well) = (gone.await, well.await);
    let rare = |port| group(&[port], 3600.0);
    let a = world.create("local_target_group", "a", &rare(gone.port)).await.unwrap();
    let b = world.create("local_target_group", "b", &rare(well.port)).await.unwrap();
    world.balancer("lb").await;
    let http = world.front("front", "lb", &[("a", 1), ("b", 1)]).await;
    world.wait_for(&a, 1, 0, 0).await;
    world.wait_for(&b, 1, 0, 0).await;
    gone.stop().await;
    assert_eq!(ask(number(&http, "port"), 10).await, [(StatusCode::OK, 10)].into());
    let (lost, served) = (world.traffic(&a).await, world.traffic(&b).await);
    assert_eq!(requests(&served), (Some(10), Some(0)));
    assert!(lost.requests >= Some(1) && lost.requests == lost.errors, "{lost:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_without_a_healthy_target_counts_for_whose_turn_it_was() {
    let world = World::new();
    let side = Side::start("side", Manner::Well).await;
    let tg = world.group("tg", &[side.port]).await;
    // It takes connections and says nothing, and nobody waits for it.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let unknown = group(&[silent.local_addr().unwrap().port()], 3600.0);
    let idle = world.create("local_target_group", "idle", &unknown).await.unwrap();
    world.balancer("lb").await;
    let http = world.front("front", "lb", &[("idle", 0), ("tg", 1)]).await;
    world.wait_for(&tg, 1, 0, 0).await;
    side.set(Manner::Sick);
    world.wait_for(&tg, 0, 1, 0).await;
    let statuses = ask(number(&http, "port"), 5).await;
    assert_eq!(statuses, [(StatusCode::SERVICE_UNAVAILABLE, 5)].into());
    assert_eq!(requests(&world.traffic(&tg).await), (Some(5), Some(5)));
    assert_eq!(requests(&world.traffic(&idle).await), (Some(0), Some(0)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_load_balancers_add_up_and_a_new_process_begins_anew() {
    let world = World::new();
    let side = Side::start("side", Manner::Well).await;
    let tg = world.group("tg", &[side.port]).await;
    let one = world.balancer("one").await;
    let two = world.balancer("two").await;
    let fronts =
        [world.front("a", "one", &[("tg", 1)]).await, world.front("b", "two", &[("tg", 1)]).await];
    world.wait_for(&tg, 1, 0, 0).await;
    for (front, count) in fronts.iter().zip([3, 4]) {
        assert_eq!(ask(number(front, "port"), count).await, [(StatusCode::OK, count)].into());
    }
    let both = world.traffic(&tg).await;
    assert_eq!((both.requests, both.latency.unwrap().count()), (Some(7), 7));

    kill(&world.site.process(ObjectType::Balancer, "two"), "KILL");
    let left = async || world.provider.traffic(vec![tg.clone()]).await.remove(0);
    eventually("it has ended", async || left().await.is_ok_and(|it| it.requests == Some(3))).await;
    assert_eq!(world.traffic(&two).await.connections, Some(0));
    world.update(&two, &empty()).await.unwrap();
    let after = world.traffic(&tg).await;
    assert_eq!(after.requests, Some(3));
    assert_ne!(after.epoch, both.epoch);
    assert_ne!(world.traffic(&one).await.epoch, world.traffic(&two).await.epoch);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_is_known_at_weight_zero_and_unknown_where_nobody_looks() {
    let world = World::new();
    let [live, well, sick] = [
        Side::start("live", Manner::Well).await,
        Side::start("well", Manner::Well).await,
        Side::start("sick", Manner::Well).await,
    ];
    let old = world.group("old", &[live.port]).await;
    let new = world.group("new", &[well.port, sick.port]).await;
    assert_eq!(world.health(&new).await.unwrap(), Health { healthy: 0, unhealthy: 0, unknown: 2 });
    let lb = world.balancer("lb").await;
    let http = world.front("front", "lb", &[("old", 100), ("new", 0)]).await;
    world.wait_for(&new, 2, 0, 0).await;
    sick.set(Manner::Sick);
    world.wait_for(&new, 1, 1, 0).await;
    assert_eq!(ask(number(&http, "port"), 20).await, [(StatusCode::OK, 20)].into());
    assert_eq!((well.seen().len(), sick.seen().len(), live.seen().len()), (0, 0, 20));

    kill(&world.site.process(ObjectType::Balancer, "lb"), "KILL");
    world.wait_for(&new, 0, 0, 2).await;
    world.wait_for(&old, 0, 0, 1).await;
    let mut missing = lb;
    missing.kind = "local_target_group".into();
    let failure = world.health(&missing).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::NotFound);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_changed_its_protocol_is_still_open() {
    let world = World::new();
    let web = world.create("local_instance", "web", &world.server()).await.unwrap();
    let tg = world.group("tg", &[number(&web, "port")]).await;
    let lb = world.balancer("lb").await;
    let http = world.front("front", "lb", &[("tg", 1)]).await;
    world.wait_for(&tg, 1, 0, 0).await;
    let mut stream = TcpStream::connect(("127.0.0.1", number(&http, "port"))).await.unwrap();
    let head = "GET /upgrade HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(b"hello").await.unwrap();
    let mut answer = String::new();
    while !answer.ends_with("hello") {
        answer.push(char::from(stream.read_u8().await.unwrap()));
    }
    let connections = async || world.traffic(&lb).await.connections;
    eventually("it counts once", async || connections().await == Some(1)).await;
    assert_eq!(world.traffic(&tg).await.in_flight, Some(1));
    drop(stream);
    eventually("it is closed", async || connections().await == Some(0)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listener_is_verified_when_its_load_balancer_serves_it() {
    let world = World::new();
    world.group("tg", &[]).await;
    let lb = world.balancer("lb").await;
    let http = world.front("front", "lb", &[("tg", 1)]).await;
    let long = Duration::from_secs(20);
    assert_eq!(world.verify(&http, long).await.unwrap(), http.attributes);

    kill(&world.site.process(ObjectType::Balancer, "lb"), "KILL");
    eventually("the kill is seen", async || {
        balancer::running(&world.site.root, &uid("lb")).await.unwrap().is_none()
    })
    .await;
    let failure = world.verify(&http, Duration::from_millis(50)).await.unwrap_err();
    assert_eq!((failure.kind, failure.effect), (FailureKind::Unavailable, WorldEffect::None));
    assert!(failure.message.contains("is not served as it should be"), "{failure}");

    let nothing = empty();
    let (verified, repaired) = tokio::join!(world.verify(&http, long), world.update(&lb, &nothing));
    repaired.unwrap();
    assert_eq!(verified.unwrap(), http.attributes);
    world.delete(&http).await.unwrap();
    assert_eq!(world.verify(&http, long).await.unwrap_err().kind, FailureKind::NotFound);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn weights_that_somebody_else_changed_are_not_written_over() {
    let world = World::new();
    world.group("old", &[]).await;
    world.group("new", &[]).await;
    world.balancer("lb").await;
    let mut http = world.front("front", "lb", &[("old", 75), ("new", 25)]).await;
    let elsewhere = mirror(&[("old", 50, 0), ("new", 50, 10)]);
    listener::update(&world.site.root, &uid("front"), &elsewhere).await.unwrap();
    let theirs = world.attributes(&http).await;
    let shift = front("lb", &[("old", 0), ("new", 100)]);
    let failure = world.update(&http, &shift).await.unwrap_err();
    assert_eq!((failure.kind, failure.effect), (FailureKind::Changed, WorldEffect::None));
    assert_eq!(
        failure.message,
        "somebody else changed `front/local_listener.front`: \
         default_action.forward.target_group[0].weight: 75 expected, 50 found, \
         default_action.forward.target_group[1].mirror: 0 expected, 10 found, \
         default_action.forward.target_group[1].weight: 25 expected, 50 found"
    );
    assert_eq!(world.attributes(&http).await, theirs);

    http.attributes = theirs;
    let updated = world.update(&http, &shift).await.unwrap();
    assert_eq!(updated, world.attributes(&http).await);
    assert_ne!(updated, http.attributes);
}
