//! `aws_ami_builder`: an instance that provisions itself and stops, for an image to be made of it.

mod console;
mod schema;
mod user_data;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use greenroom_model::schema::TypeSchema;
use greenroom_model::value::Value;
use greenroom_provider::{Deleted, Draft, Failure, FailureKind, Object, typed};
use serde::Deserialize;

use super::instance;
use crate::aws::Aws;
use crate::resource::{Change, Condition, New, Resource, Seen, Sought, Tagging};
use crate::tags::{BUILDER, Tags, UID};
use user_data::{Artifact, Script, Work};

/// The type `aws_ami_builder`.
pub(crate) struct AmiBuilder;

/// Its arguments.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Arguments {
    ami: Option<String>,
    instance_type: Option<String>,
    subnet_id: Option<String>,
    vpc_security_group_ids: Option<Vec<String>>,
    iam_instance_profile: Option<String>,
    root_volume_size: Option<i64>,
    provision: Vec<Script>,
    artifacts: Option<Vec<Artifact>>,
    timeout: Option<u32>,
}

/// How long its work may take. Of one whose launch was not answered, the state has what is secret
/// among the other arguments as digests.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Limit {
    timeout: u32,
}

/// How far a builder has come, as its tag says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// It was launched; how it ends nobody has seen.
    Launched,
    /// It has done all that it was to do.
    Provisioned,
    /// It has not, and has stopped.
    Failed,
}

/// The longest that provisioning may take: half a day.
const LONGEST: u32 = 12 * 60 * 60;

/// What a builder takes beside its work: to boot, to shut down, to have its console posted.
const AROUND: Duration = Duration::from_secs(15 * 60);

#[async_trait]
impl Resource for AmiBuilder {
    fn schema(&self) -> TypeSchema {
        schema::schema()
    }

    fn tagging(&self) -> Tagging {
        Tagging::Ec2
    }

    fn propose(&self, draft: &mut Draft) {
        instance::check_texts(draft);
        check_work(draft);
    }

    async fn look(&self, aws: &Aws, sought: &Sought) -> Result<Vec<Seen>, Failure> {
        look(aws, sought).await
    }

    async fn create(&self, aws: &Aws, new: &New) -> Result<Arc<str>, Failure> {
        let wanted: Arguments = typed(&new.planned)?;
        let uid = new.tags.get(UID).map(String::as_str).unwrap_or_default();
        let user_data = user_data::encoded(wanted.work(uid)).ok_or_else(|| {
            Failure::new(FailureKind::Argument, format!("{TOO_LONG}; nothing was launched"))
        })?;
        let mut new = New { planned: wanted.instance(&user_data), ..new.clone() };
        new.tags.insert(BUILDER.to_owned(), Progress::Launched.word().to_owned());
        instance::launch_one(aws, &new).await
    }

    async fn finish(&self, aws: &Aws, object: &Object) -> Result<(), Failure> {
        let Limit { timeout } = typed(&object.attributes)?;
        let own = Duration::from_secs(timeout.into()) + aws.pace.scaled(AROUND);
        watch::until_ended(aws, object, object.timeout.unwrap_or(own)).await
    }

    async fn update(&self, _: &Aws, _: &Change) -> Result<(), Failure> {
        // Every argument but the tags takes another machine.
        Ok(())
    }

    async fn delete(&self, aws: &Aws, object: &Object) -> Result<Deleted, Failure> {
        instance::terminate(aws, &object.id).await
    }

    fn lingers(&self, seen: &Seen) -> bool {
        instance::lingers(seen)
    }
}

impl Arguments {
    fn work<'a>(&'a self, uid: &'a str) -> Work<'a> {
        Work {
            uid,
            artifacts: self.artifacts.as_deref().unwrap_or_default(),
            scripts: &self.provision,
            seconds: self.timeout.unwrap_or_default(),
        }
    }

    /// The arguments of the instance, which stops when it shuts itself down.
    fn instance(&self, user_data: &str) -> Value {
        let metadata = Value::object(
            [("http_endpoint", "enabled"), ("http_tokens", "required")]
                .map(|(name, word)| (name, Value::from(word))),
        );
        let root = self.root_volume_size.map(|size| {
            let size = ("volume_size", Value::from(size));
            Value::list([Value::object([size, ("delete_on_termination", true.into())])])
        });
        let arguments = [
            ("ami", greenroom_provider::value(&self.ami)),
            ("instance_type", greenroom_provider::value(&self.instance_type)),
            ("subnet_id", greenroom_provider::value(&self.subnet_id)),
            ("vpc_security_group_ids", greenroom_provider::value(&self.vpc_security_group_ids)),
            ("iam_instance_profile", greenroom_provider::value(&self.iam_instance_profile)),
            ("root_block_device", root.unwrap_or_default()),
            ("metadata_options", Value::list([metadata])),
            ("instance_initiated_shutdown_behavior", "stop".into()),
            ("user_data_base64", user_data.into()),
        ];
        Value::object(arguments)
    }
}

impl Progress {
    fn word(self) -> &'static str {
        match self {
            Progress::Launched => "launched",
            Progress::Provisioned => "provisioned",
            Progress::Failed => "failed",
        }
    }

    fn of(tags: &Tags) -> Option<Progress> {
        let word = tags.get(BUILDER)?;
        let all = [Progress::Launched, Progress::Provisioned, Progress::Failed];
        all.into_iter().find(|it| it.word() == word)
    }
}

/// Looks at builders: instances that say that they are such.
async fn look(aws: &Aws, sought: &Sought) -> Result<Vec<Seen>, Failure> {
    let seen = instance::look(aws, sought).await?;
    Ok(seen.into_iter().filter_map(builder).collect())
}

fn builder(mut seen: Seen) -> Option<Seen> {
    let progress = Progress::of(&seen.tags)?;
    let state = instance::state(&seen).unwrap_or_default().to_owned();
    seen.attributes.retain(|name, _| schema::TOLD.contains(&&**name));
    if seen.condition != Condition::Ready {
        return Some(seen);
    }
    let condition = match progress {
        Progress::Provisioned if state == "stopped" => Condition::Ready,
        Progress::Failed => Condition::Broken("it was not provisioned".to_owned()),
        Progress::Launched | Progress::Provisioned => Condition::Pending(state),
    };
    Some(seen.but(condition))
}

const TOO_LONG: &str = "the scripts are too long: with what surrounds them, and compressed, user \
                        data has at most 16 KiB";

fn check_work(draft: &mut Draft) {
    let scripts: Vec<Script> = draft.typed("provision").unwrap_or_default();
    // A digest stands in the place of secrets where a launch was not answered, and launches nothing.
    let is_told = draft.given("artifacts").is_some_and(|it| it.as_list().is_some());
    let artifacts: Option<Vec<Artifact>> = if is_told { draft.typed("artifacts") } else { None };
    let artifacts = artifacts.unwrap_or_default();
    let seconds: u32 = draft.typed("timeout").unwrap_or(LONGEST);
    let message = format!("provisioning takes 1 to {LONGEST} seconds");
    draft.expect((1..=LONGEST).contains(&seconds), "timeout", message);
    for (at, Script { name, .. }) in scripts.iter().enumerate() {
        let fits = !name.is_empty() && !name.chars().any(char::is_control);
        draft.expect(fits, &format!("provision[{at}].name"), "a name is one line");
    }
    for (at, artifact) in artifacts.iter().enumerate() {
        check_artifact(draft, &format!("artifacts[{at}]."), artifact);
    }
    // A uid has the same length for all.
    let work = Work { uid: &"u".repeat(20), artifacts: &artifacts, scripts: &scripts, seconds };
    draft.expect(user_data::encoded(work).is_some(), "provision", TOO_LONG);
}

fn check_artifact(draft: &mut Draft, path: &str, artifact: &Artifact) {
    let Artifact { name, url, sha256 } = artifact;
    let is_part = |it: char| it.is_ascii_alphanumeric() || "._-+".contains(it);
    let is_name = !name.is_empty() && !name.starts_with('.') && name.chars().all(is_part);
    let message = "a file's name has letters, digits and `._-+`, and does not start with a point";
    draft.expect(is_name, &format!("{path}name"), message);
    let is_url = ["https://", "http://"].iter().any(|it| url.starts_with(it))
        && !url.chars().any(|it| it.is_control() || it.is_whitespace());
    draft.expect(is_url, &format!("{path}url"), "it starts with `https://` or `http://`");
    let is_sum = sha256.len() == 64 && sha256.bytes().all(|it| it.is_ascii_hexdigit());
    draft.expect(is_sum, &format!("{path}sha256"), "a SHA-256 has 64 hexadecimal digits");
}

#[cfg(test)]
mod tests;
