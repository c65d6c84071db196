//! Name servers, asked while their records change.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use greenroom_local::runtime::dns::record::{self, Change, Extent, RecordError};
use greenroom_local::runtime::dns::{
    self, HealthCheck, RecordConfig, RecordKind, Weighted, ZoneError, ZoneSpec, ZoneStatus,
};
use greenroom_local::runtime::{ObjectType, check_free};
use hickory_proto::op::{OpCode, ResponseCode};
use hickory_proto::rr::{DNSClass, RData, RecordType};

use crate::asking::{Asker, ask_tcp, question, values, with_edns};
use crate::site::{Site, eventually, kill, owner, uid};

const WWW: &str = "www.shop.test";

fn zone_spec() -> ZoneSpec {
    ZoneSpec { name: "shop.test".into(), port: None, force_destroy: false }
}

fn record(name: &str, kind: RecordKind, values: &[&str]) -> RecordConfig {
    let values = values.iter().map(ToString::to_string).collect();
    RecordConfig { name: name.into(), kind, ttl: 30, values, weighted: None }
}

fn address(value: &str) -> RecordConfig {
    record("www", RecordKind::A, &[value])
}

fn weighted(set: &str, weight: u8, value: &str) -> RecordConfig {
    let weighted = Weighted { set_identifier: set.into(), weight, health_check: None };
    RecordConfig { weighted: Some(weighted), ..address(value) }
}

fn make(name: &str, config: RecordConfig) -> Change {
    Change::Make(owner(name), config)
}

impl Site {
    /// A zone `zone` with records; returns its port.
    async fn zone(&self, records: &[Change]) -> u16 {
        let port = dns::create(&self.root, &self.launcher, &owner("zone"), &zone_spec()).await;
        self.change(records).await;
        port.unwrap()
    }

    async fn change(&self, changes: &[Change]) {
        let refused =
            record::change(&self.root, &uid("zone"), changes, Extent::Each).await.unwrap();
        assert!(refused.is_empty(), "{refused:?}");
    }

    async fn zone_status(&self) -> ZoneStatus {
        dns::status(&self.root, &uid("zone")).await.unwrap().unwrap()
    }
}

#[tokio::test]
async fn a_zone_answers_over_udp_and_tcp() {
    let site = Site::new();
    let forever = RecordConfig { ttl: 0, ..record("*.pr", RecordKind::A, &["127.0.0.9"]) };
    let port = site
        .zone(&[
            make("www", record("WWW", RecordKind::A, &["127.0.0.1", "127.0.0.2"])),
            make("api", record("api.shop.test.", RecordKind::Cname, &[WWW])),
            make("six", record("www", RecordKind::Aaaa, &["::1"])),
            make("srv", record("_http._tcp", RecordKind::Srv, &["1 2 8080 www.shop.test"])),
            make("txt", record("", RecordKind::Txt, &["it's \"ours\""])),
            make("pr", forever),
        ])
        .await;
    let asker = Asker::of(port).await;

    let answer = asker.ask("wWw.Shop.Test.", RecordType::A).await;
    assert!(answer.metadata.authoritative && !answer.metadata.recursion_available);
    let mut found = values(&answer);
    found.sort();
    assert_eq!(found, ["127.0.0.1", "127.0.0.2"]);
    // As the question was written, which some clients insist on.
    let name = answer.answers[0].name.to_ascii();
    assert_eq!((name.as_str(), answer.answers[0].ttl), ("wWw.Shop.Test.", 30));

    assert_eq!(asker.values(WWW, RecordType::AAAA).await, ["::1"]);
    let srv = asker.values("_http._tcp.shop.test", RecordType::SRV).await;
    assert_eq!(srv, ["1 2 8080 www.shop.test."]);
    assert_eq!(asker.values("shop.test", RecordType::TXT).await, ["it's \"ours\""]);
    assert_eq!(asker.values("shop.test", RecordType::NS).await, ["localhost."]);
    let chain = values(&ask_tcp(port, "api.shop.test", RecordType::AAAA).await);
    assert_eq!(chain, ["www.shop.test.", "::1"]);
    let any = asker.ask("17.pr.shop.test", RecordType::A).await;
    assert_eq!((any.answers[0].ttl, values(&any)), (0, vec!["127.0.0.9".to_owned()]));
}

#[tokio::test]
async fn what_is_not_there_is_told_as_it_should_be() {
    let site = Site::new();
    let port = site.zone(&[make("www", address("127.0.0.1"))]).await;
    let asker = Asker::of(port).await;
    let code = async |name: &str, kind| asker.ask(name, kind).await.metadata.response_code;
    for (name, expected) in [("x.shop.test", ResponseCode::NXDomain), (WWW, ResponseCode::NoError)]
    {
        let answer = asker.ask(name, RecordType::AAAA).await;
        assert_eq!((answer.metadata.response_code, values(&answer)), (expected, vec![]));
        assert!(answer.metadata.authoritative);
        let [soa] = answer.authorities.as_slice() else { panic!("{:?}", answer.authorities) };
        assert!(matches!(soa.data, RData::SOA(_)) && soa.name.to_ascii() == "shop.test.");
    }
    assert_eq!(code("example.com", RecordType::A).await, ResponseCode::Refused);
    assert_eq!(code("shop.test", RecordType::AXFR).await, ResponseCode::Refused);

    let mut chaos = question(WWW, RecordType::A);
    chaos.queries[0].set_query_class(DNSClass::CH);
    assert_eq!(asker.send(&chaos).await.metadata.response_code, ResponseCode::Refused);
    let mut notify = question(WWW, RecordType::A);
    notify.metadata.op_code = OpCode::Notify;
    assert_eq!(asker.send(&notify).await.metadata.response_code, ResponseCode::NotImp);
    let none = hickory_proto::op::Message::query();
    assert_eq!(asker.send(&none).await.metadata.response_code, ResponseCode::FormErr);
    let edns = asker.send(&with_edns(question(WWW, RecordType::A), 0, 4096)).await.edns;
    assert_eq!(edns.map(|edns| (edns.version(), edns.max_payload())), Some((0, 1232)));
    let newer = asker.send(&with_edns(question(WWW, RecordType::A), 1, 1232)).await;
    // BADVERS has the number of BADSIG, and hickory reads it as that.
    assert_eq!(u16::from(newer.metadata.response_code), 16);
}

#[tokio::test]
async fn an_answer_too_large_for_a_datagram_is_cut_and_whole_over_tcp() {
    let site = Site::new();
    let many: Vec<String> = (0..40).map(|n| format!("text number {n} of many")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let port = site.zone(&[make("txt", record("www", RecordKind::Txt, &many))]).await;
    let asker = Asker::of(port).await;
    let small = asker.ask(WWW, RecordType::TXT).await;
    assert!(small.metadata.truncation && small.edns.is_none());
    let larger = asker.send(&with_edns(question(WWW, RecordType::TXT), 0, 4096)).await;
    assert!(larger.metadata.truncation && larger.answers.len() > small.answers.len());
    let whole = ask_tcp(port, WWW, RecordType::TXT).await;
    assert!(!whole.metadata.truncation && whole.answers.len() == 40);
}

#[tokio::test]
async fn answers_are_shared_out_by_weight_and_counted() {
    // By Hoeffding's inequality, a share of n answers misses its expectation by t or more with a
    // probability of at most 2·exp(-2·n·t²): for n = 14,000 and t = 0.03 that is 2·exp(-25.2),
    // about 2·10⁻¹¹; for all three shares together less than 10⁻¹⁰.
    const ANSWERS: usize = 14_000;
    let site = Site::new();
    let port = site
        .zone(&[
            make("none", weighted("none", 0, "127.0.0.1")),
            make("few", weighted("few", 5, "127.0.0.2")),
            make("some", weighted("some", 25, "127.0.0.3")),
            make("most", weighted("most", 70, "127.0.0.4")),
        ])
        .await;
    let tally = Asker::of(port).await.tally(WWW, ANSWERS).await;
    assert_eq!(tally.values().sum::<usize>(), ANSWERS);
    let counts = site.zone_status().await.answers;
    let expected = [("none", 1, 0.0), ("few", 2, 5.0), ("some", 3, 25.0), ("most", 4, 70.0)];
    for (name, last, share) in expected {
        let count = tally.get(&format!("127.0.0.{last}")).copied().unwrap_or(0);
        let measured = count as f64 * 100.0 / ANSWERS as f64;
        assert!((measured - share).abs() <= 3.0, "{name}: {measured} % instead of {share} %");
        assert_eq!(counts[name], count as u64, "{name}");
    }
    assert!(!tally.contains_key("127.0.0.1"), "{tally:?}");
}

#[tokio::test]
async fn records_of_weight_zero_alone_have_equal_chances() {
    let site = Site::new();
    let port = site
        .zone(&[make("a", weighted("a", 0, "127.0.0.1")), make("b", weighted("b", 0, "127.0.0.2"))])
        .await;
    // One of them stays out of 60 answers in a row with a probability of 2·2⁻⁶⁰.
    let tally = Asker::of(port).await.tally(WWW, 60).await;
    assert_eq!(tally.keys().collect::<Vec<_>>(), ["127.0.0.1", "127.0.0.2"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_while_records_change_gets_the_old_or_the_new_and_nothing_else() {
    let site = Site::new();
    // An alias and what it leads to change together: of half a change, the other half is missing.
    let alias = |to: &str| record("www", RecordKind::Cname, &[to]);
    let port = site
        .zone(&[
            make("www", alias("old.shop.test")),
            make("old", record("old", RecordKind::A, &["127.0.0.1"])),
        ])
        .await;
    let stop = Arc::new(AtomicBool::new(false));
    let asking = |_| {
        let stop = Arc::clone(&stop);
        tokio::spawn(async move {
            let asker = Asker::of(port).await;
            let mut seen = Vec::new();
            while !stop.load(Relaxed) {
                seen.push(asker.values(WWW, RecordType::A).await);
            }
            seen
        })
    };
    let clients: Vec<_> = (0..4).map(asking).collect();
    for _ in 0..8 {
        for (from, to, value) in [("old", "new", "127.0.0.2"), ("new", "old", "127.0.0.1")] {
            let target = format!("{to}.shop.test");
            site.change(&[
                Change::Remove(uid(from)),
                Change::Alter(uid("www"), alias(&target)),
                make(to, record(to, RecordKind::A, &[value])),
            ])
            .await;
            let found = Asker::of(port).await.values(WWW, RecordType::A).await;
            assert_eq!(found, [format!("{target}."), value.to_owned()]);
        }
    }
    stop.store(true, Relaxed);
    let whole = [["old.shop.test.", "127.0.0.1"], ["new.shop.test.", "127.0.0.2"]];
    for client in clients {
        let seen = client.await.unwrap();
        assert!(!seen.is_empty());
        assert!(seen.iter().all(|values| whole.iter().any(|it| it == values.as_slice())));
    }
}

#[tokio::test]
async fn a_killed_name_server_is_seen_and_comes_back_as_it_was() {
    let site = Site::new();
    let port = site.zone(&[make("www", address("127.0.0.1"))]).await;
    let before = site.zone_status().await.running;
    kill(&site.process(ObjectType::Zone, "zone"), "KILL");
    eventually("it is gone", async || {
        dns::status(&site.root, &uid("zone")).await.unwrap().is_none()
    })
    .await;
    let changed = [Change::Alter(uid("www"), address("127.0.0.2"))];
    let error = record::change(&site.root, &uid("zone"), &changed, Extent::Each).await.unwrap_err();
    assert!(matches!(error, RecordError::Zone(ZoneError::Stopped { .. })), "{error:?}");

    let again = dns::update(&site.root, &site.launcher, &uid("zone"), &zone_spec()).await;
    assert_eq!(again.unwrap(), port);
    let after = site.zone_status().await.running;
    assert_eq!(after.config, before.config);
    assert!(after.version > before.version);
    assert_eq!(Asker::of(port).await.values(WWW, RecordType::A).await, ["127.0.0.1"]);
}

/// A UDP socket whose port nobody is given by chance once it is closed: it is above those that Linux
/// hands out, 32768 to 60999.
fn held_for_udp() -> std::net::UdpSocket {
    let mut ports = 61_000..=u16::MAX;
    ports.find_map(|port| std::net::UdpSocket::bind(("127.0.0.1", port)).ok()).unwrap()
}

#[tokio::test]
async fn a_zone_moves_to_another_port_and_a_taken_one_is_named() {
    let site = Site::new();
    let port = site.zone(&[make("www", address("127.0.0.1"))]).await;
    let held = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = held.local_addr().unwrap().port();
    let at = |port| ZoneSpec { port: Some(port), ..zone_spec() };
    let update = async |spec| dns::update(&site.root, &site.launcher, &uid("zone"), &spec).await;
    let error = update(at(taken)).await.unwrap_err().to_string();
    assert!(error.starts_with(&format!("port {taken} is taken by process ")), "{error}");
    assert_eq!(Asker::of(port).await.values(WWW, RecordType::A).await, ["127.0.0.1"]);

    // Free for TCP, taken for UDP.
    let held = held_for_udp();
    let taken = held.local_addr().unwrap().port();
    let error = update(at(taken)).await.unwrap_err().to_string();
    assert_eq!(error, format!("port {taken} is taken"));
    assert_eq!(Asker::of(port).await.values(WWW, RecordType::A).await, ["127.0.0.1"]);

    drop(held);
    assert_eq!(update(at(taken)).await.unwrap(), taken);
    assert_eq!(Asker::of(taken).await.values(WWW, RecordType::A).await, ["127.0.0.1"]);
    check_free(port).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unhealthy_record_is_left_out_and_if_all_are_none_is() {
    let site = Site::new();
    let mut changes = Vec::new();
    for (name, weight) in [("blue", 200), ("green", 50)] {
        let port = site.start_server(name).await.port.unwrap();
        let check = HealthCheck {
            url: format!("http://127.0.0.1:{port}/health"),
            interval_ms: 20,
            timeout_ms: 2000,
            failure_threshold: 2,
        };
        let last = if name == "blue" { 1 } else { 2 };
        let mut config = weighted(name, weight, &format!("127.0.0.{last}"));
        config.weighted.as_mut().unwrap().health_check = Some(check);
        changes.push(make(&format!("{name}-record"), config));
    }
    changes.push(make("spare", weighted("spare", 0, "127.0.0.3")));
    let port = site.zone(&changes).await;
    let asker = Asker::of(port).await;
    let sick = |name: &str| site.folder(ObjectType::Instance, name).join("work/unhealthy");
    let health_is = async |blue: bool, green: bool| {
        eventually("the health is known", async || {
            let healthy = site.zone_status().await.healthy;
            (healthy["blue-record"], healthy["green-record"]) == (blue, green)
        })
        .await;
    };
    // 200 answers hold both but for a probability of 0.8²⁰⁰, about 10⁻¹⁹.
    let answered = async || asker.tally(WWW, 200).await.into_keys().collect::<Vec<_>>();
    assert_eq!(answered().await, ["127.0.0.1", "127.0.0.2"]);
    fs::write(sick("blue"), "").unwrap();
    health_is(false, true).await;
    assert_eq!(answered().await, ["127.0.0.2"]);
    fs::write(sick("green"), "").unwrap();
    health_is(false, false).await;
    // Nothing says that the spare one is unhealthy.
    assert_eq!(answered().await, ["127.0.0.3"]);
    site.change(&[Change::Remove(uid("spare"))]).await;
    assert_eq!(answered().await, ["127.0.0.1", "127.0.0.2"]);
    fs::remove_file(sick("blue")).unwrap();
    health_is(true, false).await;
    assert_eq!(answered().await, ["127.0.0.1"]);
}

#[tokio::test]
async fn records_that_cannot_be_together_are_refused_and_the_others_are_made_unless_none_is_wanted()
{
    let site = Site::new();
    let port = site.zone(&[make("www", address("127.0.0.1"))]).await;
    let changes = [
        make("api", record("api", RecordKind::A, &["127.0.0.3"])),
        make("mixed", weighted("r1", 1, "127.0.0.2")),
        make("alias", record("www", RecordKind::Cname, &["api.shop.test"])),
        make("apex", record("", RecordKind::Cname, &["api.shop.test"])),
        Change::Alter(uid("nobody"), address("127.0.0.2")),
    ];
    let all = record::change(&site.root, &uid("zone"), &changes, Extent::AllOrNone).await.unwrap();
    assert_eq!((all.len(), site.root.objects(ObjectType::Record).unwrap().len()), (4, 1));
    let refused = record::change(&site.root, &uid("zone"), &changes, Extent::Each).await.unwrap();
    assert_eq!(refused.keys().collect::<Vec<_>>(), all.keys().collect::<Vec<_>>());
    let told: Vec<String> = refused.values().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "`www.shop.test`: a CNAME has its name to itself, but the same name has `front/test.www`",
            "the zone's own name cannot be a CNAME: it has SOA and NS records",
            "`www.shop.test`: a weighted record and a simple one cannot share a name and type, as \
             it does with `front/test.www`",
            "there is no record nobody",
        ]
    );
    let records = site.root.objects(ObjectType::Record).unwrap();
    let uids: Vec<&str> = records.iter().map(|record| record.uid.as_str()).collect();
    assert_eq!(uids, ["api", "www"]);
    let asker = Asker::of(port).await;
    assert_eq!(asker.values("api.shop.test", RecordType::A).await, ["127.0.0.3"]);

    let error =
        record::change(&site.root, &uid("other"), &changes[..1], Extent::Each).await.unwrap();
    assert_eq!(error[&uid("api")].to_string(), "there is no zone other");
}

#[tokio::test]
async fn a_zone_is_held_by_its_records_and_all_goes_without_a_trace() {
    let site = Site::new();
    let port = site.zone(&[make("www", address("127.0.0.1"))]).await;
    let error = dns::delete(&site.root, &uid("zone")).await.unwrap_err();
    assert!(matches!(error, ZoneError::Held { .. }), "{error:?}");
    assert_eq!(Asker::of(port).await.values(WWW, RecordType::A).await, ["127.0.0.1"]);

    let process = site.process(ObjectType::Zone, "zone");
    let forced = ZoneSpec { force_destroy: true, ..zone_spec() };
    dns::update(&site.root, &site.launcher, &uid("zone"), &forced).await.unwrap();
    dns::delete(&site.root, &uid("zone")).await.unwrap();
    dns::delete(&site.root, &uid("zone")).await.unwrap();
    assert!(!process.is_alive());
    assert_eq!(site.contents(), Vec::<String>::new());
    check_free(port).unwrap();
}
