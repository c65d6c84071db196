//! Instances that are launched together.

use std::collections::BTreeSet;

use greenroom_emulator::{Fault, Rule};
use greenroom_model::value::Value;

use crate::lab::Lab;
use crate::lifecycle::object;

/// Five instances that differ in their names, beside one of another size.
const FIVE: &str = r#"
[resource.aws_instance.web]
count = 5
ami = "ami-12c6146b"
instance_type = "t3.micro"
tags = { Name = "web-${count.index}", team = "shop" }

[resource.aws_instance.large]
ami = "ami-12c6146b"
instance_type = "t3.large"
"#;

fn calls(lab: &Lab, action: &str) -> usize {
    lab.account.counts().get(action).copied().unwrap_or(0)
}

fn launches(lab: &Lab) -> usize {
    calls(lab, "ec2:RunInstances")
}

async fn destroy(lab: &Lab) {
    let gone = lab.destroy().await.expect("destroyed");
    assert!(gone.is_complete(), "{:#?}", gone.failed);
}

#[tokio::test]
async fn instances_that_differ_only_in_tags_are_one_call() {
    let lab = Lab::start().await;
    assert!(lab.up(FIVE).await.expect("applied").is_complete());
    assert_eq!(launches(&lab), 2);
    let mut ids = BTreeSet::new();
    for index in 0..5 {
        let web = object(&lab, &format!("pr/aws_instance.web[{index}]")).await;
        let name = web.attributes.get("tags").and_then(|it| it.get("Name")).and_then(Value::as_str);
        assert_eq!(name, Some(format!("web-{index}").as_str()));
        ids.insert(web.id);
    }
    assert_eq!(ids.len(), 5);
    let plan = lab.plan_now(FIVE).await;
    assert_eq!((plan.operations().count(), plan.drift.len()), (0, 0));
    destroy(&lab).await;
}

#[tokio::test]
async fn each_is_found_again_where_the_answer_to_their_launch_is_lost() {
    let lab = Lab::start().await;
    // The SDK repeats a call with a token; not even that is answered here.
    for _ in 0..12 {
        lab.account.inject(Rule::on("ec2:RunInstances", Fault::ResetAfter));
    }
    assert!(lab.up(FIVE).await.expect("applied").is_complete());
    let mut ids = BTreeSet::new();
    for index in 0..5 {
        ids.insert(object(&lab, &format!("pr/aws_instance.web[{index}]")).await.id);
    }
    assert_eq!(ids.len(), 5);
    assert!(lab.would_do(FIVE).await.is_empty());
    destroy(&lab).await;
}

#[tokio::test]
async fn those_that_aws_refuses_together_are_launched_in_halves() {
    let lab = Lab::start().await;
    let refused = Fault::Refuse {
        code: "InsufficientInstanceCapacity".to_owned(),
        message: "There is no capacity for so many".to_owned(),
        status: 400,
    };
    lab.account.inject(Rule::on("ec2:RunInstances", refused));
    let five = FIVE.split("[resource.aws_instance.large]").next().expect("five instances");
    assert!(lab.up(five).await.expect("applied").is_complete());
    assert_eq!(launches(&lab), 3);
    assert!(lab.would_do(five).await.is_empty());
    destroy(&lab).await;
}

#[tokio::test]
async fn tags_that_change_alike_are_one_call() {
    let lab = Lab::start().await;
    assert!(lab.up(FIVE).await.expect("applied").is_complete());
    lab.account.clear_log();
    let changed = FIVE.replace(r#"team = "shop""#, r#"owner = "shop""#);
    assert!(lab.up(&changed).await.expect("changed").is_complete());
    let sent = ["ec2:CreateTags", "ec2:DeleteTags"].map(|action| calls(&lab, action));
    assert_eq!(sent, [1, 1]);
    assert!(lab.would_do(&changed).await.is_empty());
    destroy(&lab).await;
}
