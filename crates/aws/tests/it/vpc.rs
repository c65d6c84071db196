//! `aws_vpc`.

use crate::lifecycle::Life;

#[tokio::test]
async fn life_of_a_vpc() {
    let vpc = |arguments: &str| {
        format!("[resource.aws_vpc.main]\ncidr_block = \"10.0.0.0/16\"\n{arguments}")
    };
    Life {
        address: "pr/aws_vpc.main",
        base: vpc("tags = { Name = \"a\" }"),
        changed: Some(vpc("tags = { Name = \"b\" }\nenable_dns_hostnames = true")),
        replaced: Some("[resource.aws_vpc.main]\ncidr_block = \"10.1.0.0/16\"".to_owned()),
    }
    .live()
    .await;
}
