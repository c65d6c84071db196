//! What running load balancers and name servers have counted and found out, asked once for many
//! objects.

use std::collections::BTreeMap;
use std::time::Duration;

use greenroom_model::traffic::{Latency, Traffic};
use greenroom_provider::{Failure, Health};

use crate::failure;
use crate::runtime::balancer::{
    self, BalancerCounters, BalancerError, CounterValues, LATENCY_BOUNDS_MS, TargetAddress,
    TargetHealth,
};
use crate::runtime::dns::{self, ZoneStatus};
use crate::runtime::{FileError, ObjectType, Root, Uid, target_group};

/// What nobody counts begins anew when somebody does.
const NOBODY: &str = "nobody";

/// The answers of those load balancers that have a process.
#[derive(Debug)]
pub(crate) struct Answers<T>(BTreeMap<Uid, Result<T, BalancerError>>);

/// How targets are, by target group.
pub(crate) type GroupHealth = BTreeMap<String, Vec<TargetHealth>>;

/// What everything that counts has counted.
#[derive(Debug)]
pub(crate) struct Counts {
    pub(crate) balancers: Answers<BalancerCounters>,
    zones: BTreeMap<Uid, ZoneStatus>,
}

impl Counts {
    /// Asks all load balancers and name servers.
    pub(crate) async fn look(root: &Root) -> Result<Counts, FileError> {
        let balancers = Answers::counters(root).await?;
        Ok(Counts { balancers, zones: dns::statuses(root).await? })
    }

    /// How often a zone's name server has answered with a record.
    pub(crate) fn of_record(&self, zone: &Uid, record: &Uid) -> Traffic {
        let status = self.zones.get(zone);
        let epoch = status.map(|it| format!("{zone}:{}-{}", it.pid, it.started_ms));
        let answers = status.and_then(|it| it.answers.get(record.as_str())).copied();
        Traffic {
            epoch: epoch.map_or_else(|| NOBODY.into(), Into::into),
            requests: Some(answers.unwrap_or(0)),
            ..Traffic::default()
        }
    }
}

impl Answers<BalancerCounters> {
    /// Asks what went through them.
    pub(crate) async fn counters(root: &Root) -> Result<Self, FileError> {
        let mut answers = BTreeMap::new();
        for uid in with_process(root)? {
            let answer = balancer::counters(root, &uid).await;
            answers.insert(uid, answer);
        }
        Ok(Answers(answers))
    }

    /// What went through a target group, by all load balancers that it had a listener of.
    pub(crate) fn of_group(&self, root: &Root, group: &Uid) -> Result<Traffic, Failure> {
        let none = traffic(String::new(), &CounterValues::default());
        let sum = self.about(root, group)?.into_iter().fold(none, |sum, (uid, counters)| {
            let counted = counters.target_groups.get(group.as_str());
            counted.map_or(sum.clone(), |it| sum.and(&traffic(epoch(uid, counters), it)))
        });
        Ok(match &*sum.epoch {
            "" => Traffic { epoch: NOBODY.into(), ..sum },
            _ => sum,
        })
    }

    /// Who is connected to a load balancer. Requests are counted by its target groups.
    pub(crate) fn of_balancer(&self, uid: &Uid) -> Result<Traffic, Failure> {
        let Some(answer) = self.0.get(uid) else {
            let epoch = NOBODY.into();
            return Ok(Traffic { epoch, connections: Some(0), ..Traffic::default() });
        };
        let counters = answer.as_ref().map_err(failure::balancer)?;
        let open = counters.listeners.values().map(|listener| listener.open_connections);
        Ok(Traffic {
            epoch: epoch(uid, counters).into(),
            connections: Some(open.sum()),
            ..Traffic::default()
        })
    }
}

impl Answers<GroupHealth> {
    /// Asks how their targets are.
    pub(crate) async fn health(root: &Root) -> Result<Self, FileError> {
        let mut answers = BTreeMap::new();
        for uid in with_process(root)? {
            let answer = balancer::health(root, &uid).await;
            answers.insert(uid, answer);
        }
        Ok(Answers(answers))
    }

    /// How the targets of a group are. Where several load balancers check one, it is healthy if
    /// all of them say so, and unhealthy if one does.
    pub(crate) fn of_group(
        &self,
        root: &Root,
        group: &Uid,
        targets: &[TargetAddress],
    ) -> Result<Health, Failure> {
        let answers = self.about(root, group)?;
        let views: Vec<&Vec<TargetHealth>> =
            answers.iter().filter_map(|(_, health)| health.get(group.as_str())).collect();
        let mut sum = Health::default();
        for target in targets {
            let seen: Vec<Option<&str>> = views.iter().map(|view| seen(view, *target)).collect();
            if seen.contains(&Some("unhealthy")) {
                sum.unhealthy += 1;
            } else if !seen.is_empty() && seen.iter().all(|it| *it == Some("healthy")) {
                sum.healthy += 1;
            } else {
                sum.unknown += 1;
            }
        }
        Ok(sum)
    }
}

impl<T> Answers<T> {
    /// All answers that may speak of a target group: that a load balancer does not answer is a
    /// failure if a listener of it names the group.
    fn about(&self, root: &Root, group: &Uid) -> Result<Vec<(&Uid, &T)>, Failure> {
        let users = target_group::users(root, group).map_err(|error| failure::file(&error))?;
        let mut answers = Vec::new();
        for (uid, answer) in &self.0 {
            match answer {
                Ok(answer) => answers.push((uid, answer)),
                Err(error) if users.contains(uid) => return Err(failure::balancer(error)),
                Err(_) => {}
            }
        }
        Ok(answers)
    }
}

fn with_process(root: &Root) -> Result<Vec<Uid>, FileError> {
    let mut found = Vec::new();
    for uid in root.uids(ObjectType::Balancer)? {
        if balancer::has_process(root, &uid)? {
            found.push(uid);
        }
    }
    Ok(found)
}

/// What a process's counts are counts of.
fn epoch(uid: &Uid, counters: &BalancerCounters) -> String {
    format!("{uid}:{}-{}", counters.pid, counters.started_ms)
}

fn traffic(epoch: String, counted: &CounterValues) -> Traffic {
    let [buckets @ .., above] = counted.latency_buckets;
    let buckets = LATENCY_BOUNDS_MS.into_iter().zip(buckets).collect();
    Traffic {
        epoch: epoch.into(),
        late: Duration::ZERO,
        requests: Some(counted.requests),
        errors: Some(counted.faults),
        latency: Some(Latency { buckets, above }),
        in_flight: Some(counted.in_flight),
        connections: None,
        mirrored: Some(counted.mirrored),
    }
}

/// How a load balancer sees a target, if it knows it.
fn seen(view: &[TargetHealth], target: TargetAddress) -> Option<&str> {
    view.iter().find(|it| it.target == target).map(|it| it.health.as_str())
}
