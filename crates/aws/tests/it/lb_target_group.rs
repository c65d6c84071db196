//! `aws_lb_target_group`.

use crate::lab::Lab;
use crate::lifecycle::Life;
use crate::outside::Network;

#[tokio::test]
async fn life_of_a_target_group() {
    let lab = Lab::start().await;
    let network = Network::of(&lab).await;
    let with = |arguments: &str| network.target_group("web", arguments);
    Life {
        address: "pr/aws_lb_target_group.web",
        base: with("health_check = { path = \"/health\" }"),
        changed: Some(with(
            "deregistration_delay = 10\nslow_start = 30\n\
             health_check = { path = \"/ready\", matcher = \"200-299\", interval = 10 }\n\
             stickiness = { type = \"lb_cookie\", cookie_duration = 60 }",
        )),
        replaced: Some(with("target_type = \"ip\"\nhealth_check = { path = \"/health\" }")),
    }
    .live_in(&lab)
    .await;
}

#[tokio::test]
async fn life_of_a_target_group_of_a_network_load_balancer() {
    let lab = Lab::start().await;
    let network = Network::of(&lab).await;
    let with = |port: u16, arguments: &str| {
        format!(
            "[resource.aws_lb_target_group.web]\nname = \"web-{port}\"\nport = {port}\n\
             protocol = \"TCP\"\nvpc_id = \"{}\"\nhealth_check = {{ protocol = \"TCP\" }}\n{arguments}",
            network.vpc
        )
    };
    Life {
        address: "pr/aws_lb_target_group.web",
        base: with(80, ""),
        changed: Some(with(80, "deregistration_delay = 10\ntags = { Name = \"a\" }")),
        replaced: Some(with(81, "")),
    }
    .live_in(&lab)
    .await;
}
