//! `aws_iam_role`, `aws_iam_role_policy_attachment` and `aws_iam_instance_profile`.

use crate::lifecycle::Life;

/// A role that `who` may take on, with further blocks.
fn role(who: &str, arguments: &str) -> String {
    format!(
        r#"
        [resource.aws_iam_role.web]
        assume_role_policy = '''{{"Version": "2012-10-17", "Statement": [{{
            "Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": {{"Service": "{who}.amazonaws.com"}}}}]}}'''
        {arguments}
        "#
    )
}

#[tokio::test]
async fn life_of_a_role() {
    Life {
        address: "pr/aws_iam_role.web",
        base: role("ec2", "description = \"a\"\ntags = { Name = \"a\" }"),
        changed: Some(role("lambda", "max_session_duration = 7200\ntags = { Name = \"b\" }")),
        replaced: Some(role("lambda", "path = \"/web/\"")),
    }
    .live()
    .await;
}

#[tokio::test]
async fn life_of_an_attached_policy() {
    let attached = |policy: &str| {
        let attachment = format!(
            r#"
            [resource.aws_iam_role_policy_attachment.web]
            role = "${{aws_iam_role.web.name}}"
            policy_arn = "arn:aws:iam::aws:policy/{policy}"
            "#
        );
        role("ec2", &attachment)
    };
    Life {
        address: "pr/aws_iam_role_policy_attachment.web",
        base: attached("AmazonSSMManagedInstanceCore"),
        changed: None,
        replaced: Some(attached("ReadOnlyAccess")),
    }
    .live()
    .await;
}

#[tokio::test]
async fn life_of_an_instance_profile() {
    let profile = |arguments: &str| {
        role("ec2", &format!("[resource.aws_iam_instance_profile.web]\n{arguments}"))
    };
    Life {
        address: "pr/aws_iam_instance_profile.web",
        base: profile("role = \"${aws_iam_role.web.name}\"\ntags = { Name = \"a\" }"),
        changed: Some(profile("tags = { Name = \"b\" }")),
        replaced: Some(profile("role = \"${aws_iam_role.web.name}\"\npath = \"/web/\"")),
    }
    .live()
    .await;
}
