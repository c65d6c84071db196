//! The rules of a security group: one form for what is configured, planned and read.
//!
//! A configuration writes rules in blocks, of which each may name many peers; AWS knows every pair
//! of ports and peer as a rule of its own. Blocks are compared in one canonical form: one block
//! for all rules with the same protocol, ports and description.

mod check;
mod reads;
mod send;

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::{IpPermission, UserIdGroupPair};
use serde::{Deserialize, Serialize};

pub(crate) use check::{canonical, check_description, check_ports, check_protocol, is_description};
pub(crate) use reads::{RuleReads, describe, reads};
pub(crate) use send::reconcile;

/// Which way the traffic goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Ingress,
    Egress,
}

/// Rules as a configuration writes them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Block {
    pub(crate) protocol: String,
    pub(crate) from_port: i32,
    pub(crate) to_port: i32,
    pub(crate) description: String,
    pub(crate) cidr_blocks: BTreeSet<String>,
    pub(crate) ipv6_cidr_blocks: BTreeSet<String>,
    pub(crate) prefix_list_ids: BTreeSet<String>,
    pub(crate) security_groups: BTreeSet<String>,
    #[serde(rename = "self")]
    pub(crate) own: bool,
}

/// A rule as AWS tells it from others; its description is no part of that.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rule {
    protocol: String,
    from_port: i32,
    to_port: i32,
    peer: Peer,
}

/// Where traffic comes from or goes to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Peer {
    Ipv4(String),
    Ipv6(String),
    PrefixList(String),
    /// A group's id, behind its account and a `/` if it is of another account.
    Group(String),
    /// The group that the rule is part of.
    Own,
}

/// Rules with their descriptions.
pub(crate) type Rules = BTreeMap<Rule, String>;

/// The name by which AWS gives a protocol back, of a name or a number.
pub(crate) fn protocol(text: &str) -> String {
    match text.to_ascii_lowercase().as_str() {
        "all" | "-1" => "-1".to_owned(),
        "6" => "tcp".to_owned(),
        "17" => "udp".to_owned(),
        "1" => "icmp".to_owned(),
        "58" => "icmpv6".to_owned(),
        other => other.to_owned(),
    }
}

/// Whether rules of a protocol, by its canonical name, have ports (or ICMP types).
pub(crate) fn has_ports(protocol: &str) -> bool {
    matches!(protocol, "tcp" | "udp" | "icmp" | "icmpv6")
}

impl Block {
    fn rules(&self) -> impl Iterator<Item = Rule> {
        let peers = |texts: &BTreeSet<String>, peer: fn(String) -> Peer| {
            texts.iter().cloned().map(peer).collect::<Vec<_>>()
        };
        let all = peers(&self.cidr_blocks, Peer::Ipv4)
            .into_iter()
            .chain(peers(&self.ipv6_cidr_blocks, Peer::Ipv6))
            .chain(peers(&self.prefix_list_ids, Peer::PrefixList))
            .chain(peers(&self.security_groups, Peer::Group))
            .chain(self.own.then_some(Peer::Own));
        all.map(|peer| Rule {
            protocol: self.protocol.clone(),
            from_port: self.from_port,
            to_port: self.to_port,
            peer,
        })
    }

    fn add(&mut self, peer: Peer) {
        match peer {
            Peer::Ipv4(block) => drop(self.cidr_blocks.insert(block)),
            Peer::Ipv6(block) => drop(self.ipv6_cidr_blocks.insert(block)),
            Peer::PrefixList(id) => drop(self.prefix_list_ids.insert(id)),
            Peer::Group(id) => drop(self.security_groups.insert(id)),
            Peer::Own => self.own = true,
        }
    }
}

/// The rules of blocks.
pub(crate) fn rules_of(blocks: Vec<Block>) -> Rules {
    let rules = blocks.into_iter().flat_map(|block| {
        block.rules().map(|rule| (rule, block.description.clone())).collect::<Vec<_>>()
    });
    rules.collect()
}

/// The canonical blocks of rules.
pub(crate) fn blocks_of(rules: Rules) -> Vec<Block> {
    let mut blocks: BTreeMap<(String, i32, i32, String), Block> = BTreeMap::new();
    for (rule, description) in rules {
        let Rule { protocol, from_port, to_port, peer } = rule;
        let key = (protocol.clone(), from_port, to_port, description.clone());
        let empty = || Block { protocol, from_port, to_port, description, ..Block::default() };
        blocks.entry(key).or_insert_with(empty).add(peer);
    }
    blocks.into_values().collect()
}

/// The rules that AWS gives a new group.
pub(crate) fn of_new_group() -> Rules {
    let to = |peer| Rule { protocol: "-1".to_owned(), from_port: 0, to_port: 0, peer };
    let everywhere = [Peer::Ipv4("0.0.0.0/0".to_owned()), Peer::Ipv6("::/0".to_owned())];
    everywhere.map(|peer| (to(peer), String::new())).into()
}

/// The rules of an answer about the group `id` of `account`.
pub(crate) fn rules_in(permissions: Vec<IpPermission>, id: &str, account: &str) -> Rules {
    let mut rules = Rules::new();
    for permission in permissions {
        let protocol = permission.ip_protocol.as_deref().map(protocol).unwrap_or_default();
        let ports = (permission.from_port.unwrap_or(0), permission.to_port.unwrap_or(0));
        let (from_port, to_port) = if has_ports(&protocol) { ports } else { (0, 0) };
        let mut add = |peer: Option<Peer>, description: Option<String>| {
            let Some(peer) = peer else { return };
            let rule = Rule { protocol: protocol.clone(), from_port, to_port, peer };
            rules.insert(rule, description.unwrap_or_default());
        };
        for range in permission.ip_ranges.unwrap_or_default() {
            add(range.cidr_ip.map(Peer::Ipv4), range.description);
        }
        for range in permission.ipv6_ranges.unwrap_or_default() {
            add(range.cidr_ipv6.map(Peer::Ipv6), range.description);
        }
        for list in permission.prefix_list_ids.unwrap_or_default() {
            add(list.prefix_list_id.map(Peer::PrefixList), list.description);
        }
        for pair in permission.user_id_group_pairs.unwrap_or_default() {
            let description = pair.description.clone();
            add(peer_group(pair, id, account), description);
        }
    }
    rules
}

fn peer_group(pair: UserIdGroupPair, own: &str, account: &str) -> Option<Peer> {
    let id = pair.group_id?;
    if id == own {
        return Some(Peer::Own);
    }
    Some(Peer::Group(with_account(id, pair.user_id, account)))
}

/// A group's id, behind its account if that is not `account`.
pub(crate) fn with_account(id: String, of: Option<String>, account: &str) -> String {
    match of.filter(|it| !it.is_empty() && it != account) {
        Some(other) => format!("{other}/{id}"),
        None => id,
    }
}

/// A group's id without its account, and the account, if it is of another one.
pub(crate) fn without_account(id: &str) -> (Option<&str>, &str) {
    id.split_once('/').map_or((None, id), |(account, id)| (Some(account), id))
}

#[cfg(test)]
mod tests {
    use super::send::permission;
    use super::*;

    fn tcp(port: i32, blocks: &[&str], description: &str) -> Block {
        Block {
            protocol: "tcp".to_owned(),
            from_port: port,
            to_port: port,
            description: description.to_owned(),
            cidr_blocks: blocks.iter().map(|it| (*it).to_owned()).collect(),
            ..Block::default()
        }
    }

    #[test]
    fn blocks_with_the_same_ports_and_description_are_one() {
        let written = vec![
            tcp(80, &["10.0.0.0/8"], ""),
            tcp(443, &["10.0.0.0/8"], ""),
            tcp(80, &["192.168.0.0/16"], ""),
            tcp(80, &["172.16.0.0/12"], "other"),
        ];
        let canonical = [
            tcp(80, &["10.0.0.0/8", "192.168.0.0/16"], ""),
            tcp(80, &["172.16.0.0/12"], "other"),
            tcp(443, &["10.0.0.0/8"], ""),
        ];
        assert_eq!(blocks_of(rules_of(written)), canonical);
    }

    #[test]
    fn what_is_sent_reads_back_as_it_was_planned() {
        let mut own = tcp(22, &["10.0.0.0/8"], "admin");
        own.own = true;
        own.security_groups = ["sg-2".to_owned(), "111122223333/sg-3".to_owned()].into();
        own.ipv6_cidr_blocks = ["::/0".to_owned()].into();
        let all = Block { from_port: 0, to_port: 0, protocol: "-1".to_owned(), ..own.clone() };
        let rules = rules_of(vec![own.clone(), all.clone()]);
        let sent = rules.iter().map(|(rule, text)| permission(rule, text, "sg-1")).collect();
        assert_eq!(blocks_of(rules_in(sent, "sg-1", "123456789012")), [all, own]);
    }

    #[test]
    fn a_protocol_has_one_name() {
        let named = ["TCP", "6", "all", "-1", "58", "50"].map(protocol);
        assert_eq!(named, ["tcp", "tcp", "-1", "-1", "icmpv6", "50"]);
    }
}
