//! `aws_security_group`: which traffic reaches network interfaces and leaves them.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_ec2::types::{self as ec2_types, ResourceType};
use greenroom_model::schema::{Attribute, Type, TypeSchema};
use greenroom_model::value::{Object as Values, Value};
use greenroom_provider::{Deleted, Draft, Failure, FailureKind, Object, typed};
use serde::{Deserialize, Serialize};

use super::security_rules::{self as rules, Block, Direction, Rules};
use super::{ec2, holders};
use crate::aws::Aws;
use crate::error::at;
use crate::resource::{Change, New, Resource, Seen, Sought, Tagging};
use crate::send::patiently;

/// The type `aws_security_group`.
pub(crate) struct SecurityGroup;

/// Its attributes.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Attributes {
    name: String,
    description: String,
    vpc_id: Option<String>,
    ingress: Option<Vec<Block>>,
    egress: Option<Vec<Block>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoke_rules_on_delete: Option<bool>,
    arn: String,
    owner_id: String,
}

#[async_trait]
impl Resource for SecurityGroup {
    fn schema(&self) -> TypeSchema {
        let text = || Type::String;
        let rules = |doc: &str| Attribute::optional(Type::set(block()), doc).holds();
        TypeSchema::new(
            "aws_security_group",
            "Which traffic reaches network interfaces and leaves them.",
            [
                (
                    "name",
                    Attribute::optional_computed(text(), "Its name, unique in its VPC.")
                        .unique_name(255)
                        .replaces(),
                ),
                (
                    "description",
                    Attribute::optional(text(), "What it is for.")
                        .default("Managed by Greenroom")
                        .replaces(),
                ),
                (
                    "vpc_id",
                    Attribute::optional_computed(text(), "Its VPC; left out, the default VPC.")
                        .replaces(),
                ),
                ("ingress", rules("What may come in; left out, rules are managed elsewhere.")),
                ("egress", rules("What may go out; left out, rules are managed elsewhere.")),
                (
                    "revoke_rules_on_delete",
                    Attribute::optional(
                        Type::Bool,
                        "Whether its rules are revoked before it is deleted.",
                    )
                    .default(false)
                    .write_only(),
                ),
                ("arn", Attribute::computed(text(), "Its ARN.")),
                ("owner_id", Attribute::computed(text(), "The account that it belongs to.")),
            ],
        )
    }

    fn tagging(&self) -> Tagging {
        Tagging::Ec2
    }

    fn propose(&self, draft: &mut Draft) {
        check_name(draft);
        if let Some(text) = draft.given("description").and_then(Value::as_str).map(str::to_owned) {
            rules::check_description(draft, "description", &text);
            draft.expect(!text.is_empty(), "description", "AWS wants a description");
        }
        rules::canonical(draft, "ingress");
        rules::canonical(draft, "egress");
    }

    fn unique(&self) -> &'static [&'static [&'static str]] {
        &[&["name", "vpc_id"]]
    }

    async fn look(&self, aws: &Aws, sought: &Sought) -> Result<Vec<Seen>, Failure> {
        let groups = groups(aws, ec2::filter(sought, "group-id")).await?;
        Ok(groups.into_iter().map(seen).collect())
    }

    fn as_written(&self, attributes: &mut Values, prior: &Value) {
        // Rules that are managed elsewhere are no matter of this object's.
        for name in ["ingress", "egress"] {
            let is_managed = prior.is_null() || prior.get(name).is_some_and(|it| !it.is_null());
            if !is_managed {
                attributes.insert(name.into(), Value::Null);
            }
        }
    }

    async fn create(&self, aws: &Aws, new: &New) -> Result<Arc<str>, Failure> {
        let wanted: Attributes = typed(&new.planned)?;
        let answer = patiently(aws.pace, "ec2:CreateSecurityGroup", || {
            let call = aws.once.ec2.create_security_group();
            call.group_name(&wanted.name)
                .description(&wanted.description)
                .set_vpc_id(wanted.vpc_id.clone())
                .tag_specifications(ec2::tag_specification(ResourceType::SecurityGroup, &new.tags))
                .send()
        })
        .await?;
        ec2::given(answer.group_id, "ec2:CreateSecurityGroup")
    }

    async fn finish(&self, aws: &Aws, object: &Object) -> Result<(), Failure> {
        let wanted: Attributes = typed(&object.attributes)?;
        let now = Current::of(aws, &object.id).await?;
        if let Some(blocks) = wanted.ingress {
            now.reconcile(aws, Direction::Ingress, rules::rules_of(blocks)).await?;
        }
        let egress = match wanted.egress {
            Some(blocks) => rules::rules_of(blocks),
            // AWS lets everything out of a new group. What is not written is not allowed.
            None => without(&now.egress, &rules::of_new_group()),
        };
        now.reconcile(aws, Direction::Egress, egress).await
    }

    async fn update(&self, aws: &Aws, change: &Change) -> Result<(), Failure> {
        let wanted: Attributes = typed(&change.planned)?;
        let directions = [
            ("ingress", Direction::Ingress, wanted.ingress),
            ("egress", Direction::Egress, wanted.egress),
        ];
        for (name, direction, blocks) in directions {
            if let Some(blocks) = blocks.filter(|_| change.of(name)) {
                let now = Current::of(aws, &change.object.id).await?;
                now.reconcile(aws, direction, rules::rules_of(blocks)).await?;
            }
        }
        Ok(())
    }

    fn takes_along(&self) -> &'static [&'static str] {
        &["revoke_rules_on_delete"]
    }

    async fn delete(&self, aws: &Aws, object: &Object) -> Result<Deleted, Failure> {
        let recorded: Attributes = typed(&object.attributes)?;
        if recorded.revoke_rules_on_delete == Some(true) {
            match Current::of(aws, &object.id).await {
                Err(failure) if failure.kind == FailureKind::NotFound => return Ok(Deleted::Gone),
                now => now?.revoke_all(aws).await?,
            }
        }
        let call = aws.again.ec2.delete_security_group().group_id(&*object.id);
        ec2::deleted(call.send().await.map_err(at("ec2:DeleteSecurityGroup")))
    }

    async fn holders(&self, aws: &Aws, object: &Object) -> Result<Vec<String>, Failure> {
        let filter = ec2::filter_by("group-id", &*object.id);
        let mut all = holders::interfaces(aws, filter, object).await?;
        for name in ["ip-permission.group-id", "egress.ip-permission.group-id"] {
            let referrers = groups(aws, ec2::filter_by(name, &*object.id)).await?;
            let others = referrers.into_iter().map(seen).filter(|it| it.id != object.id);
            all.extend(others.map(|it| {
                let whose = holders::whose(&it.tags, object);
                format!("a rule of security group {} ({whose})", it.id)
            }));
        }
        Ok(all)
    }
}

fn check_name(draft: &mut Draft) {
    let Some(name) = draft.given("name").and_then(Value::as_str) else { return };
    let fits = !name.is_empty() && rules::is_description(name);
    let is_reserved = name.starts_with("sg-") || name == "default";
    let message = "it has 1 to 255 letters, digits, spaces and ._-:/()#,@[]+=&;{}!$*";
    draft.expect(fits, "name", message);
    draft.expect(!is_reserved, "name", "it is not `default` and does not start with `sg-`");
}

/// The type of one entry of `ingress` and `egress`.
fn block() -> Type {
    let texts = |doc: &str| {
        let none = Value::list(Vec::<Value>::new());
        Attribute::optional(Type::set(Type::String), doc).default(none)
    };
    Type::object([
        ("protocol", Attribute::required(Type::String, "`tcp`, `udp`, `icmp`, …; `-1` for all.")),
        ("from_port", Attribute::required(Type::Number, "The first port, or the ICMP type.")),
        ("to_port", Attribute::required(Type::Number, "The last port, or the ICMP code.")),
        ("description", Attribute::optional(Type::String, "What it is for.").default("")),
        ("cidr_blocks", texts("IPv4 blocks.")),
        ("ipv6_cidr_blocks", texts("IPv6 blocks.")),
        ("prefix_list_ids", texts("Prefix lists.")),
        ("security_groups", texts("Security groups.")),
        ("self", Attribute::optional(Type::Bool, "The group itself.").default(false)),
    ])
}

fn seen(group: ec2_types::SecurityGroup) -> Seen {
    let id = group.group_id.unwrap_or_default();
    let account = group.owner_id.unwrap_or_default();
    let blocks = |permissions: Option<Vec<ec2_types::IpPermission>>| {
        rules::blocks_of(rules::rules_in(permissions.unwrap_or_default(), &id, &account))
    };
    let attributes = Attributes {
        name: group.group_name.unwrap_or_default(),
        description: group.description.unwrap_or_default(),
        vpc_id: group.vpc_id,
        ingress: Some(blocks(group.ip_permissions)),
        egress: Some(blocks(group.ip_permissions_egress)),
        revoke_rules_on_delete: None,
        arn: group.security_group_arn.unwrap_or_default(),
        owner_id: account,
    };
    Seen::ready(id, ec2::tags_of(group.tags), &attributes)
}

async fn groups(
    aws: &Aws,
    filter: ec2_types::Filter,
) -> Result<Vec<ec2_types::SecurityGroup>, Failure> {
    let pages = aws.again.ec2.describe_security_groups().filters(filter);
    let groups = pages.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
    Ok(groups.map_err(at("ec2:DescribeSecurityGroups"))?)
}

/// The rules that a group has now.
struct Current {
    id: Arc<str>,
    ingress: Rules,
    egress: Rules,
}

impl Current {
    /// Reads a group that exists, which AWS may not find yet.
    async fn of(aws: &Aws, id: &Arc<str>) -> Result<Current, Failure> {
        let answer = patiently(aws.pace, "ec2:DescribeSecurityGroups", || {
            aws.again.ec2.describe_security_groups().group_ids(&**id).send()
        })
        .await?;
        let group = answer.security_groups.unwrap_or_default().pop().ok_or_else(|| {
            let message = format!("there is no security group `{id}`");
            Failure::new(FailureKind::NotFound, message)
        })?;
        let account = group.owner_id.unwrap_or_default();
        let read = |permissions: Option<Vec<_>>| {
            rules::rules_in(permissions.unwrap_or_default(), id, &account)
        };
        let (ingress, egress) = (read(group.ip_permissions), read(group.ip_permissions_egress));
        Ok(Current { id: id.clone(), ingress, egress })
    }

    async fn reconcile(
        &self,
        aws: &Aws,
        direction: Direction,
        wanted: Rules,
    ) -> Result<(), Failure> {
        let now = match direction {
            Direction::Ingress => &self.ingress,
            Direction::Egress => &self.egress,
        };
        rules::reconcile(aws, direction, &self.id, now, &wanted).await
    }

    async fn revoke_all(&self, aws: &Aws) -> Result<(), Failure> {
        self.reconcile(aws, Direction::Ingress, Rules::new()).await?;
        self.reconcile(aws, Direction::Egress, Rules::new()).await
    }
}

fn without(rules: &Rules, gone: &Rules) -> Rules {
    let kept = rules.iter().filter(|(rule, _)| !gone.contains_key(*rule));
    kept.map(|(rule, text)| (rule.clone(), text.clone())).collect()
}
