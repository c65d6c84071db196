//! What AWS takes and tells otherwise than the server does.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use xmltree::{Element, XMLNode};

use crate::call::{Call, Parameters};
use crate::kinds;
use crate::leftovers::Leftovers;
use crate::proxy::Backend;
use crate::reply::{Failure, Reply};
use crate::xml;

/// The network load balancers of an account, which the server takes for others: `NAME/ID`.
#[derive(Debug, Default)]
pub(crate) struct Shape {
    networks: Mutex<BTreeSet<String>>,
}

impl Shape {
    /// Says a call as the server understands it.
    pub(crate) fn ask(&self, call: &mut Call) {
        match call.name().as_str() {
            // AWS launches as many as it can, the server as few as it may.
            "ec2:RunInstances" => {
                if let Some(most) = call.parameters.get("MaxCount").cloned() {
                    call.parameters.insert("MinCount".to_owned(), most);
                }
            }
            "ec2:CreateImage" => drop(take_tags(call, "snapshot")),
            // The server takes the coat that the protocol puts around bytes for the one that user
            // data has of its own.
            "ec2:ModifyInstanceAttribute" => {
                if let Some(data) = call.parameters.get_mut("UserData.Value") {
                    *data = STANDARD.encode(&*data);
                }
            }
            name if name.starts_with("elasticloadbalancing:") => self.rename_parameters(call),
            _ => return,
        }
        call.write_form();
    }

    /// Tells an answer as AWS does.
    ///
    /// # Errors
    ///
    /// If the server does not tell what belongs to the answer.
    pub(crate) async fn tell(
        &self,
        backend: &Backend,
        call: &Call,
        document: &mut Element,
    ) -> Result<(), Failure> {
        match call.name().as_str() {
            "ec2:DescribeNetworkInterfaces" => hide_leftovers(backend, call, document).await?,
            "ec2:DescribeAddresses" => free_addresses(backend, call, document).await?,
            "ec2:CreateImage" | "ec2:CopyImage" => tag_image(backend, call, document).await?,
            name if name.starts_with("elasticloadbalancing:") => {
                mirror(document);
                self.learn(document);
            }
            _ => {}
        }
        Ok(())
    }

    /// Writes an answer as AWS does.
    pub(crate) fn write(&self, call: &Call, reply: Reply) -> Reply {
        match &*call.service {
            "elasticloadbalancing" => self.rename(reply),
            "route53" => place(spell_truth(reply)),
            _ => reply,
        }
    }

    /// Gives network load balancers, and their listeners and rules, the ARNs that AWS gives.
    fn rename(&self, mut reply: Reply) -> Reply {
        let networks = self.networks();
        if !networks.is_empty() {
            let mut body = String::from_utf8_lossy(&reply.body).into_owned();
            for name in networks.iter() {
                body = body.replace(&format!("/app/{name}"), &format!("/net/{name}"));
            }
            reply.body = Bytes::from(body);
        }
        reply
    }

    fn rename_parameters(&self, call: &mut Call) {
        for name in self.networks().iter() {
            for value in call.parameters.values_mut() {
                *value = value.replace(&format!("/net/{name}"), &format!("/app/{name}"));
            }
        }
    }

    fn learn(&self, element: &Element) {
        if xml::text(element, &["Type"]).as_deref() == Some("network")
            && let Some(arn) = xml::text(element, &["LoadBalancerArn"])
            && let Some((_, name)) = arn.split_once("/app/")
        {
            self.networks().insert(name.to_owned());
        }
        for child in xml::children(element) {
            self.learn(child);
        }
    }

    fn networks(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.networks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The server writes truth values as Python does.
fn spell_truth(reply: Reply) -> Reply {
    let body = String::from_utf8_lossy(&reply.body);
    let body = body.replace(">True<", ">true<").replace(">False<", ">false<");
    Reply { body: Bytes::from(body), ..reply }
}

/// AWS says where something is that it made; the server does not say it of all.
fn place(mut reply: Reply) -> Reply {
    if reply.status == StatusCode::CREATED {
        reply.headers.entry(header::LOCATION).or_insert(HeaderValue::from_static("/"));
    }
    reply
}

/// An action that forwards to one group says so in both of its ways.
fn mirror(element: &mut Element) {
    let forwards = xml::text(element, &["Type"]).as_deref() == Some("forward");
    let group = xml::text(element, &["TargetGroupArn"]).filter(|_| forwards);
    if let Some(group) = group.filter(|_| element.get_child("ForwardConfig").is_none()) {
        let tuple = [xml::leaf("TargetGroupArn", &group), xml::leaf("Weight", "1")];
        let groups = xml::branch("TargetGroups", [xml::branch("member", tuple)]);
        let sticky = xml::branch("TargetGroupStickinessConfig", [xml::leaf("Enabled", "false")]);
        let config = xml::branch("ForwardConfig", [groups, sticky]);
        element.children.push(XMLNode::Element(config));
    }
    xml::children_mut(element).for_each(mirror);
}

/// The server leaves the interfaces of what is gone where they are.
async fn hide_leftovers(
    backend: &Backend,
    call: &Call,
    document: &mut Element,
) -> Result<(), Failure> {
    let leftovers = Leftovers::find(backend, call).await?;
    kinds::retain(document, |interface| !leftovers.has(interface));
    Ok(())
}

/// It leaves addresses with what is gone, too.
async fn free_addresses(
    backend: &Backend,
    call: &Call,
    document: &mut Element,
) -> Result<(), Failure> {
    let leftovers = Leftovers::find(backend, call).await?;
    let addresses = kinds::objects_mut(document).into_iter();
    for address in addresses.filter(|address| leftovers.has(address)) {
        for field in ["associationId", "instanceId", "networkInterfaceId", "privateIpAddress"] {
            address.take_child(field);
        }
    }
    Ok(())
}

/// Takes the tags of what is of this kind out of a creation.
fn take_tags(call: &mut Call, kind: &str) -> Vec<(String, String)> {
    let is_kind =
        |(key, value): &(&String, &String)| key.ends_with(".ResourceType") && *value == kind;
    let key = call.parameters.iter().find(is_kind).map(|(key, _)| key.clone());
    let Some(prefix) = key.as_deref().and_then(|key| key.strip_suffix("ResourceType")) else {
        return Vec::new();
    };
    let prefix = prefix.to_owned();
    let own = |(key, _): &(String, String)| key.starts_with(&prefix);
    let (taken, left): (Parameters, Parameters) =
        std::mem::take(&mut call.parameters).into_iter().partition(own);
    call.parameters = left;
    let tags = taken.into_iter().filter_map(|(key, value)| {
        let field = key.strip_prefix(&prefix)?.to_owned();
        field.starts_with("Tag.").then_some((field, value))
    });
    tags.collect()
}

/// Gives an image and its snapshots the tags that the server fails on or forgets.
async fn tag_image(backend: &Backend, call: &Call, document: &Element) -> Result<(), Failure> {
    let Some(image) = xml::text(document, &["imageId"]) else { return Ok(()) };
    let found = backend.ask(call, "ec2", "DescribeImages", &[("ImageId.1", &image)]).await?;
    let snapshots = xml::texts(&found, "snapshotId");
    for (kind, ids) in [("image", vec![image]), ("snapshot", snapshots)] {
        let tags = take_tags(&mut call.clone(), kind);
        let ids = ids.into_iter().zip(1..).map(|(id, number)| (format!("ResourceId.{number}"), id));
        let parameters: Vec<(String, String)> = ids.chain(tags.iter().cloned()).collect();
        let parameters: Vec<(&str, &str)> =
            parameters.iter().map(|(name, value)| (&**name, &**value)).collect();
        if !tags.is_empty() {
            backend.ask(call, "ec2", "CreateTags", &parameters).await?;
        }
    }
    Ok(())
}
