//! Addresses and networks.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use greenroom_model::value::Value;
use ipnet::IpNet;

use super::{Args, Function, Outcome, whole};
use crate::expr::convert::{self, Fault};

pub(super) static TABLE: &[Function] = &[
    whole(
        "cidrhost",
        "prefix, number",
        "The address with this number in the network; negative ones count from its end.",
        host,
    ),
    whole("cidrnetmask", "prefix", "The netmask of an IPv4 network.", |args| {
        match network(args)? {
            IpNet::V4(network) => Ok(network.netmask().to_string().into()),
            IpNet::V6(_) => Err(args.fault("IPv6 networks have no netmask")),
        }
    }),
    whole(
        "cidrsubnet",
        "prefix, bits, number",
        "The subnet with this number, its prefix longer by the bits.",
        |args| {
            let (network, number) = (network(args)?, args.integer(2)?);
            let bits = extension(args, 1, &network)?;
            let number =
                u128::try_from(number).ok().filter(|number| bits == 128 || *number >> bits == 0);
            let number = number.ok_or_else(|| {
                args.fault(format!(
                    "{} does not fit in {bits} bits",
                    args.value(2).as_number().map_or_else(String::new, |n| n.to_string())
                ))
            })?;
            Ok(subnet(&network, bits, number).to_string().into())
        },
    ),
    whole(
        "cidrsubnets",
        "prefix, bits...",
        "Consecutive subnets, each with its prefix longer by its bits.",
        subnets,
    ),
];

fn network(args: &Args<'_>) -> Result<IpNet, Fault> {
    let text = args.text(0)?;
    let parsed: Result<IpNet, _> = text.parse();
    parsed.map(|network| network.trunc()).map_err(|_| {
        args.about(0, Fault::new(format!("`{text}` is no network such as `10.0.0.0/16`")))
    })
}

/// Bits by which a prefix is to be longer.
fn extension(args: &Args<'_>, at: usize, network: &IpNet) -> Result<u8, Fault> {
    let bits = convert::to_number(args.value(at)).map_err(|fault| args.about(at, fault))?;
    let free = network.max_prefix_len() - network.prefix_len();
    let fits = bits.as_i64().and_then(|bits| u8::try_from(bits).ok()).filter(|bits| *bits <= free);
    fits.ok_or_else(|| {
        args.fault(format!("{network} cannot be extended by {bits} bits, only by 0 to {free}"))
    })
}

fn host(args: &Args<'_>) -> Outcome {
    let (network, number) = (network(args)?, args.integer(1)?);
    let free = network.max_prefix_len() - network.prefix_len();
    let magnitude = u128::from(number.unsigned_abs());
    // -1 is the last address, so one more negative number fits.
    let beyond = if number < 0 { magnitude - 1 } else { magnitude };
    if free < 128 && beyond >> free != 0 {
        return Err(args.fault(format!("{network} has no address {number}")));
    }
    let offset = if number < 0 { all_ones(free) - beyond } else { magnitude };
    Ok(address(&network, bits_of(network.addr()) | offset).to_string().into())
}

fn subnets(args: &Args<'_>) -> Outcome {
    let network = network(args)?;
    let first = bits_of(network.addr());
    let last = first | all_ones(network.max_prefix_len() - network.prefix_len());
    let mut next = Some(first);
    let mut found = Vec::new();
    for at in 1..args.from(0).len() {
        let bits = extension(args, at, &network)?;
        if bits == 0 {
            return Err(
                args.about(at, Fault::new("the prefix must become longer by at least 1 bit"))
            );
        }
        let free = network.max_prefix_len() - network.prefix_len() - bits;
        // A subnet starts at a multiple of its size.
        let start = next
            .and_then(|next| next.checked_add(all_ones(free)))
            .map(|next| next & !all_ones(free));
        let start = start.filter(|start| *start <= last && *start | all_ones(free) <= last);
        let start =
            start.ok_or_else(|| args.fault(format!("{network} has no room for subnet {at}")))?;
        next = (start | all_ones(free)).checked_add(1);
        let prefix = network.prefix_len() + bits;
        found.push(Value::from(format!("{}/{prefix}", address(&network, start))));
    }
    Ok(Value::from(found))
}

fn subnet(network: &IpNet, bits: u8, number: u128) -> String {
    let prefix = network.prefix_len() + bits;
    let free = network.max_prefix_len() - prefix;
    let offset = number.checked_shl(u32::from(free)).unwrap_or(0);
    format!("{}/{prefix}", address(network, bits_of(network.addr()) | offset))
}

fn all_ones(bits: u8) -> u128 {
    1_u128.checked_shl(u32::from(bits)).map_or(u128::MAX, |power| power - 1)
}

fn bits_of(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    }
}

/// The address with these bits, of the same family as the network.
fn address(network: &IpNet, bits: u128) -> IpAddr {
    match network {
        IpNet::V4(_) => IpAddr::V4(Ipv4Addr::from_bits(u32::try_from(bits).unwrap_or(u32::MAX))),
        IpNet::V6(_) => IpAddr::V6(Ipv6Addr::from_bits(bits)),
    }
}
