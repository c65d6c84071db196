//! `aws_lb`, the type and the data source.

use crate::lab::Lab;
use crate::lifecycle::Life;
use crate::outside::Network;

#[tokio::test]
async fn life_of_an_application_load_balancer() {
    let lab = Lab::start().await;
    let network = Network::of(&lab).await;
    let with = |arguments: &str| network.load_balancer(arguments);
    Life {
        address: "pr/aws_lb.front",
        base: with("internal = true\nidle_timeout = 30"),
        changed: Some(with("internal = true\nenable_http2 = false\ntags = { Name = \"front\" }")),
        replaced: Some(with("internal = false\nidle_timeout = 30")),
    }
    .live_in(&lab)
    .await;
}

#[tokio::test]
async fn life_of_a_network_load_balancer() {
    let lab = Lab::start().await;
    let network = Network::of(&lab).await;
    let with = |arguments: &str| {
        network.load_balancer(&format!("load_balancer_type = \"network\"\n{arguments}"))
    };
    Life {
        address: "pr/aws_lb.front",
        base: with("name = \"shop\""),
        changed: Some(with(
            "name = \"shop\"\nenable_cross_zone_load_balancing = true\ntags = { Name = \"a\" }",
        )),
        replaced: Some(with("name = \"other\"\nenable_cross_zone_load_balancing = true")),
    }
    .live_in(&lab)
    .await;
}

#[tokio::test]
async fn a_load_balancer_is_found_by_name() {
    let lab = Lab::start().await;
    let network = Network::of(&lab).await;
    let template = network.load_balancer("name = \"shop\"\ntags = { Name = \"front\" }");
    assert!(lab.up(&template).await.expect("applied").is_complete());
    let template = format!(
        "{template}\n[data.aws_lb.shop]\nname = \"shop\"\n\n\
         [output.same]\nvalue = '${{data.aws_lb.shop.arn == aws_lb.front.arn}}'\n\
         [output.dns]\nvalue = '${{data.aws_lb.shop.dns_name == aws_lb.front.dns_name}}'\n\
         [output.tag]\nvalue = '${{data.aws_lb.shop.tags.Name}}'\n"
    );
    let applied = lab.up(&template).await.expect("applied");
    assert!(applied.is_complete(), "{:#?}", applied.failed);
    lab.account.assert_supported();
}
