//! Names and references that may be used once: what a second creation with one is answered.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::StatusCode;
use tokio::sync::Mutex as Gate;
use xmltree::Element;

use crate::call::{Call, Parameters};
use crate::proxy::Backend;
use crate::reply::{Failure, Reply};
use crate::xml;

/// What the creations of an account were given.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// One creation of a kind at a time, so that two of one name meet.
    creating: Gate<()>,
    /// The parameters of what was created and not changed since, by ARN.
    settings: Mutex<BTreeMap<String, Parameters>>,
    references: Mutex<BTreeMap<String, Arc<Parameters>>>,
}

impl Names {
    /// Has a call carried out, unless it creates what is there.
    ///
    /// # Errors
    ///
    /// If its name or reference stands for something else.
    pub(crate) async fn once(&self, backend: &Backend, call: &Call) -> Result<Reply, Failure> {
        match (call.service.as_str(), call.action.as_str()) {
            ("elasticloadbalancing", "CreateLoadBalancer") => {
                self.named(backend, call, &LOAD_BALANCER).await
            }
            ("elasticloadbalancing", "CreateTargetGroup") => {
                self.named(backend, call, &TARGET_GROUP).await
            }
            ("elasticloadbalancing", "CreateListener") => {
                self.named(backend, call, &LISTENER).await
            }
            ("route53", "CreateHostedZone" | "CreateHealthCheck") => {
                self.referenced(backend, call).await
            }
            _ => {
                self.forget_settings(call);
                Ok(backend.send(call).await)
            }
        }
    }

    /// The same settings again are the same object; other settings are an error.
    async fn named(&self, backend: &Backend, call: &Call, kind: &Kind) -> Result<Reply, Failure> {
        let _alone = self.creating.lock().await;
        let there = kind.there(backend, call).await;
        let Some(there) = there else {
            let reply = backend.send(call).await;
            if let Some(arn) = reply.document().and_then(|made| first(&made, kind.arn)) {
                self.settings().insert(arn, call.parameters.clone());
            }
            return Ok(reply);
        };
        let arn = xml::text(&there, &[kind.arn]).unwrap_or_default();
        if self.settings().get(&arn) == Some(&call.parameters) {
            return Ok(kind.again(call, there));
        }
        Err(Failure::of_caller(kind.duplicate, kind.message(call)))
    }

    /// What is changed is no longer what a creation asked for.
    fn forget_settings(&self, call: &Call) {
        if call.service == "elasticloadbalancing" && !call.is_look() {
            let mut settings = self.settings();
            for arn in ["LoadBalancerArn", "TargetGroupArn", "ListenerArn"] {
                call.parameter(arn).map(|arn| settings.remove(arn));
            }
        }
    }

    /// A hosted zone's reference is used up; a health check's stands for that check.
    async fn referenced(&self, backend: &Backend, call: &Call) -> Result<Reply, Failure> {
        let _alone = self.creating.lock().await;
        let Some(reference) = call.parameter("CallerReference") else {
            return Ok(backend.send(call).await);
        };
        let key = format!("{} {reference}", call.action);
        let used = self.references().get(&key).cloned();
        match used {
            None => {
                let reply = backend.send(call).await;
                if reply.status.is_success() {
                    self.references().insert(key, Arc::new(call.parameters.clone()));
                }
                Ok(reply)
            }
            Some(used) if call.action == "CreateHealthCheck" && *used == call.parameters => {
                Ok(backend.send(call).await)
            }
            Some(_) => Err(already_exists(call, reference)),
        }
    }

    fn settings(&self) -> MutexGuard<'_, BTreeMap<String, Parameters>> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn references(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Parameters>>> {
        self.references.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A kind of object that its name, or what stands for one, identifies.
struct Kind {
    describe: &'static str,
    list: &'static str,
    /// The parameter of the look-up and where the creation has its value.
    look_up: (&'static str, &'static str),
    /// The field that must be equal too, in creation and object.
    also: Option<&'static str>,
    arn: &'static str,
    duplicate: &'static str,
}

const LOAD_BALANCER: Kind = Kind {
    describe: "DescribeLoadBalancers",
    list: "LoadBalancers",
    look_up: ("Names.member.1", "Name"),
    also: None,
    arn: "LoadBalancerArn",
    duplicate: "DuplicateLoadBalancerName",
};

const TARGET_GROUP: Kind = Kind {
    describe: "DescribeTargetGroups",
    list: "TargetGroups",
    look_up: ("Names.member.1", "Name"),
    also: None,
    arn: "TargetGroupArn",
    duplicate: "DuplicateTargetGroupName",
};

const LISTENER: Kind = Kind {
    describe: "DescribeListeners",
    list: "Listeners",
    look_up: ("LoadBalancerArn", "LoadBalancerArn"),
    also: Some("Port"),
    arn: "ListenerArn",
    duplicate: "DuplicateListener",
};

impl Kind {
    /// The object that has the place which a creation wants.
    async fn there(&self, backend: &Backend, call: &Call) -> Option<Element> {
        let (parameter, from) = self.look_up;
        let value = call.parameter(from)?;
        let asked = backend.ask(call, &call.service, self.describe, &[(parameter, value)]).await;
        // An error here is that there is none.
        let mut found = asked.ok()?;
        let list = xml::at_mut(&mut found, &[&format!("{}Result", self.describe), self.list])?;
        let mut all = list.children.drain(..).filter_map(|child| match child {
            xmltree::XMLNode::Element(element) => Some(element),
            _ => None,
        });
        all.find(|object| {
            self.also
                .is_none_or(|also| xml::text(object, &[also]).as_deref() == call.parameter(also))
        })
    }

    /// The answer of the creation that made this object.
    fn again(&self, call: &Call, there: Element) -> Reply {
        let list = xml::branch(self.list, [there]);
        let result = xml::branch(&format!("{}Result", call.action), [list]);
        let mut document = xml::branch(&format!("{}Response", call.action), [result]);
        let mut namespaces = xmltree::Namespace::empty();
        namespaces.put("", "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/");
        document.namespaces = Some(namespaces);
        Reply::xml(&document)
    }

    fn message(&self, call: &Call) -> String {
        match self.also {
            Some(_) => "A listener already exists on this port for this load balancer".to_owned(),
            None => {
                let name = call.parameter("Name").unwrap_or_default();
                format!(
                    "A resource with the same name '{name}' exists, but with different settings"
                )
            }
        }
    }
}

fn first(document: &Element, name: &str) -> Option<String> {
    xml::texts(document, name).into_iter().next()
}

fn already_exists(call: &Call, reference: &str) -> Failure {
    let (code, thing) = match call.action.as_str() {
        "CreateHealthCheck" => ("HealthCheckAlreadyExists", "health check"),
        _ => ("HostedZoneAlreadyExists", "hosted zone"),
    };
    let message =
        format!("A {thing} has already been created with the caller reference {reference}");
    Failure::new(StatusCode::CONFLICT, code, message)
}
