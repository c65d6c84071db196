//! Looking at instances.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{
    Filter, Instance, InstanceAttributeName as Name, InstanceNetworkInterface, InstanceStateName,
    MonitoringState, Reservation, StateReason, Tag, Volume,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::future::{join_all, try_join_all};
use greenroom_model::value::{Object, Value};
use greenroom_provider::Failure;

use super::attributes::{Attributes, Credits, Metadata, Template};
use super::batch;
use super::schema::schema;
use crate::aws::Aws;
use crate::error::at;
use crate::resource::{Condition, Seen, Sought};
use crate::tags::{self, RESTART, Tags};
use crate::types::ebs::{self, Device};
use crate::types::ec2;

/// The state of an instance that is stopped for a change, and is to run again.
pub(super) const RESTARTING: &str = "restarting";

/// The volumes of instances, by id.
type Volumes = BTreeMap<String, Volume>;

/// Looks at instances: one call for all of them, and one for their volumes.
pub(crate) async fn look(aws: &Aws, sought: &Sought) -> Result<Vec<Seen>, Failure> {
    let call = aws.again.ec2.describe_instances().filters(filter(sought));
    let pages = call.into_paginator().page_size(1000).items().send();
    let found = pages.collect::<Result<Vec<Reservation>, _>>().await;
    let found = found.map_err(at("ec2:DescribeInstances"))?;
    let volumes = volumes(aws, sought, &found).await?;
    let seen = found.into_iter().flat_map(|reservation| {
        let owner = reservation.owner_id.unwrap_or_default();
        let instances = reservation.instances.unwrap_or_default().into_iter();
        instances.map(move |it| (owner.clone(), it))
    });
    Ok(seen.map(|(owner, instance)| describe(aws, &owner, instance, &volumes)).collect())
}

/// The filter for the instances that are sought; those that were launched together share a tag.
fn filter(sought: &Sought) -> Filter {
    match sought {
        Sought::Uids(uids) => {
            let values: Vec<String> = uids.iter().map(|uid| format!("*{}*", uid.0)).collect();
            ec2::filter_by_any(&format!("tag:{}", tags::UID), &values)
        }
        sought => ec2::filter(sought, "instance-id"),
    }
}

/// The volumes of those instances whose devices are settled: of the others only the state counts.
///
/// Where all instances of a state are looked at, so are all its volumes; what is not among them,
/// such as those of an instance that was imported, is asked for by instance.
async fn volumes(aws: &Aws, sought: &Sought, found: &[Reservation]) -> Result<Volumes, Failure> {
    let mut volumes = match sought {
        Sought::Lineage(_) | Sought::Project(_) => {
            describe_volumes(aws, ec2::filter(sought, "")).await?
        }
        _ => Volumes::new(),
    };
    let instances = found.iter().flat_map(|it| it.instances.iter().flatten());
    let settled = instances.filter(|it| matches!(condition(it), Condition::Ready));
    let unread = settled.filter(|it| volume_ids(it).any(|id| !volumes.contains_key(id)));
    let ids: Vec<String> = unread.filter_map(|it| it.instance_id.clone()).collect();
    let looks = ids
        .chunks(ec2::VALUES)
        .map(|ids| describe_volumes(aws, ec2::filter_by_any("attachment.instance-id", ids)));
    for found in join_all(looks).await {
        volumes.extend(found?);
    }
    Ok(volumes)
}

fn volume_ids(instance: &Instance) -> impl Iterator<Item = &String> {
    let attached = instance.block_device_mappings.iter().flatten();
    attached.filter_map(|it| it.ebs.as_ref()?.volume_id.as_ref())
}

async fn describe_volumes(aws: &Aws, filter: Filter) -> Result<Volumes, Failure> {
    let pages = aws.again.ec2.describe_volumes().filters(filter).into_paginator();
    let found = pages.page_size(500).items().send().collect::<Result<Vec<Volume>, _>>().await;
    let found = found.map_err(at("ec2:DescribeVolumes"))?.into_iter();
    Ok(found.filter_map(|it| Some((it.volume_id.clone()?, it))).collect())
}

fn describe(aws: &Aws, owner: &str, instance: Instance, volumes: &Volumes) -> Seen {
    let condition = condition(&instance);
    let mut tags = ec2::tags_of(instance.tags.clone());
    let mut attributes = attributes(&instance, &tags);
    let id = instance.instance_id.clone().unwrap_or_default();
    attributes.arn = ec2::arn(aws, owner, &format!("instance/{id}"));
    if condition == Condition::Ready {
        let (root, others) = devices(&instance, &tags, volumes);
        attributes.root_block_device = Some(root);
        attributes.ebs_block_device = Some(others);
    }
    batch::own_uid(&mut tags, instance.ami_launch_index);
    Seen::ready(id, tags, &attributes).but(condition)
}

fn attributes(instance: &Instance, tags: &Tags) -> Attributes {
    let placement = instance.placement.as_ref();
    let interface = primary(instance);
    let profile = instance.iam_instance_profile.as_ref().and_then(|it| it.arn.as_deref());
    let filled = |text: &Option<String>| text.clone().filter(|it| !it.is_empty());
    Attributes {
        ami: instance.image_id.clone(),
        instance_type: instance.instance_type.as_ref().map(|it| it.as_str().to_owned()),
        availability_zone: placement.and_then(|it| it.availability_zone.clone()),
        tenancy: placement.and_then(|it| Some(it.tenancy.as_ref()?.as_str().to_owned())),
        placement_group: placement.and_then(|it| filled(&it.group_name)),
        subnet_id: instance.subnet_id.clone(),
        vpc_security_group_ids: Some(groups(instance)),
        private_ip: instance.private_ip_address.clone(),
        associate_public_ip_address: public_address(instance),
        source_dest_check: instance.source_dest_check,
        key_name: instance.key_name.clone(),
        iam_instance_profile: profile.and_then(|it| it.rsplit('/').next()).map(str::to_owned),
        monitoring: Some(is_monitored(instance)),
        ebs_optimized: Some(instance.ebs_optimized.unwrap_or(false)),
        hibernation: Some(
            instance.hibernation_options.as_ref().and_then(|it| it.configured).unwrap_or(false),
        ),
        metadata_options: metadata(instance).map(|it| vec![it]),
        launch_template: template(tags).map(|it| vec![it]),
        instance_state: if is_restarting(instance) { RESTARTING } else { state(instance) }
            .to_owned(),
        primary_network_interface_id: interface.and_then(|it| it.network_interface_id.clone()),
        private_dns: filled(&instance.private_dns_name),
        public_dns: filled(&instance.public_dns_name),
        public_ip: filled(&instance.public_ip_address),
        ..Attributes::default()
    }
}

/// Whether it is stopped for a change, and is to run again.
pub(super) fn is_restarting(instance: &Instance) -> bool {
    let is_mark = |tag: &Tag| tag.key.as_deref() == Some(RESTART);
    matches!(state(instance), "stopping" | "stopped") && instance.tags.iter().flatten().any(is_mark)
}

/// The state's name.
pub(super) fn state(instance: &Instance) -> &str {
    let name = instance.state.as_ref().and_then(|it| it.name.as_ref());
    name.map_or("pending", InstanceStateName::as_str)
}

fn condition(instance: &Instance) -> Condition {
    match state(instance) {
        "running" | "stopped" => Condition::Ready,
        "shutting-down" | "terminated" => match failure(instance.state_reason.as_ref()) {
            Some(reason) => Condition::Broken(reason),
            None => Condition::Going,
        },
        state => Condition::Pending(state.to_owned()),
    }
}

/// Why AWS gave a launch up; `None` for an instance that ran and was meant to end (EC2 User Guide,
/// "Troubleshoot instance launch issues").
fn failure(reason: Option<&StateReason>) -> Option<String> {
    let code = reason?.code.as_deref()?;
    let meant = ["Shutdown", "Termination", "Hibernate"].iter().any(|end| code.ends_with(end));
    let said = reason?.message.as_deref().unwrap_or(code);
    (!meant).then(|| if said.contains(code) { said.to_owned() } else { format!("{code}: {said}") })
}

fn primary(instance: &Instance) -> Option<&InstanceNetworkInterface> {
    let index =
        |it: &InstanceNetworkInterface| it.attachment.as_ref().and_then(|it| it.device_index);
    let interfaces = instance.network_interfaces.as_deref().unwrap_or_default();
    interfaces.iter().find(|it| index(it) == Some(0)).or_else(|| interfaces.first())
}

fn groups(instance: &Instance) -> Vec<String> {
    let groups = primary(instance).and_then(|it| it.groups.as_ref());
    let groups = groups.or(instance.security_groups.as_ref());
    let mut ids: Vec<String> =
        groups.into_iter().flatten().filter_map(|it| it.group_id.clone()).collect();
    ids.sort();
    ids
}

/// Whether the instance got a public address at its launch, as far as its interface tells: while
/// it is stopped it has none, and an elastic address (whose owner is an account) hides it.
fn public_address(instance: &Instance) -> Option<bool> {
    if state(instance) != "running" {
        return None;
    }
    let Some(association) = primary(instance)?.association.as_ref() else { return Some(false) };
    let owner = association.ip_owner_id.as_deref().unwrap_or("amazon");
    let is_elastic = owner.starts_with(|it: char| it.is_ascii_digit());
    (!is_elastic).then_some(true)
}

fn is_monitored(instance: &Instance) -> bool {
    let state = instance.monitoring.as_ref().and_then(|it| it.state.as_ref());
    matches!(state, Some(MonitoringState::Enabled | MonitoringState::Pending))
}

fn metadata(instance: &Instance) -> Option<Metadata> {
    let options = instance.metadata_options.as_ref()?;
    Some(Metadata {
        http_endpoint: options.http_endpoint.as_ref().map(|it| it.as_str().to_owned()),
        http_protocol_ipv6: options
            .http_protocol_ipv6
            .as_ref()
            .map(|it| it.as_str().to_owned())
            .or_else(|| Some("disabled".to_owned())),
        http_put_response_hop_limit: options.http_put_response_hop_limit,
        http_tokens: options.http_tokens.as_ref().map(|it| it.as_str().to_owned()),
        instance_metadata_tags: options
            .instance_metadata_tags
            .as_ref()
            .map(|it| it.as_str().to_owned()),
    })
}

/// The template of a launch, as AWS notes it among the tags.
fn template(tags: &Tags) -> Option<Template> {
    let id = tags.get("aws:ec2launchtemplate:id")?.clone();
    let version = tags.get("aws:ec2launchtemplate:version").cloned();
    Some(Template { id: Some(id), name: None, version })
}

/// The root volume, and the others that were made with the instance. What another object of a
/// state was attached later is not among them.
fn devices(instance: &Instance, tags: &Tags, volumes: &Volumes) -> (Vec<Device>, Vec<Device>) {
    let is_strange = |volume: &Volume| {
        let owner = tags::owner_in(&ec2::tags_of(volume.tags.clone()));
        owner.is_some() && owner != tags::owner_in(tags)
    };
    let (mut root, mut others) = (Vec::new(), Vec::new());
    for mapping in instance.block_device_mappings.iter().flatten() {
        let Some(attached) = &mapping.ebs else { continue };
        let volume = attached.volume_id.as_ref().and_then(|id| volumes.get(id));
        let Some(volume) = volume else { continue };
        let device = Device {
            device_name: mapping.device_name.clone(),
            delete_on_termination: attached.delete_on_termination,
            ..ebs::as_device(volume)
        };
        if mapping.device_name == instance.root_device_name {
            root.push(Device { snapshot_id: None, ..device });
        } else if !is_strange(volume) {
            others.push(device);
        }
    }
    (root, others)
}

/// Reads what AWS tells of one instance at a time.
pub(super) async fn closer(aws: &Aws, seen: &mut Seen) -> Result<(), Failure> {
    let names = [
        Name::DisableApiStop,
        Name::DisableApiTermination,
        Name::InstanceInitiatedShutdownBehavior,
        Name::UserData,
    ];
    let asked = names.into_iter().map(|name| {
        aws.again.ec2.describe_instance_attribute().instance_id(&*seen.id).attribute(name).send()
    });
    let answers = try_join_all(asked).await.map_err(at("ec2:DescribeInstanceAttribute"))?;
    let mut closer =
        Attributes { credit_specification: credits(aws, seen).await?, ..Attributes::default() };
    for answer in answers {
        let flag =
            |it: Option<aws_sdk_ec2::types::AttributeBooleanValue>| it.and_then(|it| it.value);
        closer.disable_api_stop = closer.disable_api_stop.or(flag(answer.disable_api_stop));
        closer.disable_api_termination =
            closer.disable_api_termination.or(flag(answer.disable_api_termination));
        let behaviour = answer.instance_initiated_shutdown_behavior.and_then(|it| it.value);
        closer.instance_initiated_shutdown_behavior =
            closer.instance_initiated_shutdown_behavior.or(behaviour);
        closer.user_data_base64 =
            closer.user_data_base64.or(answer.user_data.and_then(|it| it.value));
    }
    decode(&mut closer);
    seen.add(&closer, &schema());
    seen.attributes.entry("user_data".into()).or_insert(Value::Null);
    seen.attributes.entry("user_data_base64".into()).or_insert(Value::Null);
    Ok(())
}

/// User data that is text is shown as text.
fn decode(read: &mut Attributes) {
    let bytes = read.user_data_base64.as_ref().and_then(|it| STANDARD.decode(it).ok());
    if let Some(text) = bytes.and_then(|it| String::from_utf8(it).ok()) {
        read.user_data_base64 = None;
        read.user_data = Some(text).filter(|it| !it.is_empty());
    }
}

/// How a burstable instance pays; others have no such thing.
async fn credits(aws: &Aws, seen: &Seen) -> Result<Option<Vec<Credits>>, Failure> {
    let kind = seen.attributes.get("instance_type").and_then(Value::as_str).unwrap_or_default();
    if !is_burstable(kind) {
        return Ok(None);
    }
    let call = aws.again.ec2.describe_instance_credit_specifications().instance_ids(&*seen.id);
    let answer = call.send().await.map_err(at("ec2:DescribeInstanceCreditSpecifications"))?;
    let found = answer.instance_credit_specifications.unwrap_or_default();
    Ok(Some(found.into_iter().map(|it| Credits { cpu_credits: it.cpu_credits }).collect()))
}

/// Whether a type is of a family that earns credits: `t` and a generation.
fn is_burstable(kind: &str) -> bool {
    let generation = kind.strip_prefix('t').and_then(|it| it.chars().next());
    generation.is_some_and(|it| it.is_ascii_digit())
}

/// Puts what was read into the form in which it was written.
pub(super) fn as_written(read: &mut Object, prior: &Value) {
    let imported = prior.is_null();
    let was_given = |name: &str| prior.get(name).is_some_and(|it| !it.is_null());
    if was_given("user_data_base64")
        && let Some(text) = read.get("user_data").and_then(Value::as_str)
    {
        let encoded = STANDARD.encode(text);
        read.insert("user_data_base64".into(), encoded.into());
        read.insert("user_data".into(), Value::Null);
    }
    // Every burstable instance has a way to pay: of interest where the configuration names one.
    if !imported && !was_given("credit_specification") {
        read.remove("credit_specification");
    }
    if !imported {
        let written = prior.get("launch_template").cloned().unwrap_or_default();
        let found = read.insert("launch_template".into(), written.clone());
        if let Some(named) = with_id(&written, found.as_ref()) {
            read.insert("launch_template".into(), named);
        }
    }
    if imported {
        read.insert("user_data_replace_on_change".into(), false.into());
    }
}

/// A launch template that was written by name, with the id that AWS noted.
fn with_id(written: &Value, found: Option<&Value>) -> Option<Value> {
    let [template] = written.as_list()? else { return None };
    let id = found?.as_list()?.first()?.get("id")?;
    let mut template = template.as_object()?.clone();
    template.insert("id".into(), id.clone());
    Some(Value::list([Value::from(template)]))
}
