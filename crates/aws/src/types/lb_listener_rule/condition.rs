//! Conditions of a listener's rule.

use std::collections::BTreeSet;

use aws_sdk_elasticloadbalancingv2::types::{
    HostHeaderConditionConfig, HttpHeaderConditionConfig, HttpRequestMethodConditionConfig,
    PathPatternConditionConfig, QueryStringConditionConfig, QueryStringKeyValuePair, RuleCondition,
    SourceIpConditionConfig,
};
use greenroom_model::schema::{Attribute, Type};
use greenroom_model::value::Value;
use greenroom_provider::Draft;
use serde::{Deserialize, Serialize};

/// The kinds of condition, by the argument's name.
const KINDS: [&str; 6] = [
    "host_header",
    "http_header",
    "http_request_method",
    "path_pattern",
    "query_string",
    "source_ip",
];

/// A condition: one of its fields is given. The fields are in the order of their names, which is
/// the order of sets of tables.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Condition {
    host_header: Option<Vec<Values>>,
    http_header: Option<Vec<Header>>,
    http_request_method: Option<Vec<Values>>,
    path_pattern: Option<Vec<Values>>,
    query_string: Option<BTreeSet<Query>>,
    source_ip: Option<Vec<Values>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(default)]
struct Values {
    values: BTreeSet<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(default)]
struct Header {
    http_header_name: String,
    values: BTreeSet<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(default)]
struct Query {
    key: Option<String>,
    value: String,
}

/// The table of a condition.
pub(super) fn schema() -> Type {
    let values = |doc: &str| ("values", Attribute::required(Type::set(Type::String), doc));
    let one = |table: Type, doc: &str| Attribute::optional(Type::list(table), doc).at_most(1);
    let any_of = "One of them must match; `*` and `?` stand for any characters.";
    Type::object([
        ("host_header", one(Type::object([values(any_of)]), "The host asked for.")),
        (
            "http_header",
            one(
                Type::object([
                    ("http_header_name", Attribute::required(Type::String, "The header's name.")),
                    values(any_of),
                ]),
                "A header.",
            ),
        ),
        (
            "http_request_method",
            one(Type::object([values("One of them must match.")]), "The method."),
        ),
        ("path_pattern", one(Type::object([values(any_of)]), "The path, without the query.")),
        (
            "query_string",
            Attribute::optional(
                Type::set(Type::object([
                    ("key", Attribute::optional(Type::String, "The key; any if left out.")),
                    ("value", Attribute::required(Type::String, "The value.")),
                ])),
                "Parts of the query, one of which must match.",
            ),
        ),
        (
            "source_ip",
            one(Type::object([values("Blocks, one of which must match.")]), "Where it comes from."),
        ),
    ])
}

/// Checks the conditions of a rule.
pub(super) fn propose(draft: &mut Draft) {
    let Some(conditions) = draft.planned("condition").and_then(Value::as_list) else { return };
    let conditions = conditions.to_vec();
    draft.expect(!conditions.is_empty(), "condition", "there is at least one condition");
    for (index, condition) in conditions.iter().enumerate() {
        let path = format!("condition[{index}]");
        let given = |name: &&str| {
            let part = condition.get(name).filter(|it| !it.is_null());
            part.is_some_and(|it| it.as_list().is_none_or(|entries| !entries.is_empty()))
        };
        let count = KINDS.iter().filter(|it| given(it)).count();
        draft.expect(count == 1, &path, format!("it has exactly one of {}", KINDS.join(", ")));
    }
    if let Some(conditions) = draft.typed::<Vec<Condition>>("condition") {
        check_values(draft, &conditions);
        let mut normal: Vec<Condition> = conditions.into_iter().map(Condition::normal).collect();
        normal.sort();
        draft.set("condition", greenroom_provider::value(&normal));
    }
}

fn check_values(draft: &mut Draft, conditions: &[Condition]) {
    let total: usize = conditions.iter().map(Condition::values).sum();
    draft.expect(total <= 5, "condition", format!("{total} values, but a rule has at most 5"));
    for (index, condition) in conditions.iter().enumerate() {
        for source in condition.source_ip.iter().flatten().flat_map(|it| &it.values) {
            let message = format!("`{source}` is no block, such as 10.0.0.0/16");
            let fits = source.parse::<ipnet::IpNet>().is_ok();
            draft.expect(fits, &format!("condition[{index}].source_ip"), message);
        }
        for path in condition.path_pattern.iter().flatten().flat_map(|it| &it.values) {
            let at = format!("condition[{index}].path_pattern");
            draft.expect(path.len() <= 128, &at, "a path has at most 128 characters");
        }
        for host in condition.host_header.iter().flatten().flat_map(|it| &it.values) {
            let at = format!("condition[{index}].host_header");
            draft.expect(host.len() <= 128, &at, "a host has at most 128 characters");
        }
    }
}

/// Conditions as AWS takes them.
pub(super) fn written(conditions: &[Condition]) -> Vec<RuleCondition> {
    conditions.iter().flat_map(Condition::written).collect()
}

/// Conditions of an answer, in their one order.
pub(super) fn read(conditions: Option<Vec<RuleCondition>>) -> Vec<Condition> {
    let mut read: Vec<Condition> =
        conditions.unwrap_or_default().into_iter().map(Condition::read).collect();
    read.sort();
    read
}

impl Condition {
    /// Without what is empty.
    fn normal(self) -> Condition {
        fn full<T>(list: Option<Vec<T>>) -> Option<Vec<T>> {
            list.filter(|it| !it.is_empty())
        }
        Condition {
            host_header: full(self.host_header),
            http_header: full(self.http_header),
            http_request_method: full(self.http_request_method),
            path_pattern: full(self.path_pattern),
            query_string: self.query_string.filter(|it| !it.is_empty()),
            source_ip: full(self.source_ip),
        }
    }

    /// How many values it has.
    fn values(&self) -> usize {
        let plain = [&self.host_header, &self.http_request_method, &self.path_pattern];
        let plain = plain.into_iter().chain([&self.source_ip]).flatten().flatten();
        let headers = self.http_header.iter().flatten().map(|it| it.values.len());
        plain.map(|it| it.values.len()).chain(headers).sum::<usize>()
            + self.query_string.as_ref().map_or(0, BTreeSet::len)
    }

    fn written(&self) -> Vec<RuleCondition> {
        let field = |name: &str| RuleCondition::builder().field(name);
        let all = |it: &Values| Some(it.values.iter().cloned().collect());
        let hosts = self.host_header.iter().flatten().map(|it| {
            let config = HostHeaderConditionConfig::builder().set_values(all(it)).build();
            field("host-header").host_header_config(config)
        });
        let paths = self.path_pattern.iter().flatten().map(|it| {
            let config = PathPatternConditionConfig::builder().set_values(all(it)).build();
            field("path-pattern").path_pattern_config(config)
        });
        let methods = self.http_request_method.iter().flatten().map(|it| {
            let config = HttpRequestMethodConditionConfig::builder().set_values(all(it)).build();
            field("http-request-method").http_request_method_config(config)
        });
        let sources = self.source_ip.iter().flatten().map(|it| {
            let config = SourceIpConditionConfig::builder().set_values(all(it)).build();
            field("source-ip").source_ip_config(config)
        });
        let headers = self.http_header.iter().flatten().map(|it| {
            let config = HttpHeaderConditionConfig::builder()
                .http_header_name(&it.http_header_name)
                .set_values(Some(it.values.iter().cloned().collect()));
            field("http-header").http_header_config(config.build())
        });
        let query = self.query_string.iter().filter(|it| !it.is_empty()).map(|it| {
            let config = QueryStringConditionConfig::builder();
            let config = config.set_values(Some(it.iter().map(Query::written).collect()));
            field("query-string").query_string_config(config.build())
        });
        let all = hosts.chain(paths).chain(methods).chain(sources).chain(headers).chain(query);
        all.map(|it| it.build()).collect()
    }

    fn read(condition: RuleCondition) -> Condition {
        let of = |values: Option<Vec<String>>| {
            let values: BTreeSet<String> = values.unwrap_or_default().into_iter().collect();
            Some(vec![Values { values }])
        };
        let plain = condition.values;
        let mut read = Condition::default();
        match condition.field.as_deref().unwrap_or_default() {
            "host-header" => {
                read.host_header =
                    of(condition.host_header_config.and_then(|it| it.values).or(plain));
            }
            "path-pattern" => {
                read.path_pattern =
                    of(condition.path_pattern_config.and_then(|it| it.values).or(plain));
            }
            "http-request-method" => {
                read.http_request_method =
                    of(condition.http_request_method_config.and_then(|it| it.values));
            }
            "source-ip" => read.source_ip = of(condition.source_ip_config.and_then(|it| it.values)),
            "http-header" => {
                read.http_header = condition.http_header_config.map(|it| vec![Header::read(it)]);
            }
            "query-string" => {
                let values = condition.query_string_config.and_then(|it| it.values);
                read.query_string = values.map(|it| it.into_iter().map(Query::read).collect());
            }
            _ => {}
        }
        read
    }
}

impl Header {
    fn read(config: HttpHeaderConditionConfig) -> Header {
        Header {
            http_header_name: config.http_header_name.unwrap_or_default(),
            values: config.values.unwrap_or_default().into_iter().collect(),
        }
    }
}

impl Query {
    fn read(pair: QueryStringKeyValuePair) -> Query {
        Query { key: pair.key, value: pair.value.unwrap_or_default() }
    }

    fn written(&self) -> QueryStringKeyValuePair {
        let pair = QueryStringKeyValuePair::builder().set_key(self.key.clone());
        pair.value(&self.value).build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(values: &[&str]) -> Option<Vec<Values>> {
        let values = values.iter().map(ToString::to_string).collect();
        Some(vec![Values { values }])
    }

    #[test]
    fn conditions_are_read_as_they_are_written() {
        let header =
            Header { http_header_name: "X-Canary".to_owned(), values: ["yes".to_owned()].into() };
        let query =
            |key: Option<&str>| Query { key: key.map(str::to_owned), value: "1".to_owned() };
        let mut conditions = vec![
            Condition { host_header: some(&["a.example", "b.example"]), ..Condition::default() },
            Condition { path_pattern: some(&["/api/*"]), ..Condition::default() },
            Condition { http_request_method: some(&["GET"]), ..Condition::default() },
            Condition { source_ip: some(&["10.0.0.0/8"]), ..Condition::default() },
            Condition { http_header: Some(vec![header]), ..Condition::default() },
            Condition {
                query_string: Some([query(None), query(Some("v"))].into()),
                ..Condition::default()
            },
        ];
        conditions.sort();
        assert_eq!(read(Some(written(&conditions))), conditions);
        assert_eq!(conditions.iter().map(Condition::values).sum::<usize>(), 8);
    }
}
