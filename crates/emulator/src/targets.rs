//! The health of targets while they come and go.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use xmltree::{Element, XMLNode};

use crate::call::Call;
use crate::pace::{Looks, grant, use_one};
use crate::proxy::Backend;
use crate::reply::Failure;
use crate::xml;

/// A target group, and the id and port of a target.
type Key = (String, String, String);

/// The targets of an account that come and go.
#[derive(Debug, Default)]
pub(crate) struct Targets {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    initial: Looks<Key>,
    draining: Looks<Key>,
    /// The groups that a listener or a rule forwards to, or did: the server knows only of those that
    /// were in the call that made a listener.
    forwarded: BTreeSet<String>,
}

impl Targets {
    /// Remembers which targets a call brought or took.
    pub(crate) fn learn(&self, call: &Call, looks: u32) {
        let mut inner = self.lock();
        if ["CreateListener", "ModifyListener", "CreateRule", "ModifyRule"].contains(&&*call.action)
        {
            let groups = call.parameters.iter().filter(|it| it.0.ends_with("TargetGroupArn"));
            inner.forwarded.extend(groups.map(|(_, group)| group.clone()));
        }
        for key in targets(call) {
            match call.action.as_str() {
                "RegisterTargets" => {
                    inner.draining.remove(&key);
                    grant(&mut inner.initial, key, looks);
                }
                "DeregisterTargets" => {
                    inner.initial.remove(&key);
                    grant(&mut inner.draining, key, looks);
                }
                _ => {}
            }
        }
    }

    /// Shows targets as AWS does: unused without a load balancer, initial, draining.
    ///
    /// # Errors
    ///
    /// If the server does not tell which load balancers use the group.
    pub(crate) async fn show(
        &self,
        backend: &Backend,
        call: &Call,
        document: &mut Element,
    ) -> Result<(), Failure> {
        if !call.is("elasticloadbalancing", "DescribeTargetHealth") {
            return Ok(());
        }
        let group = call.parameter("TargetGroupArn").unwrap_or_default();
        let asked = [("TargetGroupArns.member.1", group)];
        let found = backend.ask(call, &call.service, "DescribeTargetGroups", &asked).await?;
        let balancers = xml::texts(&found, "member");
        let used = balancers.iter().any(|balancer| balancer.starts_with("arn:"));
        let path = ["DescribeTargetHealthResult", "TargetHealthDescriptions"];
        if let Some(list) = xml::at_mut(document, &path) {
            self.lock().show(group, used, list);
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn show(&mut self, group: &str, listed: bool, list: &mut Element) {
        let used = listed || self.forwarded.contains(group);
        for member in xml::children_mut(list) {
            let field = |path: &[&str]| xml::text(member, path).unwrap_or_default();
            let (id, port) = (field(&["Target", "Id"]), field(&["Target", "Port"]));
            let healthy = field(&["TargetHealth", "State"]) == "healthy";
            let Some(health) = member.get_mut_child("TargetHealth").filter(|_| healthy) else {
                continue;
            };
            if !used {
                say(health, "unused", "Target.NotInUse");
            } else if use_registered(&mut self.initial, group, &id, &port) {
                say(health, "initial", "Elb.RegistrationInProgress");
            }
        }
        let gone: Vec<Key> =
            self.draining.keys().filter(|(other, ..)| other == group).cloned().collect();
        for key in gone.into_iter().filter(|_| used) {
            list.children.push(XMLNode::Element(draining(&key)));
            use_one(&mut self.draining, &key);
        }
    }
}

/// A target that was registered without a port is shown with that of its group.
fn use_registered(looks: &mut Looks<Key>, group: &str, id: &str, port: &str) -> bool {
    let key = |port: &str| (group.to_owned(), id.to_owned(), port.to_owned());
    use_one(looks, &key(port)) || use_one(looks, &key(""))
}

fn say(health: &mut Element, state: &str, reason: &str) {
    xml::set(health, "State", state);
    xml::set(health, "Reason", reason);
}

fn draining((_, id, port): &Key) -> Element {
    let port = (!port.is_empty()).then(|| xml::leaf("Port", port));
    let target = xml::branch("Target", [xml::leaf("Id", id)].into_iter().chain(port));
    let mut health = Element::new("TargetHealth");
    say(&mut health, "draining", "Target.DeregistrationInProgress");
    xml::branch("member", [target, health])
}

/// The targets that a call names.
fn targets(call: &Call) -> Vec<Key> {
    let Some(group) = call.parameter("TargetGroupArn") else { return Vec::new() };
    let mut named: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
    for (key, value) in &call.parameters {
        let rest = key.strip_prefix("Targets.member.").and_then(|rest| rest.split_once('.'));
        match rest {
            Some((number, "Id")) => named.entry(number).or_default().0 = value,
            Some((number, "Port")) => named.entry(number).or_default().1 = value,
            _ => {}
        }
    }
    let key = |(id, port): (&str, &str)| (group.to_owned(), id.to_owned(), port.to_owned());
    named.into_values().map(key).collect()
}
