//! `aws_launch_template`: what instances are launched with; each change is a new version.

mod data;

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_ec2::types::{LaunchTemplate as Found, ResourceType};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::StreamExt;
use greenroom_model::schema::{Attribute, Type, TypeSchema};
use greenroom_model::value::{Object as Values, Value};
use greenroom_provider::{Deleted, Draft, Failure, FailureKind, Object, typed};
use serde::{Deserialize, Serialize};

use super::ec2;
use crate::aws::Aws;
use crate::error::at;
use crate::resource::{Change, New, Resource, Seen, Sought, Tagging};
use crate::send::patiently;
use data::Data;

/// The type `aws_launch_template`.
pub(crate) struct LaunchTemplate;

/// Its attributes beside what a version says.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Attributes {
    name: String,
    default_version: Option<i64>,
    latest_version: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    update_default_version: Option<bool>,
    arn: String,
}

/// What is no part of a version.
const OWN: [&str; 7] = [
    "name",
    "default_version",
    "latest_version",
    "update_default_version",
    "arn",
    "tags",
    "tags_all",
];

#[async_trait]
impl Resource for LaunchTemplate {
    fn schema(&self) -> TypeSchema {
        let number = |doc| Attribute::optional_computed(Type::Number, doc);
        let own = [
            (
                "name",
                Attribute::optional_computed(Type::String, "Its name.").replaces().unique_name(125),
            ),
            ("default_version", number("The version that counts where none is named.")),
            (
                "update_default_version",
                Attribute::optional(Type::Bool, "Whether each new version becomes the default.")
                    .default(false)
                    .write_only(),
            ),
            ("latest_version", Attribute::computed(Type::Number, "The newest version.")),
            ("arn", Attribute::computed(Type::String, "Its ARN.")),
        ];
        let all = own.into_iter().chain(data::schema());
        TypeSchema::new("aws_launch_template", "What instances are launched with.", all)
    }

    fn tagging(&self) -> Tagging {
        Tagging::Ec2
    }

    fn propose(&self, draft: &mut Draft) {
        let name = draft.given("name").and_then(Value::as_str);
        let is_part = |it: char| it.is_ascii_alphanumeric() || "()./_-".contains(it);
        let fits = name.is_none_or(|it| (3..=125).contains(&it.len()) && it.chars().all(is_part));
        draft.expect(
            fits,
            "name",
            "a name has 3 to 125 letters, digits and characters of `()./_-`",
        );
        let data = draft.given("user_data").and_then(Value::as_str);
        let is_base64 = data.is_none_or(|it| STANDARD.decode(it).is_ok());
        draft.expect(is_base64, "user_data", "it is Base64: use `base64encode`");
        let follows = draft.given("update_default_version") == Some(&Value::from(true));
        let both = follows && !draft.left_out("default_version");
        draft.expect(!both, "default_version", "`update_default_version` chooses it");
        let names: Vec<_> = data::schema().into_iter().map(|(name, _)| name).collect();
        let Some(prior) = draft.prior() else { return };
        let differs = |name: &&str| {
            let planned = draft.planned(name).map(Value::reveal);
            planned.unwrap_or_default() != prior.get(name).map(Value::reveal).unwrap_or_default()
        };
        if names.iter().any(differs) {
            draft.leave_open("latest_version");
            if follows {
                draft.leave_open("default_version");
            }
        }
    }

    fn unique(&self) -> &'static [&'static [&'static str]] {
        &[&["name"]]
    }

    async fn look(&self, aws: &Aws, sought: &Sought) -> Result<Vec<Seen>, Failure> {
        let found = match sought {
            Sought::Ids(ids) => by_ids(aws, ids).await?,
            _ => {
                let call = aws.again.ec2.describe_launch_templates();
                let call = call.filters(ec2::filter(sought, "launch-template-name"));
                let pages = call.into_paginator().page_size(200).items().send();
                let found = pages.collect::<Result<Vec<_>, _>>().await;
                found.map_err(at("ec2:DescribeLaunchTemplates"))?
            }
        };
        let account = &aws.identity().await?.account;
        Ok(found.into_iter().map(|it| seen(aws, account, it)).collect())
    }

    async fn look_closer(&self, aws: &Aws, seen: &mut Seen) -> Result<(), Failure> {
        let call = aws.again.ec2.describe_launch_template_versions();
        let call = call.launch_template_id(&*seen.id).versions("$Latest");
        let answer = call.send().await.map_err(at("ec2:DescribeLaunchTemplateVersions"))?;
        if let Some(latest) = answer.launch_template_versions.unwrap_or_default().pop() {
            seen.add(&Data::of(latest), &self.schema());
        }
        Ok(())
    }

    fn as_written(&self, read: &mut Values, prior: &Value) {
        if prior.is_null() {
            read.insert("update_default_version".into(), false.into());
        }
    }

    async fn create(&self, aws: &Aws, new: &New) -> Result<Arc<str>, Failure> {
        let wanted: Attributes = typed(&new.planned)?;
        let data: Data = typed(&new.planned)?;
        let answer = patiently(aws.pace, "ec2:CreateLaunchTemplate", || {
            let call = aws.again.ec2.create_launch_template().client_token(&new.token);
            call.launch_template_name(&wanted.name)
                .set_version_description(data.description.clone())
                .launch_template_data(data.to_send())
                .tag_specifications(ec2::tag_specification(ResourceType::LaunchTemplate, &new.tags))
                .send()
        })
        .await?;
        let id = answer.launch_template.and_then(|it| it.launch_template_id);
        ec2::given(id, "ec2:CreateLaunchTemplate")
    }

    async fn update(&self, aws: &Aws, change: &Change) -> Result<(), Failure> {
        let wanted: Attributes = typed(&change.planned)?;
        let id = &change.object.id;
        let mut default = wanted.default_version.filter(|_| change.of("default_version"));
        let is_data = |name: &str| !OWN.contains(&name) && change.of(name);
        if data::schema().iter().any(|(name, _)| is_data(name)) {
            let version = add_version(aws, id, &typed(&change.planned)?).await?;
            default = version.filter(|_| wanted.update_default_version == Some(true)).or(default);
        }
        let Some(default) = default else { return Ok(()) };
        let call = aws.again.ec2.modify_launch_template().launch_template_id(&**id);
        let set = call.default_version(default.to_string()).send().await;
        let set = set.map_err(at("ec2:ModifyLaunchTemplate"));
        set.map_err(|error| Failure::from(error).unknown_effect())?;
        Ok(())
    }

    async fn delete(&self, aws: &Aws, object: &Object) -> Result<Deleted, Failure> {
        let call = aws.again.ec2.delete_launch_template().launch_template_id(&*object.id);
        ec2::deleted(call.send().await.map_err(at("ec2:DeleteLaunchTemplate")))
    }
}

/// There is no filter by id, and one that is missing spoils a call by ids: then each is asked for
/// alone.
async fn by_ids(aws: &Aws, ids: &[Arc<str>]) -> Result<Vec<Found>, Failure> {
    match described(aws, ids.to_vec()).await {
        Err(failure) if failure.kind == FailureKind::NotFound && ids.len() > 1 => {
            let looks = ids.iter().cloned().map(|id| described(aws, vec![id]));
            let looks = futures::stream::iter(looks.collect::<Vec<_>>()).buffer_unordered(8);
            let answers: Vec<_> = looks.collect().await;
            let there = answers.into_iter().filter(|it| !is_missing(it));
            Ok(there.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
        }
        answer if is_missing(&answer) => Ok(Vec::new()),
        answer => answer,
    }
}

fn is_missing<T>(answer: &Result<T, Failure>) -> bool {
    matches!(answer, Err(failure) if failure.kind == FailureKind::NotFound)
}

async fn described(aws: &Aws, ids: Vec<Arc<str>>) -> Result<Vec<Found>, Failure> {
    let ids = ids.iter().map(ToString::to_string).collect();
    let call = aws.again.ec2.describe_launch_templates().set_launch_template_ids(Some(ids));
    let answer = call.send().await.map_err(at("ec2:DescribeLaunchTemplates"))?;
    Ok(answer.launch_templates.unwrap_or_default())
}

fn seen(aws: &Aws, account: &str, found: Found) -> Seen {
    let id = found.launch_template_id.unwrap_or_default();
    let attributes = Attributes {
        name: found.launch_template_name.unwrap_or_default(),
        default_version: found.default_version_number,
        latest_version: found.latest_version_number,
        update_default_version: None,
        arn: ec2::arn(aws, account, &format!("launch-template/{id}")),
    };
    Seen::ready(id, ec2::tags_of(found.tags), &attributes)
}

async fn add_version(aws: &Aws, id: &str, data: &Data) -> Result<Option<i64>, Failure> {
    // The SDK makes up a token, so that one call makes one version.
    let call = aws.again.ec2.create_launch_template_version().launch_template_id(id);
    let call = call.set_version_description(data.description.clone());
    let answer = call.launch_template_data(data.to_send()).send().await;
    let answer = answer.map_err(at("ec2:CreateLaunchTemplateVersion"))?;
    Ok(answer.launch_template_version.and_then(|it| it.version_number))
}
