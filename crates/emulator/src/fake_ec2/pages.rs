//! What is told of instances and volumes.

use std::fmt::Write;

use http::{HeaderMap, StatusCode};

use crate::reply::Reply;

use super::FakeInstance;
use super::select::Selection;

/// What is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Instances,
    Volumes,
}

impl Kind {
    pub(super) fn of(action: &str) -> Option<Kind> {
        match action {
            "DescribeInstances" => Some(Kind::Instances),
            "DescribeVolumes" => Some(Kind::Volumes),
            _ => None,
        }
    }

    pub(super) fn index(self) -> usize {
        match self {
            Kind::Instances => 0,
            Kind::Volumes => 1,
        }
    }

    pub(super) fn id_filter(self) -> &'static str {
        match self {
            Kind::Instances => "instance-id",
            Kind::Volumes => "volume-id",
        }
    }

    pub(super) fn id_parameter(self) -> &'static str {
        match self {
            Kind::Instances => "InstanceId",
            Kind::Volumes => "VolumeId",
        }
    }

    /// How one object is told.
    pub(super) fn item(self, instance: &FakeInstance) -> String {
        let FakeInstance { instance_id, volume_id, .. } = instance;
        let tags = tags(instance);
        match self {
            Kind::Instances => format!(
                "<item><reservationId>r-{instance_id}</reservationId>\
                 <ownerId>123456789012</ownerId><groupSet/><instancesSet><item>\
                 <instanceId>{instance_id}</instanceId><imageId>ami-12c6146b</imageId>\
                 <instanceState><code>16</code><name>running</name></instanceState>\
                 <instanceType>t3.micro</instanceType>\
                 <launchTime>2026-01-01T00:00:00.000Z</launchTime>\
                 <placement><availabilityZone>eu-central-1a</availabilityZone></placement>\
                 <privateIpAddress>10.0.0.1</privateIpAddress><subnetId>subnet-1</subnetId>\
                 <vpcId>vpc-1</vpcId><rootDeviceName>/dev/sda1</rootDeviceName>\
                 <blockDeviceMapping><item><deviceName>/dev/sda1</deviceName>\
                 <ebs><volumeId>{volume_id}</volumeId><status>attached</status></ebs></item>\
                 </blockDeviceMapping>{tags}</item></instancesSet></item>"
            ),
            Kind::Volumes => format!(
                "<item><volumeId>{volume_id}</volumeId><size>8</size><status>in-use</status>\
                 <volumeType>gp3</volumeType><attachmentSet><item><volumeId>{volume_id}</volumeId>\
                 <instanceId>{instance_id}</instanceId><device>/dev/sda1</device>\
                 <status>attached</status></item></attachmentSet>{tags}</item>"
            ),
        }
    }

    /// The page that is asked for. Its token is where the next begins.
    pub(super) fn page(
        self,
        selection: &Selection,
        instances: &[FakeInstance],
        told: &[String],
    ) -> Reply {
        let (action, list) = match self {
            Kind::Instances => ("DescribeInstances", "reservationSet"),
            Kind::Volumes => ("DescribeVolumes", "volumeSet"),
        };
        let wanted = (selection.from..instances.len())
            .filter(|index| selection.wants(self.id(&instances[*index]), &instances[*index]));
        let mut wanted = wanted.peekable();
        let items: String =
            wanted.by_ref().take(selection.size).map(|index| &*told[index]).collect();
        let next = wanted.peek().map(|next| format!("<nextToken>{next}</nextToken>"));
        let body = format!(
            "<{action}Response xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">\
             <requestId>fake</requestId><{list}>{items}</{list}>{}</{action}Response>",
            next.unwrap_or_default()
        );
        Reply { status: StatusCode::OK, headers: HeaderMap::new(), body: body.into() }
    }

    fn id(self, instance: &FakeInstance) -> &str {
        match self {
            Kind::Instances => &instance.instance_id,
            Kind::Volumes => &instance.volume_id,
        }
    }
}

fn tags(instance: &FakeInstance) -> String {
    let mut tags = String::from("<tagSet>");
    for (key, value) in &instance.tags {
        let (key, value) = (escaped(key), escaped(value));
        write!(tags, "<item><key>{key}</key><value>{value}</value></item>")
            .expect("memory takes any text");
    }
    tags + "</tagSet>"
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
