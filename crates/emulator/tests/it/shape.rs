//! What AWS takes and tells otherwise than the server does.

use crate::client::{Caller, launch};

#[tokio::test]
async fn as_many_are_launched_as_may_be() {
    let caller = Caller::new();
    let mut some = launch("token", "1");
    some[3].1 = "3";
    let launched = caller.ec2("RunInstances", &some).await;
    assert_eq!(launched.all("instanceId").len(), 3);
}

#[tokio::test]
async fn an_images_snapshots_get_their_tags() {
    let caller = Caller::new();
    let instance = caller.run("token", "1").await.one("instanceId");
    let image = [
        ("InstanceId", &*instance),
        ("Name", "web"),
        ("TagSpecification.1.ResourceType", "image"),
        ("TagSpecification.1.Tag.1.Key", "of"),
        ("TagSpecification.1.Tag.1.Value", "image"),
        ("TagSpecification.2.ResourceType", "snapshot"),
        ("TagSpecification.2.Tag.1.Key", "of"),
        ("TagSpecification.2.Tag.1.Value", "snapshot"),
    ];
    let image = caller.ec2("CreateImage", &image).await.one("imageId");
    let tag = |value| [("Filter.1.Name", "tag:of"), ("Filter.1.Value.1", value)];
    let tagged = caller.ec2("DescribeImages", &tag("image")).await;
    assert_eq!(tagged.all("imageId"), [image]);
    let tagged = caller.ec2("DescribeSnapshots", &tag("snapshot")).await;
    assert_eq!(tagged.all("snapshotId").len(), 1);
    caller.account.assert_supported();
}

#[tokio::test]
async fn a_copy_of_an_image_and_its_snapshots_get_their_tags() {
    let caller = Caller::new();
    let copy = [
        ("Name", "web"),
        ("SourceImageId", "ami-12c6146b"),
        ("SourceRegion", "eu-central-1"),
        ("TagSpecification.1.ResourceType", "image"),
        ("TagSpecification.1.Tag.1.Key", "of"),
        ("TagSpecification.1.Tag.1.Value", "image"),
        ("TagSpecification.2.ResourceType", "snapshot"),
        ("TagSpecification.2.Tag.1.Key", "of"),
        ("TagSpecification.2.Tag.1.Value", "snapshot"),
    ];
    let copy = caller.ec2("CopyImage", &copy).await.one("imageId");
    let tag = |value| [("Filter.1.Name", "tag:of"), ("Filter.1.Value.1", value)];
    let tagged = caller.ec2("DescribeImages", &tag("image")).await;
    assert_eq!(tagged.all("imageId"), [copy]);
    let tagged = caller.ec2("DescribeSnapshots", &tag("snapshot")).await;
    assert_eq!(tagged.all("snapshotId").len(), 1);
}

#[tokio::test]
async fn a_network_load_balancer_has_the_arn_of_one() {
    let caller = Caller::new();
    let (one, two) = caller.subnets().await;
    let balancer = [
        ("Name", "net"),
        ("Type", "network"),
        ("Subnets.member.1", &*one),
        ("Subnets.member.2", &*two),
    ];
    let arn = caller.elb("CreateLoadBalancer", &balancer).await.one("LoadBalancerArn");
    assert!(arn.contains(":loadbalancer/net/net/"), "{arn}");
    let found = caller.elb("DescribeLoadBalancers", &[("LoadBalancerArns.member.1", &arn)]).await;
    assert_eq!(found.one("LoadBalancerArn"), arn);
}

#[tokio::test]
async fn a_single_group_is_told_in_both_ways() {
    let caller = Caller::new();
    let (one, two) = caller.subnets().await;
    let vpc = caller.ec2("DescribeVpcs", &[]).await.one("vpcId");
    let group = [("Name", "web"), ("Protocol", "HTTP"), ("Port", "80"), ("VpcId", &*vpc)];
    let group = caller.elb("CreateTargetGroup", &group).await.one("TargetGroupArn");
    let balancer = [("Name", "web"), ("Subnets.member.1", &*one), ("Subnets.member.2", &*two)];
    let balancer = caller.elb("CreateLoadBalancer", &balancer).await.one("LoadBalancerArn");
    let listener = [
        ("LoadBalancerArn", &*balancer),
        ("Protocol", "HTTP"),
        ("Port", "80"),
        ("DefaultActions.member.1.Type", "forward"),
        ("DefaultActions.member.1.TargetGroupArn", &*group),
    ];
    let created = caller.elb("CreateListener", &listener).await;
    assert_eq!(created.one("Weight"), "1");
    assert_eq!(created.all("TargetGroupArn"), [group.clone(), group]);
}

#[tokio::test]
async fn the_tags_of_several_zones_are_told_together() {
    let caller = Caller::new();
    let mut zones = Vec::new();
    for name in ["a.example", "b.example"] {
        let zone = format!(
            "<CreateHostedZoneRequest><Name>{name}</Name><CallerReference>{name}</CallerReference>\
             </CreateHostedZoneRequest>"
        );
        let made = caller.route53("POST", "/hostedzone", &zone).await.one("Id");
        let id = made.rsplit('/').next().unwrap().to_owned();
        let tag = format!(
            "<ChangeTagsForResourceRequest><AddTags><Tag><Key>of</Key><Value>{name}</Value></Tag>\
             </AddTags></ChangeTagsForResourceRequest>"
        );
        caller.route53("POST", &format!("/tags/hostedzone/{id}"), &tag).await;
        zones.push(id);
    }
    let ids = |ids: &[&str]| -> String {
        let ids: String = ids.iter().map(|id| format!("<ResourceId>{id}</ResourceId>")).collect();
        format!(
            "<ListTagsForResourcesRequest><ResourceIds>{ids}</ResourceIds></ListTagsForResourcesRequest>"
        )
    };
    let both = ids(&[&zones[0], &zones[1]]);
    let told = caller.route53("POST", "/tags/hostedzone", &both).await;
    assert_eq!(told.all("ResourceId"), zones);
    assert_eq!(told.all("Value"), ["a.example", "b.example"]);
    let one_is_gone = ids(&[&zones[0], "ZNONE"]);
    let told = caller.route53("POST", "/tags/hostedzone", &one_is_gone).await;
    assert_eq!(told.refusal().0, 404);
    caller.account.assert_supported();
}
