//! The calls that change the rules of a group.

use aws_sdk_ec2::types::{IpPermission, IpRange, Ipv6Range, PrefixListId, UserIdGroupPair};
use greenroom_provider::Failure;

use super::{Direction, Peer, Rule, Rules, has_ports, without_account};
use crate::aws::Aws;
use crate::send::patiently;

/// Gives the group `id` the rules that are `wanted` in place of those that it has `now`.
pub(crate) async fn reconcile(
    aws: &Aws,
    direction: Direction,
    id: &str,
    now: &Rules,
    wanted: &Rules,
) -> Result<(), Failure> {
    let of = |rules: Vec<(&Rule, &String)>| -> Vec<IpPermission> {
        rules.into_iter().map(|(rule, text)| permission(rule, text, id)).collect()
    };
    let new = of(wanted.iter().filter(|it| !now.contains_key(it.0)).collect());
    let described = wanted.iter().filter(|it| now.get(it.0).is_some_and(|was| was != it.1));
    let described = of(described.collect());
    let gone = of(now.iter().filter(|it| !wanted.contains_key(it.0)).collect());
    // What is allowed before and after stays allowed meanwhile: new rules first.
    authorize(aws, direction, id, new).await?;
    describe(aws, direction, id, described).await?;
    revoke(aws, direction, id, gone).await
}

/// One rule of the group `own`, as calls take it.
pub(super) fn permission(rule: &Rule, description: &str, own: &str) -> IpPermission {
    let ports = has_ports(&rule.protocol).then_some((rule.from_port, rule.to_port));
    let permission = IpPermission::builder()
        .ip_protocol(&rule.protocol)
        .set_from_port(ports.map(|it| it.0))
        .set_to_port(ports.map(|it| it.1));
    let text = (!description.is_empty()).then(|| description.to_owned());
    let pair = |id: &str| {
        let (account, id) = without_account(id);
        let pair = UserIdGroupPair::builder().group_id(id).set_description(text.clone());
        pair.set_user_id(account.map(str::to_owned)).build()
    };
    let permission = match &rule.peer {
        Peer::Ipv4(block) => {
            permission.ip_ranges(IpRange::builder().cidr_ip(block).set_description(text).build())
        }
        Peer::Ipv6(block) => permission
            .ipv6_ranges(Ipv6Range::builder().cidr_ipv6(block).set_description(text).build()),
        Peer::PrefixList(id) => permission.prefix_list_ids(
            PrefixListId::builder().prefix_list_id(id).set_description(text).build(),
        ),
        Peer::Group(id) => permission.user_id_group_pairs(pair(id)),
        Peer::Own => permission.user_id_group_pairs(pair(own)),
    };
    permission.build()
}

/// Sends one of two calls that differ in their direction only.
macro_rules! by_direction {
    ($aws:ident, $direction:ident, $id:ident, $permissions:ident,
     $ingress:ident as $ingress_action:literal, $egress:ident as $egress_action:literal) => {{
        if $permissions.is_empty() {
            return Ok(());
        }
        let (ec2, permissions) = (&$aws.again.ec2, Some($permissions));
        match $direction {
            Direction::Ingress => {
                let call =
                    || ec2.$ingress().group_id($id).set_ip_permissions(permissions.clone()).send();
                patiently($aws.pace, $ingress_action, call).await.map(drop)
            }
            Direction::Egress => {
                let call =
                    || ec2.$egress().group_id($id).set_ip_permissions(permissions.clone()).send();
                patiently($aws.pace, $egress_action, call).await.map(drop)
            }
        }
    }};
}

async fn authorize(
    aws: &Aws,
    direction: Direction,
    id: &str,
    permissions: Vec<IpPermission>,
) -> Result<(), Failure> {
    let answer = by_direction!(
        aws, direction, id, permissions,
        authorize_security_group_ingress as "ec2:AuthorizeSecurityGroupIngress",
        authorize_security_group_egress as "ec2:AuthorizeSecurityGroupEgress"
    );
    Ok(answer?)
}

async fn describe(
    aws: &Aws,
    direction: Direction,
    id: &str,
    permissions: Vec<IpPermission>,
) -> Result<(), Failure> {
    let answer = by_direction!(
        aws, direction, id, permissions,
        update_security_group_rule_descriptions_ingress
            as "ec2:UpdateSecurityGroupRuleDescriptionsIngress",
        update_security_group_rule_descriptions_egress
            as "ec2:UpdateSecurityGroupRuleDescriptionsEgress"
    );
    Ok(answer?)
}

async fn revoke(
    aws: &Aws,
    direction: Direction,
    id: &str,
    permissions: Vec<IpPermission>,
) -> Result<(), Failure> {
    let answer = by_direction!(
        aws, direction, id, permissions,
        revoke_security_group_ingress as "ec2:RevokeSecurityGroupIngress",
        revoke_security_group_egress as "ec2:RevokeSecurityGroupEgress"
    );
    Ok(answer?)
}
