//! `aws_instance`.

use greenroom_emulator::{Fault, Rule};
use greenroom_model::value::Value;

use crate::lab::Lab;
use crate::lifecycle::{Life, object};

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

/// Whoever changes it may die between its stop and its start, or AWS may refuse the start.
#[tokio::test]
async fn an_instance_that_was_stopped_for_a_change_is_started_by_the_next_apply() {
    let lab = Lab::start().await;
    let of = |kind: &str| instance(&format!("ami = \"ami-12c6146b\"\ninstance_type = \"{kind}\""));
    assert!(lab.up(&of("t3.micro")).await.expect("applied").is_complete());
    let refused = Fault::Refuse {
        code: "InsufficientInstanceCapacity".to_owned(),
        message: "There is no capacity now".to_owned(),
        status: 400,
    };
    lab.account.inject(Rule::on("ec2:StartInstances", refused));
    let applied = lab.up(&of("t3.small")).await.expect("tried");
    assert_eq!(applied.failed.len(), 1);
    assert!(lab.up(&of("t3.small")).await.expect("applied").is_complete());
    let web = object(&lab, "pr/aws_instance.web").await;
    let text = |name: &str| web.attributes.get(name).and_then(Value::as_str);
    assert_eq!(text("instance_state"), Some("running"));
    assert_eq!(text("instance_type"), Some("t3.small"));
    assert!(lab.would_do(&of("t3.small")).await.is_empty());
    assert!(lab.destroy().await.expect("destroyed").is_complete());
}
