//! `aws_route53_health_check`.

use crate::lifecycle::Life;

#[tokio::test]
async fn life_of_a_health_check() {
    let check = |arguments: &str| {
        format!(
            "[resource.aws_route53_health_check.shop]\nfqdn = \"shop.example\"\n\
             resource_path = \"/health\"\n{arguments}"
        )
    };
    Life {
        address: "pr/aws_route53_health_check.shop",
        base: check("type = \"HTTP\""),
        changed: Some(check(
            "type = \"HTTP\"\nport = 8080\nfailure_threshold = 5\ntags = { Name = \"shop\" }",
        )),
        replaced: Some(check("type = \"HTTPS\"")),
    }
    .live()
    .await;
}
