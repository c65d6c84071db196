//! Actions of listeners and their rules: what is done with a request.
//!
//! AWS says the target of a `forward` in two places: `target_group_arn` for one group, and
//! `forward` for any number with weights. Here both are always filled in the same way, whichever a
//! configuration uses and AWS returns, so that equal actions have one form.

use aws_sdk_elasticloadbalancingv2::types::{
    self as elb_types, ActionTypeEnum, FixedResponseActionConfig, ForwardActionConfig,
    RedirectActionConfig, RedirectActionStatusCodeEnum, TargetGroupStickinessConfig,
    TargetGroupTuple,
};
use serde::{Deserialize, Serialize};

mod normal;
mod schema;

pub(crate) use normal::propose;
pub(crate) use schema::schema;

/// What is done with a request.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Action {
    #[serde(rename = "type")]
    kind: String,
    order: Option<i32>,
    target_group_arn: Option<String>,
    forward: Option<Vec<Forward>>,
    redirect: Option<Vec<Redirect>>,
    fixed_response: Option<Vec<FixedResponse>>,
}

/// Target groups by weight.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
struct Forward {
    target_group: Vec<Target>,
    stickiness: Option<Vec<Stickiness>>,
}

/// A target group and its share. In the order of the fields' names, which is the order of sets.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
struct Target {
    arn: String,
    weight: Option<i32>,
}

/// How long a client stays with a target group.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
struct Stickiness {
    enabled: bool,
    duration: Option<i32>,
}

/// Where a client is sent; what is left out stays as it was asked for.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
struct Redirect {
    host: Option<String>,
    path: Option<String>,
    port: Option<String>,
    protocol: Option<String>,
    query: Option<String>,
    status_code: String,
}

/// What a client is answered.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
struct FixedResponse {
    content_type: String,
    message_body: Option<String>,
    status_code: Option<String>,
}

/// Actions in their one form, from an answer of AWS.
pub(crate) fn read(actions: Option<Vec<elb_types::Action>>) -> Vec<Action> {
    let mut actions = actions.unwrap_or_default();
    actions.sort_by_key(|it| it.order);
    actions.into_iter().zip(1..).map(|(it, order)| Action::read(it, order)).collect()
}

/// Actions as AWS takes them.
pub(crate) fn written(actions: &[Action]) -> Vec<elb_types::Action> {
    actions.iter().zip(1..).map(|(it, order)| it.written(order)).collect()
}

impl Action {
    fn read(action: elb_types::Action, order: i32) -> Action {
        let forward = Forward::read(action.forward_config, action.target_group_arn);
        let only = match forward.as_ref().map(|it| it.target_group.as_slice()) {
            Some([only]) => Some(only.arn.clone()),
            _ => None,
        };
        Action {
            kind: action.r#type.map_or(String::new(), |it| it.as_str().to_owned()),
            order: Some(action.order.unwrap_or(order)),
            target_group_arn: only,
            forward: forward.map(|it| vec![it]),
            redirect: action.redirect_config.map(|it| vec![Redirect::read(it)]),
            fixed_response: action.fixed_response_config.map(|it| vec![FixedResponse::read(it)]),
        }
    }

    fn written(&self, order: i32) -> elb_types::Action {
        let first_forward = self.forward.iter().flatten().next();
        let short = || self.target_group_arn.as_deref().map(Forward::to);
        let forward = first_forward.cloned().or_else(short).filter(|_| self.kind == "forward");
        let redirect = self.redirect.iter().flatten().next();
        let response = self.fixed_response.iter().flatten().next();
        let action = elb_types::Action::builder()
            .r#type(ActionTypeEnum::from(self.kind.as_str()))
            .order(self.order.unwrap_or(order))
            .set_forward_config(forward.map(|it| it.written()))
            .set_redirect_config(redirect.map(Redirect::written))
            .set_fixed_response_config(response.map(FixedResponse::written));
        action.build()
    }
}

impl Forward {
    /// All to one target group.
    fn to(arn: &str) -> Forward {
        let target = Target { arn: arn.to_owned(), weight: Some(1) };
        Forward { target_group: vec![target], stickiness: None }
    }

    fn read(config: Option<ForwardActionConfig>, arn: Option<String>) -> Option<Forward> {
        let Some(config) = config.filter(|it| !it.target_groups().is_empty()) else {
            return arn.as_deref().map(Forward::to);
        };
        let target = |it: TargetGroupTuple| {
            Some(Target { arn: it.target_group_arn?, weight: Some(it.weight.unwrap_or(1)) })
        };
        let mut targets: Vec<Target> =
            config.target_groups.unwrap_or_default().into_iter().filter_map(target).collect();
        targets.sort();
        let stickiness = config.target_group_stickiness_config;
        let stickiness = stickiness.filter(|it| it.enabled == Some(true));
        let stickiness =
            stickiness.map(|it| vec![Stickiness { enabled: true, duration: it.duration_seconds }]);
        Some(Forward { target_group: targets, stickiness })
    }

    fn written(&self) -> ForwardActionConfig {
        let target = |it: &Target| {
            let tuple = TargetGroupTuple::builder().target_group_arn(&it.arn);
            tuple.weight(it.weight.unwrap_or(1)).build()
        };
        let stickiness = self.stickiness.iter().flatten().next().cloned().unwrap_or_default();
        let stickiness = TargetGroupStickinessConfig::builder()
            .enabled(stickiness.enabled)
            .set_duration_seconds(stickiness.duration.filter(|_| stickiness.enabled))
            .build();
        ForwardActionConfig::builder()
            .set_target_groups(Some(self.target_group.iter().map(target).collect()))
            .target_group_stickiness_config(stickiness)
            .build()
    }
}

impl Redirect {
    fn read(config: RedirectActionConfig) -> Redirect {
        let or = |given: Option<String>, kept: &str| Some(given.unwrap_or_else(|| kept.to_owned()));
        Redirect {
            host: or(config.host, "#{host}"),
            path: or(config.path, "/#{path}"),
            port: or(config.port, "#{port}"),
            protocol: or(config.protocol, "#{protocol}"),
            query: or(config.query, "#{query}"),
            status_code: config.status_code.map_or(String::new(), |it| it.as_str().to_owned()),
        }
    }

    fn written(&self) -> RedirectActionConfig {
        RedirectActionConfig::builder()
            .set_host(self.host.clone())
            .set_path(self.path.clone())
            .set_port(self.port.clone())
            .set_protocol(self.protocol.clone())
            .set_query(self.query.clone())
            .status_code(RedirectActionStatusCodeEnum::from(self.status_code.as_str()))
            .build()
    }
}

impl FixedResponse {
    fn read(config: FixedResponseActionConfig) -> FixedResponse {
        FixedResponse {
            content_type: config.content_type.unwrap_or_default(),
            message_body: config.message_body.filter(|it| !it.is_empty()),
            status_code: config.status_code,
        }
    }

    fn written(&self) -> FixedResponseActionConfig {
        FixedResponseActionConfig::builder()
            .content_type(&self.content_type)
            .set_message_body(self.message_body.clone())
            .set_status_code(self.status_code.clone())
            .build()
    }
}
