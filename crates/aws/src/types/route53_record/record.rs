//! A record as Route 53 has it.

use std::collections::BTreeSet;

use aws_sdk_route53::types::{
    AliasTarget, ResourceRecord, ResourceRecordSet, ResourceRecordSetFailover,
    ResourceRecordSetRegion, RrType,
};
use aws_smithy_types::error::operation::BuildError;

use super::super::route53::{bare_id, normal_name};
use super::{Alias, Attributes, Failover, Latency, Weighted};

/// A record set, with its whole name.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Record {
    name: String,
    kind: String,
    set_identifier: Option<String>,
    ttl: Option<i64>,
    values: BTreeSet<String>,
    alias: Option<Alias>,
    weight: Option<i64>,
    failover: Option<String>,
    region: Option<String>,
    multivalue: bool,
    health_check_id: Option<String>,
}

/// What no two records of a zone have in common; the name is whole.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) set_identifier: Option<String>,
}

impl Record {
    /// The record that arguments ask for, in a zone of this name.
    pub(super) fn wanted(arguments: &Attributes, zone: &str) -> Record {
        let kind = arguments.kind.clone();
        let values = arguments.records.iter().flatten().map(|it| quoted(&kind, it)).collect();
        Record {
            name: whole_name(&arguments.name, zone),
            set_identifier: arguments.set_identifier.clone(),
            ttl: arguments.ttl,
            values,
            alias: arguments.alias.iter().flatten().next().cloned().map(Alias::normal),
            weight: arguments.weighted_routing_policy.iter().flatten().next().map(|it| it.weight),
            failover: first(&arguments.failover_routing_policy).map(|it| it.kind),
            region: first(&arguments.latency_routing_policy).map(|it| it.region),
            multivalue: arguments.multivalue_answer_routing_policy == Some(true),
            health_check_id: arguments.health_check_id.clone(),
            kind,
        }
    }

    /// The record of an answer.
    pub(super) fn read(set: ResourceRecordSet) -> Record {
        let alias = set.alias_target.map(|it| Alias {
            name: normal_name(&it.dns_name),
            zone_id: it.hosted_zone_id,
            evaluate_target_health: it.evaluate_target_health,
        });
        Record {
            name: normal_name(&set.name),
            kind: set.r#type.as_str().to_owned(),
            set_identifier: set.set_identifier,
            // An alias has the time to live of what it points to.
            ttl: set.ttl.filter(|_| alias.is_none()),
            values: set
                .resource_records
                .unwrap_or_default()
                .into_iter()
                .map(|it| it.value)
                .collect(),
            alias,
            weight: set.weight,
            failover: set.failover.map(|it| it.as_str().to_owned()),
            region: set.region.map(|it| it.as_str().to_owned()),
            multivalue: set.multi_value_answer == Some(true),
            health_check_id: set.health_check_id,
        }
    }

    /// The record as Route 53 takes it.
    ///
    /// # Errors
    ///
    /// A part is missing that Route 53 requires.
    pub(crate) fn written(&self) -> Result<ResourceRecordSet, BuildError> {
        let value = |it: &String| ResourceRecord::builder().value(it).build();
        let values: Vec<ResourceRecord> =
            self.values.iter().map(value).collect::<Result<_, _>>()?;
        let alias = self.alias.as_ref().map(|it| {
            AliasTarget::builder()
                .hosted_zone_id(&it.zone_id)
                .dns_name(&it.name)
                .evaluate_target_health(it.evaluate_target_health)
                .build()
        });
        ResourceRecordSet::builder()
            .name(&self.name)
            .r#type(RrType::from(self.kind.as_str()))
            .set_set_identifier(self.set_identifier.clone())
            .set_ttl(self.ttl)
            .set_resource_records((!values.is_empty()).then_some(values))
            .set_alias_target(alias.transpose()?)
            .set_weight(self.weight)
            .set_failover(self.failover.as_deref().map(ResourceRecordSetFailover::from))
            .set_region(self.region.as_deref().map(ResourceRecordSetRegion::from))
            .set_multi_value_answer(self.multivalue.then_some(true))
            .set_health_check_id(self.health_check_id.clone())
            .build()
    }

    /// What no two records of a zone have in common.
    pub(super) fn key(&self) -> Key {
        Key {
            name: self.name.clone(),
            kind: self.kind.clone(),
            set_identifier: self.set_identifier.clone(),
        }
    }

    /// Whether it says the same as another one, names aside.
    pub(super) fn says_as(&self, other: &Record) -> bool {
        Record { name: String::new(), ..self.clone() }
            == Record { name: String::new(), ..other.clone() }
    }

    /// The record's attributes, under the name that the configuration has for it.
    pub(super) fn attributes(self, zone: &str, name: &str) -> Attributes {
        let values: BTreeSet<String> =
            self.values.iter().map(|it| unquoted(&self.kind, it)).collect();
        Attributes {
            zone_id: bare_id(zone).to_owned(),
            name: name.to_owned(),
            fqdn: self.name,
            kind: self.kind,
            ttl: self.ttl,
            records: (!values.is_empty()).then_some(values),
            alias: self.alias.map(|it| vec![it]),
            set_identifier: self.set_identifier,
            weighted_routing_policy: self.weight.map(|weight| vec![Weighted { weight }]),
            failover_routing_policy: self.failover.map(|kind| vec![Failover { kind }]),
            latency_routing_policy: self.region.map(|region| vec![Latency { region }]),
            multivalue_answer_routing_policy: self.multivalue.then_some(true),
            health_check_id: self.health_check_id,
        }
    }
}

fn first<T: Clone>(list: &Option<Vec<T>>) -> Option<T> {
    list.iter().flatten().next().cloned()
}

/// A name within a zone, with the zone's name behind it if it is not there yet.
pub(super) fn whole_name(name: &str, zone: &str) -> String {
    let (name, zone) = (normal_name(name), normal_name(zone));
    if name.is_empty() || name == zone {
        return zone;
    }
    match name.ends_with(&format!(".{zone}")) {
        true => name,
        false => format!("{name}.{zone}"),
    }
}

/// Texts stand in quotes at Route 53; in a configuration they need not.
fn quoted(kind: &str, value: &str) -> String {
    match is_text(kind) && !(value.len() > 1 && value.starts_with('"') && value.ends_with('"')) {
        true => format!("\"{value}\""),
        false => value.to_owned(),
    }
}

/// A value without the quotes around it, if it is a text.
pub(super) fn unquoted(kind: &str, value: &str) -> String {
    let inner = value.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
    inner.filter(|_| is_text(kind)).unwrap_or(value).to_owned()
}

fn is_text(kind: &str) -> bool {
    matches!(kind, "TXT" | "SPF")
}
