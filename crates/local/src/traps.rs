//! What is known to go wrong while records shift traffic, and that no single argument shows.

use std::time::Duration;

use greenroom_model::value::Value;
use greenroom_provider::{CheckRequest, TrapRequest};

/// Says which answers are kept for longer than a weight stands.
pub(crate) fn traps(request: &TrapRequest<'_>) -> Vec<String> {
    let Some(pause) = request.shortest_pause else { return Vec::new() };
    let shares = |it: &&CheckRequest| {
        let policy = it.planned.get("weighted_routing_policy");
        &*it.kind == "local_dns_record" && policy.is_some_and(|it| !it.is_null())
    };
    let ttl = |it: &CheckRequest| {
        let seconds = it.planned.get("ttl").and_then(Value::as_i64)?;
        u64::try_from(seconds).ok().map(Duration::from_secs)
    };
    let longest = request.planned.iter().filter(shares).max_by_key(|it| ttl(it));
    let too_long = longest.and_then(|it| Some((it, ttl(it).filter(|ttl| *ttl > pause)?)));
    let trap = |(record, ttl): (&CheckRequest, Duration)| {
        format!(
            "answers with `{}` are kept for {ttl:?}, and the shortest pause is {pause:?}: weights \
             are reached later than the steps say",
            record.address
        )
    };
    too_long.map(trap).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(ttl: i64, policy: Value) -> CheckRequest {
        CheckRequest {
            kind: "local_dns_record".into(),
            address: "front/local_dns_record.www".parse().expect("an address"),
            planned: Value::object([("ttl", ttl.into()), ("weighted_routing_policy", policy)]),
        }
    }

    fn said(record: CheckRequest, pause: Option<u64>) -> Vec<String> {
        let shortest_pause = pause.map(Duration::from_secs);
        traps(&TrapRequest { planned: &[record], shortest_pause })
    }

    #[test]
    fn answers_that_outlive_a_pause_are_named_with_both_times() {
        let weighted = |ttl| record(ttl, Value::object([("weight", Value::from(1))]));
        let [trap] = &said(weighted(60), Some(30))[..] else { panic!("one trap") };
        assert!(trap.contains("`front/local_dns_record.www` are kept for 60s"), "{trap}");
        assert!(trap.contains("the shortest pause is 30s"), "{trap}");
        assert!(said(weighted(30), Some(30)).is_empty());
        assert!(said(weighted(60), None).is_empty(), "there is one step");
        assert!(said(record(60, Value::Null), Some(30)).is_empty(), "it shares nothing");
    }
}
