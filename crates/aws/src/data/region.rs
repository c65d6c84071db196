//! `aws_region`: the region that the provider works in.

use async_trait::async_trait;
use greenroom_model::schema::{Attribute, Type, TypeSchema};
use greenroom_model::value::Value;
use greenroom_provider::Failure;

use super::DataSource;
use crate::aws::Aws;

/// The data source `aws_region`.
pub(super) struct Region;

#[async_trait]
impl DataSource for Region {
    fn schema(&self) -> TypeSchema {
        let given = |doc| Attribute::computed(Type::String, doc);
        TypeSchema::new(
            "aws_region",
            "The region that the provider works in.",
            [
                ("id", given("Its name.")),
                ("name", given("Its name, such as `eu-central-1`.")),
                ("endpoint", given("The host of its EC2 API.")),
            ],
        )
    }

    async fn read(&self, aws: &Aws, _: &Value) -> Result<Value, Failure> {
        let region = aws.region();
        let suffix = if aws.partition() == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" };
        Ok(Value::object([
            ("id", Value::from(region)),
            ("name", Value::from(region)),
            ("endpoint", Value::from(format!("ec2.{region}.{suffix}"))),
        ]))
    }
}
