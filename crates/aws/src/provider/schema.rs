//! What the provider offers.

use greenroom_model::schema::{Attribute, ProviderSchema, Recognition, Type, TypeSchema};

use super::creating::send_limit;
use crate::aws::Pace;
use crate::resource::{Resource, Tagging};
use crate::{data, settings, types};

/// What the provider offers, with waits as `pace` has them.
#[must_use]
pub fn schema(pace: Pace) -> ProviderSchema {
    let resources = types::all().into_iter().map(|it| type_schema(&*it, pace));
    ProviderSchema {
        name: "aws".into(),
        doc: "Amazon Web Services: EC2, Elastic Load Balancing and Route 53, with the types, \
              arguments and attributes of Terraform's AWS provider. Credentials come from where \
              every AWS tool takes them, and never reach a state, a plan or a log."
            .to_owned(),
        settings: settings::schema(),
        resources: resources.map(|schema| (schema.name.clone(), schema)).collect(),
        data: data::all()
            .iter()
            .map(|it| it.schema())
            .map(|schema| (schema.name.clone(), schema))
            .collect(),
    }
}

fn type_schema(resource: &dyn Resource, pace: Pace) -> TypeSchema {
    let mut schema = resource.schema();
    schema.grace = pace.grace();
    schema.send_limit = Some(send_limit(pace));
    schema.checked_together = true;
    let id = Attribute::computed(Type::String, "AWS's name for it.");
    schema.attributes.entry("id".into()).or_insert(id);
    if resource.tagging() == Tagging::None {
        debug_assert_ne!(schema.recognition, Recognition::Tagged, "{}", schema.name);
        return schema;
    }
    let tags = Type::map(Type::String);
    let own = Attribute::optional(tags.clone(), "Tags, over `default_tags` of the provider.");
    let all = Attribute::computed(tags, "All tags, those of `default_tags` included.");
    schema.attributes.insert("tags".into(), own);
    schema.attributes.insert("tags_all".into(), all);
    schema
}
