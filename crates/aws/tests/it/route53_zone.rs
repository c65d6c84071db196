//! `aws_route53_zone`, the type and the data source.

use crate::lab::Lab;
use crate::lifecycle::Life;
use crate::outside::Network;

fn zone(name: &str, arguments: &str) -> String {
    format!("[resource.aws_route53_zone.main]\nname = \"{name}\"\n{arguments}\n")
}

#[tokio::test]
async fn life_of_a_public_zone() {
    Life {
        address: "pr/aws_route53_zone.main",
        base: zone("Shop.Example.", ""),
        changed: Some(zone("shop.example", "comment = \"the shop\"\ntags = { Name = \"shop\" }")),
        replaced: Some(zone("store.example", "")),
    }
    .live()
    .await;
}

#[tokio::test]
async fn life_of_a_private_zone() {
    let lab = Lab::start().await;
    let vpc = Network::of(&lab).await.vpc;
    let private = format!("vpc = [{{ vpc_id = \"{vpc}\" }}]");
    Life {
        address: "pr/aws_route53_zone.main",
        base: zone("shop.internal", &private),
        changed: Some(zone("shop.internal", &format!("{private}\ncomment = \"the shop\""))),
        replaced: None,
    }
    .live_in(&lab)
    .await;
}

#[tokio::test]
async fn a_zone_goes_with_its_records_where_it_is_told_to() {
    let lab = Lab::start().await;
    let made = lab.up(&zone("shop.example", "force_destroy = true")).await.expect("applied");
    assert!(made.is_complete(), "{:#?}", made.failed);
    let other = Lab::on(lab.account.clone()).await;
    let record = "[data.aws_route53_zone.shop]\nname = \"shop.example\"\n\
                  [resource.aws_route53_record.www]\n\
                  zone_id = \"${data.aws_route53_zone.shop.zone_id}\"\nname = \"www\"\n\
                  type = \"A\"\nttl = 60\nrecords = [\"192.0.2.1\"]\n";
    let made = other.up(record).await.expect("applied");
    assert!(made.is_complete(), "{:#?}", made.failed);
    let gone = lab.destroy().await.expect("destroyed");
    assert!(gone.is_complete(), "{:#?}", gone.failed);
    lab.account.assert_supported();
}
