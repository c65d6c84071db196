//! `aws_iam_role`: what may be done, for whoever takes it on.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_iam::types::Role;
use futures::StreamExt;
use greenroom_model::schema::{Attribute, Type, TypeSchema};
use greenroom_model::value::{Object as Values, Value};
use greenroom_provider::{Deleted, Draft, Failure, Object, typed};
use serde::{Deserialize, Serialize};

use super::{ec2, iam};
use crate::aws::Aws;
use crate::error::{ApiError, at};
use crate::resource::{Change, New, Resource, Seen, Sent, Sought, Tagging};
use crate::retag::iam_tags;
use crate::send::{patiently, patiently_if};

/// The type `aws_iam_role`. Its id is its name.
pub(crate) struct IamRole;

/// How many objects are asked for at a time.
pub(super) const AT_ONCE: usize = 8;

/// Its attributes.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Attributes {
    name: String,
    path: Option<String>,
    assume_role_policy: String,
    description: Option<String>,
    max_session_duration: Option<i32>,
    permissions_boundary: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    force_detach_policies: Option<bool>,
    arn: String,
    create_date: Option<String>,
    unique_id: String,
}

#[async_trait]
impl Resource for IamRole {
    fn schema(&self) -> TypeSchema {
        let text = |doc| Attribute::optional(Type::String, doc);
        let given = |doc| Attribute::computed(Type::String, doc);
        TypeSchema::new(
            "aws_iam_role",
            "A role: permissions for whoever takes it on, such as an instance.",
            [
                (
                    "name",
                    Attribute::optional_computed(Type::String, "Its name.")
                        .replaces()
                        .unique_name(64),
                ),
                ("path", text("Its path.").default("/").replaces()),
                (
                    "assume_role_policy",
                    Attribute::required(Type::String, "Who may take it on, as a JSON policy."),
                ),
                ("description", text("What it is for.")),
                (
                    "max_session_duration",
                    Attribute::optional(Type::Number, "How long it may be taken on, in seconds.")
                        .default(3600),
                ),
                ("permissions_boundary", text("The ARN of the policy that bounds it.")),
                (
                    "force_detach_policies",
                    Attribute::optional(
                        Type::Bool,
                        "Whether policies that somebody attached are detached when it goes.",
                    )
                    .default(false)
                    .write_only(),
                ),
                ("arn", given("Its ARN.")),
                ("create_date", given("When it was made.")),
                ("unique_id", given("AWS's id of it.")),
            ],
        )
    }

    fn tagging(&self) -> Tagging {
        Tagging::IamRole
    }

    fn propose(&self, draft: &mut Draft) {
        iam::check_name(draft, "name", 64);
        iam::check_path(draft);
        iam::propose_policy(draft, "assume_role_policy");
        let seconds = draft.given("max_session_duration").and_then(Value::as_i64);
        let fits = seconds.is_none_or(|it| (3600..=43_200).contains(&it));
        draft.expect(fits, "max_session_duration", "it is from 3600 to 43200 seconds");
    }

    fn unique(&self) -> &'static [&'static [&'static str]] {
        &[&["name"]]
    }

    async fn look(&self, aws: &Aws, sought: &Sought) -> Result<Vec<Seen>, Failure> {
        let names = iam::names(sought, all(aws)).await?;
        let looks = names.into_iter().map(|name| async move { role(aws, &name).await });
        let roles: Vec<_> = futures::stream::iter(looks).buffer_unordered(AT_ONCE).collect().await;
        roles.into_iter().filter_map(|it| it.map(|it| it.map(seen)).transpose()).collect()
    }

    fn as_written(&self, read: &mut Values, prior: &Value) {
        iam::policy_as_written(read, prior, "assume_role_policy");
        if prior.is_null() {
            read.insert("force_detach_policies".into(), false.into());
        }
    }

    fn handle(&self, sent: &Sent<'_>) -> Option<Sought> {
        iam::handle(sent)
    }

    async fn create(&self, aws: &Aws, new: &New) -> Result<Arc<str>, Failure> {
        let wanted: Attributes = typed(&new.planned)?;
        let call = || {
            let call = aws.once.iam.create_role().role_name(&wanted.name);
            call.set_path(wanted.path.clone())
                .assume_role_policy_document(&wanted.assume_role_policy)
                .set_description(wanted.description.clone())
                .set_max_session_duration(wanted.max_session_duration)
                .set_permissions_boundary(wanted.permissions_boundary.clone())
                .set_tags(Some(iam_tags(new.tags.clone())))
                .send()
        };
        patiently_if(aws.pace, "iam:CreateRole", is_too_fresh, call).await?;
        Ok(wanted.name.as_str().into())
    }

    async fn update(&self, aws: &Aws, change: &Change) -> Result<(), Failure> {
        let wanted: Attributes = typed(&change.planned)?;
        let name = &*change.object.id;
        let iam = &aws.again.iam;
        if change.of("assume_role_policy") {
            let call = || {
                let call = iam.update_assume_role_policy().role_name(name);
                call.policy_document(&wanted.assume_role_policy).send()
            };
            patiently_if(aws.pace, "iam:UpdateAssumeRolePolicy", is_too_fresh, call).await?;
        }
        if change.of("description") || change.of("max_session_duration") {
            let call = iam.update_role().role_name(name);
            // Left out, it would stay as it is.
            let call = call.description(wanted.description.clone().unwrap_or_default());
            let call = call.set_max_session_duration(wanted.max_session_duration);
            call.send().await.map_err(at("iam:UpdateRole"))?;
        }
        if change.of("permissions_boundary") {
            set_boundary(aws, name, wanted.permissions_boundary.as_deref()).await?;
        }
        Ok(())
    }

    fn takes_along(&self) -> &'static [&'static str] {
        &["force_detach_policies"]
    }

    async fn delete(&self, aws: &Aws, object: &Object) -> Result<Deleted, Failure> {
        let was: Attributes = typed(&object.attributes)?;
        if was.force_detach_policies == Some(true) {
            detach_all(aws, &object.id).await?;
        }
        let call = aws.again.iam.delete_role().role_name(&*object.id);
        ec2::deleted(call.send().await.map_err(at("iam:DeleteRole")))
    }

    async fn holders(&self, aws: &Aws, object: &Object) -> Result<Vec<String>, Failure> {
        let call = aws.again.iam.list_instance_profiles_for_role().role_name(&*object.id);
        let answer = call.send().await.map_err(at("iam:ListInstanceProfilesForRole"))?;
        let profiles = answer.instance_profiles.into_iter();
        let profiles = profiles.map(|it| format!("instance profile {}", it.instance_profile_name));
        let attached = iam::attached(aws, &object.id).await?;
        Ok(profiles.chain(attached.into_iter().map(|it| format!("policy {it}"))).collect())
    }
}

/// Whether a principal of the policy may be too fresh for IAM to know it.
fn is_too_fresh(error: &ApiError) -> bool {
    error.is_not_found()
        || (error.has_code("MalformedPolicyDocument")
            && error.message.contains("Invalid principal"))
}

/// The names of all roles but those that AWS makes for its own services.
async fn all(aws: &Aws) -> Result<Vec<String>, Failure> {
    let pages = aws.again.iam.list_roles().into_paginator();
    let found = pages.items().send().collect::<Result<Vec<Role>, _>>().await;
    let mut found = found.map_err(at("iam:ListRoles"))?;
    found.retain(|it| !it.path.starts_with("/aws-service-role/"));
    Ok(found.into_iter().map(|it| it.role_name).collect())
}

async fn role(aws: &Aws, name: &str) -> Result<Option<Role>, Failure> {
    let answer = aws.again.iam.get_role().role_name(name).send().await;
    match answer.map_err(at("iam:GetRole")) {
        Ok(answer) => Ok(answer.role),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn seen(role: Role) -> Seen {
    let boundary = role.permissions_boundary.and_then(|it| it.permissions_boundary_arn);
    let attributes = Attributes {
        path: Some(role.path),
        assume_role_policy: role
            .assume_role_policy_document
            .as_deref()
            .map(iam::decoded)
            .unwrap_or_default(),
        description: role.description.filter(|it| !it.is_empty()),
        max_session_duration: Some(role.max_session_duration.unwrap_or(3600)),
        permissions_boundary: boundary,
        force_detach_policies: None,
        arn: role.arn,
        create_date: iam::instant(&role.create_date),
        unique_id: role.role_id,
        name: role.role_name.clone(),
    };
    Seen::ready(role.role_name, iam::tags_of(role.tags), &attributes)
}

async fn set_boundary(aws: &Aws, name: &str, policy: Option<&str>) -> Result<(), Failure> {
    let iam = &aws.again.iam;
    let Some(policy) = policy else {
        let call = iam.delete_role_permissions_boundary().role_name(name);
        call.send().await.map_err(at("iam:DeleteRolePermissionsBoundary"))?;
        return Ok(());
    };
    let call =
        || iam.put_role_permissions_boundary().role_name(name).permissions_boundary(policy).send();
    patiently(aws.pace, "iam:PutRolePermissionsBoundary", call).await?;
    Ok(())
}

/// Detaches every policy, and deletes those that stand in the role itself.
async fn detach_all(aws: &Aws, name: &str) -> Result<(), Failure> {
    let iam = &aws.again.iam;
    for policy in iam::attached(aws, name).await? {
        let call = iam.detach_role_policy().role_name(name).policy_arn(policy);
        iam::unless_gone(call.send().await.map_err(at("iam:DetachRolePolicy")))?;
    }
    let inline = iam.list_role_policies().role_name(name).into_paginator().items().send();
    let inline = inline.collect::<Result<Vec<String>, _>>().await;
    let inline = iam::unless_gone(inline.map_err(at("iam:ListRolePolicies")))?;
    for policy in inline.unwrap_or_default() {
        let call = iam.delete_role_policy().role_name(name).policy_name(policy);
        iam::unless_gone(call.send().await.map_err(at("iam:DeleteRolePolicy")))?;
    }
    Ok(())
}
