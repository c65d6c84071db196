//! What was just created is not found everywhere at once.

use greenroom_emulator::Pace;

use crate::client::Caller;

#[tokio::test]
async fn a_fresh_object_is_not_found_by_id_at_first() {
    let caller = Caller::new();
    caller.account.set_pace(Pace { unseen: 2, ..Pace::default() });
    let vpc = caller.ec2("CreateVpc", &[("CidrBlock", "10.9.0.0/16")]).await.one("vpcId");
    let by_id = [("VpcId.1", &*vpc)];
    let found = caller.ec2("DescribeVpcs", &by_id).await;
    assert_eq!(found.refusal(), (400, "InvalidVpcID.NotFound".to_owned()));
    let tag = [("ResourceId.1", &*vpc), ("Tag.1.Key", "Name"), ("Tag.1.Value", "web")];
    let tagged = caller.ec2("CreateTags", &tag).await;
    assert_eq!(tagged.refusal(), (400, "InvalidVpcID.NotFound".to_owned()));
    assert_eq!(caller.ec2("DescribeVpcs", &by_id).await.one("vpcId"), vpc);
}

#[tokio::test]
async fn a_fresh_object_is_missing_in_lists_at_first() {
    let caller = Caller::new();
    caller.account.set_pace(Pace { unseen: 1, ..Pace::default() });
    let launched = caller.run("token", "1").await.all("instanceId");
    assert_eq!(caller.instances().await.len(), 0);
    assert_eq!(caller.instances().await, launched);
}

#[tokio::test]
async fn a_filter_that_names_a_fresh_object_does_not_find_it_at_first() {
    let caller = Caller::new();
    caller.account.set_pace(Pace { unseen: 1, ..Pace::default() });
    let vpc = caller.ec2("CreateVpc", &[("CidrBlock", "10.9.0.0/16")]).await.one("vpcId");
    let filter = [("Filter.1.Name", "vpc-id"), ("Filter.1.Value.1", &*vpc)];
    let found = caller.ec2("DescribeVpcs", &filter).await;
    assert_eq!((found.status, found.all("vpcId").len()), (200, 0));
    assert_eq!(caller.ec2("DescribeVpcs", &filter).await.all("vpcId"), [vpc]);
}

#[tokio::test]
async fn a_fresh_profile_does_not_launch_at_first() {
    let caller = Caller::new();
    caller.account.set_pace(Pace { unseen: 1, ..Pace::default() });
    let profile = [("InstanceProfileName", "web")];
    caller.try_form("iam", "CreateInstanceProfile", &profile).await.expect("IAM answers");
    let mut launch = crate::client::launch("token", "1").to_vec();
    launch.push(("IamInstanceProfile.Name", "web"));
    let early = caller.ec2("RunInstances", &launch).await;
    assert_eq!(early.refusal(), (400, "InvalidParameterValue".to_owned()));
    assert_eq!(caller.ec2("RunInstances", &launch).await.status, 200);
}
