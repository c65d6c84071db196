//! What takes its time is seen on its way.

use greenroom_emulator::Pace;

use crate::client::Caller;

async fn state(caller: &Caller) -> Vec<String> {
    let instances = caller.ec2("DescribeInstances", &[]).await;
    let states = instances.body.split("<instanceState>").skip(1);
    let names = states.filter_map(|rest| rest.split_once("<name>")?.1.split_once("</name>"));
    names.map(|(name, _)| name.to_owned()).collect()
}

#[tokio::test]
async fn an_instance_starts_stops_ends_and_vanishes() {
    let caller = Caller::new();
    caller.account.set_pace(Pace { settling: 1, vanishing: Some(1), ..Pace::default() });
    let instance = caller.run("token", "1").await.one("instanceId");
    assert_eq!(state(&caller).await, ["pending"]);
    assert_eq!(state(&caller).await, ["running"]);
    caller.ec2("StopInstances", &[("InstanceId.1", &instance)]).await;
    assert_eq!(state(&caller).await, ["stopping"]);
    assert_eq!(state(&caller).await, ["stopped"]);
    caller.ec2("TerminateInstances", &[("InstanceId.1", &instance)]).await;
    assert_eq!(state(&caller).await, ["shutting-down"]);
    assert_eq!(state(&caller).await, ["terminated"]);
    assert!(state(&caller).await.is_empty());
    let gone = caller.ec2("DescribeInstances", &[("InstanceId.1", &instance)]).await;
    assert_eq!(gone.refusal(), (400, "InvalidInstanceID.NotFound".to_owned()));
}

#[tokio::test]
async fn gateways_images_and_load_balancers_take_their_time() {
    let caller = Caller::new();
    caller.account.set_pace(Pace { settling: 1, ..Pace::default() });
    let (one, two) = caller.subnets().await;
    let nat = [("SubnetId", &*one), ("ConnectivityType", "private")];
    caller.ec2("CreateNatGateway", &nat).await;
    assert_eq!(caller.ec2("DescribeNatGateways", &[]).await.all("state"), ["pending"]);
    assert_eq!(caller.ec2("DescribeNatGateways", &[]).await.all("state"), ["available"]);
    let instance = caller.run("token", "1").await.one("instanceId");
    let image = [("InstanceId", &*instance), ("Name", "web")];
    let image = caller.ec2("CreateImage", &image).await.one("imageId");
    let by_id = [("ImageId.1", &*image)];
    assert_eq!(caller.ec2("DescribeImages", &by_id).await.one("imageState"), "pending");
    assert_eq!(caller.ec2("DescribeImages", &by_id).await.one("imageState"), "available");
    let balancer = [("Name", "web"), ("Subnets.member.1", &*one), ("Subnets.member.2", &*two)];
    caller.elb("CreateLoadBalancer", &balancer).await;
    assert_eq!(caller.elb("DescribeLoadBalancers", &[]).await.one("Code"), "provisioning");
    assert_eq!(caller.elb("DescribeLoadBalancers", &[]).await.one("Code"), "active");
}

#[tokio::test]
async fn a_change_of_records_is_pending_at_first() {
    let caller = Caller::new();
    caller.account.set_pace(Pace { settling: 2, ..Pace::default() });
    let zone = "<CreateHostedZoneRequest><Name>a.example</Name>\
                <CallerReference>a</CallerReference></CreateHostedZoneRequest>";
    let zone = caller.route53("POST", "/hostedzone", zone).await.one("Id");
    let change = "<ChangeResourceRecordSetsRequest><ChangeBatch><Changes><Change>\
        <Action>CREATE</Action><ResourceRecordSet><Name>w.a.example</Name><Type>A</Type>\
        <TTL>60</TTL><ResourceRecords><ResourceRecord><Value>192.0.2.1</Value></ResourceRecord>\
        </ResourceRecords></ResourceRecordSet></Change></Changes></ChangeBatch>\
        </ChangeResourceRecordSetsRequest>";
    let changed = caller.route53("POST", &format!("{zone}/rrset"), change).await;
    let id = changed.one("Id");
    for expected in ["PENDING", "PENDING", "INSYNC"] {
        assert_eq!(caller.route53("GET", &id, "").await.one("Status"), expected);
    }
}

#[tokio::test]
async fn targets_are_unused_initial_healthy_and_draining() {
    let caller = Caller::new();
    caller.account.set_pace(Pace { settling: 1, ..Pace::default() });
    let (one, two) = caller.subnets().await;
    let vpc = caller.ec2("DescribeVpcs", &[]).await.one("vpcId");
    let group = [("Name", "web"), ("Protocol", "HTTP"), ("Port", "80"), ("VpcId", &*vpc)];
    let group = caller.elb("CreateTargetGroup", &group).await.one("TargetGroupArn");
    let instance = caller.run("token", "1").await.one("instanceId");
    let target = [("TargetGroupArn", &*group), ("Targets.member.1.Id", &*instance)];
    caller.elb("RegisterTargets", &target).await;
    let health = async || {
        let health = caller.elb("DescribeTargetHealth", &[("TargetGroupArn", &*group)]).await;
        health.all("State")
    };
    assert_eq!(health().await, ["unused"]);
    let balancer = [("Name", "web"), ("Subnets.member.1", &*one), ("Subnets.member.2", &*two)];
    let balancer = caller.elb("CreateLoadBalancer", &balancer).await.one("LoadBalancerArn");
    let listener = [
        ("LoadBalancerArn", &*balancer),
        ("Protocol", "HTTP"),
        ("Port", "80"),
        ("DefaultActions.member.1.Type", "forward"),
        ("DefaultActions.member.1.TargetGroupArn", &*group),
    ];
    caller.elb("CreateListener", &listener).await;
    assert_eq!(health().await, ["initial"]);
    assert_eq!(health().await, ["healthy"]);
    caller.elb("DeregisterTargets", &target).await;
    assert_eq!(health().await, ["draining"]);
    assert!(health().await.is_empty());
    caller.account.assert_supported();
}
