//! `aws_ami_launch_permission`: who else may launch an image.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_ec2::types::{
    ImageAttributeName, LaunchPermission, LaunchPermissionModifications as Modifications,
};
use futures::StreamExt;
use greenroom_model::schema::{Attribute, Recognition, Type, TypeSchema};
use greenroom_provider::{Deleted, Draft, Failure, Object, typed};
use serde::{Deserialize, Serialize};

use super::ec2;
use crate::aws::Aws;
use crate::error::at;
use crate::resource::{Change, New, Resource, Seen, Sent, Sought, Tagging};
use crate::send::patiently;
use crate::tags::Tags;

/// The type `aws_ami_launch_permission`.
pub(crate) struct AmiLaunchPermission;

/// How many images are asked about at a time.
const AT_ONCE: usize = 8;

/// Its attributes.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Attributes {
    image_id: String,
    account_id: Option<String>,
    group: Option<String>,
    organization_arn: Option<String>,
    organizational_unit_arn: Option<String>,
}

#[async_trait]
impl Resource for AmiLaunchPermission {
    fn schema(&self) -> TypeSchema {
        let text = |doc| Attribute::optional(Type::String, doc).replaces();
        let mut schema = TypeSchema::new(
            "aws_ami_launch_permission",
            "Who else may launch an image: one account, everybody, or an organisation. It is \
             imported as WHO/IMAGE.",
            [
                ("image_id", Attribute::required(Type::String, "The image.").replaces()),
                ("account_id", text("The account that may launch it.")),
                ("group", text("`all` for everybody.")),
                ("organization_arn", text("The organisation whose accounts may launch it.")),
                ("organizational_unit_arn", text("The unit whose accounts may launch it.")),
            ],
        );
        schema.recognition = Recognition::Inside;
        schema
    }

    fn tagging(&self) -> Tagging {
        Tagging::None
    }

    fn propose(&self, draft: &mut Draft) {
        let whom = ["account_id", "group", "organization_arn", "organizational_unit_arn"];
        let given = whom.iter().filter(|name| !draft.left_out(name)).count();
        let message = format!("exactly one of {} says who", whom.join(", "));
        draft.expect(given == 1, "account_id", message);
        ec2::check_word(draft, "group", &["all"]);
        let account = draft.given("account_id").and_then(|it| it.as_str());
        let is_digits = |it: &str| it.len() == 12 && it.bytes().all(|it| it.is_ascii_digit());
        draft.expect(account.is_none_or(is_digits), "account_id", "an account has 12 digits");
    }

    async fn look(&self, aws: &Aws, sought: &Sought) -> Result<Vec<Seen>, Failure> {
        let Sought::Ids(ids) = sought else { return Ok(Vec::new()) };
        let images = ids.iter().filter_map(|id| Some(id.rsplit_once('/')?.1.to_owned()));
        let images = existing(aws, images.collect()).await?;
        let looks = images.into_iter().map(|image| async move {
            let permissions = permissions(aws, &image).await?;
            Ok::<_, Failure>((image, permissions))
        });
        let found: Vec<_> = futures::stream::iter(looks).buffer_unordered(AT_ONCE).collect().await;
        let found: BTreeMap<String, Vec<LaunchPermission>> =
            found.into_iter().collect::<Result<_, _>>()?;
        Ok(ids.iter().filter_map(|id| seen(id, &found)).collect())
    }

    fn handle(&self, sent: &Sent<'_>) -> Option<Sought> {
        let sent: Attributes = typed(sent.arguments).ok()?;
        Some(Sought::Ids(vec![id(&sent)]))
    }

    async fn create(&self, aws: &Aws, new: &New) -> Result<Arc<str>, Failure> {
        let wanted: Attributes = typed(&new.planned)?;
        let permission = permission(&wanted);
        // Allowing what is allowed changes nothing: this may be sent twice.
        patiently(aws.pace, "ec2:ModifyImageAttribute", || {
            let change = Modifications::builder().add(permission.clone()).build();
            let call = aws.again.ec2.modify_image_attribute().image_id(&wanted.image_id);
            call.launch_permission(change).send()
        })
        .await?;
        Ok(id(&wanted))
    }

    async fn update(&self, _: &Aws, _: &Change) -> Result<(), Failure> {
        // Every argument is part of what it is.
        Ok(())
    }

    async fn delete(&self, aws: &Aws, object: &Object) -> Result<Deleted, Failure> {
        let was: Attributes = typed(&object.attributes)?;
        let change = Modifications::builder().remove(permission(&was)).build();
        let call = aws.again.ec2.modify_image_attribute().image_id(&was.image_id);
        let call = call.launch_permission(change);
        ec2::deleted(call.send().await.map_err(at("ec2:ModifyImageAttribute")))
    }
}

/// Who may launch the image, and the image: what `terraform import` takes.
fn id(of: &Attributes) -> Arc<str> {
    let whom = [&of.account_id, &of.group, &of.organization_arn, &of.organizational_unit_arn];
    let who = whom.into_iter().find_map(Option::as_deref).unwrap_or_default();
    format!("{who}/{}", of.image_id).into()
}

fn permission(of: &Attributes) -> LaunchPermission {
    LaunchPermission::builder()
        .set_user_id(of.account_id.clone())
        .set_group(of.group.as_deref().map(Into::into))
        .set_organization_arn(of.organization_arn.clone())
        .set_organizational_unit_arn(of.organizational_unit_arn.clone())
        .build()
}

/// Those of `images` that are there: asking about another one is a mistake to AWS.
async fn existing(aws: &Aws, images: BTreeSet<String>) -> Result<BTreeSet<String>, Failure> {
    let images: Vec<String> = images.into_iter().collect();
    let mut existing = BTreeSet::new();
    for images in images.chunks(200) {
        let filter = ec2::filter_by_any("image-id", images);
        let pages = aws.again.ec2.describe_images().owners("self").filters(filter);
        let found = pages.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
        let found = found.map_err(at("ec2:DescribeImages"))?;
        existing.extend(found.into_iter().filter_map(|it| it.image_id));
    }
    Ok(existing)
}

/// Who may launch an image; nobody one that went in between.
async fn permissions(aws: &Aws, image: &str) -> Result<Vec<LaunchPermission>, Failure> {
    let call = aws.again.ec2.describe_image_attribute().image_id(image);
    let call = call.attribute(ImageAttributeName::LaunchPermission);
    match call.send().await.map_err(at("ec2:DescribeImageAttribute")) {
        Ok(answer) => Ok(answer.launch_permissions.unwrap_or_default()),
        Err(error) if error.is_not_found() => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

fn seen(wanted: &Arc<str>, found: &BTreeMap<String, Vec<LaunchPermission>>) -> Option<Seen> {
    let (_, image) = wanted.rsplit_once('/')?;
    let attributes = |it: &LaunchPermission| Attributes {
        image_id: image.to_owned(),
        account_id: it.user_id.clone(),
        group: it.group.as_ref().map(|it| it.as_str().to_owned()),
        organization_arn: it.organization_arn.clone(),
        organizational_unit_arn: it.organizational_unit_arn.clone(),
    };
    let mut all = found.get(image)?.iter().map(attributes);
    let attributes = all.find(|it| id(it) == *wanted)?;
    Some(Seen::ready(wanted.clone(), Tags::new(), &attributes))
}
