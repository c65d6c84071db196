//! The logs of a load balancer, which go to a bucket.

use std::collections::BTreeMap;

use greenroom_model::schema::{Attribute, Type};
use greenroom_model::value::Value;
use greenroom_provider::{Failure, FailureKind};
use serde::{Deserialize, Serialize};

/// The arguments that say where logs go.
pub(super) const NAMES: [&str; 2] = ["access_logs", "connection_logs"];

/// Where one kind of log goes.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Logs {
    bucket: String,
    enabled: bool,
    prefix: Option<String>,
}

pub(super) fn schema() -> [(&'static str, Attribute); 2] {
    let table = || {
        Type::list(Type::object([
            ("bucket", Attribute::required(Type::String, "The bucket's name.")),
            ("enabled", Attribute::optional(Type::Bool, "Whether to log.").default(false)),
            ("prefix", Attribute::optional(Type::String, "What the keys start with.")),
        ]))
    };
    let logs = |doc: &str| Attribute::optional(table(), doc).at_most(1).single();
    [
        ("access_logs", logs("Where a log of requests goes.")),
        ("connection_logs", logs("Where a log of connections goes.")),
    ]
}

impl Logs {
    /// The one form of what a configuration says: none, unless logs are written.
    pub(super) fn normal(logs: Vec<Logs>) -> Option<Vec<Logs>> {
        let prefix = |it: Logs| Logs { prefix: it.prefix.filter(|it| !it.is_empty()), ..it };
        let logs: Vec<Logs> = logs.into_iter().filter(|it| it.enabled).map(prefix).collect();
        (!logs.is_empty()).then_some(logs)
    }

    /// The logs `name` among a load balancer's attributes; `None` if none are written.
    pub(super) fn read(name: &str, all: &BTreeMap<String, String>) -> Option<Logs> {
        let part = |part: &str| all.get(&key(name, part)).filter(|it| !it.is_empty()).cloned();
        let enabled = part("enabled").as_deref() == Some("true");
        let bucket = part("bucket").filter(|_| enabled)?;
        Some(Logs { bucket, enabled, prefix: part("prefix") })
    }

    /// The logs `name` of `planned`, as AWS takes them.
    pub(super) fn written(
        name: &str,
        kind: &str,
        planned: &Value,
    ) -> Result<BTreeMap<String, String>, Failure> {
        let kinds: &[&str] = match name {
            "access_logs" => &["application", "network"],
            _ => &["application"],
        };
        if !kinds.contains(&kind) {
            return Ok(BTreeMap::new());
        }
        let logs = planned.get(name).and_then(Value::as_list).unwrap_or_default();
        let logs: Vec<Logs> = serde_json::to_value(logs)
            .and_then(serde_json::from_value)
            .map_err(|error| Failure::new(FailureKind::Argument, format!("{name}: {error}")))?;
        let Some(logs) = logs.into_iter().find(|it| it.enabled) else {
            return Ok(BTreeMap::from([(key(name, "enabled"), "false".to_owned())]));
        };
        Ok(BTreeMap::from([
            (key(name, "enabled"), "true".to_owned()),
            (key(name, "bucket"), logs.bucket),
            (key(name, "prefix"), logs.prefix.unwrap_or_default()),
        ]))
    }
}

fn key(name: &str, part: &str) -> String {
    format!("{name}.s3.{part}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_are_written_as_they_are_read() {
        let logs = Logs { bucket: "b".to_owned(), enabled: true, prefix: Some("p".to_owned()) };
        let planned = Value::object([("access_logs", greenroom_provider::value(&vec![&logs]))]);
        let written = Logs::written("access_logs", "application", &planned).expect("well formed");
        assert_eq!(Logs::read("access_logs", &written), Some(logs));
    }

    #[test]
    fn logs_that_are_not_written_are_none() {
        let logs = Logs { bucket: "b".to_owned(), ..Logs::default() };
        assert_eq!(Logs::normal(vec![logs]), None);
        let written = Logs::written("access_logs", "network", &Value::Null).expect("well formed");
        assert_eq!(Logs::read("access_logs", &written), None);
    }
}
