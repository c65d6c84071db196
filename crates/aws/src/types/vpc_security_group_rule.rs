//! `aws_vpc_security_group_ingress_rule` and `aws_vpc_security_group_egress_rule`: one rule of a
//! security group that leaves the group's other rules alone.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_ec2::types::{
    self as ec2_types, IpPermission, IpRange, Ipv6Range, PrefixListId, ResourceType,
    SecurityGroupRuleRequest, SecurityGroupRuleUpdate, UserIdGroupPair,
};
use greenroom_model::schema::{Attribute, Type, TypeSchema};
use greenroom_model::value::Value;
use greenroom_provider::{Deleted, Draft, Failure, Object, typed};
use serde::{Deserialize, Serialize};

use super::ec2;
use super::security_rules::{self as rules, Direction};
use crate::aws::Aws;
use crate::error::at;
use crate::resource::{Change, New, Resource, Seen, Sought, Tagging};
use crate::send::patiently;

/// The types of single rules, one a direction.
pub(crate) struct VpcSecurityGroupRule(pub(crate) Direction);

/// Their attributes.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Attributes {
    security_group_id: String,
    ip_protocol: String,
    from_port: Option<i32>,
    to_port: Option<i32>,
    cidr_ipv4: Option<String>,
    cidr_ipv6: Option<String>,
    prefix_list_id: Option<String>,
    referenced_security_group_id: Option<String>,
    description: Option<String>,
    arn: String,
    security_group_rule_id: String,
}

/// The arguments of which a rule has exactly one.
const PEERS: [&str; 4] =
    ["cidr_ipv4", "cidr_ipv6", "prefix_list_id", "referenced_security_group_id"];

#[async_trait]
impl Resource for VpcSecurityGroupRule {
    fn schema(&self) -> TypeSchema {
        let (name, doc) = match self.0 {
            Direction::Ingress => (
                "aws_vpc_security_group_ingress_rule",
                "What a security group lets in, beside its other rules.",
            ),
            Direction::Egress => (
                "aws_vpc_security_group_egress_rule",
                "What a security group lets out, beside its other rules.",
            ),
        };
        let optional = |doc: &str| Attribute::optional(Type::String, doc);
        TypeSchema::new(
            name,
            doc,
            [
                (
                    "security_group_id",
                    Attribute::required(Type::String, "The group that it is part of.").replaces(),
                ),
                (
                    "ip_protocol",
                    Attribute::required(Type::String, "`tcp`, `udp`, `icmp`, …; `-1` for all."),
                ),
                ("from_port", Attribute::optional(Type::Number, "The first port, or ICMP type.")),
                ("to_port", Attribute::optional(Type::Number, "The last port, or ICMP code.")),
                ("cidr_ipv4", optional("An IPv4 block.")),
                ("cidr_ipv6", optional("An IPv6 block.")),
                ("prefix_list_id", optional("A prefix list.")),
                ("referenced_security_group_id", optional("Another security group.").holds()),
                ("description", optional("What it is for.")),
                ("arn", Attribute::computed(Type::String, "Its ARN.")),
                ("security_group_rule_id", Attribute::computed(Type::String, "Its id.")),
            ],
        )
    }

    fn tagging(&self) -> Tagging {
        Tagging::Ec2
    }

    fn propose(&self, draft: &mut Draft) {
        check_protocol_and_ports(draft);
        ec2::check_cidr(draft, "cidr_ipv4", 0..=32);
        ec2::canonical_ipv6(draft, "cidr_ipv6", 0..=128);
        let is_given = |name: &&str| draft.planned(name).is_some_and(|it| !it.is_null());
        let given = PEERS.iter().filter(|name| is_given(name)).count();
        let message = format!("exactly one of {} is needed", PEERS.join(", "));
        draft.expect(given == 1, PEERS[0], message);
        if let Some(text) = draft.given("description").and_then(Value::as_str).map(str::to_owned) {
            rules::check_description(draft, "description", &text);
        }
    }

    async fn look(&self, aws: &Aws, sought: &Sought) -> Result<Vec<Seen>, Failure> {
        let rules: Vec<ec2_types::SecurityGroupRule> = match sought {
            Sought::Ids(ids) => {
                let found = aws.reads.rules.all(ids.clone()).await.into_iter();
                let found = found.collect::<Result<Vec<_>, _>>()?.into_iter().flatten();
                found.map(Arc::unwrap_or_clone).collect()
            }
            sought => {
                let filter = ec2::filter(sought, "security-group-rule-id");
                rules::describe(&aws.again.ec2, filter).await?
            }
        };
        let is_egress = self.0 == Direction::Egress;
        let of_type = rules.into_iter().filter(|it| it.is_egress.unwrap_or(false) == is_egress);
        Ok(of_type.map(|rule| seen(aws, rule)).collect())
    }

    async fn create(&self, aws: &Aws, new: &New) -> Result<Arc<str>, Failure> {
        let wanted: Attributes = typed(&new.planned)?;
        let group = &wanted.security_group_id;
        let tags = ec2::tag_specification(ResourceType::SecurityGroupRule, &new.tags);
        let ec2 = &aws.once.ec2;
        let (made, action) = match self.0 {
            Direction::Ingress => {
                let action = "ec2:AuthorizeSecurityGroupIngress";
                let answer = patiently(aws.pace, action, || {
                    let call = ec2.authorize_security_group_ingress().group_id(group);
                    call.ip_permissions(permission(&wanted)).tag_specifications(tags.clone()).send()
                });
                (answer.await?.security_group_rules, action)
            }
            Direction::Egress => {
                let action = "ec2:AuthorizeSecurityGroupEgress";
                let answer = patiently(aws.pace, action, || {
                    let call = ec2.authorize_security_group_egress().group_id(group);
                    call.ip_permissions(permission(&wanted)).tag_specifications(tags.clone()).send()
                });
                (answer.await?.security_group_rules, action)
            }
        };
        let id = made.unwrap_or_default().pop().and_then(|it| it.security_group_rule_id);
        ec2::given(id, action)
    }

    async fn update(&self, aws: &Aws, change: &Change) -> Result<(), Failure> {
        let wanted: Attributes = typed(&change.planned)?;
        let update = SecurityGroupRuleUpdate::builder()
            .security_group_rule_id(&*change.object.id)
            .security_group_rule(request(&wanted))
            .build();
        let call = aws.again.ec2.modify_security_group_rules();
        let call = call.group_id(&wanted.security_group_id).security_group_rules(update);
        call.send().await.map_err(at("ec2:ModifySecurityGroupRules"))?;
        Ok(())
    }

    async fn delete(&self, aws: &Aws, object: &Object) -> Result<Deleted, Failure> {
        let Attributes { security_group_id: group, .. } = typed(&object.attributes)?;
        let (ec2, id) = (&aws.again.ec2, &*object.id);
        match self.0 {
            Direction::Ingress => {
                let call = ec2.revoke_security_group_ingress().group_id(group);
                let answer = call.security_group_rule_ids(id).send().await;
                ec2::deleted(answer.map_err(at("ec2:RevokeSecurityGroupIngress")))
            }
            Direction::Egress => {
                let call = ec2.revoke_security_group_egress().group_id(group);
                let answer = call.security_group_rule_ids(id).send().await;
                ec2::deleted(answer.map_err(at("ec2:RevokeSecurityGroupEgress")))
            }
        }
    }
}

fn check_protocol_and_ports(draft: &mut Draft) {
    let Some(text) = draft.given("ip_protocol").and_then(Value::as_str) else { return };
    let protocol = rules::protocol(text);
    rules::check_protocol(draft, "ip_protocol", &protocol);
    draft.set("ip_protocol", &*protocol);
    let is_null = |name: &str| draft.planned(name).is_none_or(Value::is_null);
    let (no_first, no_last) = (is_null("from_port"), is_null("to_port"));
    if !rules::has_ports(&protocol) {
        let message = format!("the protocol `{protocol}` has no ports: leave it out");
        draft.expect(no_first, "from_port", message.clone());
        return draft.expect(no_last, "to_port", message);
    }
    let message = format!("the protocol `{protocol}` needs it");
    draft.expect(!no_first, "from_port", message.clone());
    draft.expect(!no_last, "to_port", message);
    if let (Some(from), Some(to)) = (draft.typed("from_port"), draft.typed("to_port")) {
        rules::check_ports(draft, "from_port", &protocol, from, to);
    }
}

fn seen(aws: &Aws, rule: ec2_types::SecurityGroupRule) -> Seen {
    let id = rule.security_group_rule_id.unwrap_or_default();
    let account = rule.group_owner_id.unwrap_or_default();
    let protocol = rules::protocol(&rule.ip_protocol.unwrap_or_default());
    let has_ports = rules::has_ports(&protocol);
    let referenced = rule
        .referenced_group_info
        .and_then(|it| Some(rules::with_account(it.group_id?, it.user_id, &account)));
    let arn = ec2::arn(aws, &account, &format!("security-group-rule/{id}"));
    let attributes = Attributes {
        security_group_id: rule.group_id.unwrap_or_default(),
        ip_protocol: protocol,
        from_port: rule.from_port.filter(|_| has_ports),
        to_port: rule.to_port.filter(|_| has_ports),
        cidr_ipv4: rule.cidr_ipv4,
        cidr_ipv6: rule.cidr_ipv6,
        prefix_list_id: rule.prefix_list_id,
        referenced_security_group_id: referenced,
        description: rule.description.filter(|it| !it.is_empty()),
        arn: rule.security_group_rule_arn.unwrap_or(arn),
        security_group_rule_id: id.clone(),
    };
    Seen::ready(id, ec2::tags_of(rule.tags), &attributes)
}

/// A rule as it is made.
fn permission(rule: &Attributes) -> IpPermission {
    let text = || rule.description.clone();
    let ipv4 = |block| IpRange::builder().cidr_ip(block).set_description(text()).build();
    let ipv6 = |block| Ipv6Range::builder().cidr_ipv6(block).set_description(text()).build();
    let list = |id| PrefixListId::builder().prefix_list_id(id).set_description(text()).build();
    let group = |id: &String| {
        let (account, id) = rules::without_account(id);
        let pair = UserIdGroupPair::builder().group_id(id).set_description(text());
        pair.set_user_id(account.map(str::to_owned)).build()
    };
    IpPermission::builder()
        .ip_protocol(&rule.ip_protocol)
        .set_from_port(rule.from_port)
        .set_to_port(rule.to_port)
        .set_ip_ranges(rule.cidr_ipv4.as_ref().map(|it| vec![ipv4(it)]))
        .set_ipv6_ranges(rule.cidr_ipv6.as_ref().map(|it| vec![ipv6(it)]))
        .set_prefix_list_ids(rule.prefix_list_id.as_ref().map(|it| vec![list(it)]))
        .set_user_id_group_pairs(
            rule.referenced_security_group_id.as_ref().map(|it| vec![group(it)]),
        )
        .build()
}

/// A rule as it is changed to.
fn request(rule: &Attributes) -> SecurityGroupRuleRequest {
    let group = rule.referenced_security_group_id.as_deref().map(rules::without_account);
    // All ports, where the protocol has none: a rule that had some keeps them otherwise.
    SecurityGroupRuleRequest::builder()
        .ip_protocol(&rule.ip_protocol)
        .from_port(rule.from_port.unwrap_or(-1))
        .to_port(rule.to_port.unwrap_or(-1))
        .set_cidr_ipv4(rule.cidr_ipv4.clone())
        .set_cidr_ipv6(rule.cidr_ipv6.clone())
        .set_prefix_list_id(rule.prefix_list_id.clone())
        .set_referenced_group_id(group.map(|(_, id)| id.to_owned()))
        .description(rule.description.clone().unwrap_or_default())
        .build()
}

#[cfg(test)]
mod tests {
    use greenroom_model::identity::Uid;
    use greenroom_provider::ProposeRequest;

    use super::*;

    /// What a plan makes of arguments: the protocol, and what is wrong.
    fn proposed(arguments: &[(&str, Value)]) -> (String, Vec<String>) {
        let mut draft = Draft::new(ProposeRequest {
            kind: "aws_vpc_security_group_ingress_rule".into(),
            address: "pr/aws_vpc_security_group_ingress_rule.it".parse().expect("an address"),
            uid: Uid("u1".into()),
            prior: None,
            config: Value::Null,
            planned: Value::object(arguments.iter().cloned()),
        });
        VpcSecurityGroupRule(Direction::Ingress).propose(&mut draft);
        let proposal = draft.finish();
        let protocol = proposal.planned.get("ip_protocol").and_then(Value::as_str);
        let wrong = proposal.wrong.iter().map(|it| format!("{}: {}", it.path, it.message));
        (protocol.unwrap_or_default().to_owned(), wrong.collect())
    }

    #[test]
    fn a_rule_has_one_peer_and_the_ports_that_its_protocol_asks_for() {
        let everywhere = || ("cidr_ipv4", Value::from("0.0.0.0/0"));
        let (protocol, wrong) = proposed(&[everywhere(), ("ip_protocol", "All".into())]);
        assert_eq!((protocol.as_str(), wrong.len()), ("-1", 0));
        let ports = |from: i64, to: i64| [("from_port", from.into()), ("to_port", to.into())];
        let [from, to] = ports(80, 79);
        let (_, wrong) = proposed(&[everywhere(), ("ip_protocol", "6".into()), from, to]);
        assert_eq!(wrong, ["from_port: the ports 80 to 79 are none"]);
        let (_, wrong) = proposed(&[("ip_protocol", "udp".into())]);
        assert_eq!(wrong.len(), 3, "two ports and a peer are missing: {wrong:?}");
        let group = ("referenced_security_group_id", Value::from("sg-1"));
        let [from, to] = ports(0, 65536);
        let (_, wrong) = proposed(&[everywhere(), group, ("ip_protocol", "tcp".into()), from, to]);
        assert_eq!(wrong.len(), 2, "a peer and a port too many: {wrong:?}");
    }
}
