//! What somebody else made under the same name is refused, named and left alone; an import is the
//! way in.

use crate::lab::Lab;
use crate::outside::{Network, call, texts};

/// Applies a template that makes what is there already; what the failure says.
async fn refused(lab: &Lab, template: &str) -> String {
    let applied = lab.up(template).await.expect("applied");
    let [failed] = applied.failed.as_slice() else { panic!("{:#?}", applied.failed) };
    format!("{}; {}", failed.message, failed.help.clone().unwrap_or_default())
}

/// Imports as the command does; then nothing is left to do.
async fn taken_over(lab: &Lab, template: &str, address: &str, id: &str) {
    lab.import(template, address, id).await.expect("it is there");
    let applied = lab.up(template).await.expect("applied");
    assert!(applied.is_complete(), "{:#?}", applied.failed);
    assert!(lab.would_do(template).await.is_empty());
}

#[tokio::test]
async fn a_load_balancer_of_the_same_name() {
    let lab = Lab::start().await;
    let network = Network::of(&lab).await;
    let (one, two) = (&network.subnets[0], &network.subnets[1]);
    let create = format!(
        "Action=CreateLoadBalancer&Version=2015-12-01&Name=shop&Subnets.member.1={one}\
         &Subnets.member.2={two}&Tags.member.1.Key=of&Tags.member.1.Value=somebody"
    );
    let made = call(&lab, "elasticloadbalancing", &create).await;
    let arn = texts(&made, "LoadBalancerArn").swap_remove(0);
    let tags = format!("Action=DescribeTags&Version=2015-12-01&ResourceArns.member.1={arn}");
    let before = texts(&call(&lab, "elasticloadbalancing", &tags).await, "Key");
    let template = network.load_balancer("name = \"shop\"\ntags = { of = \"somebody\" }");
    let said = refused(&lab, &template).await;
    assert!(said.contains(&arn) && said.contains("greenroom import"), "{said}");
    let after = texts(&call(&lab, "elasticloadbalancing", &tags).await, "Key");
    assert_eq!(after, before, "nothing of it was touched");
    taken_over(&lab, &template, "pr/aws_lb.front", &arn).await;
}

#[tokio::test]
async fn a_security_group_of_the_same_name() {
    let lab = Lab::start().await;
    let vpc = Network::of(&lab).await.vpc;
    let create = format!(
        "Action=CreateSecurityGroup&Version=2016-11-15&GroupName=shop\
         &GroupDescription=Somebodys&VpcId={vpc}"
    );
    let id = texts(&call(&lab, "ec2", &create).await, "groupId").swap_remove(0);
    let describe = format!("Action=DescribeSecurityGroups&Version=2016-11-15&GroupId.1={id}");
    let before = call(&lab, "ec2", &describe).await;
    let template = format!(
        "[resource.aws_security_group.web]\nname = \"shop\"\ndescription = \"Somebodys\"\n\
         vpc_id = \"{vpc}\"\n"
    );
    let said = refused(&lab, &template).await;
    assert!(said.contains("shop") && said.contains("greenroom import"), "{said}");
    let after = call(&lab, "ec2", &describe).await;
    for name in ["key", "cidrIp", "groupDescription"] {
        assert_eq!(texts(&after, name), texts(&before, name), "nothing of it was touched");
    }
    taken_over(&lab, &template, "pr/aws_security_group.web", &id).await;
}

#[tokio::test]
async fn a_record_of_the_same_name() {
    let lab = Lab::start().await;
    let zone = "[resource.aws_route53_zone.main]\nname = \"shop.example\"\n";
    assert!(lab.up(zone).await.expect("applied").is_complete());
    let www = "[data.aws_route53_zone.shop]\nname = \"shop.example\"\n\
               [resource.aws_route53_record.www]\n\
               zone_id = \"${data.aws_route53_zone.shop.zone_id}\"\nname = \"www\"\n\
               type = \"A\"\nttl = 60\nrecords = [\"192.0.2.1\"]\n";
    let somebody = Lab::on(lab.account.clone()).await;
    assert!(somebody.up(www).await.expect("applied").is_complete());
    let ours = Lab::on(lab.account.clone()).await;
    let said = refused(&ours, &www.replace("192.0.2.1", "192.0.2.2")).await;
    assert!(said.contains("_www_A") && said.contains("greenroom import"), "{said}");
    assert!(somebody.would_do(www).await.is_empty(), "nothing of it was touched");
    let record = crate::lifecycle::object(&somebody, "pr/aws_route53_record.www").await;
    taken_over(&ours, www, "pr/aws_route53_record.www", &record.id).await;
}
