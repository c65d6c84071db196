//! `aws_ssm_parameter`: a parameter of the Systems Manager.

use async_trait::async_trait;
use aws_sdk_ssm::types::ParameterType;
use greenroom_model::schema::{Attribute, Type, TypeSchema};
use greenroom_model::value::Value;
use greenroom_provider::{Failure, typed};
use serde::{Deserialize, Serialize};

use super::{DataSource, filters};
use crate::aws::Aws;
use crate::error::at;

/// The data source `aws_ssm_parameter`.
pub(super) struct SsmParameter;

/// Its arguments.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Arguments {
    name: String,
    with_decryption: Option<bool>,
}

/// What it answers beside them.
#[derive(Serialize)]
struct Attributes {
    id: String,
    arn: Option<String>,
    r#type: Option<String>,
    value: Option<String>,
    insecure_value: Option<String>,
    version: i64,
}

#[async_trait]
impl DataSource for SsmParameter {
    fn schema(&self) -> TypeSchema {
        let given = |doc| Attribute::computed(Type::String, doc);
        TypeSchema::new(
            "aws_ssm_parameter",
            "A parameter of the Systems Manager.",
            [
                ("name", Attribute::required(Type::String, "Its name.")),
                (
                    "with_decryption",
                    Attribute::optional(Type::Bool, "Whether a secret is decrypted.").default(true),
                ),
                ("id", given("Its name.")),
                ("arn", given("Its ARN.")),
                ("type", given("`String`, `StringList` or `SecureString`.")),
                ("value", given("Its value, which is never shown.").sensitive()),
                ("insecure_value", given("Its value, unless it is a secret: it is shown.")),
                ("version", Attribute::computed(Type::Number, "Its version.")),
            ],
        )
    }

    async fn read(&self, aws: &Aws, config: &Value) -> Result<Value, Failure> {
        let wanted: Arguments = typed(config)?;
        let call = aws.again.ssm.get_parameter().name(&wanted.name);
        let call = call.set_with_decryption(wanted.with_decryption);
        let answer = call.send().await.map_err(at("ssm:GetParameter"))?;
        let found: Vec<_> = answer.parameter.into_iter().collect();
        let found = filters::only(found, "parameter", |it| it.name.clone().unwrap_or_default())?;
        let is_secret = found.r#type == Some(ParameterType::SecureString);
        let attributes = Attributes {
            id: wanted.name,
            arn: found.arn,
            r#type: found.r#type.map(|it| it.as_str().to_owned()),
            insecure_value: found.value.clone().filter(|_| !is_secret),
            value: found.value,
            version: found.version,
        };
        Ok(filters::answer(config, &attributes))
    }
}
