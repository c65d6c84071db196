//! `aws_lb_target_group_attachment`.

use crate::lab::Lab;
use crate::lifecycle::Life;
use crate::outside::Network;

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
