//! What is in use is not deleted.

use greenroom_emulator::Pace;

use crate::client::{Answer, Caller, launch};

fn violation(answer: &Answer) {
    assert_eq!(answer.refusal(), (400, "DependencyViolation".to_owned()));
}

/// A network with a subnet, and an instance in it.
async fn network(caller: &Caller) -> (String, String, String) {
    let vpc = caller.ec2("CreateVpc", &[("CidrBlock", "10.9.0.0/16")]).await.one("vpcId");
    let subnet = [("VpcId", &*vpc), ("CidrBlock", "10.9.1.0/24")];
    let subnet = caller.ec2("CreateSubnet", &subnet).await.one("subnetId");
    let mut parameters = launch("token", "1").to_vec();
    parameters.push(("SubnetId", &subnet));
    let instance = caller.ec2("RunInstances", &parameters).await.one("instanceId");
    (vpc, subnet, instance)
}

#[tokio::test]
async fn a_subnet_stays_while_an_instance_is_in_it() {
    let caller = Caller::new();
    let (_, subnet, instance) = network(&caller).await;
    violation(&caller.ec2("DeleteSubnet", &[("SubnetId", &subnet)]).await);
    caller.ec2("TerminateInstances", &[("InstanceId.1", &instance)]).await;
    let interfaces = caller.ec2("DescribeNetworkInterfaces", &[]).await;
    assert_eq!(interfaces.all("networkInterfaceId").len(), 0, "it goes with the instance");
    assert_eq!(caller.ec2("DeleteSubnet", &[("SubnetId", &subnet)]).await.status, 200);
    caller.account.assert_supported();
}

#[tokio::test]
async fn the_association_of_a_subnet_goes_with_it() {
    let caller = Caller::new();
    let vpc = caller.ec2("CreateVpc", &[("CidrBlock", "10.9.0.0/16")]).await.one("vpcId");
    let subnet = [("VpcId", &*vpc), ("CidrBlock", "10.9.1.0/24")];
    let subnet = caller.ec2("CreateSubnet", &subnet).await.one("subnetId");
    let table = caller.ec2("CreateRouteTable", &[("VpcId", &vpc)]).await.one("routeTableId");
    let association = [("RouteTableId", &*table), ("SubnetId", &*subnet)];
    caller.ec2("AssociateRouteTable", &association).await;
    violation(&caller.ec2("DeleteRouteTable", &[("RouteTableId", &table)]).await);
    assert_eq!(caller.ec2("DeleteSubnet", &[("SubnetId", &subnet)]).await.status, 200);
    assert_eq!(caller.ec2("DeleteRouteTable", &[("RouteTableId", &table)]).await.status, 200);
    caller.account.assert_supported();
}

#[tokio::test]
async fn a_network_stays_while_a_group_or_gateway_is_in_it() {
    let caller = Caller::new();
    let vpc = caller.ec2("CreateVpc", &[("CidrBlock", "10.9.0.0/16")]).await.one("vpcId");
    let delete = [("VpcId", &*vpc)];
    let gateway = caller.ec2("CreateInternetGateway", &[]).await.one("internetGatewayId");
    let attachment = [("VpcId", &*vpc), ("InternetGatewayId", &*gateway)];
    caller.ec2("AttachInternetGateway", &attachment).await;
    violation(&caller.ec2("DeleteVpc", &delete).await);
    caller.ec2("DetachInternetGateway", &attachment).await;
    let group = [("GroupName", "web"), ("GroupDescription", "web"), ("VpcId", &*vpc)];
    let group = caller.ec2("CreateSecurityGroup", &group).await.one("groupId");
    violation(&caller.ec2("DeleteVpc", &delete).await);
    caller.ec2("DeleteSecurityGroup", &[("GroupId", &group)]).await;
    assert_eq!(caller.ec2("DeleteVpc", &delete).await.status, 200);
    caller.account.assert_supported();
}

#[tokio::test]
async fn a_group_stays_while_another_names_it() {
    let caller = Caller::new();
    let mut groups = Vec::new();
    for name in ["web", "database"] {
        let group = [("GroupName", name), ("GroupDescription", name)];
        groups.push(caller.ec2("CreateSecurityGroup", &group).await.one("groupId"));
    }
    let rule = [
        ("GroupId", &*groups[1]),
        ("IpPermissions.1.IpProtocol", "tcp"),
        ("IpPermissions.1.FromPort", "5432"),
        ("IpPermissions.1.ToPort", "5432"),
        ("IpPermissions.1.Groups.1.GroupId", &*groups[0]),
    ];
    assert_eq!(caller.ec2("AuthorizeSecurityGroupIngress", &rule).await.status, 200);
    violation(&caller.ec2("DeleteSecurityGroup", &[("GroupId", &groups[0])]).await);
    for group in groups.iter().rev() {
        assert_eq!(caller.ec2("DeleteSecurityGroup", &[("GroupId", group)]).await.status, 200);
    }
    caller.account.assert_supported();
}

#[tokio::test]
async fn an_address_stays_while_a_gateway_uses_it_and_its_network_stays_public() {
    let caller = Caller::new();
    let (subnet, _) = caller.subnets().await;
    let vpc = caller.ec2("DescribeVpcs", &[]).await.one("vpcId");
    let address = caller.ec2("AllocateAddress", &[("Domain", "vpc")]).await.one("allocationId");
    let nat = [("SubnetId", &*subnet), ("AllocationId", &*address)];
    let nat = caller.ec2("CreateNatGateway", &nat).await.one("natGatewayId");
    let release = [("AllocationId", &*address)];
    let refused = caller.ec2("ReleaseAddress", &release).await;
    assert_eq!(refused.refusal(), (400, "InvalidIPAddress.InUse".to_owned()));
    let detachment = [("VpcId", &*vpc), ("InternetGatewayId", "igw-00000000")];
    violation(&caller.ec2("DetachInternetGateway", &detachment).await);
    caller.ec2("DeleteNatGateway", &[("NatGatewayId", &nat)]).await;
    assert_eq!(caller.ec2("DescribeAddresses", &[]).await.all("associationId").len(), 0);
    assert_eq!(caller.ec2("ReleaseAddress", &release).await.status, 200);
    assert_eq!(caller.ec2("DeleteSubnet", &[("SubnetId", &subnet)]).await.status, 200);
    caller.account.assert_supported();
}

#[tokio::test]
async fn a_protected_load_balancer_stays_and_a_deleted_one_holds_its_subnets_for_a_while() {
    let caller = Caller::new();
    caller.account.set_pace(Pace { lingering: 1, ..Pace::default() });
    let (one, two) = caller.subnets().await;
    let balancer = [("Name", "web"), ("Subnets.member.1", &*one), ("Subnets.member.2", &*two)];
    let arn = caller.elb("CreateLoadBalancer", &balancer).await.one("LoadBalancerArn");
    let delete = [("LoadBalancerArn", &*arn)];
    protect(&caller, &arn, "true").await;
    let refused = caller.elb("DeleteLoadBalancer", &delete).await;
    assert_eq!(refused.refusal(), (400, "OperationNotPermitted".to_owned()));
    protect(&caller, &arn, "false").await;
    violation(&caller.ec2("DeleteSubnet", &[("SubnetId", &one)]).await);
    assert_eq!(caller.elb("DeleteLoadBalancer", &delete).await.status, 200);
    violation(&caller.ec2("DeleteSubnet", &[("SubnetId", &one)]).await);
    assert_eq!(caller.ec2("DeleteSubnet", &[("SubnetId", &one)]).await.status, 200);
    caller.account.assert_supported();
}

async fn protect(caller: &Caller, arn: &str, value: &str) {
    let attribute = [
        ("LoadBalancerArn", arn),
        ("Attributes.member.1.Key", "deletion_protection.enabled"),
        ("Attributes.member.1.Value", value),
    ];
    assert_eq!(caller.elb("ModifyLoadBalancerAttributes", &attribute).await.status, 200);
}
