//! `aws_lb_listener_rule`: what a listener does with requests that meet conditions.
//!
//! Guarded: its weights say who gets the traffic, so nobody's change is written over.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_elasticloadbalancingv2::types::{self as elb_types, RulePriorityPair};
use greenroom_model::schema::{Attribute, Type, TypeSchema};
use greenroom_model::value::Value;
use greenroom_provider::{Deleted, Draft, Failure, Object, typed};
use serde::{Deserialize, Serialize};

use super::action::{self, Action};
use super::{ec2, elb, lb_listener};
use crate::aws::Aws;
use crate::error::at;
use crate::resource::{Change, New, Resource, Seen, Sent, Sought, Tagging};
use crate::send::patiently;
use crate::tags::Tags;

mod condition;

use condition::Condition;

/// The type `aws_lb_listener_rule`.
pub(crate) struct ListenerRule;

/// Its attributes.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Attributes {
    listener_arn: String,
    priority: Option<i32>,
    action: Vec<Action>,
    condition: Vec<Condition>,
    arn: String,
}

#[async_trait]
impl Resource for ListenerRule {
    fn schema(&self) -> TypeSchema {
        TypeSchema::new(
            "aws_lb_listener_rule",
            "What a listener does with requests that meet conditions.",
            attributes(),
        )
        .guarded()
        // As a listener: weight 0 is nothing, and the targets are checked.
        .admits_at_zero()
    }

    fn tagging(&self) -> Tagging {
        Tagging::Elb
    }

    fn propose(&self, draft: &mut Draft) {
        action::propose(draft, "action");
        let priority = draft.given("priority").and_then(Value::as_number);
        let fits =
            priority.is_none_or(|it| it.as_i64().is_some_and(|it| (1..=50_000).contains(&it)));
        draft.expect(fits, "priority", "it is 1 to 50000");
        condition::propose(draft);
    }

    fn named_like_id(&self) -> Option<&'static str> {
        Some("arn")
    }

    fn unique(&self) -> &'static [&'static [&'static str]] {
        &[&["priority", "listener_arn"]]
    }

    async fn look(&self, aws: &Aws, sought: &Sought) -> Result<Vec<Seen>, Failure> {
        let listeners = lb_listener::all_arns(aws);
        let inside = |listener| of_listener(aws, listener);
        elb::look_inside(aws, sought, listener_of, listeners, inside).await
    }

    fn handle(&self, sent: &Sent<'_>) -> Option<Sought> {
        let parent = sent.arguments.get("listener_arn").and_then(Value::as_str)?;
        Some(Sought::Names(vec![parent.to_owned()]))
    }

    async fn create(&self, aws: &Aws, new: &New) -> Result<Arc<str>, Failure> {
        let wanted: Attributes = typed(&new.planned)?;
        let taken = self.look(aws, &Sought::Names(vec![wanted.listener_arn.clone()])).await?;
        let at_priority = |it: &Seen| it.attributes.get("priority").and_then(Value::as_i64);
        let same: Vec<Seen> = taken
            .iter()
            .filter(|it| wanted.priority.is_some_and(|own| at_priority(it) == Some(own.into())))
            .cloned()
            .collect();
        if let Some(arn) = elb::made_before(new, &same)? {
            return Ok(arn);
        }
        // One that is left out is the next behind all others.
        let last = taken.iter().filter_map(at_priority).max().unwrap_or(0);
        let next = i32::try_from(last + 1).unwrap_or(i32::MAX);
        create(aws, new, &wanted, wanted.priority.unwrap_or(next)).await
    }

    async fn update(&self, aws: &Aws, change: &Change) -> Result<(), Failure> {
        let wanted: Attributes = typed(&change.planned)?;
        let arn = &*change.object.id;
        if let Some(priority) = wanted.priority.filter(|_| change.of("priority")) {
            let pair = RulePriorityPair::builder().rule_arn(arn).priority(priority).build();
            let call = aws.again.elb.set_rule_priorities().rule_priorities(pair).send();
            call.await.map_err(at("elasticloadbalancing:SetRulePriorities"))?;
        }
        if !change.of("action") && !change.of("condition") {
            return Ok(());
        }
        let actions = change.of("action").then(|| action::written(&wanted.action));
        let conditions = change.of("condition").then(|| condition::written(&wanted.condition));
        let call = aws.again.elb.modify_rule().rule_arn(arn).set_actions(actions);
        let answer = call.set_conditions(conditions).send().await;
        let answer = answer.map_err(at("elasticloadbalancing:ModifyRule")).map_err(Failure::from);
        // The priority may be changed already.
        answer.map(drop).map_err(|failure| match change.of("priority") {
            true => failure.unknown_effect(),
            false => failure,
        })
    }

    async fn delete(&self, aws: &Aws, object: &Object) -> Result<Deleted, Failure> {
        let call = aws.again.elb.delete_rule().rule_arn(&*object.id);
        ec2::deleted(call.send().await.map_err(at("elasticloadbalancing:DeleteRule")))
    }
}

async fn create(
    aws: &Aws,
    new: &New,
    wanted: &Attributes,
    priority: i32,
) -> Result<Arc<str>, Failure> {
    let action = "elasticloadbalancing:CreateRule";
    let answer = patiently(aws.pace, action, || {
        let call = aws.once.elb.create_rule();
        call.listener_arn(&wanted.listener_arn)
            .priority(priority)
            .set_actions(Some(action::written(&wanted.action)))
            .set_conditions(Some(condition::written(&wanted.condition)))
            .set_tags(Some(elb::sdk_tags(&new.tags)))
            .send()
    })
    .await?;
    let made = answer.rules.and_then(|mut it| it.pop());
    elb::really_made(aws, new, made.and_then(|it| it.rule_arn), action).await
}

fn attributes() -> [(&'static str, Attribute); 5] {
    [
        (
            "listener_arn",
            Attribute::required(Type::String, "The listener.").replaces().needs_exists(),
        ),
        (
            "priority",
            Attribute::optional_computed(
                Type::Number,
                "Its place among the listener's rules, 1 to 50000; the last one if left out.",
            ),
        ),
        (
            "action",
            Attribute::required(Type::list(action::schema()), "What is done with the request.")
                .needs_exists()
                .holds(),
        ),
        (
            "condition",
            Attribute::required(
                Type::set(condition::schema()),
                "What a request must meet, each of them, to be handled so.",
            ),
        ),
        ("arn", Attribute::computed(Type::String, "Its ARN, which is its id.")),
    ]
}

/// The ARN of a rule's listener, which is a part of the rule's.
fn listener_of(rule: &str) -> Option<String> {
    let (head, _) = rule.rsplit_once('/')?;
    Some(head.replacen(":listener-rule/", ":listener/", 1))
}

/// The rules of a listener but for its default action.
async fn of_listener(aws: &Aws, parent: String) -> Result<Vec<Seen>, Failure> {
    let call = aws.again.elb.describe_rules().listener_arn(parent);
    let found = call.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
    match found.map_err(at("elasticloadbalancing:DescribeRules")) {
        Err(error) if error.is_not_found() => Ok(Vec::new()),
        answer => {
            let rules = answer?.into_iter().filter(|it| it.is_default() != Some(true));
            Ok(rules.map(seen).collect())
        }
    }
}

fn seen(rule: elb_types::Rule) -> Seen {
    let arn = rule.rule_arn.unwrap_or_default();
    let attributes = Attributes {
        listener_arn: listener_of(&arn).unwrap_or_default(),
        priority: rule.priority.and_then(|it| it.parse().ok()),
        action: action::read(rule.actions),
        condition: condition::read(rule.conditions),
        arn: arn.clone(),
    };
    Seen::ready(arn, Tags::new(), &attributes)
}
