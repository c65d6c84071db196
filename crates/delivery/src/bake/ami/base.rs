//! The image that another one starts from.

use std::sync::Arc;

use greenroom_apply::Workbench;
use greenroom_model::address::Address;
use greenroom_model::value::Value;
use greenroom_provider::{DataRequest, Failure};
use greenroom_spec::image::AmiBase;

use super::Provider;

/// An image of AWS to start from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    /// Its id.
    pub id: Arc<str>,
    /// The region, in which the image that starts from it is made, too.
    pub region: Arc<str>,
    /// The account of whoever makes that.
    pub account: Arc<str>,
}

/// Why nobody can say which image to start from.
#[derive(Debug, thiserror::Error)]
#[error("the base image of `{image}` is not found: {wanted}")]
pub struct BaseError {
    image: Arc<str>,
    wanted: String,
    #[source]
    source: Failure,
}

impl BaseError {
    /// What to do.
    #[must_use]
    pub fn help(&self) -> Option<&str> {
        self.source.help.as_deref()
    }
}

/// The image that `image` starts from, as the provider knows it now.
///
/// # Errors
///
/// [`BaseError`]: none fits, several do, or AWS does not say.
pub async fn base(
    workbench: &Workbench,
    provider: &Provider,
    image: &str,
    wanted: &AmiBase,
) -> Result<Base, BaseError> {
    let found = look(workbench, provider, image, wanted).await;
    found.map_err(|source| BaseError { image: image.into(), wanted: shown(wanted), source })
}

async fn look(
    workbench: &Workbench,
    provider: &Provider,
    image: &str,
    wanted: &AmiBase,
) -> Result<Base, Failure> {
    let Provider { configuration, settings } = provider;
    let settings = workbench.providers.resolve(configuration, Some(settings), None).await?;
    let asked = workbench.providers.get(configuration, Some(&settings)).await?;
    let address = address(image);
    let ask = |kind: &str, config: Value| DataRequest {
        kind: kind.into(),
        address: address.clone(),
        config,
    };
    let none = || Value::object::<&str>([]);
    let requests = vec![
        ask("aws_ami", arguments(wanted)),
        ask("aws_region", none()),
        ask("aws_caller_identity", none()),
    ];
    let mut answers = asked.read_data(requests).await.into_iter();
    let mut text = |name: &str| -> Result<Arc<str>, Failure> {
        let answer = answers.next().expect("every question has its answer")?;
        Ok(answer.get(name).and_then(Value::as_str).unwrap_or_default().into())
    };
    Ok(Base { id: text("id")?, region: text("name")?, account: text("account_id")? })
}

/// Where the question stands, for messages.
fn address(image: &str) -> Address {
    let text = format!("front/data.aws_ami.{image}");
    text.parse().expect("the name of an image is an identifier")
}

/// What is asked of the data source `aws_ami`.
fn arguments(wanted: &AmiBase) -> Value {
    if let Some(id) = &wanted.id {
        let filter = filter("image-id", [id.value.clone()]);
        let filters = Value::list([filter]);
        return Value::object([("filter", filters), ("include_deprecated", true.into())]);
    }
    let filters = wanted.filters.iter().map(|(name, values)| filter(name, values.iter().cloned()));
    let owners = wanted.owners.iter().map(|it| it.value.clone());
    Value::object([
        ("owners", Value::list(owners)),
        ("filter", Value::list(filters)),
        ("most_recent", wanted.most_recent.into()),
    ])
}

fn filter(name: &str, values: impl IntoIterator<Item = Arc<str>>) -> Value {
    Value::object([("name", Value::from(name)), ("values", Value::list(values))])
}

/// What is wanted, for people.
fn shown(wanted: &AmiBase) -> String {
    if let Some(id) = &wanted.id {
        return format!("the image `{}`", id.value);
    }
    let owners: Vec<&str> = wanted.owners.iter().map(|it| &*it.value).collect();
    let filters =
        wanted.filters.iter().map(|(name, values)| format!("{name} {}", values.join(" or ")));
    let filters: Vec<String> = filters.collect();
    let of = if owners.is_empty() { "anybody".to_owned() } else { owners.join(" or ") };
    format!("an image of {of} with {}", filters.join(" and "))
}
