//! Tags of the ELBv2 API: what is asked for within a tick, of whatever type, goes in one call.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::types::Tag;
use futures::{FutureExt, StreamExt, stream};
use greenroom_provider::coalesce::Answers;
use greenroom_provider::{Coalescer, Failure, FailureKind};

use super::PARENTS;
use crate::aws::{Clients, Pace};
use crate::batches::together;
use crate::error::{ApiError, at};
use crate::tags::Tags;

/// How many ARNs one call of DescribeTags takes (ELBv2 API Reference, "DescribeTags").
const TAGGED: usize = 20;

/// Tags by ARN; an object that is not there has none.
pub(crate) type TagReads = Coalescer<Arc<str>, Tags>;

/// Tags for a create call.
pub(crate) fn sdk_tags(tags: &Tags) -> Vec<Tag> {
    let tag = |(key, text): (&String, &String)| Tag::builder().key(key).value(text).build();
    tags.iter().map(tag).collect()
}

/// What reads tags.
pub(crate) fn reads(again: &Clients) -> TagReads {
    let elb = again.elb.clone();
    Coalescer::new(Pace::tick(), move |arns| answer(elb.clone(), arns).boxed())
}

async fn answer(elb: Client, arns: Vec<Arc<str>>) -> Answers<Arc<str>, Tags> {
    let chunks: Vec<Vec<Arc<str>>> = arns.chunks(TAGGED).map(<[_]>::to_vec).collect();
    let answers = stream::iter(chunks).map(|arns| {
        // One that is not there makes the call fail for all.
        together(arns, |arns| describe(elb.clone(), arns))
    });
    let answers = answers.buffered(PARENTS).collect::<Vec<_>>().await;
    let own = |(arn, described): (Arc<str>, Result<Described, Failure>)| {
        let tags = match described {
            Err(failure) if failure.kind == FailureKind::NotFound => Ok(Tags::new()),
            described => described.map(|all| all.get(&*arn).cloned().unwrap_or_default()),
        };
        (arn, tags)
    };
    answers.into_iter().flatten().map(own).collect()
}

/// What one call tells: tags by ARN.
type Described = Arc<BTreeMap<String, Tags>>;

async fn describe(elb: Client, arns: Vec<Arc<str>>) -> Result<Described, ApiError> {
    let arns = arns.iter().map(ToString::to_string).collect();
    let call = elb.describe_tags().set_resource_arns(Some(arns));
    let answer = call.send().await.map_err(at("elasticloadbalancing:DescribeTags"))?;
    let pair = |tag: Tag| Some((tag.key?, tag.value.unwrap_or_default()));
    let described = answer.tag_descriptions.unwrap_or_default().into_iter().filter_map(|it| {
        let tags = it.tags.unwrap_or_default().into_iter().filter_map(pair).collect();
        Some((it.resource_arn?, tags))
    });
    Ok(Arc::new(described.collect()))
}
