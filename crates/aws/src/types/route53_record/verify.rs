//! Whether the name servers of a record's zone answer with it.
//!
//! When a change is INSYNC, all of them have it; an answer proves it. A record that is one of several
//! is not what every answer says, nor does an alias say itself: for those, the name must be answered
//! at all, and what the weight is, Route 53 itself says. Nobody can ask the name servers of a private
//! zone from outside, nor those of an endpoint that is not AWS's. Where no name server can be reached
//! from here, what Route 53 says stands.

use greenroom_provider::{Failure, FailureKind, Object};
use tokio::time::{Instant, sleep};

use super::super::route53::dns::{Said, ask_any};
use super::super::route53::normal_name;
use super::Attributes;
use super::id::Id;
use crate::aws::{Aws, Origin};
use crate::resource::Resource;

/// Waits until a name server answers with a record, or answers its name.
pub(super) async fn verify(aws: &Aws, object: &Object, own: &Attributes) -> Result<(), Failure> {
    let servers = match Id::parse(&object.id).filter(|_| aws.route53 == Origin::Aws) {
        Some(id) => aws.batches.zone_names.servers(&id.zone).await?,
        None => return Ok(()),
    };
    if servers.is_empty() || own.fqdn.starts_with('*') {
        return Ok(());
    }
    let patience = object.timeout.unwrap_or_else(|| super::RecordType.patience());
    let until = Instant::now() + patience;
    loop {
        let Some(said) = ask_any(&servers, &own.fqdn, &own.kind).await else {
            tracing::warn!(record = &*object.id, "no name server of the zone can be reached");
            return Ok(());
        };
        if own.is_said(&said) {
            return Ok(());
        }
        if Instant::now() >= until {
            return Err(unlike(object, &said));
        }
        sleep(aws.pace.scaled(super::RecordType.poll())).await;
    }
}

impl Attributes {
    /// Whether an answer says what the record says, as far as an answer can.
    fn is_said(&self, said: &Said) -> bool {
        if !said.is_known {
            return false;
        }
        let has_values = matches!(self.kind.as_str(), "A" | "AAAA" | "CNAME");
        match &self.records {
            Some(records) if has_values && self.set_identifier.is_none() => {
                let mut values: Vec<String> = records.iter().map(|it| normal_name(it)).collect();
                values.sort();
                values == said.values
            }
            _ => !said.values.is_empty(),
        }
    }
}

fn unlike(object: &Object, said: &Said) -> Failure {
    let values = match said.values.as_slice() {
        [] => "nothing".to_owned(),
        values => values.join(", "),
    };
    let message = format!("a name server of `{}` answers {values} in its place", object.id);
    Failure::new(FailureKind::Unavailable, message)
        .help("Route 53 says that all of them have it; `timeouts` sets how long to wait")
}

#[cfg(test)]
mod tests {
    use super::super::Weighted;
    use super::*;

    fn record(records: &[&str], weight: Option<i64>) -> Attributes {
        Attributes {
            kind: "A".to_owned(),
            records: Some(records.iter().map(|it| (*it).to_owned()).collect()),
            set_identifier: weight.map(|_| "r1".to_owned()),
            weighted_routing_policy: weight.map(|weight| vec![Weighted { weight }]),
            ..Attributes::default()
        }
    }

    fn said(values: &[&str]) -> Said {
        Said { is_known: true, values: values.iter().map(|it| (*it).to_owned()).collect() }
    }

    #[test]
    fn a_record_of_its_own_is_answered_with_all_of_its_values() {
        let own = record(&["10.0.0.2", "10.0.0.1"], None);
        assert!(own.is_said(&said(&["10.0.0.1", "10.0.0.2"])));
        assert!(!own.is_said(&said(&["10.0.0.1"])));
        assert!(!own.is_said(&Said { is_known: false, values: Vec::new() }));
    }

    #[test]
    fn of_one_of_several_only_the_name_must_be_answered() {
        let own = record(&["10.0.0.1"], Some(5));
        assert!(own.is_said(&said(&["10.0.0.9"])));
        assert!(!own.is_said(&said(&[])));
    }
}
