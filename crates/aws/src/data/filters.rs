//! What the data sources of the EC2 API share: filters, and one answer of many.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::Filter;
use greenroom_model::schema::{Attribute, Type};
use greenroom_model::value::Value;
use greenroom_provider::{Failure, FailureKind, value};
use serde::{Deserialize, Serialize};

/// A filter, as a configuration writes it.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Given {
    pub(crate) name: String,
    pub(crate) values: Vec<String>,
}

/// The argument `filter`.
pub(super) fn argument() -> Attribute {
    let filter = Type::object([
        ("name", Attribute::required(Type::String, "The filter's name, as the EC2 API has it.")),
        ("values", Attribute::required(Type::set(Type::String), "The values that fit.")),
    ]);
    Attribute::optional(Type::set(filter), "What must fit, as the EC2 API filters.")
}

/// The filters of the EC2 API for those of a configuration, and for tags.
pub(super) fn filters(
    given: Option<Vec<Given>>,
    tags: Option<BTreeMap<String, String>>,
) -> Vec<Filter> {
    let given = given
        .unwrap_or_default()
        .into_iter()
        .map(|it| Filter::builder().name(it.name).set_values(Some(it.values)).build());
    let tags = tags.unwrap_or_default().into_iter();
    let tags =
        tags.map(|(key, text)| Filter::builder().name(format!("tag:{key}")).values(text).build());
    given.chain(tags).collect()
}

/// How many of several objects are named.
const NAMED: usize = 3;

/// The one object that was found; `name` says which one it is, for people.
///
/// # Errors
///
/// There is none, or there are several.
pub(super) fn only<T>(
    mut found: Vec<T>,
    what: &str,
    name: impl Fn(&T) -> String,
) -> Result<T, Failure> {
    if found.len() > 1 {
        let names: Vec<String> = found.iter().take(NAMED).map(name).collect();
        let more = if found.len() > NAMED { " …" } else { "" };
        let (count, names) = (found.len(), names.join(", "));
        let message = format!("{count} {what}s fit, but one is asked for: {names}{more}");
        return Err(Failure::new(FailureKind::Argument, message).help("narrow the filters"));
    }
    found.pop().ok_or_else(|| {
        Failure::new(FailureKind::NotFound, format!("no {what} fits"))
            .help("loosen the filters, or look in another region or account")
    })
}

/// All attributes: those of `record` over the arguments.
pub(super) fn answer<T: Serialize>(config: &Value, record: &T) -> Value {
    let mut all = config.as_object().cloned().unwrap_or_default();
    all.extend(value(record).as_object().cloned().unwrap_or_default());
    Value::from(all)
}
