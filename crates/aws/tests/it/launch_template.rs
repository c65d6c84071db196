//! `aws_launch_template`.

use crate::lifecycle::Life;

#[tokio::test]
async fn life_of_a_launch_template() {
    let template = |name: &str, kind: &str| {
        format!(
            r#"
            [resource.aws_launch_template.web]
            name = "{name}"
            image_id = "ami-12c6146b"
            instance_type = "{kind}"
            update_default_version = true
            monitoring = {{ enabled = true }}
            block_device_mappings = [{{ device_name = "/dev/sdf", ebs = {{ volume_size = 10 }} }}]
            tag_specifications = [{{ resource_type = "instance", tags = {{ Name = "web" }} }}]
            "#
        )
    };
    Life {
        address: "pr/aws_launch_template.web",
        base: template("web", "t3.micro"),
        changed: Some(template("web", "t3.small")),
        replaced: Some(template("web-2", "t3.small")),
    }
    .live()
    .await;
}
