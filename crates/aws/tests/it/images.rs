//! `aws_ami_from_instance`, `aws_ami_copy` and `aws_ami_launch_permission`.

use crate::lifecycle::Life;

fn image(arguments: &str) -> String {
    format!(
        r#"
        [resource.aws_instance.web]
        ami = "ami-12c6146b"
        instance_type = "t3.micro"

        [resource.aws_ami_from_instance.web]
        source_instance_id = "${{aws_instance.web.id}}"
        snapshot_without_reboot = true
        {arguments}
        "#
    )
}

#[tokio::test]
async fn life_of_an_image_of_an_instance() {
    Life {
        address: "pr/aws_ami_from_instance.web",
        base: image("name = \"web-1\"\ntags = { Name = \"a\" }"),
        changed: Some(image("name = \"web-1\"\ntags = { Name = \"b\" }")),
        replaced: Some(image("name = \"web-2\"")),
    }
    .live()
    .await;
}

#[tokio::test]
async fn life_of_a_copy() {
    let copy = |arguments: &str| {
        let copy = format!(
            r#"
            name = "web-1"

            [resource.aws_ami_copy.web]
            source_ami_id = "${{aws_ami_from_instance.web.id}}"
            source_ami_region = "eu-central-1"
            {arguments}
            "#
        );
        image(&copy)
    };
    Life {
        address: "pr/aws_ami_copy.web",
        base: copy("name = \"copy-1\""),
        changed: None,
        replaced: Some(copy("name = \"copy-2\"")),
    }
    .live()
    .await;
}

#[tokio::test]
async fn life_of_a_launch_permission() {
    let permission = |account: &str| {
        let permission = format!(
            r#"
            name = "web-1"

            [resource.aws_ami_launch_permission.other]
            image_id = "${{aws_ami_from_instance.web.id}}"
            account_id = "{account}"
            "#
        );
        image(&permission)
    };
    Life {
        address: "pr/aws_ami_launch_permission.other",
        base: permission("222233334444"),
        changed: None,
        replaced: Some(permission("333344445555")),
    }
    .live()
    .await;
}
