//! `aws_iam_instance_profile`: the role of an instance.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_iam::types::InstanceProfile;
use futures::StreamExt;
use greenroom_model::schema::{Attribute, Type, TypeSchema};
use greenroom_provider::{Deleted, Draft, Failure, Object, typed};
use serde::{Deserialize, Serialize};

use super::iam_role::AT_ONCE;
use super::{ec2, iam};
use crate::aws::Aws;
use crate::error::at;
use crate::resource::{Change, New, Resource, Seen, Sent, Sought, Tagging};
use crate::retag::iam_tags;
use crate::send::patiently;

/// The type `aws_iam_instance_profile`. Its id is its name.
pub(crate) struct IamInstanceProfile;

/// Its attributes.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Attributes {
    name: String,
    path: Option<String>,
    role: Option<String>,
    arn: String,
    create_date: Option<String>,
    unique_id: String,
}

#[async_trait]
impl Resource for IamInstanceProfile {
    fn schema(&self) -> TypeSchema {
        let given = |doc| Attribute::computed(Type::String, doc);
        TypeSchema::new(
            "aws_iam_instance_profile",
            "What gives an instance its role.",
            [
                (
                    "name",
                    Attribute::optional_computed(Type::String, "Its name.")
                        .replaces()
                        .unique_name(128),
                ),
                ("path", Attribute::optional(Type::String, "Its path.").default("/").replaces()),
                (
                    "role",
                    Attribute::optional(Type::String, "The name of the role.")
                        .needs_exists()
                        .holds(),
                ),
                ("arn", given("Its ARN.")),
                ("create_date", given("When it was made.")),
                ("unique_id", given("AWS's id of it.")),
            ],
        )
    }

    fn tagging(&self) -> Tagging {
        Tagging::IamInstanceProfile
    }

    fn propose(&self, draft: &mut Draft) {
        iam::check_name(draft, "name", 128);
        iam::check_name(draft, "role", 64);
        iam::check_path(draft);
    }

    fn unique(&self) -> &'static [&'static [&'static str]] {
        &[&["name"]]
    }

    async fn look(&self, aws: &Aws, sought: &Sought) -> Result<Vec<Seen>, Failure> {
        let names = iam::names(sought, all(aws)).await?;
        let looks = names.into_iter().map(|name| async move { profile(aws, &name).await });
        let found: Vec<_> = futures::stream::iter(looks).buffer_unordered(AT_ONCE).collect().await;
        found.into_iter().filter_map(|it| it.map(|it| it.map(seen)).transpose()).collect()
    }

    fn handle(&self, sent: &Sent<'_>) -> Option<Sought> {
        iam::handle(sent)
    }

    async fn create(&self, aws: &Aws, new: &New) -> Result<Arc<str>, Failure> {
        let wanted: Attributes = typed(&new.planned)?;
        let call = || {
            let call = aws.once.iam.create_instance_profile().instance_profile_name(&wanted.name);
            let call = call.set_path(wanted.path.clone());
            call.set_tags(Some(iam_tags(new.tags.clone()))).send()
        };
        patiently(aws.pace, "iam:CreateInstanceProfile", call).await?;
        Ok(wanted.name.as_str().into())
    }

    async fn finish(&self, aws: &Aws, object: &Object) -> Result<(), Failure> {
        let made: Attributes = typed(&object.attributes)?;
        set_role(aws, &object.id, made.role.as_deref()).await
    }

    async fn update(&self, aws: &Aws, change: &Change) -> Result<(), Failure> {
        let wanted: Attributes = typed(&change.planned)?;
        set_role(aws, &change.object.id, wanted.role.as_deref()).await
    }

    async fn delete(&self, aws: &Aws, object: &Object) -> Result<Deleted, Failure> {
        set_role(aws, &object.id, None).await?;
        let call = aws.again.iam.delete_instance_profile().instance_profile_name(&*object.id);
        ec2::deleted(call.send().await.map_err(at("iam:DeleteInstanceProfile")))
    }
}

/// The names of all instance profiles.
async fn all(aws: &Aws) -> Result<Vec<String>, Failure> {
    let pages = aws.again.iam.list_instance_profiles().into_paginator();
    let found = pages.items().send().collect::<Result<Vec<InstanceProfile>, _>>().await;
    let found = found.map_err(at("iam:ListInstanceProfiles"))?;
    Ok(found.into_iter().map(|it| it.instance_profile_name).collect())
}

async fn profile(aws: &Aws, name: &str) -> Result<Option<InstanceProfile>, Failure> {
    let call = aws.again.iam.get_instance_profile().instance_profile_name(name);
    let answer = iam::unless_gone(call.send().await.map_err(at("iam:GetInstanceProfile")))?;
    Ok(answer.and_then(|it| it.instance_profile))
}

fn seen(profile: InstanceProfile) -> Seen {
    let attributes = Attributes {
        path: Some(profile.path),
        role: profile.roles.into_iter().next().map(|it| it.role_name),
        arn: profile.arn,
        create_date: iam::instant(&profile.create_date),
        unique_id: profile.instance_profile_id,
        name: profile.instance_profile_name.clone(),
    };
    Seen::ready(profile.instance_profile_name, iam::tags_of(profile.tags), &attributes)
}

/// Gives a profile its role, and takes the one away that it has: there is room for one.
async fn set_role(aws: &Aws, name: &str, role: Option<&str>) -> Result<(), Failure> {
    let iam = &aws.again.iam;
    let now = profile(aws, name).await?.map(|it| it.roles).unwrap_or_default();
    let mut now: Vec<String> = now.into_iter().map(|it| it.role_name).collect();
    if now.iter().map(String::as_str).eq(role) {
        return Ok(());
    }
    for old in now.drain(..) {
        let call = iam.remove_role_from_instance_profile().instance_profile_name(name);
        let removed = call.role_name(old).send().await;
        iam::unless_gone(removed.map_err(at("iam:RemoveRoleFromInstanceProfile")))?;
    }
    let Some(role) = role else { return Ok(()) };
    let call = || {
        let call = iam.add_role_to_instance_profile().instance_profile_name(name);
        call.role_name(role).send()
    };
    patiently(aws.pace, "iam:AddRoleToInstanceProfile", call).await?;
    Ok(())
}
