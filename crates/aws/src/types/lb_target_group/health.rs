//! How the targets of a target group are.
//!
//! | AWS says | they count as |
//! | --- | --- |
//! | `healthy` | healthy |
//! | `unhealthy`, `unhealthy.draining` | unhealthy |
//! | `draining` | unhealthy: it gets no new requests |
//! | `unused`, as nothing sends the group requests, or not from its zone | unknown: nobody checks it |
//! | `unused` for another reason, such as that it does not run | unhealthy |
//! | `initial`, `unavailable` | unknown |

use std::sync::Arc;

use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::types::{
    TargetHealth, TargetHealthReasonEnum as Reason, TargetHealthStateEnum as State,
};
use futures::{FutureExt, StreamExt, stream};
use greenroom_provider::{Coalescer, Failure, Health};

use super::elb::PARENTS;
use crate::aws::{Clients, Pace};
use crate::error::at;

/// Gathers questions, so that each group is asked about once; a call is about one group.
pub(crate) type HealthReads = Coalescer<Arc<str>, Health>;

pub(crate) fn reads(again: &Clients) -> HealthReads {
    let elb = again.elb.clone();
    Coalescer::new(Pace::tick(), move |groups: Vec<Arc<str>>| {
        let elb = elb.clone();
        let answers = stream::iter(groups).map(move |group| {
            let elb = elb.clone();
            async move {
                let health = ask(&elb, &group).await;
                (group, health)
            }
        });
        answers.buffer_unordered(PARENTS).collect().boxed()
    })
}

async fn ask(elb: &Client, group: &str) -> Result<Health, Failure> {
    let call = elb.describe_target_health().target_group_arn(group);
    let answer = call.send().await.map_err(at("elasticloadbalancing:DescribeTargetHealth"))?;
    let targets = answer.target_health_descriptions.unwrap_or_default();
    let targets = targets.iter().filter_map(|it| it.target_health.as_ref());
    Ok(targets.map(counted).fold(Health::default(), Health::and))
}

/// One target.
fn counted(target: &TargetHealth) -> Health {
    let none = Health::default();
    match (&target.state, &target.reason) {
        (Some(State::Healthy), _) => Health { healthy: 1, ..none },
        (Some(State::Unhealthy | State::UnhealthyDraining | State::Draining), _) => {
            Health { unhealthy: 1, ..none }
        }
        (Some(State::Unused), Some(reason)) if !matches!(reason, Reason::NotInUse) => {
            Health { unhealthy: 1, ..none }
        }
        _ => Health { unknown: 1, ..none },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn health(state: State, reason: Option<Reason>) -> (u32, u32, u32) {
        let target = TargetHealth::builder().state(state).set_reason(reason).build();
        let Health { healthy, unhealthy, unknown } = counted(&target);
        (healthy, unhealthy, unknown)
    }

    #[test]
    fn what_serves_is_told_from_what_does_not_and_from_what_nobody_knows() {
        assert_eq!(health(State::Healthy, None), (1, 0, 0));
        for state in [State::Unhealthy, State::UnhealthyDraining, State::Draining] {
            assert_eq!(health(state, None), (0, 1, 0));
        }
        for state in [State::Initial, State::Unavailable, State::from("new")] {
            assert_eq!(health(state, None), (0, 0, 1));
        }
    }

    #[test]
    fn a_target_that_nobody_checks_is_unknown_and_one_that_cannot_serve_is_not() {
        assert_eq!(health(State::Unused, Some(Reason::NotInUse)), (0, 0, 1));
        assert_eq!(health(State::Unused, None), (0, 0, 1));
        assert_eq!(health(State::Unused, Some(Reason::InvalidState)), (0, 1, 0));
        assert_eq!(health(State::Unused, Some(Reason::IpUnusable)), (0, 1, 0));
    }
}
