//! The types of the DNS through the provider's trait, and what they are there for: a name that
//! stands for several load balancers.

use futures::future::join_all;
use greenroom_local::runtime::{ObjectType, Uid, dns};
use greenroom_model::value::Value;
use greenroom_provider::{FailureKind, Object, Provider};
use hickory_proto::rr::RecordType;

use crate::asking::Asker;
use crate::provider::World;
use crate::site::{eventually, kill};
use crate::traffic::{client, get_from};

fn texts<const N: usize>(fields: [(&str, &str); N]) -> Value {
    Value::object(fields.map(|(name, text)| (name, Value::from(text))))
}

fn zone() -> Value {
    texts([("name", "Shop.Test.")])
}

fn simple(name: &str, value: &str) -> Value {
    let config = texts([("zone_id", "zone"), ("name", name), ("type", "A")]);
    with(&config, &[("records", Value::list([value])), ("ttl", Value::from(0))])
}

fn weighted(set: &str, weight: i64, value: &str) -> Value {
    let weight = Value::object([("weight", Value::from(weight))]);
    with(
        &simple("www", value),
        &[("set_identifier", Value::from(set)), ("weighted_routing_policy", weight)],
    )
}

fn with(config: &Value, more: &[(&str, Value)]) -> Value {
    let fields = config.as_object().unwrap().iter().map(|(name, it)| (&**name, it.clone()));
    let mut fields: std::collections::BTreeMap<&str, Value> = fields.collect();
    fields.extend(more.iter().map(|(name, it)| (*name, it.clone())));
    Value::object(fields)
}

fn text<'a>(object: &'a Value, name: &str) -> &'a str {
    object.get(name).and_then(Value::as_str).unwrap()
}

fn port(zone: &Object) -> u16 {
    text(&zone.attributes, "endpoint").strip_prefix("127.0.0.1:").unwrap().parse().unwrap()
}

impl World {
    async fn version(&self) -> u64 {
        let zone = Uid::new("zone").unwrap();
        dns::status(&self.site.root, &zone).await.unwrap().unwrap().running.version
    }
}

#[tokio::test]
async fn a_zone_and_its_records_live_change_and_go() {
    let world = World::new();
    let zone = world.create("local_dns_zone", "zone", &zone()).await.unwrap();
    assert_eq!(text(&zone.attributes, "name"), "shop.test");
    let mut www =
        world.create("local_dns_record", "www", &simple("www", "127.0.0.1")).await.unwrap();
    assert_eq!(text(&www.attributes, "fqdn"), "www.shop.test");
    world.assert_unchanged(&www, &simple("www", "127.0.0.1")).await;

    let changed = simple("www", "127.0.0.2");
    www.attributes = world.update(&www, &changed).await.unwrap();
    world.assert_unchanged(&www, &changed).await;
    assert_eq!(world.provider.verify(www.clone()).await.unwrap(), www.attributes);
    let asker = Asker::of(port(&zone)).await;
    assert_eq!(asker.values("www.shop.test", RecordType::A).await, ["127.0.0.2"]);

    let held = world.delete(&zone).await.unwrap_err();
    assert_eq!(held.kind, FailureKind::Held, "{held}");
    world.delete(&www).await.unwrap();
    assert_eq!(world.provider.verify(www).await.unwrap_err().kind, FailureKind::NotFound);
    world.delete(&zone).await.unwrap();
    assert_eq!(world.site.contents(), Vec::<String>::new());
}

#[tokio::test]
async fn records_that_change_at_the_same_time_take_effect_in_one_push() {
    let world = World::new();
    let zone = world.create("local_dns_zone", "zone", &zone()).await.unwrap();
    let before = world.version().await;
    let configs = |weights: [i64; 3]| {
        let config = |(index, weight)| weighted(&format!("r{index}"), weight, "127.0.0.1");
        weights.into_iter().enumerate().map(config).collect::<Vec<_>>()
    };
    let made = configs([100, 0, 0]);
    let make = made.iter().zip(["r0", "r1", "r2"]);
    let make = make.map(|(config, uid)| world.create("local_dns_record", uid, config));
    let records: Vec<Object> = join_all(make).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(world.version().await, before + 1);

    let changed = configs([0, 95, 5]);
    let update = records.iter().zip(&changed).map(|(record, config)| world.update(record, config));
    assert!(join_all(update).await.iter().all(Result::is_ok));
    // Each is read right before, so how many come within a tick depends on the machine.
    let after = world.version().await;
    assert!((before + 2..=before + 4).contains(&after), "{before} {after}");

    let delete = join_all(records.iter().map(|record| world.delete(record))).await;
    assert!(delete.iter().all(Result::is_ok));
    assert_eq!(world.version().await, after + 1);
    world.delete(&zone).await.unwrap();
}

#[tokio::test]
async fn what_is_verified_is_what_is_answered() {
    let world = World::new();
    world.create("local_dns_zone", "zone", &zone()).await.unwrap();
    let mut records = Vec::new();
    for (set, weight) in [("r1", 255), ("r2", 2), ("r3", 0)] {
        let config = weighted(set, weight, &format!("127.0.0.{}", &set[1..]));
        records.push(world.create("local_dns_record", set, &config).await.unwrap());
    }
    for record in &records {
        let verified = world.provider.verify(record.clone()).await.unwrap();
        assert_eq!(verified, record.attributes);
    }
    let zone = Uid::new("zone").unwrap();
    let answers = dns::status(&world.site.root, &zone).await.unwrap().unwrap().answers;
    assert!(answers["r1"] > 0 && answers["r2"] > 0 && answers["r3"] == 0, "{answers:?}");
    for counted in world.provider.traffic(records.clone()).await.iter().zip(answers.values()) {
        assert_eq!(counted.0.as_ref().unwrap().requests, Some(*counted.1));
    }

    kill(&world.site.process(ObjectType::Zone, "zone"), "KILL");
    eventually("it is gone", async || {
        dns::status(&world.site.root, &zone).await.unwrap().is_none()
    })
    .await;
    let mut first = records.remove(0);
    first.timeout = Some(std::time::Duration::from_millis(100));
    let failure = world.provider.verify(first.clone()).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unavailable, "{failure}");
    assert_eq!(text(&world.attributes(&first).await, "state"), "stale");
}

#[test]
fn mistakes_of_records_and_zones_are_found_before_anything_is_made() {
    let world = World::new();
    let zone = Value::object([("name", Value::from("shop..test")), ("port", Value::from(0))]);
    assert_eq!(
        world.wrong("local_dns_zone", &zone),
        ["name: `shop..test` is no name: a part between two dots is empty", "port: 0 is no port"]
    );
    let record = with(
        &simple("a.*", "::1"),
        &[("ttl", Value::from(-1)), ("set_identifier", Value::from("r1"))],
    );
    assert_eq!(
        world.wrong("local_dns_record", &record),
        [
            "name: `*` can only be the first part of a name",
            "ttl: it is 0 to 2147483647 whole seconds",
            "records: `::1` is no IPv4 address",
            "weighted_routing_policy: `set_identifier` needs it",
        ]
    );
    let check = Value::object([("url", Value::from("https://x")), ("interval", Value::from(0))]);
    let record = with(&weighted("r1", 256, "127.0.0.1"), &[("health_check", check.clone())]);
    assert_eq!(
        world.wrong("local_dns_record", &record),
        [
            "weighted_routing_policy.weight: 256 is no weight: it is a whole number from 0 to 255",
            "health_check.url: `https://x` is not like `http://127.0.0.1:8080/health`",
            "health_check.interval: it is not greater than 0",
        ]
    );
    let alias = with(
        &simple("www", "a.test"),
        &[
            ("type", Value::from("CNAME")),
            ("records", Value::list(["a.test", "b.test"])),
            ("health_check", Value::object([("url", Value::from("http://127.0.0.1/"))])),
        ],
    );
    assert_eq!(
        world.wrong("local_dns_record", &alias),
        [
            "records: a CNAME has one value",
            "health_check: it has no effect without `weighted_routing_policy`",
        ]
    );
    let mx = with(&simple("www", "10 mail"), &[("type", Value::from("MX"))]);
    assert_eq!(world.wrong("local_dns_record", &mx), ["type: `MX` is no type of record here"]);
}

#[test]
fn records_of_one_plan_that_cannot_be_together_are_found() {
    let world = World::new();
    let zone = texts([("id", "zone"), ("name", "shop.test")]);
    let alias = |name| with(&simple(name, "a.test"), &[("type", Value::from("CNAME"))]);
    // As they are planned: with all that was left out.
    let planned = |config| with(&Value::object([("set_identifier", Value::Null)]), &fields(config));
    let wrong = world.check(&[
        ("local_dns_record", planned(&simple("www.shop.test", "127.0.0.1"))),
        ("local_dns_record", planned(&weighted("r1", 1, "127.0.0.2"))),
        ("local_dns_record", planned(&alias("www"))),
        ("local_dns_record", planned(&alias(""))),
        ("local_dns_record", planned(&simple("api", "127.0.0.1"))),
        ("local_dns_zone", zone),
    ]);
    let told: Vec<String> = wrong.into_iter().flatten().collect();
    assert_eq!(
        told,
        [
            "name: a weighted record and a simple one cannot share a name and type, as it does \
             with `front/local_dns_record.o0`",
            "name: a CNAME has its name to itself, but the same name has \
             `front/local_dns_record.o0`",
            "type: the zone's own name cannot be a CNAME: it has SOA and NS records",
        ]
    );
}

fn fields(config: &Value) -> Vec<(&str, Value)> {
    config.as_object().unwrap().iter().map(|(name, it)| (&**name, it.clone())).collect()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_name_stands_for_balancers_with_one_port_on_addresses_of_their_own() {
    let world = World::new();
    let zone = world.create("local_dns_zone", "zone", &zone()).await.unwrap();
    let asker = Asker::of(port(&zone)).await;
    let listener = |balancer: &str, port: Option<i64>| {
        let fixed = Value::object([("message_body", Value::from(balancer))]);
        let action = [("type", Value::from("fixed-response")), ("fixed_response", fixed)];
        Value::object([
            ("load_balancer", Value::from(balancer)),
            ("port", Value::from(port)),
            ("default_action", Value::object(action)),
        ])
    };
    let own = texts([("address", "own")]);
    let mut shared = None;
    for (balancer, http) in [("blue", "blue-http"), ("green", "green-http")] {
        let made = world.create("local_load_balancer", balancer, &own).await.unwrap();
        let config = listener(balancer, shared);
        let made_listener = world.create("local_listener", http, &config).await.unwrap();
        shared = made_listener.attributes.get("port").and_then(Value::as_i64);
        let ip = text(&made.attributes, "ip");
        let url = text(&made_listener.attributes, "url");
        assert_eq!(url, format!("http://{ip}:{}", shared.unwrap()));
        let record = weighted(balancer, 1, ip);
        world.create("local_dns_record", &format!("{balancer}-www"), &record).await.unwrap();
    }
    // Both come up within 60 answers but for a probability of 2⁻⁵⁹.
    let addresses = asker.tally("www.shop.test", 60).await;
    assert_eq!(addresses.len(), 2, "{addresses:?}");
    let client = client(1);
    let mut bodies = Vec::new();
    for address in addresses.keys() {
        let at = format!("{address}:{}", shared.unwrap());
        bodies.push(get_from(&client, &at, "/").await.unwrap().1);
    }
    bodies.sort();
    assert_eq!(bodies, ["blue", "green"]);
}
