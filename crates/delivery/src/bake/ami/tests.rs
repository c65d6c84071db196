//! What a bake applies, and what a state says of an image.

use std::sync::LazyLock;

use greenroom_spec::image::AmiBase;
use greenroom_spec::source::{Located, Place as Spot, Sources};
use insta::assert_snapshot;

use super::*;

/// Where everything stands that no file says.
static SPOT: LazyLock<Spot> = LazyLock::new(|| {
    let file = Sources::default().add("greenroom.toml", "");
    Spot { file, span: greenroom_model::span::Span::default() }
});

fn located<T>(value: T) -> Located<T> {
    Located { value, at: *SPOT }
}

fn texts(all: &[&str]) -> Vec<Located<Arc<str>>> {
    all.iter().map(|it| located(Arc::from(*it))).collect()
}

fn builder(regions: &[&str], accounts: &[&str]) -> AmiBuilder {
    AmiBuilder {
        provider: located("aws".into()),
        base: AmiBase {
            at: *SPOT,
            id: Some(located("ami-1".into())),
            owners: Vec::new(),
            most_recent: false,
            filters: std::collections::BTreeMap::new(),
        },
        provision: texts(&["install.sh"]),
        instance_type: located("t3.small".into()),
        subnet_id: None,
        security_group_ids: Vec::new(),
        iam_instance_profile: None,
        root_volume_size: None,
        tags: std::collections::BTreeMap::new(),
        regions: texts(regions),
        accounts: texts(accounts),
    }
}

#[test]
fn the_least_is_a_builder_and_its_image() {
    let template = specs::template("aws", &builder(&[], &[]), &Source::Builder);
    let blocks = template.split_once("\n[resource").expect("a resource").1;
    assert_snapshot!(blocks, @r#"
    .aws_ami_builder.builder]
    provider = "aws"
    ami = "${var.base}"
    instance_type = "${var.instance_type}"
    provision = "${var.provision}"
    artifacts = "${var.artifacts}"
    timeout = "${var.timeout}"
    tags = "${var.tags}"
    lifecycle = { ignore_changes = ["artifacts", "timeout"] }

    [resource.aws_ami_from_instance.image]
    provider = "aws"
    name = "${var.name}"
    source_instance_id = "${aws_ami_builder.builder.id}"
    tags = "${var.tags}"
    "#);
}

#[test]
fn copies_and_permissions_stand_beside_the_image_when_its_builder_is_gone() {
    let builder = AmiBuilder {
        subnet_id: Some(located("subnet-1".into())),
        ..builder(&["eu-west-1"], &["222222222222"])
    };
    let template = specs::template("aws.main", &builder, &Source::Gone("i-1".into()));
    let blocks = template.split_once("\n[resource").expect("a resource").1;
    assert_snapshot!(blocks, @r#"
    .aws_ami_from_instance.image]
    provider = "aws.main"
    name = "${var.name}"
    source_instance_id = "${var.source_instance_id}"
    tags = "${var.tags}"

    [resource.aws_ami_launch_permission.image]
    provider = "aws.main"
    for_each = "${toset(var.accounts)}"
    image_id = "${aws_ami_from_instance.image.id}"
    account_id = "${each.value}"

    [resource.aws_ami_copy.eu-west-1]
    provider = "aws.eu-west-1"
    name = "${var.name}"
    source_ami_id = "${aws_ami_from_instance.image.id}"
    source_ami_region = "${var.region}"
    tags = "${var.tags}"

    [resource.aws_ami_launch_permission.eu-west-1]
    provider = "aws.eu-west-1"
    for_each = "${toset(var.accounts)}"
    image_id = "${aws_ami_copy.eu-west-1.id}"
    account_id = "${each.value}"
    "#);
}
