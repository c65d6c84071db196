//! Promotions by DNS: weighted records on a real name server, clients that ask it.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, UdpSocket};
use std::thread;
use std::time::Duration;

use super::follow::follow;
use super::stage::{STAGE, await_phase, entries, roster, stages};
use crate::http::Client;
use crate::world::World;

const ENVIRONMENT: &str = r#"
[resource.local_instance.web]
image       = "${image.web.id}"
command     = ["./shop-server"]
environment = { SHOP_ENVIRONMENT = "${environment.name}" }
readiness   = { type = "http", path = "/health" }

[resource.local_target_group.web]
targets      = "${[{ address = local_instance.web.private_ip, port = local_instance.web.port }]}"
health_check = { path = "/health", interval = 0.2, unhealthy_threshold = 10 }

[resource.local_load_balancer.web]
address = "own"

[resource.local_listener.http]
load_balancer  = "${local_load_balancer.web.id}"
port           = 8480
default_action = { type = "forward", target_group = "${local_target_group.web.id}" }

[output.ip]
value = "${local_load_balancer.web.ip}"

[gate.sound]
http = "${local_listener.http.url}/health"
"#;

const FRONT: &str = r#"
[resource.local_dns_zone.shop]
name          = "shop.test"
force_destroy = true

[resource.local_dns_record.www]
for_each                = "${{ for e in environments : e.name => e }}"
zone_id                 = "${local_dns_zone.shop.zone_id}"
name                    = "www"
type                    = "A"
ttl                     = 0
records                 = ["${each.value.outputs.ip}"]
set_identifier          = "${each.key}"
weighted_routing_policy = { weight = "${each.value.weight}" }

[output.name_server]
value = "${local_dns_zone.shop.endpoint}"
"#;

/// Of so many answers, two points are at least five standard deviations of a random choice.
const ANSWERS: usize = 16_000;
const ASKERS: usize = 4;

fn world(terms: &str) -> World {
    let world = World::new(&[("front.toml", FRONT), ("environment.toml", ENVIRONMENT)]);
    stages(&world, terms, &[STAGE]);
    world
}

/// Asks the name server for `www.shop.test`; the answer's address. A name without one, or any
/// other answer, is a failure.
fn ask(socket: &UdpSocket, id: u16) -> Ipv4Addr {
    let mut question = vec![0; 12];
    question[..2].copy_from_slice(&id.to_be_bytes());
    question[5] = 1;
    for part in ["www", "shop", "test"] {
        question.push(u8::try_from(part.len()).expect("short"));
        question.extend(part.as_bytes());
    }
    question.extend([0, 0, 1, 0, 1]);
    socket.send(&question).expect("sent");
    let mut answer = [0; 512];
    loop {
        let length = socket.recv(&mut answer).expect("an answer within the time-out");
        if answer[..2] == id.to_be_bytes() {
            assert_eq!(answer[3] & 0x0f, 0, "no error");
            assert_eq!(u16::from_be_bytes([answer[6], answer[7]]), 1, "one address");
            let address: [u8; 4] = answer[length - 4..length].try_into().expect("four bytes");
            return address.into();
        }
    }
}

fn socket(name_server: &str) -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    socket.connect(name_server).expect("an address");
    socket.set_read_timeout(Some(Duration::from_secs(20))).expect("a time-out");
    socket
}

/// Asks again and again, as a client does that keeps no answer, and visits some of what it is told.
fn visit(name_server: &str, answers: usize) -> BTreeMap<String, usize> {
    let socket = socket(name_server);
    let mut names = BTreeMap::new();
    let mut counts = BTreeMap::new();
    for number in 0..answers {
        let address = ask(&socket, u16::try_from(number % 65_536).expect("below"));
        // Each address is visited when it is new, and then now and again.
        if !names.contains_key(&address) || number % 200 == 0 {
            let answer = Client::new(&format!("http://{address}:8480"), false).get("/");
            let body = answer.expect("it answers").body;
            let body: serde_json::Value = serde_json::from_str(&body).expect("JSON");
            let name = body["environment"].as_str().expect("a name").to_owned();
            names.insert(address, name);
        }
        *counts.entry(names[&address].clone()).or_insert(0) += 1;
    }
    counts
}

/// The share of an environment in what several clients are told, in percent.
fn share(name_server: &str, environment: &str) -> f64 {
    let counts: Vec<BTreeMap<String, usize>> = thread::scope(|scope| {
        let askers = (0..ASKERS).map(|_| scope.spawn(|| visit(name_server, ANSWERS / ASKERS)));
        let askers: Vec<_> = askers.collect();
        askers.into_iter().map(|it| it.join().expect("no failed answer")).collect()
    });
    let own: usize = counts.iter().filter_map(|it| it.get(environment)).sum();
    own as f64 * 100.0 / ANSWERS as f64
}

#[test]
fn each_side_gets_its_share_of_the_answers_through_a_promotion_and_a_rollback() {
    let steps = [5, 25, 50].map(|it| format!("{{ weight = {it}, pause = \"approval\" }}"));
    let world = world(&format!("steps = [{}, 100]\nretain = \"1h\"", steps.join(", ")));
    world.expect(0, &["promote", STAGE, "--yes"]);
    let name_server = world.output(STAGE, "front.name_server");
    assert!((share(&name_server, "r1") - 100.0).abs() < f64::EPSILON);
    follow(&world, &["promote", STAGE, "--yes"], |phase| {
        let weight: f64 = phase["weight-".len()..].parse().expect("a weight");
        let share = share(&name_server, "r2");
        println!("{phase}: {share:.2} % of {ANSWERS} answers");
        assert!((share - weight).abs() <= 2.0, "{phase}: {share}");
    });
    assert!((share(&name_server, "r2") - 100.0).abs() < f64::EPSILON);
    world.expect(0, &["rollback", STAGE, "--yes"]);
    assert!((share(&name_server, "r1") - 100.0).abs() < f64::EPSILON);
    assert_eq!(roster(&world), entries(&[("r1", "live", 100), ("r2", "retained", 0)]));
}

#[test]
fn the_plan_says_what_is_counted_and_for_how_long_clients_come_back() {
    let world = world("steps = [50, 100]\npause = \"1s\"");
    world.write("front.toml", &FRONT.replace("= 0", "= 60"));
    world.expect(0, &["promote", STAGE, "--yes"]);
    let planned = world.expect(0, &["promote", STAGE, "--out", "next.plan"]);
    for said in
        ["counted by r1/local_load_balancer.web, r1/local_target_group.web", "not before 59s"]
    {
        assert!(planned.stdout.contains(said), "{}", planned.stdout);
    }
    let kept = "answers with `front/local_dns_record.www[\"r1\"]` are kept for";
    assert!(planned.stdout.contains(&format!("{kept} 1m")), "{}", planned.stdout);
    let note = format!("{kept} 60s, and the shortest pause is 1s: weights are reached later");
    assert!(planned.stderr.contains(&note), "{}", planned.stderr);
}

#[test]
fn a_client_that_keeps_its_connection_is_seen_and_waited_for() {
    let limited = |at_limit: &str| {
        format!(
            "steps = [100]\ndrain = {{ quiet = \"100ms\", limit = \"2s\", at_limit = \"{at_limit}\" }}"
        )
    };
    let world = world(&limited("halt"));
    world.expect(0, &["promote", STAGE, "--yes"]);
    let name_server = world.output(STAGE, "front.name_server");
    let old = ask(&socket(&name_server), 1);
    let mut visitor = Client::new(&format!("http://{old}:8480"), true);
    visitor.get("/").expect("it answers");
    let halted = world.expect(7, &["promote", STAGE, "--yes"]);
    assert!(halted.stderr.contains("1 connections are open"), "{}", halted.stderr);
    await_phase(&world, "drain");
    visitor.get("/").expect("nothing was cut");
    world.expect(7, &["promote", STAGE, "--yes"]);
    drop(visitor);
    world.expect(0, &["promote", STAGE, "--yes"]);
    assert_eq!(roster(&world), entries(&[("r1", "retained", 0), ("r2", "live", 100)]));

    stages(&world, &limited("proceed"), &[STAGE]);
    let mut visitor = Client::new(&format!("http://{}:8480", ask(&socket(&name_server), 2)), true);
    visitor.get("/").expect("it answers");
    world.expect(0, &["promote", STAGE, "--yes"]);
    visitor.get("/").expect("what is retained still serves");

    stages(&world, &limited("roll_back"), &[STAGE]);
    let live = ask(&socket(&name_server), 3);
    let mut visitor = Client::new(&format!("http://{live}:8480"), true);
    visitor.get("/").expect("it answers");
    world.expect(6, &["promote", STAGE, "--yes"]);
    assert_eq!(ask(&socket(&name_server), 4), live, "the traffic is where it was");
}
