//! The kinds of objects of EC2, and where their ids stand.

use xmltree::Element;

use crate::xml;

/// One kind of object.
#[derive(Debug)]
pub(crate) struct Kind {
    /// The calls that make one.
    pub(crate) made_by: &'static [&'static str],
    /// The field that holds its id, in the answers that make it and that list it.
    pub(crate) id: &'static str,
    /// How its ids begin.
    pub(crate) prefix: &'static str,
    /// The call that lists it.
    pub(crate) listed_by: &'static str,
    /// The code of the error that says that there is none.
    pub(crate) not_found: &'static str,
    /// The same, said by Elastic Load Balancing.
    pub(crate) not_found_elsewhere: &'static str,
}

/// All kinds that the proxy knows.
pub(crate) const KINDS: &[Kind] = &[
    kind(&["RunInstances"], "instanceId", "i-", "DescribeInstances", "InvalidInstanceID.NotFound"),
    kind(&["CreateVpc"], "vpcId", "vpc-", "DescribeVpcs", "InvalidVpcID.NotFound"),
    kind(&["CreateSubnet"], "subnetId", "subnet-", "DescribeSubnets", "InvalidSubnetID.NotFound"),
    kind(
        &["CreateSecurityGroup"],
        "groupId",
        "sg-",
        "DescribeSecurityGroups",
        "InvalidGroup.NotFound",
    ),
    kind(
        &["CreateInternetGateway"],
        "internetGatewayId",
        "igw-",
        "DescribeInternetGateways",
        "InvalidInternetGatewayID.NotFound",
    ),
    kind(
        &["CreateRouteTable"],
        "routeTableId",
        "rtb-",
        "DescribeRouteTables",
        "InvalidRouteTableID.NotFound",
    ),
    kind(
        &["CreateNatGateway"],
        "natGatewayId",
        "nat-",
        "DescribeNatGateways",
        "NatGatewayNotFound",
    ),
    kind(
        &["AllocateAddress"],
        "allocationId",
        "eipalloc-",
        "DescribeAddresses",
        "InvalidAllocationID.NotFound",
    ),
    kind(&["CreateVolume"], "volumeId", "vol-", "DescribeVolumes", "InvalidVolume.NotFound"),
    kind(
        &["CreateSnapshot"],
        "snapshotId",
        "snap-",
        "DescribeSnapshots",
        "InvalidSnapshot.NotFound",
    ),
    kind(
        &["CreateImage", "CopyImage"],
        "imageId",
        "ami-",
        "DescribeImages",
        "InvalidAMIID.NotFound",
    ),
    kind(
        &["CreateNetworkInterface"],
        "networkInterfaceId",
        "eni-",
        "DescribeNetworkInterfaces",
        "InvalidNetworkInterfaceID.NotFound",
    ),
    kind(
        &["CreateLaunchTemplate"],
        "launchTemplateId",
        "lt-",
        "DescribeLaunchTemplates",
        "InvalidLaunchTemplateId.NotFound",
    ),
];

const fn kind(
    made_by: &'static [&'static str],
    id: &'static str,
    prefix: &'static str,
    listed_by: &'static str,
    not_found: &'static str,
) -> Kind {
    let not_found_elsewhere = match id.as_bytes() {
        b"subnetId" => "SubnetNotFound",
        b"groupId" => "InvalidSecurityGroup",
        b"instanceId" => "InvalidTarget",
        _ => "ValidationError",
    };
    Kind { made_by, id, prefix, listed_by, not_found, not_found_elsewhere }
}

/// The kind that a call makes.
pub(crate) fn made_by(action: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.made_by.contains(&action))
}

/// The kind that a call lists.
pub(crate) fn listed_by(action: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.listed_by == action)
}

/// The list that an answer of EC2 holds: the first element with items.
pub(crate) fn list_mut(document: &mut Element) -> Option<&mut Element> {
    xml::children_mut(document).find(|child| child.get_child("item").is_some())
}

/// The objects in an answer of EC2, to change them: instances stand within their reservations.
pub(crate) fn objects_mut(document: &mut Element) -> Vec<&mut Element> {
    let reservations = document.get_child("reservationSet").is_some();
    let Some(list) = list_mut(document) else { return Vec::new() };
    let items = xml::children_mut(list);
    if !reservations {
        return items.collect();
    }
    let instances = items.filter_map(|reservation| reservation.get_mut_child("instancesSet"));
    instances.flat_map(xml::children_mut).collect()
}

/// Removes the objects from an answer of EC2 that are not wanted, and reservations without any.
pub(crate) fn retain(document: &mut Element, mut wanted: impl FnMut(&Element) -> bool) {
    let reservations = document.get_child("reservationSet").is_some();
    let Some(list) = list_mut(document) else { return };
    if !reservations {
        return xml::retain(list, wanted);
    }
    for reservation in xml::children_mut(list) {
        if let Some(instances) = reservation.get_mut_child("instancesSet") {
            xml::retain(instances, &mut wanted);
        }
    }
    xml::retain(list, |reservation| {
        reservation
            .get_child("instancesSet")
            .is_some_and(|instances| !instances.children.is_empty())
    });
}
