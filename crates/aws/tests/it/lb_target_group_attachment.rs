//! `aws_lb_target_group_attachment`.

use crate::lab::Lab;
use crate::lifecycle::{Life, object};
use crate::outside::{Network, call};

#[tokio::test]
async fn life_of_an_attachment() {
    let lab = Lab::start().await;
    let network = Network::of(&lab).await;
    let group = network.target_group("web", "target_type = \"ip\"");
    let with = |address: &str| {
        format!(
            "{group}\n[resource.aws_lb_target_group_attachment.web]\n\
             target_group_arn = \"${{aws_lb_target_group.web.arn}}\"\n\
             target_id = \"{address}\"\nport = 8080"
        )
    };
    Life {
        address: "pr/aws_lb_target_group_attachment.web",
        base: with("172.31.0.10"),
        changed: None,
        replaced: Some(with("172.31.0.11")),
    }
    .live_in(&lab)
    .await;
}

#[tokio::test]
async fn targets_of_a_group_come_and_go_together() {
    let lab = Lab::start().await;
    let network = Network::of(&lab).await;
    let group = network.target_group("web", "target_type = \"ip\"");
    let template = format!(
        "{group}\n[resource.aws_lb_target_group_attachment.web]\ncount = 8\n\
         target_group_arn = \"${{aws_lb_target_group.web.arn}}\"\n\
         target_id = \"172.31.0.${{10 + count.index}}\""
    );
    let applied = lab.up(&template).await.expect("applied");
    assert!(applied.is_complete(), "{:#?}", applied.failed);
    lab.destroy().await.expect("destroyed");
    // How many come within a tick depends on the machine.
    let counts = lab.account.counts();
    for action in ["RegisterTargets", "DeregisterTargets"] {
        let calls = counts.get(&format!("elasticloadbalancing:{action}")).copied();
        assert!((1..=3).contains(&calls.unwrap_or_default()), "{counts:#?}");
    }
}

/// A load balancer of AWS stops to speak of a terminated instance, or says that it drains.
#[tokio::test]
async fn a_target_whose_instance_somebody_terminated_goes_and_comes() {
    let lab = Lab::start().await;
    let network = Network::of(&lab).await;
    let template = format!(
        "{}{}\n[resource.aws_lb_listener.http]\nload_balancer_arn = \"${{aws_lb.front.arn}}\"\n\
         port = 80\nprotocol = \"HTTP\"\n\
         default_action = [{{ type = \"forward\", target_group_arn = \"${{aws_lb_target_group.web.arn}}\" }}]\n\
         [resource.aws_instance.web]\ncount = 2\nami = \"ami-12c6146b\"\n\
         instance_type = \"t3.micro\"\n\
         [resource.aws_lb_target_group_attachment.web]\ncount = 2\n\
         target_group_arn = \"${{aws_lb_target_group.web.arn}}\"\n\
         target_id = \"${{aws_instance.web[count.index].id}}\"\n",
        network.target_group("web", ""),
        network.load_balancer(""),
    );
    let applied = lab.up(&template).await.expect("applied");
    assert!(applied.is_complete(), "{:#?}", applied.failed);
    let terminate_one = async || {
        let id = object(&lab, "pr/aws_instance.web[1]").await.id;
        let terminate = format!("Action=TerminateInstances&Version=2016-11-15&InstanceId.1={id}");
        call(&lab, "ec2", &terminate).await;
    };
    terminate_one().await;
    let applied = lab.up(&template).await.expect("applied");
    assert!(applied.is_complete(), "{:#?}", applied.failed);
    assert!(lab.would_do(&template).await.is_empty());
    terminate_one().await;
    let gone = lab.destroy().await.expect("destroyed");
    assert!(gone.is_complete(), "{:#?}", gone.failed);
    lab.account.assert_supported();
}
