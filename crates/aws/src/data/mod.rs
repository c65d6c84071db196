//! The data sources, one file each.

mod ami;
mod availability_zones;
mod caller_identity;
mod filters;
mod lb;
mod region;
mod route53_zone;
mod ssm_parameter;
mod subnets;
mod vpc;

use async_trait::async_trait;
use greenroom_model::schema::TypeSchema;
use greenroom_model::value::Value;
use greenroom_provider::Failure;

use crate::aws::Aws;

/// One data source.
#[async_trait]
pub(crate) trait DataSource: Send + Sync {
    /// Its schema.
    fn schema(&self) -> TypeSchema;

    /// Asks AWS, and returns all attributes. `config` has every argument, null where left out.
    async fn read(&self, aws: &Aws, config: &Value) -> Result<Value, Failure>;
}

/// All data sources.
pub(crate) fn all() -> Vec<Box<dyn DataSource>> {
    vec![
        Box::new(ami::Ami),
        Box::new(availability_zones::AvailabilityZones),
        Box::new(caller_identity::CallerIdentity),
        Box::new(lb::LoadBalancerSource),
        Box::new(region::Region),
        Box::new(route53_zone::ZoneSource),
        Box::new(ssm_parameter::SsmParameter),
        Box::new(subnets::Subnets),
        Box::new(vpc::Vpc),
    ]
}
