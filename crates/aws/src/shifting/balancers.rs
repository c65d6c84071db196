//! Load balancers that still serve what they took.

use greenroom_model::plan::Horizon;
use greenroom_model::value::Value;
use greenroom_provider::CheckRequest;

use super::{Ahead, horizon};

/// Requests that are being served are counted by nobody; without a byte, they end after the idle
/// timeout (Elastic Load Balancing, "Connection idle timeout").
pub(super) fn horizons(ahead: &Ahead<'_>) -> Vec<Horizon> {
    ahead.of("aws_lb").filter_map(served).collect()
}

fn served(balancer: &CheckRequest) -> Option<Horizon> {
    let seconds = balancer.planned.get("idle_timeout").and_then(Value::as_i64)?;
    let why = format!("`{}` waits for answers to requests that it has sent", balancer.address);
    horizon(seconds, why)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{lasting, object};
    use super::*;

    #[test]
    fn a_request_may_be_served_until_the_idle_timeout() {
        let timeout =
            |seconds: Value| object("front/aws_lb.web", Value::object([("idle_timeout", seconds)]));
        let why = "`front/aws_lb.web` waits for answers to requests that it has sent".to_owned();
        assert_eq!(lasting(&[timeout(60.into())]), [(60, why)]);
        assert!(lasting(&[timeout(Value::Null)]).is_empty(), "a network load balancer has none");
    }
}
