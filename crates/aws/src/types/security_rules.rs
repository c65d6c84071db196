//! The rules of a security group: one form for what is configured, planned and read.
//!
//! A configuration writes rules in blocks, of which each may name many peers; AWS knows every pair
//! of ports and peer as a rule of its own. Blocks are compared in one canonical form: one block
//! for all rules with the same protocol, ports and description.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::{IpPermission, IpRange, Ipv6Range, PrefixListId, UserIdGroupPair};
use greenroom_provider::{Draft, Failure};
use serde::{Deserialize, Serialize};

use super::ec2;
use crate::aws::Aws;
use crate::send::patiently;

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

/// Notes what is wrong with a protocol, by its canonical name.
pub(crate) fn check_protocol(draft: &mut Draft, path: &str, protocol: &str) {
    let is_number = protocol.parse::<u8>().is_ok();
    let known = protocol == "-1" || has_ports(protocol) || is_number;
    let message = format!("`{protocol}` is no protocol");
    if !known {
        draft.wrong(path, message, Some("tcp, udp, icmp, icmpv6, a number, or -1 for all"));
    }
}

/// Notes what is wrong with the ports of a protocol that has some.
pub(crate) fn check_ports(draft: &mut Draft, path: &str, protocol: &str, from: i32, to: i32) {
    if protocol.starts_with("icmp") {
        let fits = (-1..=255).contains(&from) && (-1..=255).contains(&to);
        return draft.expect(fits, path, "an ICMP type or code is from -1, for all, to 255");
    }
    let fits = (0..=65535).contains(&from) && (0..=65535).contains(&to);
    draft.expect(fits, path, "a port is from 0 to 65535");
    draft.expect(from <= to, path, format!("the ports {from} to {to} are none"));
}

/// Notes what is wrong with the description of a rule.
pub(crate) fn check_description(draft: &mut Draft, path: &str, text: &str) {
    let message = "a description has at most 255 letters, digits, spaces and ._-:/()#,@[]+=&;{}!$*";
    draft.expect(is_description(text), path, message);
}

/// Whether AWS takes a text as the description of a security group or of a rule (EC2 API
/// Reference, "CreateSecurityGroup").
pub(crate) fn is_description(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(c);
    text.len() <= 255 && text.chars().all(fits)
}

/// Checks the blocks of the argument `name` and puts them into their canonical form.
pub(crate) fn canonical(draft: &mut Draft, name: &str) {
    let Some(blocks) = draft.typed::<Vec<Block>>(name) else { return };
    let blocks: Vec<Block> = blocks
        .into_iter()
        .enumerate()
        .map(|(at, block)| checked(draft, &format!("{name}[{at}]"), block))
        .collect();
    let count: usize = blocks.iter().map(|block| block.rules().count()).sum();
    let rules = rules_of(blocks);
    draft.expect(rules.len() == count, name, "the same ports and peer occur twice");
    draft.set(name, greenroom_provider::value(&blocks_of(rules)));
}

fn checked(draft: &mut Draft, path: &str, block: Block) -> Block {
    let protocol = protocol(&block.protocol);
    let (from, to) = (block.from_port, block.to_port);
    check_protocol(draft, &format!("{path}.protocol"), &protocol);
    check_description(draft, &format!("{path}.description"), &block.description);
    let port = format!("{path}.from_port");
    if has_ports(&protocol) {
        check_ports(draft, &port, &protocol, from, to);
    } else {
        let message = format!("with the protocol `{protocol}`, both ports are 0");
        draft.expect((from, to) == (0, 0), &port, message);
    }
    for text in &block.cidr_blocks {
        ec2::check_ipv4(draft, &format!("{path}.cidr_blocks"), text, 0..=32);
    }
    let ipv6 = |text: &String| {
        let path = format!("{path}.ipv6_cidr_blocks");
        ec2::check_ipv6(draft, &path, text, 0..=128).unwrap_or_else(|| text.clone())
    };
    let ipv6_cidr_blocks = block.ipv6_cidr_blocks.iter().map(ipv6).collect();
    let block = Block { protocol, ipv6_cidr_blocks, ..block };
    let has_peer = block.rules().next().is_some();
    draft.expect(has_peer, path, "it needs a peer: addresses, prefix lists, groups or `self`");
    block
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

/// Gives the group `id` the rules that are `wanted` in place of those that it has `now`.
pub(crate) async fn reconcile(
    aws: &Aws,
    direction: Direction,
    id: &str,
    now: &Rules,
    wanted: &Rules,
) -> Result<(), Failure> {
    let of = |rules: Vec<(&Rule, &String)>| -> Vec<IpPermission> {
        rules.into_iter().map(|(rule, text)| permission(rule, text, id)).collect()
    };
    let new = of(wanted.iter().filter(|it| !now.contains_key(it.0)).collect());
    let described = wanted.iter().filter(|it| now.get(it.0).is_some_and(|was| was != it.1));
    let described = of(described.collect());
    let gone = of(now.iter().filter(|it| !wanted.contains_key(it.0)).collect());
    // What is allowed before and after stays allowed meanwhile: new rules first.
    authorize(aws, direction, id, new).await?;
    describe(aws, direction, id, described).await?;
    revoke(aws, direction, id, gone).await
}

fn permission(rule: &Rule, description: &str, own: &str) -> IpPermission {
    let ports = has_ports(&rule.protocol).then_some((rule.from_port, rule.to_port));
    let permission = IpPermission::builder()
        .ip_protocol(&rule.protocol)
        .set_from_port(ports.map(|it| it.0))
        .set_to_port(ports.map(|it| it.1));
    let text = (!description.is_empty()).then(|| description.to_owned());
    let pair = |id: &str| {
        let (account, id) = without_account(id);
        let pair = UserIdGroupPair::builder().group_id(id).set_description(text.clone());
        pair.set_user_id(account.map(str::to_owned)).build()
    };
    let permission = match &rule.peer {
        Peer::Ipv4(block) => {
            permission.ip_ranges(IpRange::builder().cidr_ip(block).set_description(text).build())
        }
        Peer::Ipv6(block) => permission
            .ipv6_ranges(Ipv6Range::builder().cidr_ipv6(block).set_description(text).build()),
        Peer::PrefixList(id) => permission.prefix_list_ids(
            PrefixListId::builder().prefix_list_id(id).set_description(text).build(),
        ),
        Peer::Group(id) => permission.user_id_group_pairs(pair(id)),
        Peer::Own => permission.user_id_group_pairs(pair(own)),
    };
    permission.build()
}

/// Sends one of two calls that differ in their direction only.
macro_rules! by_direction {
    ($aws:ident, $direction:ident, $id:ident, $permissions:ident,
     $ingress:ident as $ingress_action:literal, $egress:ident as $egress_action:literal) => {{
        if $permissions.is_empty() {
            return Ok(());
        }
        let (ec2, permissions) = (&$aws.again.ec2, Some($permissions));
        match $direction {
            Direction::Ingress => {
                let call =
                    || ec2.$ingress().group_id($id).set_ip_permissions(permissions.clone()).send();
                patiently($aws.pace, $ingress_action, call).await.map(drop)
            }
            Direction::Egress => {
                let call =
                    || ec2.$egress().group_id($id).set_ip_permissions(permissions.clone()).send();
                patiently($aws.pace, $egress_action, call).await.map(drop)
            }
        }
    }};
}

async fn authorize(
    aws: &Aws,
    direction: Direction,
    id: &str,
    permissions: Vec<IpPermission>,
) -> Result<(), Failure> {
    let answer = by_direction!(
        aws, direction, id, permissions,
        authorize_security_group_ingress as "ec2:AuthorizeSecurityGroupIngress",
        authorize_security_group_egress as "ec2:AuthorizeSecurityGroupEgress"
    );
    Ok(answer?)
}

async fn describe(
    aws: &Aws,
    direction: Direction,
    id: &str,
    permissions: Vec<IpPermission>,
) -> Result<(), Failure> {
    let answer = by_direction!(
        aws, direction, id, permissions,
        update_security_group_rule_descriptions_ingress
            as "ec2:UpdateSecurityGroupRuleDescriptionsIngress",
        update_security_group_rule_descriptions_egress
            as "ec2:UpdateSecurityGroupRuleDescriptionsEgress"
    );
    Ok(answer?)
}

async fn revoke(
    aws: &Aws,
    direction: Direction,
    id: &str,
    permissions: Vec<IpPermission>,
) -> Result<(), Failure> {
    let answer = by_direction!(
        aws, direction, id, permissions,
        revoke_security_group_ingress as "ec2:RevokeSecurityGroupIngress",
        revoke_security_group_egress as "ec2:RevokeSecurityGroupEgress"
    );
    Ok(answer?)
}

#[cfg(test)]
mod tests {
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
