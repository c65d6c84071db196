//! `aws_instance`.

use crate::lifecycle::Life;

/// A network, and an instance in it with these arguments.
fn instance(arguments: &str) -> String {
    format!(
        r#"
        [resource.aws_vpc.main]
        cidr_block = "10.0.0.0/16"

        [resource.aws_instance.web]
        {arguments}
        "#
    )
}

#[tokio::test]
async fn life_of_an_instance() {
    Life {
        address: "pr/aws_instance.web",
        base: instance(
            r#"
            ami = "ami-12c6146b"
            instance_type = "t3.micro"
            user_data = "echo one"
            tags = { Name = "a" }
            root_block_device = { volume_size = 8, volume_type = "gp3" }
            "#,
        ),
        changed: Some(instance(
            r#"
            ami = "ami-12c6146b"
            instance_type = "t3.small"
            user_data = "echo two"
            disable_api_termination = false
            instance_initiated_shutdown_behavior = "terminate"
            source_dest_check = false
            tags = { Name = "b" }
            root_block_device = { volume_size = 8, volume_type = "gp3" }
            "#,
        )),
        replaced: Some(instance(
            r#"
            ami = "ami-12c6146b"
            instance_type = "t3.small"
            user_data = "echo three"
            user_data_replace_on_change = true
            "#,
        )),
    }
    .live()
    .await;
}
