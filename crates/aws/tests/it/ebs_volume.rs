//! `aws_ebs_volume`.

use crate::lifecycle::Life;

#[tokio::test]
async fn life_of_a_volume() {
    let volume = |zone: &str, arguments: &str| {
        format!(
            "[resource.aws_ebs_volume.data]\navailability_zone = \"eu-central-1{zone}\"\n{arguments}"
        )
    };
    Life {
        address: "pr/aws_ebs_volume.data",
        base: volume("a", "size = 10\ntype = \"gp3\"\ntags = { Name = \"a\" }"),
        changed: Some(volume("a", "size = 10\ntype = \"gp2\"\ntags = { Name = \"b\" }")),
        replaced: Some(volume("b", "size = 20\ntype = \"gp3\"")),
    }
    .live()
    .await;
}
