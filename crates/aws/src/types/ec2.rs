//! What the types of the EC2 API share: filters, tags, ARNs.

use std::net::Ipv4Addr;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_ec2::types::{Filter, ResourceType, Tag, TagSpecification};
use greenroom_model::value::Value;
use greenroom_provider::{Deleted, Draft, Failure, FailureKind};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use tokio::time::{Instant, sleep};

use crate::aws::Aws;
use crate::error::ApiError;
use crate::resource::Sought;
use crate::tags::{self, Tags};

/// The most values of a filter (EC2 API Reference, "Filter").
pub(crate) const VALUES: usize = 200;

/// The filter for the objects that are sought; `id` is the filter's name for their ids.
///
/// By filter and not by id, as an id that does not exist makes a call by ids fail as a whole.
pub(crate) fn filter(sought: &Sought, id: &str) -> Filter {
    let (name, values): (String, Vec<String>) = match sought {
        Sought::Ids(ids) => (id.to_owned(), ids.iter().map(ToString::to_string).collect()),
        Sought::Uids(uids) => {
            (format!("tag:{}", tags::UID), uids.iter().map(ToString::to_string).collect())
        }
        Sought::Lineage(lineage) => (format!("tag:{}", tags::LINEAGE), vec![lineage.to_string()]),
        Sought::Project(project) => (format!("tag:{}", tags::PROJECT), vec![project.to_string()]),
        Sought::Names(names) => ("group-name".to_owned(), names.clone()),
    };
    Filter::builder().name(name).set_values(Some(values)).build()
}

/// A filter by one value.
pub(crate) fn filter_by(name: &str, value: impl Into<String>) -> Filter {
    Filter::builder().name(name).values(value).build()
}

/// A filter by any of some values, [`VALUES`] at most.
pub(crate) fn filter_by_any(name: &str, values: &[String]) -> Filter {
    Filter::builder().name(name).set_values(Some(values.to_vec())).build()
}

/// Tags for the create call of an object of `kind`.
pub(crate) fn tag_specification(kind: ResourceType, tags: &Tags) -> TagSpecification {
    let tag = |(key, text): (&String, &String)| Tag::builder().key(key).value(text).build();
    TagSpecification::builder()
        .resource_type(kind)
        .set_tags(Some(tags.iter().map(tag).collect()))
        .build()
}

/// The tags of an answer.
pub(crate) fn tags_of(tags: Option<Vec<Tag>>) -> Tags {
    let pair = |tag: Tag| Some((tag.key?, tag.value.unwrap_or_default()));
    tags.unwrap_or_default().into_iter().filter_map(pair).collect()
}

/// The ARN of an object of the EC2 API.
pub(crate) fn arn(aws: &Aws, account: &str, resource: &str) -> String {
    format!("arn:{}:ec2:{}:{account}:{resource}", aws.partition(), aws.region())
}

/// An id that AWS gave in an answer.
///
/// # Errors
///
/// There is none, which leaves open what was made.
pub(crate) fn given(id: Option<String>, action: &str) -> Result<Arc<str>, Failure> {
    id.map(Into::into).ok_or_else(|| {
        let message = format!("{action}: AWS answered without an id");
        Failure::new(FailureKind::Internal, message).unknown_effect()
    })
}

/// What became of a delete: an object that is not there is gone.
pub(crate) fn deleted<T>(answer: Result<T, ApiError>) -> Result<Deleted, Failure> {
    match answer {
        Ok(_) => Ok(Deleted::Accepted),
        Err(error) if error.is_not_found() => Ok(Deleted::Gone),
        Err(error) => Err(error.into()),
    }
}

/// Whether an object that is there gets another value of the attribute `name`.
pub(crate) fn is_changed(draft: &Draft, name: &str) -> bool {
    let planned = draft.planned(name).map(Value::reveal);
    draft.prior().is_some_and(|it| it.get(name).map(Value::reveal) != planned)
}

/// Leaves those of the attributes `names` open that the configuration does not give.
pub(crate) fn leave_open(draft: &mut Draft, names: &[&str]) {
    for name in names {
        if draft.left_out(name) {
            draft.leave_open(name);
        }
    }
}

/// Checks an IPv4 address.
pub(crate) fn check_address(draft: &mut Draft, name: &str) {
    let text = draft.given(name).and_then(Value::as_str);
    let fits = text.is_none_or(|it| it.parse::<Ipv4Addr>().is_ok());
    draft.expect(fits, name, "it is an IPv4 address, such as 10.0.0.5");
}

/// Checks an IPv4 block: its form, that nothing is set behind its prefix, and the prefix.
pub(crate) fn check_cidr(draft: &mut Draft, name: &str, prefixes: RangeInclusive<u8>) {
    let Some(text) = draft.given(name).and_then(Value::as_str).map(str::to_owned) else { return };
    check_ipv4(draft, name, &text, prefixes);
}

/// As [`check_cidr`], for the text that stands at `path`.
pub(crate) fn check_ipv4(draft: &mut Draft, path: &str, text: &str, prefixes: RangeInclusive<u8>) {
    let Ok(block) = text.parse::<Ipv4Net>() else {
        let help = Some("such as 10.0.0.0/16");
        return draft.wrong(path, format!("`{text}` is no IPv4 block"), help);
    };
    check_block(draft, path, block.into(), &prefixes);
}

/// Checks an IPv6 block as [`check_cidr`] does, and puts it into the one form that AWS gives back.
pub(crate) fn canonical_ipv6(draft: &mut Draft, name: &str, prefixes: RangeInclusive<u8>) {
    let Some(text) = draft.given(name).and_then(Value::as_str).map(str::to_owned) else { return };
    if let Some(block) = check_ipv6(draft, name, &text, prefixes) {
        draft.set(name, block);
    }
}

/// Checks the text of an IPv6 block that stands at `path`; its canonical form.
pub(crate) fn check_ipv6(
    draft: &mut Draft,
    path: &str,
    text: &str,
    prefixes: RangeInclusive<u8>,
) -> Option<String> {
    let Ok(block) = text.parse::<Ipv6Net>() else {
        let help = Some("such as 2001:db8:1234:1a00::/64");
        draft.wrong(path, format!("`{text}` is no IPv6 block"), help);
        return None;
    };
    check_block(draft, path, block.into(), &prefixes);
    Some(block.to_string())
}

fn check_block(draft: &mut Draft, path: &str, block: IpNet, prefixes: &RangeInclusive<u8>) {
    if block.trunc() != block {
        let help = format!("the block that holds it is {}", block.trunc());
        draft.wrong(path, format!("`{block}` has bits behind its prefix"), Some(&help));
    }
    let (least, most) = (prefixes.start(), prefixes.end());
    let message = format!("the prefix is from /{least} to /{most}");
    draft.expect(prefixes.contains(&block.prefix_len()), path, message);
}

/// Looks again and again until `look` finds something, for at most ten minutes; `what` is what is
/// waited for.
///
/// # Errors
///
/// The look failed, or found nothing in all that time.
pub(crate) async fn until<T, F>(aws: &Aws, what: &str, look: impl Fn() -> F) -> Result<T, Failure>
where
    F: Future<Output = Result<Option<T>, Failure>>,
{
    const PATIENCE: Duration = Duration::from_secs(600);
    let every = aws.pace.scaled(Duration::from_secs(3)).max(Duration::from_millis(5));
    let began = Instant::now();
    loop {
        if let Some(found) = look().await? {
            return Ok(found);
        }
        if began.elapsed() > PATIENCE {
            let message = format!("{what} is not done after {PATIENCE:?}");
            return Err(Failure::new(FailureKind::Unavailable, message));
        }
        sleep(every).await;
    }
}

/// Notes it unless the argument is one of `words`, where it is known.
pub(crate) fn check_word(draft: &mut Draft, name: &str, words: &[&str]) {
    let fits = draft.given(name).and_then(Value::as_str).is_none_or(|it| words.contains(&it));
    draft.expect(fits, name, format!("it is one of {}", words.join(", ")));
}

/// Notes it unless the field `field` of the tables of the argument `name` is one of `words`.
pub(crate) fn check_field(draft: &mut Draft, name: &str, field: &str, words: &[&str]) {
    for (at, table) in tables(draft, name).iter().enumerate() {
        let fits = table.get(field).and_then(Value::as_str).is_none_or(|it| words.contains(&it));
        let path = format!("{name}[{at}].{field}");
        draft.expect(fits, &path, format!("it is one of {}", words.join(", ")));
    }
}

/// The tables of an argument; none where it is not known how many there are.
pub(crate) fn tables(draft: &Draft, name: &str) -> Vec<Value> {
    draft.planned(name).and_then(Value::as_list).map(<[Value]>::to_vec).unwrap_or_default()
}
