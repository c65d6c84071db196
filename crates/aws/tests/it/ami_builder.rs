//! `aws_ami_builder`: machines that provision themselves, as the emulator plays them.

use greenroom_emulator::{Fault, Rule};
use greenroom_model::state::Status;

use crate::lab::Lab;
use crate::lifecycle::{Life, object};

fn builder(script: &str, arguments: &str) -> String {
    format!(
        r#"
        [resource.aws_ami_builder.web]
        ami = "ami-12c6146b"
        instance_type = "t3.micro"
        provision = [{{ name = "install.sh", script = """{script}""" }}]
        {arguments}
        "#
    )
}

fn baked(script: &str) -> String {
    format!(
        r#"{}
        [resource.aws_ami_from_instance.web]
        name = "web-1"
        source_instance_id = "${{aws_ami_builder.web.id}}"
        "#,
        builder(script, "")
    )
}

#[tokio::test]
async fn life_of_a_builder() {
    let arguments = "root_volume_size = 20\ntimeout = 600\n";
    Life {
        address: "pr/aws_ami_builder.web",
        base: builder("echo one", &format!("{arguments}tags = {{ Name = \"a\" }}")),
        changed: Some(builder("echo one", &format!("{arguments}tags = {{ Name = \"b\" }}"))),
        replaced: Some(builder("echo two", "")),
    }
    .live()
    .await;
}

#[tokio::test]
async fn an_image_is_made_of_a_builder_that_has_stopped_and_of_no_other() {
    let lab = Lab::start().await;
    let applied = lab.up(&baked("echo one")).await.expect("applied");
    assert!(applied.is_complete(), "{:#?}", applied.failed);
    let builder = object(&lab, "pr/aws_ami_builder.web").await;
    let state = builder.attributes.get("instance_state").and_then(|it| it.as_str());
    assert_eq!(state, Some("stopped"));
    assert!(lab.would_do(&baked("echo one")).await.is_empty());
    lab.account.assert_supported();
}

/// Applies what does not come to a good end; the failure, and nothing was made of it.
async fn failure(lab: &Lab, script: &str) -> String {
    let applied = lab.up(&baked(script)).await.expect("applied");
    let [failed] = &applied.failed[..] else { panic!("one fails: {:#?}", applied.failed) };
    assert_eq!(lab.account.counts().get("ec2:CreateImage"), None);
    failed.message.clone()
}

async fn status(lab: &Lab) -> Option<Status> {
    let view = lab.workbench.view(&greenroom_sim::lab::Lab::state_name()).await;
    let state = view.expect("readable").state.expect("a state");
    let address = "pr/aws_ami_builder.web".parse().expect("an address");
    state.instance(&address).and_then(|it| it.current.as_ref()).map(|it| it.status)
}

#[tokio::test]
async fn a_script_that_fails_is_told_with_its_log_and_another_builder_takes_its_place() {
    let lab = Lab::start().await;
    let message = failure(&lab, "echo trying\nexit 7").await;
    let told = "is not provisioned: install.sh exited with 7; the end of its log:\n+ exit 7";
    assert!(message.ends_with(told), "{message}");
    assert_eq!(status(&lab).await, Some(Status::Failed));
    let plan = lab.would_do(&baked("echo trying\nexit 7")).await;
    assert!(plan.contains(&"apply:create:pr/aws_ami_builder.web".to_owned()), "{plan:?}");
    let applied = lab.up(&baked("echo better")).await.expect("applied");
    assert!(applied.is_complete(), "{:#?}", applied.failed);
}

#[tokio::test]
async fn a_machine_that_stops_without_a_word_is_not_provisioned() {
    let lab = Lab::start().await;
    let message = failure(&lab, "poweroff -f").await;
    let told = "is not provisioned: it stopped without a word, as one does that was shut down; \
                the end of its console:\nLinux version 6.1 booted";
    assert!(message.ends_with(told), "{message}");
    assert_eq!(status(&lab).await, Some(Status::Failed));
}

#[tokio::test]
async fn a_machine_that_is_terminated_is_not_provisioned() {
    let lab = Lab::start().await;
    let message = failure(&lab, "# terminated").await;
    assert!(message.ends_with("was terminated while it provisioned itself"), "{message}");
}

#[tokio::test]
async fn a_machine_that_does_not_end_is_waited_for_again_by_the_next_apply() {
    let lab = Lab::start().await;
    let endless = format!("{}timeouts = {{ create = \"1s\" }}\n", builder("sleep infinity", ""));
    let applied = lab.up(&endless).await.expect("applied");
    let [failed] = &applied.failed[..] else { panic!("one fails: {:#?}", applied.failed) };
    assert!(
        failed.message.ends_with("has not provisioned itself after 1s: it is running"),
        "{failed:#?}"
    );
    assert_eq!(status(&lab).await, Some(Status::Incomplete));
    assert_eq!(lab.account.counts().get("ec2:RunInstances"), Some(&1));
    let gone = lab.destroy().await.expect("destroyed");
    assert!(gone.is_complete(), "{:#?}", gone.failed);
}

#[tokio::test]
async fn a_builder_whose_launch_was_not_answered_is_found_by_its_tags() {
    let lab = Lab::start().await;
    lab.account.inject(Rule::on("ec2:RunInstances", Fault::ResetAfter));
    let applied = lab.up(&baked("echo one")).await.expect("applied");
    assert!(applied.is_complete(), "{:#?}", applied.failed);
    assert_eq!(lab.account.counts().get("ec2:CreateImage"), Some(&1));
}
