//! What can be seen to be wrong with rules before they are sent.

use greenroom_provider::Draft;

use super::{Block, blocks_of, has_ports, protocol, rules_of};
use crate::types::ec2;

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
