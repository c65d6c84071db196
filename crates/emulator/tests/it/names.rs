//! Names and references that may be used once.

use crate::client::Caller;

#[tokio::test]
async fn a_load_balancer_again_is_the_same_or_refused() {
    let caller = Caller::new();
    let (one, two) = caller.subnets().await;
    let settings = [("Name", "web"), ("Subnets.member.1", &*one), ("Subnets.member.2", &*two)];
    let first = caller.elb("CreateLoadBalancer", &settings).await;
    let again = caller.elb("CreateLoadBalancer", &settings).await;
    assert_eq!(again.one("LoadBalancerArn"), first.one("LoadBalancerArn"));
    assert!(again.body.contains("<CreateLoadBalancerResult>"), "{}", again.body);
    let mut other = settings.to_vec();
    other.push(("Scheme", "internal"));
    let refused = caller.elb("CreateLoadBalancer", &other).await;
    assert_eq!(refused.refusal(), (400, "DuplicateLoadBalancerName".to_owned()));
    assert_eq!(caller.elb("DescribeLoadBalancers", &[]).await.all("LoadBalancerArn").len(), 1);
}

#[tokio::test]
async fn a_target_group_again_is_the_same_until_it_is_changed() {
    let caller = Caller::new();
    let vpc = caller.ec2("DescribeVpcs", &[]).await.one("vpcId");
    let settings = [("Name", "web"), ("Protocol", "HTTP"), ("Port", "80"), ("VpcId", &*vpc)];
    let first = caller.elb("CreateTargetGroup", &settings).await.one("TargetGroupArn");
    let again = caller.elb("CreateTargetGroup", &settings).await.one("TargetGroupArn");
    assert_eq!(again, first);
    let change = [("TargetGroupArn", &*first), ("HealthCheckPath", "/ready")];
    assert_eq!(caller.elb("ModifyTargetGroup", &change).await.status, 200);
    let refused = caller.elb("CreateTargetGroup", &settings).await;
    assert_eq!(refused.refusal(), (400, "DuplicateTargetGroupName".to_owned()));
}

#[tokio::test]
async fn a_port_has_one_listener() {
    let caller = Caller::new();
    let (one, two) = caller.subnets().await;
    let balancer = [("Name", "web"), ("Subnets.member.1", &*one), ("Subnets.member.2", &*two)];
    let balancer = caller.elb("CreateLoadBalancer", &balancer).await.one("LoadBalancerArn");
    let listener = |status| {
        [
            ("LoadBalancerArn", &*balancer),
            ("Protocol", "HTTP"),
            ("Port", "80"),
            ("DefaultActions.member.1.Type", "fixed-response"),
            ("DefaultActions.member.1.FixedResponseConfig.StatusCode", status),
        ]
    };
    let first = caller.elb("CreateListener", &listener("404")).await.one("ListenerArn");
    let again = caller.elb("CreateListener", &listener("404")).await.one("ListenerArn");
    assert_eq!(again, first);
    let refused = caller.elb("CreateListener", &listener("503")).await;
    assert_eq!(refused.refusal(), (400, "DuplicateListener".to_owned()));
}

#[tokio::test]
async fn a_zones_caller_reference_is_used_up() {
    let caller = Caller::new();
    let zone = |name: &str| {
        format!(
            "<CreateHostedZoneRequest><Name>{name}</Name>\
             <CallerReference>mine</CallerReference></CreateHostedZoneRequest>"
        )
    };
    let first = caller.route53("POST", "/hostedzone", &zone("a.example")).await;
    assert_eq!(first.status, 201, "{}", first.body);
    let again = caller.route53("POST", "/hostedzone", &zone("a.example")).await;
    assert_eq!(again.refusal(), (409, "HostedZoneAlreadyExists".to_owned()));
    let counts = caller.account.counts();
    assert_eq!(counts.get("route53:CreateHostedZone"), Some(&2));
    let asked = caller.account.requests().remove(0).parameters;
    assert_eq!(asked.get("Name").map(String::as_str), Some("a.example"));
}

#[tokio::test]
async fn a_health_checks_caller_reference_stands_for_that_check() {
    let caller = Caller::new();
    let check = |port: &str| {
        format!(
            "<CreateHealthCheckRequest><CallerReference>mine</CallerReference><HealthCheckConfig>\
             <IPAddress>192.0.2.1</IPAddress><Port>{port}</Port><Type>TCP</Type>\
             </HealthCheckConfig></CreateHealthCheckRequest>"
        )
    };
    let first = caller.route53("POST", "/healthcheck", &check("80")).await.one("Id");
    assert_eq!(caller.route53("POST", "/healthcheck", &check("80")).await.one("Id"), first);
    let other = caller.route53("POST", "/healthcheck", &check("81")).await;
    assert_eq!(other.refusal(), (409, "HealthCheckAlreadyExists".to_owned()));
}
