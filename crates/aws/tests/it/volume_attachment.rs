//! `aws_volume_attachment`.

use crate::lifecycle::Life;

#[tokio::test]
async fn life_of_an_attachment() {
    let attached = |device: &str| {
        format!(
            r#"
            [resource.aws_instance.web]
            ami = "ami-12c6146b"
            instance_type = "t3.micro"
            availability_zone = "eu-central-1a"

            [resource.aws_ebs_volume.data]
            availability_zone = "eu-central-1a"
            size = 10

            [resource.aws_volume_attachment.data]
            device_name = "{device}"
            instance_id = "${{aws_instance.web.id}}"
            volume_id = "${{aws_ebs_volume.data.id}}"
            "#
        )
    };
    Life {
        address: "pr/aws_volume_attachment.data",
        base: attached("/dev/sdf"),
        changed: None,
        replaced: Some(attached("/dev/sdg")),
    }
    .live()
    .await;
}
