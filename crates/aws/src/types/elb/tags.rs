//! Tags of the ELBv2 API: what is asked for within a tick, of whatever type, goes in one call.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::types::Tag;
use futures::future::join_all;
use futures::{FutureExt, StreamExt, stream};
use greenroom_provider::coalesce::Answers;
use greenroom_provider::{Coalescer, Failure};

use super::PARENTS;
use crate::aws::{Clients, Pace};
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
    let answers = stream::iter(chunks).map(|arns| of_chunk(&elb, arns));
    answers.buffered(PARENTS).collect::<Vec<_>>().await.into_iter().flatten().collect()
}

async fn of_chunk(elb: &Client, arns: Vec<Arc<str>>) -> Answers<Arc<str>, Tags> {
    match describe(elb, &arns).await {
        // One that is not there makes the call fail for all.
        Err(error) if error.is_not_found() => {
            let singly = arns.into_iter().map(|arn| async {
                let arns = vec![arn];
                let answer = describe(elb, &arns).await;
                answers(arns, answer)
            });
            join_all(singly).await.into_iter().flatten().collect()
        }
        answer => answers(arns, answer),
    }
}

fn answers(
    arns: Vec<Arc<str>>,
    answer: Result<BTreeMap<String, Tags>, ApiError>,
) -> Answers<Arc<str>, Tags> {
    let mut answer = match answer {
        Err(error) if error.is_not_found() => Ok(BTreeMap::new()),
        answer => answer.map_err(Failure::from),
    };
    let of = |arn: Arc<str>| {
        let tags = answer.as_mut().map(|all| all.remove(&*arn).unwrap_or_default());
        (arn, tags.map_err(|failure| failure.clone()))
    };
    arns.into_iter().map(of).collect()
}

async fn describe(elb: &Client, arns: &[Arc<str>]) -> Result<BTreeMap<String, Tags>, ApiError> {
    let arns = arns.iter().map(ToString::to_string).collect();
    let call = elb.describe_tags().set_resource_arns(Some(arns));
    let answer = call.send().await.map_err(at("elasticloadbalancing:DescribeTags"))?;
    let pair = |tag: Tag| Some((tag.key?, tag.value.unwrap_or_default()));
    let described = answer.tag_descriptions.unwrap_or_default().into_iter();
    Ok(described
        .filter_map(|it| {
            let tags = it.tags.unwrap_or_default().into_iter().filter_map(pair).collect();
            Some((it.resource_arn?, tags))
        })
        .collect())
}
