//! `aws_caller_identity`: whose credentials these are.

use async_trait::async_trait;
use greenroom_model::schema::{Attribute, Type, TypeSchema};
use greenroom_model::value::Value;
use greenroom_provider::Failure;

use super::DataSource;
use crate::aws::Aws;

/// The data source `aws_caller_identity`.
pub(super) struct CallerIdentity;

#[async_trait]
impl DataSource for CallerIdentity {
    fn schema(&self) -> TypeSchema {
        let given = |doc| Attribute::computed(Type::String, doc);
        TypeSchema::new(
            "aws_caller_identity",
            "Whose credentials the provider works with.",
            [
                ("id", given("The account.")),
                ("account_id", given("The account.")),
                ("arn", given("The ARN of the user or role.")),
                ("user_id", given("AWS's id of the user or role.")),
            ],
        )
    }

    async fn read(&self, aws: &Aws, _: &Value) -> Result<Value, Failure> {
        let identity = aws.identity().await?;
        Ok(Value::object([
            ("id", Value::from(identity.account.as_str())),
            ("account_id", Value::from(identity.account.as_str())),
            ("arn", Value::from(identity.arn.as_str())),
            ("user_id", Value::from(identity.user.as_str())),
        ]))
    }
}
