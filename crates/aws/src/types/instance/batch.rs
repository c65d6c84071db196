//! Launching instances together: what is asked for within a tick and differs only in tags goes in
//! one call.
//!
//! AWS gives all instances of a call the same tags. The tag with the uid then has the uids of all,
//! in the order of their launch indices: the uid of an instance is the one at its own index. Tags
//! that are not the same for all are put on each when it is seen.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_ec2::Client;
use futures::FutureExt;
use futures::future::join_all;
use greenroom_provider::coalesce::Answers;
use greenroom_provider::{Coalescer, Failure, typed};

use super::attributes::Attributes;
use super::launch;
use crate::aws::{Clients, Pace};
use crate::batches::together;
use crate::error::ApiError;
use crate::resource::New;
use crate::send::patiently_if;
use crate::tags::{LINEAGE, Tags, UID};
use crate::types::ec2;

/// The most instances of a call: so many uids of 20 characters, with spaces between them, fit into
/// a tag's value of 256.
pub(super) const MOST: usize = 12;

/// Instances by uid.
type Launched = Arc<BTreeMap<String, Arc<str>>>;

/// What launches instances; the answer is the id.
pub(crate) type Launches = Coalescer<Launch, Arc<str>>;

/// An instance to launch.
#[derive(Clone, Debug)]
pub(crate) struct Launch {
    /// The same text for instances that one call can launch.
    alike: Arc<str>,
    wanted: Arc<Attributes>,
    token: String,
    tags: Tags,
}

impl Launch {
    /// # Errors
    ///
    /// The arguments have not the form that they should.
    pub(super) fn new(new: &New) -> Result<Launch, Failure> {
        let wanted: Attributes = typed(&new.planned)?;
        let arguments = greenroom_provider::value(&wanted);
        let lineage = new.tags.get(LINEAGE).map(String::as_str).unwrap_or_default();
        // An address is one instance's.
        let own = wanted.private_ip.as_ref().map(|_| new.token.as_str()).unwrap_or_default();
        let alike = format!("{lineage} {own} {arguments:?}").into();
        let (token, tags) = (new.token.clone(), new.tags.clone());
        Ok(Launch { alike, wanted: Arc::new(wanted), token, tags })
    }

    fn uid(&self) -> &str {
        self.tags.get(UID).map(String::as_str).unwrap_or_default()
    }
}

impl PartialEq for Launch {
    fn eq(&self, other: &Launch) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Launch {}

impl PartialOrd for Launch {
    fn partial_cmp(&self, other: &Launch) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Launch {
    /// By token, which no two instances share; those that are alike beside each other.
    fn cmp(&self, other: &Launch) -> Ordering {
        (&self.alike, &self.token).cmp(&(&other.alike, &other.token))
    }
}

/// Gathers launches.
pub(crate) fn launches(again: &Clients, pace: Pace) -> Launches {
    let ec2 = again.ec2.clone();
    Coalescer::new(Pace::tick(), move |launches| answer(ec2.clone(), pace, launches).boxed())
}

async fn answer(ec2: Client, pace: Pace, launches: Vec<Launch>) -> Answers<Launch, Arc<str>> {
    let alike = launches.chunk_by(|one, other| one.alike == other.alike);
    let chunks = alike.flat_map(|launches| launches.chunks(MOST));
    let answers = chunks.map(|launches| launch(&ec2, pace, launches));
    join_all(answers).await.into_iter().flatten().collect()
}

/// Launches instances that are alike.
async fn launch(ec2: &Client, pace: Pace, launches: &[Launch]) -> Answers<Launch, Arc<str>> {
    let Some(first) = launches.first() else { return Answers::new() };
    let root = match launch::root_device_name(ec2, &first.wanted).await {
        Ok(root) => root,
        Err(failure) => {
            return launches.iter().map(|it| (it.clone(), Err(failure.clone()))).collect();
        }
    };
    let send = |launches: Vec<Launch>| run(ec2.clone(), pace, root.clone(), launches);
    let answers = together(launches.to_vec(), send).await.into_iter();
    let id_of = |(launch, launched): (Launch, Result<Launched, Failure>)| {
        let id = launched.and_then(|launched| {
            let id = launched.get(launch.uid()).map(ToString::to_string);
            ec2::given(id, launch::ACTION)
        });
        (launch, id)
    };
    answers.map(id_of).collect()
}

async fn run(
    ec2: Client,
    pace: Pace,
    root: Option<String>,
    launches: Vec<Launch>,
) -> Result<Launched, ApiError> {
    let Some(first) = launches.first() else { return Ok(Launched::default()) };
    let (tags, token) = (common_tags(&launches), token(&launches));
    let count = i32::try_from(launches.len()).unwrap_or(i32::MAX);
    let send = || {
        launch::request(&ec2, &first.wanted, root.as_deref(), &tags)
            .client_token(&token)
            .min_count(count)
            .max_count(count)
            .send()
    };
    let answer = patiently_if(pace, launch::ACTION, launch::is_too_fresh, send).await?;
    let mut made = answer.instances.unwrap_or_default();
    made.sort_by_key(|it| it.ami_launch_index);
    let ids = made.into_iter().filter_map(|it| it.instance_id).map(Arc::from);
    let uids = launches.iter().map(|it| it.uid().to_owned());
    Ok(Arc::new(uids.zip(ids).collect()))
}

/// The tags that all have, and the uids of all.
fn common_tags(launches: &[Launch]) -> Tags {
    let Some((first, others)) = launches.split_first() else { return Tags::new() };
    let is_common =
        |key: &String, text: &String| others.iter().all(|it| it.tags.get(key) == Some(text));
    let mut tags = first.tags.clone();
    tags.retain(|key, text| is_common(key, text));
    let uids: Vec<&str> = launches.iter().map(Launch::uid).collect();
    tags.insert(UID.to_owned(), uids.join(" "));
    tags
}

/// The token of a call: the instance's own, or one that stands for those of all; at most 64
/// characters.
fn token(launches: &[Launch]) -> String {
    match launches {
        [one] => one.token.clone(),
        several => {
            let tokens: Vec<&str> = several.iter().map(|it| &*it.token).collect();
            blake3::hash(tokens.join(" ").as_bytes()).to_hex().to_string()
        }
    }
}

/// Puts an instance's own uid in the place of those of all that were launched with it.
pub(super) fn own_uid(tags: &mut Tags, launch_index: Option<i32>) {
    let index = launch_index.and_then(|it| usize::try_from(it).ok());
    let Some(uids) = tags.get_mut(UID).filter(|it| it.contains(' ')) else { return };
    if let Some(own) = index.and_then(|index| uids.split(' ').nth(index)) {
        *uids = own.to_owned();
    }
}

#[cfg(test)]
mod tests {
    use greenroom_model::value::Value;

    use super::*;

    fn launching(uid: &str, name: &str, arguments: &[(&str, Value)]) -> Launch {
        let tags = [(LINEAGE, "l"), (UID, uid), ("Name", name), ("team", "shop")];
        let tags = tags.map(|(key, text)| (key.to_owned(), text.to_owned())).into();
        let address = "pr/aws_instance.it".parse().expect("an address");
        let planned = Value::object(arguments.iter().cloned());
        let new = New { address, token: format!("token-{uid}"), planned, tags, company: None };
        Launch::new(&new).expect("arguments of an instance")
    }

    #[test]
    fn instances_that_differ_only_in_tags_are_alike() {
        let ami = |ami: &str| [("ami", ami.into())];
        let (one, other) = (launching("u1", "a", &ami("1")), launching("u2", "b", &ami("1")));
        assert_eq!(one.alike, other.alike);
        assert_ne!(one.alike, launching("u3", "a", &ami("2")).alike);
        let addressed = [("ami", Value::from("1")), ("private_ip", "10.0.0.4".into())];
        let (one, other) = (launching("u1", "a", &addressed), launching("u2", "a", &addressed));
        assert_ne!(one.alike, other.alike);
    }

    #[test]
    fn a_call_has_the_tags_of_all_and_the_uids_in_their_order() {
        let launches = [launching("u1", "a", &[]), launching("u2", "b", &[])];
        let tags = common_tags(&launches);
        let keys: Vec<&str> = tags.keys().map(String::as_str).collect();
        assert_eq!(keys, [LINEAGE, UID, "team"]);
        for (index, uid) in [(0, "u1"), (1, "u2")] {
            let mut own = tags.clone();
            own_uid(&mut own, Some(index));
            assert_eq!(own.get(UID).map(String::as_str), Some(uid));
        }
        assert_eq!(token(&launches).len(), 64);
        assert_eq!(token(&launches[..1]), "token-u1");
    }

    #[test]
    fn an_instance_that_was_launched_alone_keeps_its_uid() {
        let mut tags = common_tags(&[launching("u1", "a", &[])]);
        let before = tags.clone();
        own_uid(&mut tags, Some(0));
        assert_eq!(tags, before);
        assert_eq!(tags.get("Name").map(String::as_str), Some("a"));
    }
}
