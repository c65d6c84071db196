//! What `propose` makes of arguments.

use greenroom_model::identity::Uid;
use greenroom_provider::{Proposal, ProposeRequest};

use super::*;

/// Proposes for the arguments `config` (JSON); `prior` is what is there.
fn proposed(prior: Option<&str>, config: &str) -> Proposal {
    let parse = |text: &str| -> Value { serde_json::from_str(text).expect("JSON") };
    let mut draft = Draft::new(ProposeRequest {
        kind: "aws_instance".into(),
        address: "pr/aws_instance.web".parse().expect("an address"),
        uid: Uid("u1".into()),
        prior: prior.map(parse),
        config: parse(config),
        planned: parse(config),
    });
    propose(&mut draft);
    draft.finish()
}

fn mistakes(config: &str) -> Vec<String> {
    let wrong = proposed(None, config).wrong;
    wrong.into_iter().map(|it| format!("{}: {}", it.path, it.message)).collect()
}

const LEAST: &str = r#""ami": "ami-1", "instance_type": "t3.micro""#;

#[test]
fn an_image_and_a_type_are_needed_without_a_template() {
    let needed = "it is needed where there is no `launch_template`";
    let missing = [format!("ami: {needed}"), format!("instance_type: {needed}")];
    assert_eq!(mistakes("{}"), missing);
    assert!(mistakes(r#"{"launch_template": [{"id": "lt-1"}]}"#).is_empty());
}

#[test]
fn what_cannot_be_right_is_found_with_its_path() {
    let config = format!(
        r#"{{{LEAST}, "user_data": "a", "user_data_base64": "YQ==", "private_ip": "10.0.0.300",
            "root_block_device": [{{"volume_type": "gp2", "iops": 3000}}],
            "metadata_options": [{{"http_tokens": "needed"}}],
            "ebs_block_device": [{{"device_name": "/dev/sdf"}}, {{"device_name": "/dev/sdf"}}]}}"#
    );
    let paths: Vec<String> =
        proposed(None, &config).wrong.into_iter().map(|it| it.path.to_string()).collect();
    assert_eq!(
        paths,
        [
            "metadata_options[0].http_tokens",
            "private_ip",
            "root_block_device[0].iops",
            "ebs_block_device[1].device_name",
            "user_data_base64",
        ]
    );
}

#[test]
fn without_a_template_what_aws_chooses_is_known() {
    let planned = proposed(None, &format!("{{{LEAST}}}")).planned;
    assert_eq!(planned.get("monitoring"), Some(&Value::from(false)));
    assert_eq!(planned.get("user_data"), Some(&Value::Null));
    assert_eq!(planned.get("instance_initiated_shutdown_behavior"), Some(&Value::from("stop")));
}

#[test]
fn other_user_data_takes_a_new_instance_where_asked_for() {
    let prior = format!(r#"{{{LEAST}, "user_data": "a", "user_data_base64": null}}"#);
    let replaced = |data: &str| {
        let config = format!(r#"{{{LEAST}, {data}, "user_data_replace_on_change": true}}"#);
        !proposed(Some(&prior), &config).replace.is_empty()
    };
    assert!(replaced(r#""user_data": "b""#));
    assert!(!replaced(r#""user_data": "a""#));
    assert!(!replaced(r#""user_data_base64": "YQ==""#), "the same bytes in another form");
}

#[test]
fn another_kind_of_volume_does_not_keep_what_aws_derived_from_the_old_one() {
    let prior = format!(
        r#"{{{LEAST}, "root_block_device":
            [{{"volume_id": "vol-1", "volume_size": 8, "volume_type": "gp2", "iops": 100}}]}}"#
    );
    let root = |table: &str| {
        let config = format!(r#"{{{LEAST}, "root_block_device": [{table}]}}"#);
        let planned = proposed(Some(&prior), &config).planned;
        planned.get("root_block_device").and_then(Value::as_list).expect("a list")[0].clone()
    };
    let other = root(r#"{"volume_type": "gp3"}"#);
    assert_eq!(other.get("volume_size"), Some(&Value::from(8)));
    assert!(other.get("iops").is_some_and(Value::is_pending));
    let same = root(r#"{"volume_size": 8}"#);
    assert_eq!(same.get("iops"), Some(&Value::from(100)));
}

#[test]
fn a_smaller_root_volume_takes_a_new_instance() {
    let prior = format!(r#"{{{LEAST}, "root_block_device": [{{"volume_size": 20}}]}}"#);
    let replace = |size: u32| {
        let table = format!(r#"[{{"volume_size": {size}}}]"#);
        let config = format!(r#"{{{LEAST}, "root_block_device": {table}}}"#);
        !proposed(Some(&prior), &config).replace.is_empty()
    };
    assert!(replace(10));
    assert!(!replace(30));
}
