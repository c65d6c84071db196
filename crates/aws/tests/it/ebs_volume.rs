//! `aws_ebs_volume`.

use crate::lab::Lab;
use crate::lifecycle::{Life, object};

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

#[tokio::test]
async fn a_volume_grows_in_place_and_never_shrinks() {
    let lab = Lab::start().await;
    let volume = |size: u32| {
        format!(
            "[resource.aws_ebs_volume.data]\navailability_zone = \"eu-central-1a\"\nsize = {size}"
        )
    };
    let mut ids = Vec::new();
    for size in [10, 20] {
        let applied = lab.up(&volume(size)).await.expect("applied");
        assert!(applied.is_complete(), "{:#?}", applied.failed);
        assert!(lab.would_do(&volume(size)).await.is_empty());
        ids.push(object(&lab, "pr/aws_ebs_volume.data").await.id);
    }
    assert_eq!(ids[0], ids[1]);
    let mistakes = lab.try_plan_now(&volume(15)).await.expect_err("it would shrink");
    let said = "`size` of aws_ebs_volume.data: the volume would shrink";
    assert_eq!(mistakes[0].message, said);
    assert_eq!(mistakes[0].help.as_deref(), Some("volumes only grow; it has 20"));
    lab.account.assert_supported();
}
