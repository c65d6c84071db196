//! What the types of the Route 53 API share: whose an object is before it has tags, tags, zones.

use std::collections::BTreeMap;

use aws_sdk_route53::types::{ResourceTagSet, Tag, TagResourceType};
use futures::future::try_join_all;
use greenroom_provider::{Failure, FailureKind, Object};

use crate::aws::Aws;
use crate::batches::together;
use crate::error::{ApiError, at};
use crate::resource::{New, Seen, Tagging};
use crate::tags::{self, Tags};
use crate::{provider, retag};

pub(crate) mod changes;
pub(crate) mod dns;
pub(crate) mod names;
pub(crate) mod records;

/// How many ids one call of ListTagsForResources takes (Route 53 API Reference).
const TAGGED: usize = 10;

/// The caller reference of a new object. Route 53 takes no tags when it makes something, so the
/// reference says whose it is until its tags do: lineage, uid, and a part of the token, at most 64
/// characters.
pub(crate) fn reference(new: &New) -> String {
    let part = |key: &str| new.tags.get(key).map(String::as_str).unwrap_or_default();
    let hash = new.token.rsplit('-').next().unwrap_or_default();
    let hash: String = hash.chars().take(8).collect();
    format!("{}-{}-{hash}", part(tags::LINEAGE), part(tags::UID))
}

/// Adds to an object's tags what its caller reference says of its owner, if the tags do not.
pub(crate) fn with_reference(mut tags: Tags, reference: &str) -> Tags {
    if tags::owner_in(&tags).is_some() {
        return tags;
    }
    let mut parts = reference.split('-');
    let (lineage, uid, hash, end) = (parts.next(), parts.next(), parts.next(), parts.next());
    let is_hex = |text: &&str, length: usize| {
        text.len() == length && text.chars().all(|it| it.is_ascii_hexdigit())
    };
    let lineage = lineage.filter(|it| is_hex(it, 32));
    let uid = uid.filter(|it| is_hex(it, 20));
    if let (Some(lineage), Some(uid), Some(8), None) = (lineage, uid, hash.map(str::len), end) {
        tags.insert(tags::LINEAGE.to_owned(), lineage.to_owned());
        tags.insert(tags::UID.to_owned(), uid.to_owned());
    }
    tags
}

/// Gives a new object its tags.
pub(crate) async fn tag(aws: &Aws, kind: TagResourceType, object: &Object) -> Result<(), Failure> {
    let mut all = provider::wanted_tags(&object.attributes);
    all.extend(tags::of_owner(&object.owner, &object.uid));
    retag::apply(aws, Tagging::Route53(kind), &object.id, all, Vec::new()).await
}

/// Gives the objects that were seen their tags; those that they have tell of their reference.
pub(crate) async fn with_tags(
    aws: &Aws,
    kind: TagResourceType,
    mut seen: Vec<Seen>,
) -> Result<Vec<Seen>, Failure> {
    let ids: Vec<String> = seen.iter().map(|it| it.id.to_string()).collect();
    let chunks = ids.chunks(TAGGED).map(|ids| tags_of(aws, &kind, ids));
    let mut tags: BTreeMap<String, Tags> =
        try_join_all(chunks).await?.into_iter().flatten().collect();
    for it in &mut seen {
        let mut all = tags.remove(&*it.id).unwrap_or_default();
        // What was made without tags keeps what its reference says.
        if tags::owner_in(&all).is_none() {
            all.extend(std::mem::take(&mut it.tags));
        }
        it.tags = all;
    }
    Ok(seen)
}

async fn tags_of(
    aws: &Aws,
    kind: &TagResourceType,
    ids: &[String],
) -> Result<Vec<(String, Tags)>, Failure> {
    let pair = |tag: Tag| Some((tag.key?, tag.value.unwrap_or_default()));
    // One that went away in between makes the call fail for all.
    let answers = together(ids.to_vec(), |ids| tag_sets(aws, kind.clone(), ids)).await;
    let mut tags = Vec::new();
    for (id, answer) in answers {
        let sets = match answer {
            Err(failure) if failure.kind == FailureKind::NotFound => continue,
            answer => answer?,
        };
        let own = sets.into_iter().filter(|it| it.resource_id.as_ref() == Some(&id));
        let own = own.flat_map(|it| it.tags.unwrap_or_default()).filter_map(pair).collect();
        tags.push((id, own));
    }
    Ok(tags)
}

async fn tag_sets(
    aws: &Aws,
    kind: TagResourceType,
    ids: Vec<String>,
) -> Result<Vec<ResourceTagSet>, ApiError> {
    let route53 = &aws.again.route53;
    if let [id] = &*ids {
        let call = route53.list_tags_for_resource().resource_type(kind).resource_id(id);
        let answer = call.send().await.map_err(at("route53:ListTagsForResource"))?;
        return Ok(answer.resource_tag_set.map(|it| with_id(it, id)).into_iter().collect());
    }
    let call = route53.list_tags_for_resources().resource_type(kind);
    let answer = call.set_resource_ids(Some(ids)).send().await;
    Ok(answer.map_err(at("route53:ListTagsForResources"))?.resource_tag_sets)
}

/// With the id that was asked for, where an answer leaves it out.
fn with_id(mut set: ResourceTagSet, id: &str) -> ResourceTagSet {
    set.resource_id.get_or_insert_with(|| id.to_owned());
    set
}

/// The id of a zone without the path that some answers have before it.
pub(crate) fn bare_id(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

/// A name of the DNS in its one form: lower case, without the last dot, and characters as
/// themselves that Route 53 writes as octal codes, such as `\052` for `*` (Route 53 Developer
/// Guide, "DNS domain name format").
pub(crate) fn normal_name(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(at) = rest.find('\\') {
        plain.push_str(&rest[..at]);
        let code = rest.get(at + 1..at + 4).and_then(|it| u8::from_str_radix(it, 8).ok());
        match code.filter(u8::is_ascii_graphic) {
            Some(byte) => {
                plain.push(char::from(byte));
                rest = &rest[at + 4..];
            }
            None => {
                plain.push('\\');
                rest = &rest[at + 1..];
            }
        }
    }
    plain.push_str(rest);
    let plain = plain.strip_suffix('.').unwrap_or(&plain);
    plain.to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_form() {
        for name in ["*.Example.COM.", "\\052.example.com.", "*.example.com"] {
            assert_eq!(normal_name(name), "*.example.com");
        }
        assert_eq!(normal_name(r"a\b.example."), r"a\b.example");
    }

    #[test]
    fn a_reference_says_whose_an_object_is_until_its_tags_do() {
        let (lineage, uid) = ("0123456789abcdef0123456789abcdef", "0123456789abcdef0123");
        let reference = format!("{lineage}-{uid}-01234567");
        assert!(reference.len() <= 64);
        let tags = with_reference(Tags::new(), &reference);
        let (found, of) = tags::owner_in(&tags).expect("an owner");
        assert_eq!((&*found.0, &*of.0), (lineage, uid));
        let others = Tags::from([
            (tags::LINEAGE.to_owned(), "a".to_owned()),
            (tags::UID.to_owned(), "b".to_owned()),
        ]);
        assert_eq!(with_reference(others.clone(), &reference), others);
        assert!(with_reference(Tags::new(), "terraform-20260101").is_empty());
    }
}
