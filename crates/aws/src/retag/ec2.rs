//! Changing tags of EC2's objects: those that change alike go in one call, and all that are asked
//! for within a tick are answered together, so that what follows on them goes together, too.

use std::sync::Arc;

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::Tag;
use futures::{FutureExt, StreamExt};
use greenroom_provider::Coalescer;
use greenroom_provider::coalesce::Answers;

use crate::aws::{Clients, Pace};
use crate::batches::together;
use crate::error::ApiError;
use crate::send::patiently_if;
use crate::tags::Tags;

/// The most objects of a call. AWS takes 1000 and recommends fewer (EC2 API Reference,
/// `CreateTags`).
const MOST: usize = 100;

/// How many calls are under way at a time. Instances that were launched together differ in their
/// names: all at once, they would be more calls than AWS takes, and in the way of others.
const CALLS: usize = 8;

/// What is to change of an object's tags.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Retag {
    // In this order, those that change alike are beside each other.
    put: Tags,
    gone: Vec<String>,
    id: Arc<str>,
}

impl Retag {
    /// Puts tags on the object `id`, and removes others.
    pub(super) fn new(id: Arc<str>, put: Tags, gone: Vec<String>) -> Retag {
        Retag { put, gone, id }
    }

    fn is_like(&self, other: &Retag) -> bool {
        (&self.put, &self.gone) == (&other.put, &other.gone)
    }
}

/// Gathers changes of tags.
pub(crate) fn retags(again: &Clients, pace: Pace) -> Coalescer<Retag, ()> {
    let ec2 = again.ec2.clone();
    Coalescer::new(Pace::tick(), move |retags| answer(ec2.clone(), pace, retags).boxed())
}

async fn answer(ec2: Client, pace: Pace, retags: Vec<Retag>) -> Answers<Retag, ()> {
    let send = |retags: Vec<Retag>| send(ec2.clone(), pace, retags);
    let alike = retags.chunk_by(Retag::is_like);
    let chunks: Vec<Vec<Retag>> =
        alike.flat_map(|it| it.chunks(MOST)).map(<[Retag]>::to_vec).collect();
    let answers = chunks.into_iter().map(|retags| together(retags, send));
    let answers: Vec<_> = futures::stream::iter(answers).buffer_unordered(CALLS).collect().await;
    answers.into_iter().flatten().collect()
}

/// Changes the tags of objects whose tags change alike.
async fn send(ec2: Client, pace: Pace, retags: Vec<Retag>) -> Result<(), ApiError> {
    let Some(Retag { put, gone, .. }) = retags.first() else { return Ok(()) };
    let ids: Vec<String> = retags.iter().map(|it| it.id.to_string()).collect();
    let is_alone = retags.len() == 1;
    // One of several that is not there must not keep the others waiting: alone, it is waited for.
    let may_come = |error: &ApiError| is_alone && error.is_not_found();
    if !put.is_empty() {
        let tag = |(key, text)| Tag::builder().key(key).value(text).build();
        let tags: Vec<Tag> = put.iter().map(tag).collect();
        patiently_if(pace, "ec2:CreateTags", may_come, || {
            let call = ec2.create_tags().set_resources(Some(ids.clone()));
            call.set_tags(Some(tags.clone())).send()
        })
        .await?;
    }
    if !gone.is_empty() {
        let tags: Vec<Tag> = gone.iter().map(|key| Tag::builder().key(key).build()).collect();
        patiently_if(pace, "ec2:DeleteTags", may_come, || {
            let call = ec2.delete_tags().set_resources(Some(ids.clone()));
            call.set_tags(Some(tags.clone())).send()
        })
        .await?;
    }
    Ok(())
}
