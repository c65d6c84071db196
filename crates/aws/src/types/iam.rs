//! What the types of the IAM API share: names, policies, tags.

use aws_sdk_iam::types::{AttachedPolicy, Tag};
use aws_smithy_types::date_time::{DateTime, Format};
use greenroom_model::value::{Object as Values, Value};
use greenroom_provider::{Draft, Failure};

use crate::aws::Aws;
use crate::error::{ApiError, at};
use crate::resource::{Sent, Sought};
use crate::tags::Tags;

/// Checks a name: of letters, digits and `_+=,.@-`, at most `most` of them.
pub(crate) fn check_name(draft: &mut Draft, name: &str, most: usize) {
    let text = draft.given(name).and_then(Value::as_str);
    let is_part = |it: char| it.is_ascii_alphanumeric() || "_+=,.@-".contains(it);
    let fits = text.is_none_or(|it| (1..=most).contains(&it.len()) && it.chars().all(is_part));
    let message = format!("a name has 1 to {most} letters, digits and characters of `_+=,.@-`");
    draft.expect(fits, name, message);
}

/// Checks the path of an object.
pub(crate) fn check_path(draft: &mut Draft) {
    let text = draft.given("path").and_then(Value::as_str);
    let fits = text.is_none_or(|it| it.starts_with('/') && it.ends_with('/') && it.len() <= 512);
    draft.expect(fits, "path", "a path starts and ends with `/`");
}

/// Checks a policy, and takes one that says the same as the object's as no change.
pub(crate) fn propose_policy(draft: &mut Draft, name: &str) {
    let Some(text) = draft.given(name).and_then(Value::as_str).map(str::to_owned) else { return };
    if parse(&text).is_none_or(|it| !it.is_object()) {
        return draft.wrong(name, "it is no JSON object", Some("write it with `jsonencode`"));
    }
    let prior = draft.prior().and_then(|it| it.get(name)).cloned().unwrap_or_default();
    if prior.as_str().is_some_and(|prior| says_the_same(prior, &text)) {
        draft.set(name, prior);
    }
}

/// Keeps a policy as it was written, where AWS returns one that says the same.
pub(crate) fn policy_as_written(read: &mut Values, prior: &Value, name: &str) {
    let found = read.get(name).and_then(Value::as_str);
    let written = prior.get(name).and_then(Value::as_str);
    if let (Some(found), Some(written)) = (found, written)
        && says_the_same(found, written)
    {
        read.remove(name);
    }
}

/// A policy in the answer of a call, which is encoded as in an address.
pub(crate) fn decoded(policy: &str) -> String {
    let form = format!("policy={policy}");
    let mut pairs = form_urlencoded::parse(form.as_bytes());
    pairs.next().map(|(_, policy)| policy.into_owned()).unwrap_or_default()
}

fn parse(policy: &str) -> Option<serde_json::Value> {
    serde_json::from_str(policy).ok()
}

/// Whether two policies say the same: spaces and the order of keys do not count, and one thing is
/// a list of one thing (IAM User Guide, "Grammar of the IAM JSON policy language").
fn says_the_same(a: &str, b: &str) -> bool {
    match (parse(a), parse(b)) {
        (Some(a), Some(b)) => plain(a) == plain(b),
        _ => false,
    }
}

fn plain(value: serde_json::Value) -> serde_json::Value {
    use serde_json::Value as Json;
    match value {
        Json::Array(mut entries) if entries.len() == 1 => plain(entries.remove(0)),
        Json::Array(entries) => {
            let mut entries: Vec<Json> = entries.into_iter().map(plain).collect();
            if entries.iter().all(Json::is_string) {
                entries.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
            }
            Json::Array(entries)
        }
        Json::Object(fields) => {
            Json::Object(fields.into_iter().map(|(name, it)| (name, plain(it))).collect())
        }
        other => other,
    }
}

/// The names that are sought: ids are names here, and IAM finds nothing by tags. For a project's
/// they are `all`, which is only then awaited.
pub(crate) async fn names(
    sought: &Sought,
    all: impl Future<Output = Result<Vec<String>, Failure>>,
) -> Result<Vec<String>, Failure> {
    Ok(match sought {
        Sought::Ids(ids) => ids.iter().map(ToString::to_string).collect(),
        Sought::Names(names) => names.clone(),
        Sought::Project(_) => all.await?,
        Sought::Uids(_) | Sought::Lineage(_) => Vec::new(),
    })
}

/// How to look for an object whose create was not answered: by the name that was sent.
pub(crate) fn handle(sent: &Sent<'_>) -> Option<Sought> {
    let name = sent.arguments.get("name")?.as_str()?;
    Some(Sought::Names(vec![name.to_owned()]))
}

/// The ARNs of the managed policies of a role; none of a role that is not there.
pub(crate) async fn attached(aws: &Aws, role: &str) -> Result<Vec<String>, Failure> {
    let pages = aws.again.iam.list_attached_role_policies().role_name(role).into_paginator();
    let found = pages.items().send().collect::<Result<Vec<AttachedPolicy>, _>>().await;
    let found = unless_gone(found.map_err(at("iam:ListAttachedRolePolicies")))?;
    Ok(found.unwrap_or_default().into_iter().filter_map(|it| it.policy_arn).collect())
}

/// An answer, where what was asked of is still there.
pub(crate) fn unless_gone<T>(answer: Result<T, ApiError>) -> Result<Option<T>, Failure> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The tags of an answer.
pub(crate) fn tags_of(tags: Option<Vec<Tag>>) -> Tags {
    tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)).collect()
}

/// An instant, as Terraform writes it.
pub(crate) fn instant(at: &DateTime) -> Option<String> {
    at.fmt(Format::DateTime).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_says_the_same_in_another_form() {
        let written = r#"{ "Statement": [{"Action": ["a", "b"], "Effect": "Allow"}] }"#;
        let found = r#"{"Statement":{"Effect":"Allow","Action":["b","a"]}}"#;
        assert!(says_the_same(written, found));
        assert!(!says_the_same(written, r#"{"Statement":{"Effect":"Deny","Action":["b","a"]}}"#));
    }

    #[test]
    fn a_policy_is_read_as_it_was_sent() {
        assert_eq!(decoded("%7B%22a%22%3A%20%22b%2Bc%22%7D"), r#"{"a": "b+c"}"#);
    }
}
