//! What takes its time is seen on its way.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use xmltree::{Element, XMLNode};

use crate::call::Call;
use crate::pace::{Looks, Pace, grant, use_one};
use crate::reply::Failure;
use crate::{kinds, xml};

/// What is on its way in an account, and for how many looks.
#[derive(Debug, Default)]
pub(crate) struct States {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// By id, with the phase in which it is.
    settling: Looks<(String, usize)>,
    /// Terminated instances, until they vanish.
    vanishing: Looks<String>,
    vanished: BTreeSet<String>,
}

/// A state in which an object is seen for a while after a call.
struct Phase {
    after: &'static [&'static str],
    seen_by: &'static str,
    id: &'static str,
    /// The field of the state, or the one that holds it.
    field: &'static [&'static str],
    state: &'static str,
    /// The number that stands beside it.
    code: Option<&'static str>,
}

const PHASES: &[Phase] = &[
    instance(&["RunInstances", "StartInstances"], "pending", "0"),
    instance(&["StopInstances"], "stopping", "64"),
    instance(&["TerminateInstances"], "shutting-down", "32"),
    phase(&["CreateNatGateway"], "DescribeNatGateways", "natGatewayId", &["state"], "pending"),
    phase(&["DeleteNatGateway"], "DescribeNatGateways", "natGatewayId", &["state"], "deleting"),
    phase(&["CreateImage", "CopyImage"], "DescribeImages", "imageId", &["imageState"], "pending"),
    phase(&["CreateSnapshot"], "DescribeSnapshots", "snapshotId", &["status"], "pending"),
    phase(&["CreateVolume"], "DescribeVolumes", "volumeId", &["status"], "creating"),
    phase(
        &["CreateLoadBalancer"],
        "DescribeLoadBalancers",
        "LoadBalancerArn",
        &["State", "Code"],
        "provisioning",
    ),
    phase(&["ChangeResourceRecordSets"], "GetChange", "Id", &["Status"], "PENDING"),
];

const fn instance(
    after: &'static [&'static str],
    state: &'static str,
    code: &'static str,
) -> Phase {
    let field = &["instanceState", "name"];
    let code = Some(code);
    Phase { after, seen_by: "DescribeInstances", id: "instanceId", field, state, code }
}

const fn phase(
    after: &'static [&'static str],
    seen_by: &'static str,
    id: &'static str,
    field: &'static [&'static str],
    state: &'static str,
) -> Phase {
    Phase { after, seen_by, id, field, state, code: None }
}

impl States {
    /// Remembers what a call set in motion.
    pub(crate) fn learn(&self, call: &Call, document: &Element, pace: Pace) {
        let mut inner = self.lock();
        for (index, phase) in PHASES.iter().enumerate() {
            if !phase.after.contains(&call.action.as_str()) {
                continue;
            }
            for id in xml::texts(document, phase.id) {
                // What was on its way before is now on this one.
                inner.settling.retain(|(other, _), _| *other != id);
                grant(&mut inner.settling, (id, index), pace.settling);
            }
        }
        if let Some(looks) = pace.vanishing.filter(|_| call.is("ec2", "TerminateInstances")) {
            for id in xml::texts(document, "instanceId") {
                grant(&mut inner.vanishing, id, looks);
            }
        }
    }

    /// Refuses a call that names an instance which has vanished.
    ///
    /// # Errors
    ///
    /// `InvalidInstanceID.NotFound`.
    pub(crate) fn check(&self, call: &Call) -> Result<(), Failure> {
        let vanished = &self.lock().vanished;
        match call.list("InstanceId").into_iter().find(|id| vanished.contains(*id)) {
            Some(id) => {
                let message = format!("The instance ID '{id}' does not exist");
                Err(Failure::of_caller("InvalidInstanceID.NotFound", message))
            }
            None => Ok(()),
        }
    }

    /// Shows what is on its way as such, and not what has vanished.
    pub(crate) fn show(&self, call: &Call, document: &mut Element) {
        let mut inner = self.lock();
        for (index, phase) in PHASES.iter().enumerate() {
            if phase.seen_by == call.action {
                phase.show(index, document, &mut inner.settling);
            }
        }
        if call.is("ec2", "DescribeInstances") {
            inner.vanish(document);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Phase {
    fn show(&self, index: usize, element: &mut Element, settling: &mut Looks<(String, usize)>) {
        if let Some(id) = xml::text(element, &[self.id])
            && use_one(settling, &(id, index))
        {
            self.say(element);
        }
        for child in element.children.iter_mut().filter_map(XMLNode::as_mut_element) {
            self.show(index, child, settling);
        }
    }

    fn say(&self, object: &mut Element) {
        let Some((name, holders)) = self.field.split_last() else { return };
        if let Some(holder) = xml::at_mut(object, holders) {
            xml::set(holder, name, self.state);
            if let Some(code) = self.code {
                xml::set(holder, "code", code);
            }
        }
    }
}

impl Inner {
    fn vanish(&mut self, document: &mut Element) {
        let Inner { vanishing, vanished, .. } = self;
        kinds::retain(document, |instance| {
            let id = xml::text(instance, &["instanceId"]).unwrap_or_default();
            let state = xml::text(instance, &["instanceState", "name"]);
            if state.as_deref() == Some("terminated") && use_one(vanishing, &id) {
                if !vanishing.contains_key(&id) {
                    vanished.insert(id);
                }
                return true;
            }
            !vanished.contains(&id)
        });
    }
}
