//! Lists come in pages of as many objects as were asked for.

use crate::client::Caller;

#[tokio::test]
async fn instances_are_paged_one_by_one_though_launched_together() {
    let caller = Caller::new();
    let mut launched = caller.run("many", "7").await.all("instanceId");
    launched.extend(caller.run("one", "1").await.all("instanceId"));
    let first = caller.ec2("DescribeInstances", &[("MaxResults", "5")]).await;
    assert_eq!(first.all("instanceId").len(), 5);
    assert_eq!(first.all("reservationId").len(), 1);
    let token = first.one("nextToken");
    let next = [("MaxResults", "5"), ("NextToken", &*token)];
    let second = caller.ec2("DescribeInstances", &next).await;
    assert_eq!(second.all("nextToken").len(), 0);
    let mut listed = first.all("instanceId");
    listed.extend(second.all("instanceId"));
    assert_eq!(listed, launched);
    // As a retry of the client asks it.
    assert_eq!(caller.ec2("DescribeInstances", &next).await, second);
}

#[tokio::test]
async fn pages_that_aws_does_not_have_are_refused() {
    let caller = Caller::new();
    let small = caller.ec2("DescribeVpcs", &[("MaxResults", "4")]).await;
    assert_eq!(small.refusal(), (400, "InvalidParameterValue".to_owned()));
    let strange = caller.ec2("DescribeVpcs", &[("NextToken", "strange")]).await;
    assert_eq!(strange.refusal(), (400, "InvalidParameterValue".to_owned()));
    let both = [("MaxResults", "5"), ("InstanceId.1", "i-00000000")];
    let both = caller.ec2("DescribeInstances", &both).await;
    assert_eq!(both.refusal(), (400, "InvalidParameterCombination".to_owned()));
    let names: Vec<String> = (1..=21).map(|n| format!("ResourceArns.member.{n}")).collect();
    let arns: Vec<(&str, &str)> = names.iter().map(|name| (&**name, "arn:aws:x")).collect();
    let many = caller.elb("DescribeTags", &arns).await;
    assert_eq!(many.refusal(), (400, "ValidationError".to_owned()));
}

#[tokio::test]
async fn target_groups_are_paged_by_marker() {
    let caller = Caller::new();
    let vpc = caller.ec2("DescribeVpcs", &[]).await.one("vpcId");
    for name in ["a", "b", "c"] {
        let group = [("Name", name), ("Protocol", "HTTP"), ("Port", "80"), ("VpcId", &*vpc)];
        caller.elb("CreateTargetGroup", &group).await;
    }
    let first = caller.elb("DescribeTargetGroups", &[("PageSize", "2")]).await;
    assert_eq!(first.all("TargetGroupName").len(), 2);
    let marker = first.one("NextMarker");
    let next = [("PageSize", "2"), ("Marker", &*marker)];
    let second = caller.elb("DescribeTargetGroups", &next).await;
    assert_eq!(second.all("TargetGroupName").len(), 1);
    assert_eq!(second.all("NextMarker").len(), 0);
}

#[tokio::test]
async fn more_instances_are_found_by_id_than_the_server_tells_at_once() {
    let caller = Caller::new();
    let mut launched = Vec::new();
    for number in 0..101 {
        launched.extend(caller.run(&format!("token-{number}"), "1").await.all("instanceId"));
    }
    let names: Vec<String> = (1..=101).map(|number| format!("InstanceId.{number}")).collect();
    let ids: Vec<(&str, &str)> =
        names.iter().zip(&launched).map(|(name, id)| (&**name, &**id)).collect();
    assert_eq!(caller.ec2("DescribeInstances", &ids).await.all("instanceId").len(), 101);
}
