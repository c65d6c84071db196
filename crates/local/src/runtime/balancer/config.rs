//! What a balancer is to do, as plain data: its own configuration and nothing else.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};

use serde::{Deserialize, Serialize};

/// The whole configuration of one balancer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// Where the listeners listen.
    #[serde(default = "localhost")]
    pub address: Ipv4Addr,
    /// Listeners by uid.
    pub listeners: BTreeMap<String, ListenerConfig>,
    /// Target groups by uid; at least those that the listeners name.
    pub target_groups: BTreeMap<String, TargetGroupConfig>,
    /// How long a target or an idle client connection may be silent, in milliseconds.
    pub idle_timeout_ms: u64,
}

impl Config {
    /// One without listeners.
    pub fn new(address: Ipv4Addr, idle_timeout_ms: u64) -> Config {
        let (listeners, target_groups) = (BTreeMap::new(), BTreeMap::new());
        Config { address, listeners, target_groups, idle_timeout_ms }
    }
}

impl Default for Config {
    fn default() -> Config {
        Config::new(localhost(), 0)
    }
}

fn localhost() -> Ipv4Addr {
    Ipv4Addr::LOCALHOST
}

/// A port and what happens to the requests that come to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListenerConfig {
    /// The port on the balancer's address.
    pub port: u16,
    /// What happens to its requests.
    pub action: Action,
}

/// What happens to a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It goes to a target of one of these groups.
    Forward(Vec<WeightedGroup>),
    /// It is answered with this.
    FixedResponse(FixedResponse),
}

impl Action {
    /// The uids of the groups that it names.
    pub fn groups(&self) -> impl Iterator<Item = &String> {
        let shares = match self {
            Action::Forward(shares) => shares.as_slice(),
            Action::FixedResponse(_) => &[],
        };
        shares.iter().map(|share| &share.id)
    }
}

/// A target group and its share of the requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeightedGroup {
    /// The target group's uid.
    pub id: String,
    /// Its share, relative to the others'; 0 for none.
    pub weight: u32,
    /// The percentage of the requests of other groups that it gets copies of.
    #[serde(default)]
    pub mirror: u32,
}

/// An answer that needs no target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FixedResponse {
    /// The status, 200 to 599.
    pub status_code: u16,
    /// The media type of the body.
    pub content_type: String,
    /// The body.
    pub message_body: String,
}

/// Targets that serve the same, and how they are treated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetGroupConfig {
    /// The targets, in the order of configuration.
    pub targets: Vec<TargetAddress>,
    /// How their health is found out.
    pub health_check: HealthCheck,
    /// How long the requests of a target that leaves may go on, in milliseconds.
    pub deregistration_delay_ms: u64,
}

/// Where a target listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TargetAddress {
    /// Its IPv4 address.
    pub address: Ipv4Addr,
    /// Its port.
    pub port: u16,
}

impl From<TargetAddress> for SocketAddr {
    fn from(target: TargetAddress) -> SocketAddr {
        SocketAddr::from((target.address, target.port))
    }
}

impl std::fmt::Display for TargetAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.address, self.port)
    }
}

/// How a target's health is found out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthCheck {
    /// Whether it is; if not, every target counts as healthy.
    pub enabled: bool,
    /// The path that is asked for with GET.
    pub path: String,
    /// The statuses that count as healthy.
    pub matcher: Matcher,
    /// The time between two checks, in milliseconds.
    pub interval_ms: u64,
    /// How long an answer may take, in milliseconds.
    pub timeout_ms: u64,
    /// How many successes in a row make an unhealthy target healthy. A new one needs one.
    pub healthy_threshold: u32,
    /// How many failures in a row make a healthy target unhealthy.
    pub unhealthy_threshold: u32,
}

/// A set of statuses, written like `200`, `200,202` or `200-399`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Matcher(Vec<(u16, u16)>);

impl Matcher {
    /// Whether `status` is one of them.
    pub fn matches(&self, status: u16) -> bool {
        self.0.iter().any(|(first, last)| (*first..=*last).contains(&status))
    }
}

impl std::str::FromStr for Matcher {
    type Err = String;

    fn from_str(text: &str) -> Result<Matcher, String> {
        let range = |part: &str| {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
            (first <= last && (100..600).contains(&first) && last < 600).then_some((first, last))
        };
        let ranges: Option<Vec<_>> = text.split(',').map(range).collect();
        ranges.map(Matcher).ok_or_else(|| format!("`{text}` is no list of statuses"))
    }
}

impl TryFrom<String> for Matcher {
    type Error = String;

    fn try_from(text: String) -> Result<Matcher, String> {
        text.parse()
    }
}

impl From<Matcher> for String {
    fn from(matcher: Matcher) -> String {
        let part = |(first, last): &(u16, u16)| match first == last {
            true => first.to_string(),
            false => format!("{first}-{last}"),
        };
        matcher.0.iter().map(part).collect::<Vec<_>>().join(",")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matcher_takes_statuses_and_ranges() {
        let matcher: Matcher = "200,300-302".parse().unwrap();
        let matched: Vec<u16> = (100..600).filter(|status| matcher.matches(*status)).collect();
        assert_eq!(matched, [200, 300, 301, 302]);
        assert_eq!(String::from(matcher), "200,300-302");
    }

    #[test]
    fn a_matcher_refuses_what_is_no_status() {
        for bad in ["", "2xx", "302-300", "99", "600", "200,", "200-"] {
            assert!(bad.parse::<Matcher>().is_err(), "{bad}");
        }
    }
}
