//! `aws_lb`: a load balancer that is there, by ARN or by name.

use std::sync::Arc;

use async_trait::async_trait;
use greenroom_model::schema::{Attribute, Presence, TypeSchema};
use greenroom_model::value::{Object as Attributes, Value};
use greenroom_provider::{Failure, FailureKind, value};

use super::DataSource;
use crate::aws::Aws;
use crate::resource::{Resource, Sought};
use crate::tags;
use crate::types::lb::LoadBalancer;

/// The data source `aws_lb`.
pub(crate) struct LoadBalancerSource;

#[async_trait]
impl DataSource for LoadBalancerSource {
    fn schema(&self) -> TypeSchema {
        use greenroom_model::schema::Type;
        let mut schema = LoadBalancer.schema();
        schema.doc = "A load balancer that is there, by ARN or by name.".to_owned();
        for (name, attribute) in &mut schema.attributes {
            let is_key = matches!(&**name, "arn" | "name");
            let presence = if is_key { Presence::OptionalComputed } else { Presence::Computed };
            let kept = Attribute::computed(attribute.ty.clone(), &attribute.doc);
            *attribute = Attribute { presence, ..kept };
        }
        let tags = Type::map(Type::String);
        schema.attributes.insert("tags".into(), Attribute::computed(tags, "Its tags."));
        let id = Attribute::computed(Type::String, "Its ARN.");
        schema.attributes.insert("id".into(), id);
        schema
    }

    async fn read(&self, aws: &Aws, config: &Value) -> Result<Value, Failure> {
        let text = |name: &str| config.get(name).and_then(Value::as_str);
        let sought = match (text("arn"), text("name")) {
            (Some(arn), _) => Sought::Ids(vec![Arc::from(arn)]),
            (None, Some(name)) => Sought::Names(vec![name.to_owned()]),
            (None, None) => {
                let message = "a load balancer is found by `arn` or by `name`";
                return Err(Failure::new(FailureKind::Argument, message));
            }
        };
        let mut seen = LoadBalancer.look(aws, &sought).await?.pop().ok_or_else(|| {
            let key = text("arn").or(text("name")).unwrap_or_default();
            Failure::new(FailureKind::NotFound, format!("there is no load balancer `{key}`"))
        })?;
        LoadBalancer.look_closer(aws, &mut seen).await?;
        let mut attributes: Attributes =
            self.schema().attributes.into_keys().map(|name| (name, Value::Null)).collect();
        attributes.extend(seen.attributes);
        attributes.insert("id".into(), Value::from(seen.id));
        attributes.insert("tags".into(), value(&tags::of_user(&seen.tags)));
        Ok(Value::from(attributes))
    }
}
