//! The VPCs in which a private zone is seen.

use std::collections::BTreeSet;

use greenroom_provider::Failure;

use super::{ZoneVpc, get};
use crate::aws::Aws;
use crate::error::at;
use crate::send::patiently;

/// Has a zone seen in these VPCs and in no others. The new ones come first: a private zone always
/// has one.
pub(super) async fn become_those(aws: &Aws, zone: &str, wanted: &[ZoneVpc]) -> Result<(), Failure> {
    let Some(found) = get(aws, zone).await? else { return Ok(()) };
    let now: BTreeSet<ZoneVpc> = found.vpcs().iter().map(|it| ZoneVpc::read(aws, it)).collect();
    for vpc in wanted.iter().filter(|it| !now.contains(it)) {
        patiently(aws.pace, "route53:AssociateVPCWithHostedZone", || {
            let call = aws.again.route53.associate_vpc_with_hosted_zone().hosted_zone_id(zone);
            call.vpc(vpc.written(aws)).send()
        })
        .await
        .map_err(|error| Failure::from(error).unknown_effect())?;
    }
    for vpc in now.iter().filter(|it| !wanted.contains(it)) {
        let call = aws.again.route53.disassociate_vpc_from_hosted_zone().hosted_zone_id(zone);
        let answer = call.vpc(vpc.written(aws)).send().await;
        let answer = answer.map_err(at("route53:DisassociateVPCFromHostedZone"));
        answer.map_err(|error| Failure::from(error).unknown_effect())?;
    }
    Ok(())
}
