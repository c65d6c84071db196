//! What lets clients go on coming to where they were sent: names whose answers are kept.

use std::time::Duration;

use greenroom_model::plan::Horizon;
use greenroom_model::value::Value;
use greenroom_provider::CheckRequest;

/// The horizons of records that share their name's visitors out.
pub(crate) fn horizons(planned: &[CheckRequest]) -> Vec<Horizon> {
    planned.iter().filter_map(kept_answers).collect()
}

fn kept_answers(record: &CheckRequest) -> Option<Horizon> {
    let policy = record.planned.get("weighted_routing_policy");
    let shares = &*record.kind == "local_dns_record" && policy.is_some_and(|it| !it.is_null());
    let seconds = record.planned.get("ttl").filter(|_| shares).and_then(Value::as_i64)?;
    Some(Horizon {
        lasts: Duration::from_secs(u64::try_from(seconds).ok()?),
        why: format!("answers with `{}` are kept", record.address),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_kept_for_their_ttl_where_records_share_a_name() {
        let record = |policy: Value| CheckRequest {
            kind: "local_dns_record".into(),
            address: "front/local_dns_record.www".parse().expect("an address"),
            planned: Value::object([("ttl", 60.into()), ("weighted_routing_policy", policy)]),
        };
        let weighted = record(Value::object([("weight", Value::from(1))]));
        let why = "answers with `front/local_dns_record.www` are kept".to_owned();
        let kept = Horizon { lasts: Duration::from_secs(60), why };
        assert_eq!(horizons(&[weighted, record(Value::Null)]), [kept]);
    }
}
