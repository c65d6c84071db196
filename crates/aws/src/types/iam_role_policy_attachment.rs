//! `aws_iam_role_policy_attachment`: a managed policy of a role.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use futures::StreamExt;
use greenroom_model::schema::{Attribute, Recognition, Type, TypeSchema};
use greenroom_provider::{Deleted, Draft, Failure, Object, typed};
use serde::{Deserialize, Serialize};

use super::iam_role::AT_ONCE;
use super::{ec2, iam};
use crate::aws::Aws;
use crate::error::at;
use crate::resource::{Change, New, Resource, Seen, Sent, Sought, Tagging};
use crate::send::patiently;
use crate::tags::Tags;

/// The type `aws_iam_role_policy_attachment`.
pub(crate) struct IamRolePolicyAttachment;

/// Its attributes.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Attributes {
    role: String,
    policy_arn: String,
}

#[async_trait]
impl Resource for IamRolePolicyAttachment {
    fn schema(&self) -> TypeSchema {
        let text = |doc| Attribute::required(Type::String, doc).replaces().needs_exists();
        let mut schema = TypeSchema::new(
            "aws_iam_role_policy_attachment",
            "A managed policy of a role. It is imported as ROLE/POLICY-ARN.",
            [
                ("role", text("The name of the role.")),
                ("policy_arn", text("The ARN of the policy.")),
            ],
        );
        schema.recognition = Recognition::Inside;
        schema
    }

    fn tagging(&self) -> Tagging {
        Tagging::None
    }

    fn propose(&self, draft: &mut Draft) {
        iam::check_name(draft, "role", 64);
        let arn = draft.given("policy_arn").and_then(|it| it.as_str());
        let fits = arn.is_none_or(|it| it.starts_with("arn:") && it.contains(":policy/"));
        draft.expect(fits, "policy_arn", "it is the ARN of a policy");
    }

    fn unique(&self) -> &'static [&'static [&'static str]] {
        &[&["policy_arn", "role"]]
    }

    async fn look(&self, aws: &Aws, sought: &Sought) -> Result<Vec<Seen>, Failure> {
        let Sought::Ids(ids) = sought else { return Ok(Vec::new()) };
        let roles = ids.iter().filter_map(|id| Some(id.split_once('/')?.0.to_owned()));
        let roles: BTreeSet<String> = roles.collect();
        let looks = roles.into_iter().map(|role| async move {
            let attached = iam::attached(aws, &role).await?;
            Ok::<_, Failure>((role, attached))
        });
        let found: Vec<_> = futures::stream::iter(looks).buffer_unordered(AT_ONCE).collect().await;
        let found: BTreeMap<String, Vec<String>> = found.into_iter().collect::<Result<_, _>>()?;
        Ok(ids.iter().filter_map(|id| seen(id, &found)).collect())
    }

    fn handle(&self, sent: &Sent<'_>) -> Option<Sought> {
        let sent: Attributes = typed(sent.arguments).ok()?;
        Some(Sought::Ids(vec![id(&sent)]))
    }

    async fn create(&self, aws: &Aws, new: &New) -> Result<Arc<str>, Failure> {
        let wanted: Attributes = typed(&new.planned)?;
        // Attaching what is attached changes nothing: this may be sent twice.
        let call = || {
            let call = aws.again.iam.attach_role_policy().role_name(&wanted.role);
            call.policy_arn(&wanted.policy_arn).send()
        };
        patiently(aws.pace, "iam:AttachRolePolicy", call).await?;
        Ok(id(&wanted))
    }

    async fn update(&self, _: &Aws, _: &Change) -> Result<(), Failure> {
        // Every argument is part of what it is.
        Ok(())
    }

    async fn delete(&self, aws: &Aws, object: &Object) -> Result<Deleted, Failure> {
        let Some((role, policy)) = object.id.split_once('/') else { return Ok(Deleted::Gone) };
        let call = aws.again.iam.detach_role_policy().role_name(role).policy_arn(policy);
        ec2::deleted(call.send().await.map_err(at("iam:DetachRolePolicy")))
    }
}

fn id(of: &Attributes) -> Arc<str> {
    format!("{}/{}", of.role, of.policy_arn).into()
}

fn seen(id: &Arc<str>, found: &BTreeMap<String, Vec<String>>) -> Option<Seen> {
    let (role, policy) = id.split_once('/')?;
    found.get(role)?.iter().find(|it| *it == policy)?;
    let attributes = Attributes { role: role.to_owned(), policy_arn: policy.to_owned() };
    Some(Seen::ready(id.clone(), Tags::new(), &attributes))
}
