//! `aws_lb_listener`: a port of a load balancer, and what is done with what comes in.
//!
//! Guarded: its weights say who gets the traffic, so nobody's change is written over.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_elasticloadbalancingv2::types::{self as elb_types, Certificate, ProtocolEnum};
use futures::{StreamExt, TryStreamExt, stream};
use greenroom_model::schema::{Attribute, Type, TypeSchema};
use greenroom_model::value::Value;
use greenroom_provider::{Deleted, Draft, Failure, Object, typed};
use serde::{Deserialize, Serialize};

use super::action::{self, Action};
use super::{ec2, elb, lb};
use crate::aws::Aws;
use crate::error::at;
use crate::resource::{Change, New, Resource, Seen, Sent, Sought, Tagging};
use crate::send::patiently;
use crate::tags::Tags;

/// The type `aws_lb_listener`.
pub(crate) struct Listener;

/// Its attributes.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Attributes {
    load_balancer_arn: String,
    port: Option<i32>,
    protocol: Option<String>,
    ssl_policy: Option<String>,
    certificate_arn: Option<String>,
    alpn_policy: Option<String>,
    default_action: Vec<Action>,
    arn: String,
}

#[async_trait]
impl Resource for Listener {
    fn schema(&self) -> TypeSchema {
        TypeSchema::new(
            "aws_lb_listener",
            "A port of a load balancer, and what is done with what comes in.",
            attributes(),
        )
        .guarded()
        // It sends nothing to a group of weight 0, and goes on checking its targets.
        .admits_at_zero()
    }

    fn tagging(&self) -> Tagging {
        Tagging::Elb
    }

    fn propose(&self, draft: &mut Draft) {
        propose(draft);
    }

    fn named_like_id(&self) -> Option<&'static str> {
        Some("arn")
    }

    fn unique(&self) -> &'static [&'static [&'static str]] {
        &[&["port", "load_balancer_arn"]]
    }

    async fn look(&self, aws: &Aws, sought: &Sought) -> Result<Vec<Seen>, Failure> {
        let load_balancers = lb::all_arns(aws);
        let inside = |load_balancer| of_load_balancer(aws, load_balancer);
        elb::look_inside(aws, sought, load_balancer_of, load_balancers, inside).await
    }

    fn handle(&self, sent: &Sent<'_>) -> Option<Sought> {
        let parent = sent.arguments.get("load_balancer_arn").and_then(Value::as_str)?;
        Some(Sought::Names(vec![parent.to_owned()]))
    }

    async fn create(&self, aws: &Aws, new: &New) -> Result<Arc<str>, Failure> {
        let wanted: Attributes = typed(&new.planned)?;
        let parent = Sought::Names(vec![wanted.load_balancer_arn.clone()]);
        let port = wanted.port.map(|it| Value::from(i64::from(it))).unwrap_or_default();
        let mut taken = self.look(aws, &parent).await?;
        taken.retain(|it| it.attributes.get("port") == Some(&port));
        if let Some(arn) = elb::made_before(new, &taken)? {
            return Ok(arn);
        }
        let action = "elasticloadbalancing:CreateListener";
        let answer = patiently(aws.pace, action, || {
            let call = aws.once.elb.create_listener();
            call.load_balancer_arn(&wanted.load_balancer_arn)
                .set_port(wanted.port)
                .set_protocol(wanted.protocol().map(ProtocolEnum::from))
                .set_ssl_policy(wanted.ssl_policy.clone())
                .set_certificates(wanted.certificates())
                .set_alpn_policy(wanted.alpn_policy.clone().map(|it| vec![it]))
                .set_default_actions(Some(action::written(&wanted.default_action)))
                .set_tags(Some(elb::sdk_tags(&new.tags)))
                .send()
        })
        .await?;
        let made = answer.listeners.and_then(|mut it| it.pop());
        elb::really_made(aws, new, made.and_then(|it| it.listener_arn), action).await
    }

    async fn update(&self, aws: &Aws, change: &Change) -> Result<(), Failure> {
        let wanted: Attributes = typed(&change.planned)?;
        let changed = |name: &str| change.of(name);
        let actions = action::written(&wanted.default_action);
        let certificates = wanted.certificates();
        let Attributes { port, protocol, ssl_policy, alpn_policy, .. } = wanted;
        let protocol = protocol.filter(|_| changed("protocol"));
        let call = aws.again.elb.modify_listener().listener_arn(&*change.object.id);
        let call = call
            .set_port(port.filter(|_| changed("port")))
            .set_protocol(protocol.as_deref().map(ProtocolEnum::from))
            .set_ssl_policy(ssl_policy.filter(|_| changed("ssl_policy") || changed("protocol")))
            .set_certificates(certificates.filter(|_| changed("certificate_arn")))
            // An empty list takes the policy away.
            .set_alpn_policy(changed("alpn_policy").then(|| alpn_policy.into_iter().collect()))
            .set_default_actions(changed("default_action").then_some(actions));
        call.send().await.map_err(at("elasticloadbalancing:ModifyListener"))?;
        Ok(())
    }

    async fn delete(&self, aws: &Aws, object: &Object) -> Result<Deleted, Failure> {
        let call = aws.again.elb.delete_listener().listener_arn(&*object.id);
        ec2::deleted(call.send().await.map_err(at("elasticloadbalancing:DeleteListener")))
    }
}

fn attributes() -> [(&'static str, Attribute); 8] {
    let text = || Type::String;
    [
        (
            "load_balancer_arn",
            Attribute::required(text(), "The load balancer.").replaces().needs_exists(),
        ),
        ("port", Attribute::optional(Type::Number, "The port; a gateway's has none.")),
        (
            "protocol",
            Attribute::optional_computed(
                text(),
                "`HTTP` or `HTTPS`; `TCP`, `TLS`, `UDP` or `TCP_UDP` of a network load balancer.",
            ),
        ),
        (
            "ssl_policy",
            Attribute::optional_computed(text(), "Which TLS versions and cipher suites it takes."),
        ),
        ("certificate_arn", Attribute::optional(text(), "The certificate that it shows.")),
        (
            "alpn_policy",
            Attribute::optional(
                text(),
                "`HTTP1Only`, `HTTP2Only`, `HTTP2Optional`, `HTTP2Preferred` or `None`, for TLS.",
            ),
        ),
        (
            "default_action",
            Attribute::required(
                Type::list(action::schema()),
                "What is done with what no rule matches.",
            )
            .needs_exists()
            .holds(),
        ),
        ("arn", Attribute::computed(text(), "Its ARN, which is its id.")),
    ]
}

fn propose(draft: &mut Draft) {
    action::propose(draft, "default_action");
    let port = draft.given("port").and_then(Value::as_i64);
    draft.expect(port.is_none_or(|it| (1..=65535).contains(&it)), "port", "a port is 1 to 65535");
    let parent = draft.given("load_balancer_arn").and_then(Value::as_str);
    if parent.is_some_and(is_of_application) && port.is_some() {
        draft.set_if_unknown("protocol", "HTTP");
    }
    let protocol = draft.given("protocol").and_then(Value::as_str).map(str::to_owned);
    let Some(protocol) = protocol else { return };
    let known = ["HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP", "GENEVE"];
    let message = format!("it is one of {}", known.join(", "));
    draft.expect(known.contains(&protocol.as_str()), "protocol", message);
    let has_certificate = draft.planned("certificate_arn").is_some_and(|it| !it.is_null());
    if is_secure(&protocol) {
        draft.expect(has_certificate, "certificate_arn", format!("`{protocol}` needs one"));
        return;
    }
    draft.expect(!has_certificate, "certificate_arn", format!("`{protocol}` shows none"));
    let policy = draft.prior().is_none() && draft.given("ssl_policy").is_some();
    draft.expect(!policy, "ssl_policy", format!("`{protocol}` has none"));
    // What is kept from a protocol before this one.
    draft.set("ssl_policy", Value::Null);
    let alpn = protocol != "TLS" && draft.given("alpn_policy").is_some();
    draft.expect(!alpn, "alpn_policy", "only `TLS` has one");
}

fn is_of_application(load_balancer: &str) -> bool {
    load_balancer.contains(":loadbalancer/app/")
}

fn is_secure(protocol: &str) -> bool {
    matches!(protocol, "HTTPS" | "TLS")
}

/// The ARN of a listener's load balancer, which is a part of the listener's.
fn load_balancer_of(listener: &str) -> Option<String> {
    let (head, _) = listener.rsplit_once('/')?;
    Some(head.replacen(":listener/", ":loadbalancer/", 1))
}

/// The ARNs of all listeners of the account and region.
pub(crate) async fn all_arns(aws: &Aws) -> Result<Vec<String>, Failure> {
    let parents = stream::iter(lb::all_arns(aws).await?);
    let found = parents.map(|parent| of_load_balancer(aws, parent)).buffered(elb::PARENTS);
    let found: Vec<Vec<Seen>> = found.try_collect().await?;
    Ok(found.into_iter().flatten().map(|it| it.id.to_string()).collect())
}

async fn of_load_balancer(aws: &Aws, parent: String) -> Result<Vec<Seen>, Failure> {
    let call = aws.again.elb.describe_listeners().load_balancer_arn(parent);
    let found = call.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
    match found.map_err(at("elasticloadbalancing:DescribeListeners")) {
        Err(error) if error.is_not_found() => Ok(Vec::new()),
        answer => Ok(answer?.into_iter().map(seen).collect()),
    }
}

fn seen(listener: elb_types::Listener) -> Seen {
    let arn = listener.listener_arn.unwrap_or_default();
    let protocol = listener.protocol.map(|it| it.as_str().to_owned());
    let secure = protocol.as_deref().is_some_and(is_secure);
    let certificate = listener.certificates.unwrap_or_default().into_iter().next();
    let attributes = Attributes {
        load_balancer_arn: listener.load_balancer_arn.unwrap_or_default(),
        port: listener.port,
        protocol,
        ssl_policy: listener.ssl_policy.filter(|it| secure && !it.is_empty()),
        certificate_arn: certificate.and_then(|it| it.certificate_arn),
        alpn_policy: listener.alpn_policy.unwrap_or_default().into_iter().next(),
        default_action: action::read(listener.default_actions),
        arn: arn.clone(),
    };
    Seen::ready(arn, Tags::new(), &attributes)
}

impl Attributes {
    /// The protocol; an application load balancer speaks HTTP if nothing else is said.
    fn protocol(&self) -> Option<&str> {
        let http = self.port.is_some() && is_of_application(&self.load_balancer_arn);
        self.protocol.as_deref().or(http.then_some("HTTP"))
    }

    fn certificates(&self) -> Option<Vec<Certificate>> {
        let arn = self.certificate_arn.as_deref()?;
        Some(vec![Certificate::builder().certificate_arn(arn).build()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_says_which_load_balancer_it_is_of() {
        let listener = "arn:aws:elasticloadbalancing:eu-central-1:1:listener/app/front/0a/1b";
        assert_eq!(
            load_balancer_of(listener).as_deref(),
            Some("arn:aws:elasticloadbalancing:eu-central-1:1:loadbalancer/app/front/0a")
        );
    }
}
