//! Who gets requests, and how many came.
//!
//! A group gets as many requests a second as its weight says. For a while after its weight was
//! taken away some are still served.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use greenroom_model::address::Scope;
use greenroom_model::traffic::Traffic;
use greenroom_model::value::Value;
use tokio::time::Instant;

use super::types::{BALANCER, GROUP, LISTENER, RECORD};
use super::world::SimObject;

/// The weights that a front gives to environments, by their scope. Who is not in it, the front does
/// not know.
pub type Weights = BTreeMap<Scope, u64>;

/// How long the last requests are served.
const LINGERS: Duration = Duration::from_secs(3);

/// What went through each environment's groups.
#[derive(Default)]
pub(super) struct Counters {
    counts: BTreeMap<Scope, Count>,
    until: Option<Instant>,
}

#[derive(Clone, Copy, Default)]
struct Count {
    /// Thousandths of requests.
    thousandths: u128,
    last: Option<Instant>,
}

impl Counters {
    /// Lets time pass until now, at these weights.
    pub(super) fn advance(&mut self, weights: &Weights) {
        let now = Instant::now();
        let passed = self.until.map_or(Duration::ZERO, |it| now - it);
        self.until = Some(now);
        for (scope, weight) in weights.iter().filter(|(_, weight)| **weight > 0) {
            let count = self.counts.entry(scope.clone()).or_default();
            count.thousandths += passed.as_millis() * u128::from(*weight);
            count.last = Some(now);
        }
    }

    /// What was counted for an environment.
    pub(super) fn of(&self, scope: &Scope) -> Traffic {
        let Count { thousandths, last } = self.counts.get(scope).copied().unwrap_or_default();
        Traffic {
            epoch: "1".into(),
            requests: u64::try_from(thousandths / 1000).ok(),
            in_flight: Some(u64::from(last.is_some_and(|it| it.elapsed() < LINGERS))),
            ..Traffic::default()
        }
    }
}

/// The weights that everything that shares out gives.
pub(super) fn weights<'o>(objects: impl Iterator<Item = &'o SimObject>) -> Weights {
    let mut groups: BTreeMap<Arc<str>, &Scope> = BTreeMap::new();
    let mut given = Vec::new();
    for object in objects {
        match &*object.kind {
            GROUP => _ = groups.insert(object.id.clone(), &object.address.scope),
            BALANCER | RECORD => given.extend(shares(object)),
            _ => {}
        }
    }
    let mut weights = Weights::new();
    for (group, weight) in given {
        let Some(scope) = group.as_str().and_then(|it| groups.get(it)) else { continue };
        *weights.entry((*scope).clone()).or_default() += weight;
    }
    weights
}

/// The groups that an object sends to, each with its weight.
pub(super) fn shares(object: &SimObject) -> impl Iterator<Item = (Value, u64)> {
    let number = |value: Option<&Value>| {
        u64::try_from(value.and_then(Value::as_i64).unwrap_or_default()).unwrap_or_default()
    };
    let group = |value: Option<&Value>| value.cloned().unwrap_or_default();
    let attribute = |name: &str| object.attributes.get(name);
    let shares: Vec<(Value, u64)> = match &*object.kind {
        BALANCER => attribute("groups")
            .and_then(Value::as_list)
            .unwrap_or_default()
            .iter()
            .map(|it| (group(it.get("group")), number(it.get("weight"))))
            .collect(),
        RECORD => vec![(group(attribute("group")), number(attribute("weight")))],
        LISTENER => vec![(group(attribute("group")), 0)],
        _ => Vec::new(),
    };
    shares.into_iter()
}
