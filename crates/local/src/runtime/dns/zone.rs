//! A zone as it is served: from a question to its answer.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::rdata::{NS, SOA};
use hickory_proto::rr::{Name, RData, Record, RecordType};

use super::choice::{Candidate, choose};
use super::config::{Config, RecordConfig};
use super::monitor::Monitor;
use super::value;

/// How long SOA, NS and the absence of a name may be kept, in seconds. Short, so that a name that
/// is made is soon seen.
const ZONE_TTL: u32 = 5;

/// How many names an alias may lead through.
const LONGEST_CHAIN: usize = 8;

/// All names of a zone.
pub(crate) struct Zone {
    name: Name,
    soa: SOA,
    /// Names that exist; those that only others lie below of have nothing.
    nodes: BTreeMap<Name, Node>,
}

type Node = BTreeMap<RecordType, Vec<Member>>;

/// One of the records that share a name and type.
pub(crate) struct Member {
    pub(crate) ttl: u32,
    pub(crate) weight: u8,
    pub(crate) data: Vec<RData>,
    pub(crate) monitor: Option<Arc<Monitor>>,
    /// How often it was answered with.
    pub(crate) answers: Arc<AtomicU64>,
}

/// What a question is answered with.
#[derive(Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) code: ResponseCode,
    pub(crate) records: Vec<Record>,
    /// The zone's SOA where there is nothing.
    pub(crate) soa: Option<Record>,
}

impl Zone {
    /// The zone of a configuration, without its records.
    pub(crate) fn new(config: &Config, version: u64) -> Result<Zone, String> {
        let name = value::name(&config.name)?;
        let server = value::name("localhost")?;
        // The lowest bits: serial numbers wrap around.
        let serial = version as u32;
        let mailbox = value::name("hostmaster.localhost")?;
        let soa = SOA::new(server.clone(), mailbox, serial, 60, 60, 3600, ZONE_TTL);
        let mut zone = Zone { name: name.clone(), soa: soa.clone(), nodes: BTreeMap::new() };
        zone.add(&name, RecordType::SOA, Member::fixed(RData::SOA(soa)));
        zone.add(&name, RecordType::NS, Member::fixed(RData::NS(NS(server))));
        Ok(zone)
    }

    /// Adds a record of the configuration.
    pub(crate) fn add_record(
        &mut self,
        record: &RecordConfig,
        monitor: Option<Arc<Monitor>>,
        answers: Arc<AtomicU64>,
    ) -> Result<(), String> {
        let name = value::name_in(&self.name, &record.name)?;
        let data = record.values.iter().map(|text| value::data(record.kind, text));
        let member = Member {
            ttl: record.ttl,
            weight: record.weighted.as_ref().map_or(0, |weighted| weighted.weight),
            data: data.collect::<Result<_, _>>()?,
            monitor,
            answers,
        };
        self.add(&name, record.kind.into(), member);
        Ok(())
    }

    fn add(&mut self, name: &Name, kind: RecordType, member: Member) {
        self.nodes.entry(name.clone()).or_default().entry(kind).or_default().push(member);
        let mut above = name.base_name();
        while self.name.zone_of(&above) && above != self.name {
            self.nodes.entry(above.clone()).or_default();
            above = above.base_name();
        }
    }

    /// Answers a question. `random` gives numbers that are all equally likely.
    pub(crate) fn answer(
        &self,
        name: &Name,
        kind: RecordType,
        mut random: impl FnMut() -> u64,
    ) -> Answer {
        let mut records = Vec::new();
        let mut name = name.clone();
        for _ in 0..LONGEST_CHAIN {
            if !self.name.zone_of(&name) {
                // An alias that leads out of the zone is for the client to follow.
                let code = match records.is_empty() {
                    true => ResponseCode::Refused,
                    false => ResponseCode::NoError,
                };
                return Answer { code, records, soa: None };
            }
            let Some(node) = self.node(&name) else {
                return Answer { code: ResponseCode::NXDomain, records, soa: Some(self.soa()) };
            };
            let Some((found, members)) = members_of(node, kind) else {
                return Answer { code: ResponseCode::NoError, records, soa: Some(self.soa()) };
            };
            let member = pick(members, random());
            let first = records.len();
            records.extend(member.records(&name, random()));
            match records.get(first).map(|record| &record.data) {
                Some(RData::CNAME(target)) if found != kind && kind != RecordType::ANY => {
                    name = target.0.clone();
                }
                _ => return Answer { code: ResponseCode::NoError, records, soa: None },
            }
        }
        Answer { code: ResponseCode::ServFail, records: Vec::new(), soa: None }
    }

    /// The node of a name that exists, or of the wildcard that stands for it.
    fn node(&self, name: &Name) -> Option<&Node> {
        if let Some(node) = self.nodes.get(name) {
            return Some(node);
        }
        // The closest name above that exists decides, also if no wildcard lies below it.
        let mut above = name.base_name();
        while !self.nodes.contains_key(&above) {
            above = above.base_name();
        }
        self.nodes.get(&above.prepend_label("*").ok()?)
    }

    fn soa(&self) -> Record {
        Record::from_rdata(self.name.clone(), ZONE_TTL, RData::SOA(self.soa.clone()))
    }
}

impl Member {
    fn fixed(data: RData) -> Member {
        let answers = Arc::default();
        Member { ttl: ZONE_TTL, weight: 0, data: vec![data], monitor: None, answers }
    }

    /// All its values, beginning with any of them: clients tend to take the first.
    fn records(&self, name: &Name, random: u64) -> impl Iterator<Item = Record> {
        self.answers.fetch_add(1, Relaxed);
        let first = (random % self.data.len().max(1) as u64) as usize;
        let (before, after) = self.data.split_at(first);
        let record = |data: &RData| Record::from_rdata(name.clone(), self.ttl, data.clone());
        after.iter().chain(before).map(record)
    }
}

/// The records that answer for a type: its own, else the alias.
fn members_of(node: &Node, kind: RecordType) -> Option<(RecordType, &Vec<Member>)> {
    if kind == RecordType::ANY {
        // One type is enough of an answer (RFC 8482).
        return node.iter().next().map(|(kind, members)| (*kind, members));
    }
    let of = |kind| node.get(&kind).map(|members| (kind, members));
    of(kind).or_else(|| of(RecordType::CNAME))
}

fn pick(members: &[Member], random: u64) -> &Member {
    let candidate = |member: &Member| Candidate {
        weight: member.weight,
        healthy: member.monitor.as_ref().is_none_or(|monitor| monitor.is_healthy()),
    };
    let candidates: Vec<Candidate> = members.iter().map(candidate).collect();
    &members[choose(&candidates, random).expect("a type is there with its first record")]
}

#[cfg(test)]
mod tests {
    use super::super::config::Weighted;
    use super::super::value::RecordKind;
    use super::*;

    fn record(name: &str, kind: RecordKind, values: &[&str]) -> RecordConfig {
        let values = values.iter().map(ToString::to_string).collect();
        RecordConfig { name: name.to_owned(), kind, ttl: 30, values, weighted: None }
    }

    fn zone(records: &[RecordConfig]) -> Zone {
        let config = Config { name: "shop.test".to_owned(), ..Config::default() };
        let mut zone = Zone::new(&config, 7).unwrap();
        for record in records {
            zone.add_record(record, None, Arc::default()).unwrap();
        }
        zone
    }

    fn ask(zone: &Zone, name: &str, kind: RecordType) -> (ResponseCode, Vec<String>) {
        let answer = zone.answer(&value::name(name).unwrap(), kind, || 0);
        let text = |record: &Record| format!("{} {}", record.name, record.data);
        (answer.code, answer.records.iter().map(text).collect())
    }

    #[test]
    fn names_types_and_strangers_are_told_apart() {
        let zone = zone(&[record("a.b", RecordKind::A, &["127.0.0.1"])]);
        let code = |name, kind| ask(&zone, name, kind).0;
        let found = ask(&zone, "A.b.SHOP.test", RecordType::A);
        assert_eq!(found, (ResponseCode::NoError, vec!["a.b.shop.test. 127.0.0.1".to_owned()]));
        assert_eq!(ask(&zone, "a.b.shop.test", RecordType::AAAA), (ResponseCode::NoError, vec![]));
        // Others lie below it, so it exists.
        assert_eq!(ask(&zone, "b.shop.test", RecordType::A), (ResponseCode::NoError, vec![]));
        assert_eq!(code("c.shop.test", RecordType::A), ResponseCode::NXDomain);
        assert_eq!(code("x.a.b.shop.test", RecordType::A), ResponseCode::NXDomain);
        assert_eq!(code("example.com", RecordType::A), ResponseCode::Refused);
        assert_eq!(code("test", RecordType::A), ResponseCode::Refused);
    }

    #[test]
    fn the_zone_has_soa_and_ns_and_nothing_is_proven_by_the_soa() {
        let zone = zone(&[]);
        let (code, ns) = ask(&zone, "shop.test", RecordType::NS);
        assert_eq!((code, ns), (ResponseCode::NoError, vec!["shop.test. localhost.".to_owned()]));
        let (code, soa) = ask(&zone, "shop.test", RecordType::SOA);
        assert_eq!((code, soa.len()), (ResponseCode::NoError, 1));
        let nothing = zone.answer(&value::name("x.shop.test").unwrap(), RecordType::A, || 0);
        let Some(RData::SOA(soa)) = nothing.soa.map(|it| it.data) else { panic!("no SOA") };
        assert_eq!((soa.serial, soa.minimum), (7, ZONE_TTL));
    }

    #[test]
    fn an_alias_is_followed_as_far_as_the_zone_goes() {
        let zone = zone(&[
            record("www", RecordKind::Cname, &["web.shop.test"]),
            record("web", RecordKind::A, &["127.0.0.1"]),
            record("out", RecordKind::Cname, &["example.com"]),
            record("dead", RecordKind::Cname, &["none.shop.test"]),
            record("loop", RecordKind::Cname, &["loop.shop.test"]),
        ]);
        let (code, chain) = ask(&zone, "www.shop.test", RecordType::A);
        let whole = ["www.shop.test. web.shop.test.", "web.shop.test. 127.0.0.1"];
        assert_eq!((code, chain), (ResponseCode::NoError, whole.map(str::to_owned).to_vec()));
        assert_eq!(ask(&zone, "www.shop.test", RecordType::CNAME).1.len(), 1);
        let (code, chain) = ask(&zone, "out.shop.test", RecordType::A);
        assert_eq!((code, chain.len()), (ResponseCode::NoError, 1));
        let (code, chain) = ask(&zone, "dead.shop.test", RecordType::A);
        assert_eq!((code, chain.len()), (ResponseCode::NXDomain, 1));
        assert_eq!(ask(&zone, "loop.shop.test", RecordType::A).0, ResponseCode::ServFail);
    }

    #[test]
    fn a_wildcard_stands_for_what_does_not_exist() {
        let zone = zone(&[
            record("*", RecordKind::A, &["127.0.0.1"]),
            record("web.eu", RecordKind::A, &["127.0.0.2"]),
        ]);
        let values = |name| ask(&zone, name, RecordType::A);
        let any = vec!["pr-17.shop.test. 127.0.0.1".to_owned()];
        assert_eq!(values("pr-17.shop.test"), (ResponseCode::NoError, any));
        assert_eq!(values("a.b.shop.test").1.len(), 1);
        // `eu` exists, so the wildcard beside it says nothing of what is below.
        assert_eq!(values("api.eu.shop.test"), (ResponseCode::NXDomain, vec![]));
    }

    #[test]
    fn values_take_turns_at_being_first_and_weights_choose_the_record() {
        let mut one = record("www", RecordKind::A, &["127.0.0.1", "127.0.0.2"]);
        let mut other = record("www", RecordKind::A, &["127.0.0.3"]);
        let weighted = |name: &str, weight| Weighted {
            set_identifier: name.to_owned(),
            weight,
            health_check: None,
        };
        (one.weighted, other.weighted) = (Some(weighted("r1", 1)), Some(weighted("r2", 3)));
        let zone = zone(&[one, other]);
        let name = value::name("www.shop.test").unwrap();
        let first = |chosen: u64, turn: u64| {
            let mut numbers = [chosen, turn].into_iter();
            let answer = zone.answer(&name, RecordType::A, || numbers.next().unwrap());
            answer.records.iter().map(|it| it.data.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(first(0, 0), ["127.0.0.1", "127.0.0.2"]);
        assert_eq!(first(0, 1), ["127.0.0.2", "127.0.0.1"]);
        assert_eq!(first(u64::MAX, 0), ["127.0.0.3"]);
        let members = &zone.nodes[&name][&RecordType::A];
        let counts: Vec<u64> = members.iter().map(|it| it.answers.load(Relaxed)).collect();
        assert_eq!(counts, [2, 1]);
    }
}
