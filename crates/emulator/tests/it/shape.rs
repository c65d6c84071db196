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
