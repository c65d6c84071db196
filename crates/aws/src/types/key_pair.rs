//! `aws_key_pair`: a public key that instances let in by SSH.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_ec2::types::{KeyPairInfo, ResourceType};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use greenroom_model::schema::{Attribute, Type, TypeSchema};
use greenroom_model::value::{Object as Values, Value};
use greenroom_provider::{Deleted, Draft, Failure, Object, typed};
use serde::{Deserialize, Serialize};

use super::ec2;
use crate::aws::Aws;
use crate::error::at;
use crate::resource::{Change, New, Resource, Seen, Sought, Tagging};
use crate::send::patiently;

/// The type `aws_key_pair`. Its id is its name, as Terraform has it.
pub(crate) struct KeyPair;

/// Its attributes.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Attributes {
    key_name: String,
    public_key: String,
    arn: String,
    fingerprint: Option<String>,
    key_pair_id: Option<String>,
    key_type: Option<String>,
}

#[async_trait]
impl Resource for KeyPair {
    fn schema(&self) -> TypeSchema {
        let given = |doc| Attribute::computed(Type::String, doc);
        TypeSchema::new(
            "aws_key_pair",
            "A public key that instances let in by SSH.",
            [
                (
                    "key_name",
                    Attribute::optional_computed(Type::String, "Its name.")
                        .replaces()
                        .unique_name(255),
                ),
                (
                    "public_key",
                    Attribute::required(Type::String, "The public key, as OpenSSH writes it.")
                        .replaces(),
                ),
                ("arn", given("Its ARN.")),
                ("fingerprint", given("The fingerprint of the key.")),
                ("key_pair_id", given("AWS's id of it.")),
                ("key_type", given("`rsa` or `ed25519`.")),
            ],
        )
    }

    fn tagging(&self) -> Tagging {
        Tagging::Ec2KeyPair
    }

    fn propose(&self, draft: &mut Draft) {
        let key = draft.given("public_key").and_then(Value::as_str).map(str::to_owned);
        let Some(key) = key else { return };
        let known = ["ssh-rsa ", "ssh-ed25519 "].iter().any(|kind| key.starts_with(kind));
        draft.expect(known, "public_key", "it starts with `ssh-rsa` or `ssh-ed25519`");
        let secret = draft.known("public_key").is_some_and(Value::has_sensitive);
        if !secret && known {
            // The comment behind the key does not count, nor does a line's end.
            let prior = draft.prior().and_then(|it| it.get("public_key")).and_then(Value::as_str);
            let kept = prior.filter(|prior| bare(prior) == bare(&key)).map(str::to_owned);
            draft.set("public_key", kept.unwrap_or_else(|| key.trim().to_owned()));
        }
    }

    fn unique(&self) -> &'static [&'static [&'static str]] {
        &[&["key_name"]]
    }

    async fn look(&self, aws: &Aws, sought: &Sought) -> Result<Vec<Seen>, Failure> {
        let call = aws.again.ec2.describe_key_pairs().include_public_key(true);
        let call = call.filters(ec2::filter(sought, "key-name"));
        let answer = call.send().await.map_err(at("ec2:DescribeKeyPairs"))?;
        let account = &aws.identity().await?.account;
        let pairs = answer.key_pairs.unwrap_or_default();
        Ok(pairs.into_iter().map(|pair| seen(aws, account, pair)).collect())
    }

    fn as_written(&self, read: &mut Values, prior: &Value) {
        let of = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
        let (found, written) = (of(read.get("public_key")), of(prior.get("public_key")));
        let same = match (&found, &written) {
            (Some(found), Some(written)) => found.is_empty() || bare(found) == bare(written),
            _ => false,
        };
        if same {
            read.remove("public_key");
        }
    }

    async fn create(&self, aws: &Aws, new: &New) -> Result<Arc<str>, Failure> {
        let wanted: Attributes = typed(&new.planned)?;
        let answer = patiently(aws.pace, "ec2:ImportKeyPair", || {
            let call = aws.once.ec2.import_key_pair().key_name(&wanted.key_name);
            call.public_key_material(aws_sdk_ec2::primitives::Blob::new(wanted.public_key.clone()))
                .tag_specifications(ec2::tag_specification(ResourceType::KeyPair, &new.tags))
                .send()
        })
        .await?;
        ec2::given(answer.key_name, "ec2:ImportKeyPair")
    }

    async fn update(&self, _: &Aws, _: &Change) -> Result<(), Failure> {
        // Nothing but tags changes in place.
        Ok(())
    }

    async fn delete(&self, aws: &Aws, object: &Object) -> Result<Deleted, Failure> {
        let call = aws.again.ec2.delete_key_pair().key_name(&*object.id);
        ec2::deleted(call.send().await.map_err(at("ec2:DeleteKeyPair")))
    }
}

fn seen(aws: &Aws, account: &str, pair: KeyPairInfo) -> Seen {
    let name = pair.key_name.unwrap_or_default();
    let attributes = Attributes {
        public_key: pair.public_key.map(|it| it.trim().to_owned()).unwrap_or_default(),
        arn: ec2::arn(aws, account, &format!("key-pair/{name}")),
        fingerprint: pair.key_fingerprint,
        key_pair_id: pair.key_pair_id,
        key_type: pair.key_type.map(|it| it.as_str().to_owned()),
        key_name: name.clone(),
    };
    Seen::ready(name, ec2::tags_of(pair.tags), &attributes)
}

/// The key itself: its kind and its bytes, without the comment.
fn bare(key: &str) -> Option<(&str, Vec<u8>)> {
    let mut parts = key.split_whitespace();
    let kind = parts.next()?;
    Some((kind, STANDARD.decode(parts.next()?).ok()?))
}
