//! The data sources.

use greenroom_model::value::Value;
use greenroom_provider::{DataRequest, Failure, FailureKind, Provider};

use crate::lab::Lab;

/// Asks a data source with arguments in JSON.
async fn ask(lab: &Lab, kind: &str, config: &str) -> Result<Value, Failure> {
    let request = DataRequest {
        kind: kind.into(),
        address: format!("pr/data.{kind}.it").parse().expect("an address"),
        config: serde_json::from_str(config).expect("JSON"),
    };
    lab.provider().await.read_data(vec![request]).await.pop().expect("an answer")
}

fn text(answer: &Value, name: &str) -> String {
    answer.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

#[tokio::test]
async fn an_image_is_found_by_its_name_and_age() {
    let lab = Lab::start().await;
    let filter = r#""filter": [{"name": "name", "values": ["base-*"]}]"#;
    let several = ask(&lab, "aws_ami", &format!("{{{filter}}}")).await.expect_err("there are two");
    assert_eq!(several.kind, FailureKind::Argument);
    let named = format!(r#"{{{filter}, "name_regex": "-arm64$"}}"#);
    let found = ask(&lab, "aws_ami", &named).await.expect("an image");
    assert_eq!(text(&found, "id"), "ami-0b8f4c1d2e3a49576");
    assert_eq!(text(&found, "root_device_name"), "/dev/sda1");
    let latest = format!(r#"{{{filter}, "most_recent": true}}"#);
    let found = ask(&lab, "aws_ami", &latest).await.expect("the latest");
    assert!(text(&found, "name").starts_with("base-"));
    let none = r#"{"filter": [{"name": "name", "values": ["nothing"]}]}"#;
    let failure = ask(&lab, "aws_ami", none).await.expect_err("there is none");
    assert_eq!(failure.kind, FailureKind::NotFound);
}

#[tokio::test]
async fn a_vpc_and_its_subnets_are_found() {
    let lab = Lab::start().await;
    let vpc = ask(&lab, "aws_vpc", r#"{"default": true}"#).await.expect("the default VPC");
    assert_eq!(text(&vpc, "cidr_block"), "172.31.0.0/16");
    assert_eq!(vpc.get("enable_dns_support"), Some(&Value::from(true)));
    let filter =
        format!(r#"{{"filter": [{{"name": "vpc-id", "values": ["{}"]}}]}}"#, text(&vpc, "id"));
    let subnets = ask(&lab, "aws_subnets", &filter).await.expect("subnets");
    assert_eq!(subnets.get("ids").and_then(Value::as_list).map(<[Value]>::len), Some(3));
}

#[tokio::test]
async fn the_zones_of_the_region_are_in_order() {
    let lab = Lab::start().await;
    let config = r#"{"state": "available", "exclude_names": ["eu-central-1b"]}"#;
    let zones = ask(&lab, "aws_availability_zones", config).await.expect("zones");
    let names = zones.get("names").cloned().unwrap_or_default();
    assert_eq!(format!("{names:?}"), r#"["eu-central-1a", "eu-central-1c"]"#);
}

#[tokio::test]
async fn it_is_known_who_and_where_we_are() {
    let lab = Lab::start().await;
    let caller = ask(&lab, "aws_caller_identity", "{}").await.expect("an identity");
    assert_eq!(text(&caller, "account_id"), lab.account.id());
    let region = ask(&lab, "aws_region", "{}").await.expect("a region");
    assert_eq!(text(&region, "name"), "eu-central-1");
    assert_eq!(text(&region, "endpoint"), "ec2.eu-central-1.amazonaws.com");
}

#[tokio::test]
async fn a_public_parameter_is_read_and_its_value_is_secret() {
    let lab = Lab::start().await;
    let name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64";
    let config = format!(r#"{{"name": "{name}", "with_decryption": true}}"#);
    let parameter = ask(&lab, "aws_ssm_parameter", &config).await.expect("a parameter");
    assert!(text(&parameter, "value").starts_with("ami-"));
    assert_eq!(parameter.get("insecure_value"), parameter.get("value"));
    let provider = lab.provider().await;
    let schema = &provider.schema().data["aws_ssm_parameter"];
    assert!(schema.attributes["value"].sensitive);
    assert!(!schema.attributes["insecure_value"].sensitive);
}
