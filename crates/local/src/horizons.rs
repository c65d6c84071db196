//! What lets clients go on coming to where they were sent: names whose answers are kept.

use std::time::Duration;

use greenroom_model::plan::Horizon;
use greenroom_model::value::Value;
use greenroom_provider::CheckRequest;

/// How long answers are kept, of each name whose visitors records share out.
pub(crate) fn horizons(planned: &[CheckRequest]) -> Vec<Horizon> {
    let mut longest: Vec<(&CheckRequest, i64)> = Vec::new();
    for (record, ttl) in planned.iter().filter_map(kept_answers) {
        match longest.iter_mut().find(|(other, _)| of_one_name(record, other)) {
            Some(other) if other.1 < ttl => *other = (record, ttl),
            Some(_) => {}
            None => longest.push((record, ttl)),
        }
    }
    let horizon = |(record, ttl): (&CheckRequest, i64)| Horizon {
        lasts: Duration::from_secs(ttl.unsigned_abs()),
        why: format!("answers with `{}` are kept", record.address),
    };
    longest.into_iter().map(horizon).collect()
}

/// A record that is one of several, with its TTL.
fn kept_answers(record: &CheckRequest) -> Option<(&CheckRequest, i64)> {
    let policy = record.planned.get("weighted_routing_policy");
    let shares = &*record.kind == "local_dns_record" && policy.is_some_and(|it| !it.is_null());
    let ttl = record.planned.get("ttl").filter(|_| shares).and_then(Value::as_i64)?;
    Some((record, ttl))
}

fn of_one_name(a: &CheckRequest, b: &CheckRequest) -> bool {
    ["zone_id", "name", "type"].iter().all(|it| a.planned.get(it) == b.planned.get(it))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(set: &str, name: &str, ttl: i64, policy: Value) -> CheckRequest {
        CheckRequest {
            kind: "local_dns_record".into(),
            address: format!("front/local_dns_record.{set}").parse().expect("an address"),
            planned: Value::object([
                ("name", name.into()),
                ("ttl", ttl.into()),
                ("weighted_routing_policy", policy),
            ]),
        }
    }

    #[test]
    fn of_records_that_share_a_name_the_longest_ttl_counts() {
        let weighted = || Value::object([("weight", Value::from(1))]);
        let planned = [
            record("a", "www", 10, weighted()),
            record("b", "www", 60, weighted()),
            record("c", "api", 5, weighted()),
            record("d", "mail", 900, Value::Null),
        ];
        let said = horizons(&planned).into_iter().map(|it| (it.lasts.as_secs(), it.why));
        let kept =
            |ttl, set| (ttl, format!("answers with `front/local_dns_record.{set}` are kept"));
        assert_eq!(said.collect::<Vec<_>>(), [kept(60, "b"), kept(5, "c")]);
    }
}
