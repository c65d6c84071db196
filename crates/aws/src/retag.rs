//! Changing tags of objects that are there, by the API of their service.

mod ec2;

use std::sync::Arc;

use greenroom_provider::{Failure, FailureKind};

pub(crate) use ec2::{Retag, retags};

use crate::aws::Aws;
use crate::error::at;
use crate::resource::Tagging;
use crate::tags::Tags;

/// Puts tags on an object and removes others. Nothing is sent where there is nothing to do.
pub(crate) async fn apply(
    aws: &Aws,
    tagging: Tagging,
    id: &Arc<str>,
    put: Tags,
    gone: Vec<String>,
) -> Result<(), Failure> {
    if put.is_empty() && gone.is_empty() {
        return Ok(());
    }
    match tagging {
        Tagging::None => Ok(()),
        Tagging::Ec2 => ec2(aws, id, put, gone).await,
        Tagging::Ec2KeyPair => ec2_key_pair(aws, id, put, gone).await,
        Tagging::Elb => elb(aws, id, put, gone).await,
        Tagging::Route53(kind) => route53(aws, kind, id, put, gone).await,
        Tagging::IamRole => iam_role(aws, id, put, gone).await,
        Tagging::IamInstanceProfile => iam_instance_profile(aws, id, put, gone).await,
    }
}

async fn ec2(aws: &Aws, id: &Arc<str>, put: Tags, gone: Vec<String>) -> Result<(), Failure> {
    aws.batches.ec2_tags.one(Retag::new(id.clone(), put, gone)).await
}

/// A key pair is tagged by an id that is not its name.
async fn ec2_key_pair(aws: &Aws, name: &str, put: Tags, gone: Vec<String>) -> Result<(), Failure> {
    let filter = aws_sdk_ec2::types::Filter::builder().name("key-name").values(name).build();
    let call = aws.again.ec2.describe_key_pairs().filters(filter);
    let answer = call.send().await.map_err(at("ec2:DescribeKeyPairs"))?;
    let pair = answer.key_pairs.unwrap_or_default().pop().and_then(|it| it.key_pair_id);
    let Some(id) = pair else {
        let message = format!("AWS knows no key pair `{name}` any more");
        return Err(Failure::new(FailureKind::NotFound, message));
    };
    ec2(aws, &id.into(), put, gone).await
}

async fn elb(aws: &Aws, arn: &str, put: Tags, gone: Vec<String>) -> Result<(), Failure> {
    use aws_sdk_elasticloadbalancingv2::types::Tag;
    if !put.is_empty() {
        let mut call = aws.again.elb.add_tags().resource_arns(arn);
        for (key, text) in put {
            call = call.tags(Tag::builder().key(key).value(text).build());
        }
        call.send().await.map_err(at("elasticloadbalancing:AddTags"))?;
    }
    if !gone.is_empty() {
        let call = aws.again.elb.remove_tags().resource_arns(arn).set_tag_keys(Some(gone));
        call.send().await.map_err(at("elasticloadbalancing:RemoveTags"))?;
    }
    Ok(())
}

async fn route53(
    aws: &Aws,
    kind: aws_sdk_route53::types::TagResourceType,
    id: &str,
    put: Tags,
    gone: Vec<String>,
) -> Result<(), Failure> {
    use aws_sdk_route53::types::Tag;
    let put: Vec<Tag> =
        put.into_iter().map(|(key, text)| Tag::builder().key(key).value(text).build()).collect();
    let call = aws
        .again
        .route53
        .change_tags_for_resource()
        .resource_type(kind)
        .resource_id(id)
        .set_add_tags((!put.is_empty()).then_some(put))
        .set_remove_tag_keys((!gone.is_empty()).then_some(gone));
    call.send().await.map_err(at("route53:ChangeTagsForResource"))?;
    Ok(())
}

async fn iam_role(aws: &Aws, name: &str, put: Tags, gone: Vec<String>) -> Result<(), Failure> {
    if !put.is_empty() {
        let call = aws.again.iam.tag_role().role_name(name).set_tags(Some(iam_tags(put)));
        call.send().await.map_err(at("iam:TagRole"))?;
    }
    if !gone.is_empty() {
        let call = aws.again.iam.untag_role().role_name(name).set_tag_keys(Some(gone));
        call.send().await.map_err(at("iam:UntagRole"))?;
    }
    Ok(())
}

async fn iam_instance_profile(
    aws: &Aws,
    name: &str,
    put: Tags,
    gone: Vec<String>,
) -> Result<(), Failure> {
    let iam = &aws.again.iam;
    if !put.is_empty() {
        let call = iam.tag_instance_profile().instance_profile_name(name);
        let call = call.set_tags(Some(iam_tags(put)));
        call.send().await.map_err(at("iam:TagInstanceProfile"))?;
    }
    if !gone.is_empty() {
        let call = iam.untag_instance_profile().instance_profile_name(name);
        call.set_tag_keys(Some(gone)).send().await.map_err(at("iam:UntagInstanceProfile"))?;
    }
    Ok(())
}

/// Tags as IAM takes them.
pub(crate) fn iam_tags(tags: Tags) -> Vec<aws_sdk_iam::types::Tag> {
    let tag = |(key, text)| {
        let tag = aws_sdk_iam::types::Tag::builder().key(key).value(text).build();
        tag.expect("a tag with key and value is complete")
    };
    tags.into_iter().map(tag).collect()
}
