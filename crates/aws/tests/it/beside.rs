//! Mistakes that only several objects together show are found at plan.

use insta::assert_snapshot;

use crate::lab::Lab;

/// The mistakes of a plan, one a line.
async fn mistakes(template: &str) -> String {
    let lab = Lab::start().await;
    let found = lab.try_plan_now(template).await.expect_err("there are mistakes");
    assert!(lab.account.counts().is_empty(), "nothing is asked for that");
    found.iter().map(|it| format!("{}\n", it.message)).collect()
}

#[tokio::test]
async fn addresses_and_zones_outside_their_network() {
    let found = mistakes(
        r#"
        [resource.aws_vpc.main]
        cidr_block = "10.0.0.0/16"

        [resource.aws_subnet.outside]
        vpc_id = "${aws_vpc.main.id}"
        cidr_block = "10.1.0.0/24"

        [resource.aws_subnet.first]
        vpc_id = "${aws_vpc.main.id}"
        cidr_block = "10.0.0.0/23"
        availability_zone = "eu-central-1a"

        [resource.aws_subnet.second]
        vpc_id = "${aws_vpc.main.id}"
        cidr_block = "10.0.1.0/24"
        availability_zone = "us-east-1a"

        [resource.aws_instance.web]
        ami = "ami-12c6146b"
        instance_type = "t3.micro"
        subnet_id = "${aws_subnet.first.id}"
        availability_zone = "eu-central-1b"
        private_ip = "10.0.9.9"
        "#,
    )
    .await;
    assert_snapshot!(found, @r###"
`cidr_block` of aws_subnet.outside: 10.1.0.0/24 is not part of 10.0.0.0/16, the block of `pr/aws_vpc.main`
`cidr_block` of aws_subnet.second: 10.0.1.0/24 overlaps 10.0.0.0/23 of `pr/aws_subnet.first`
`availability_zone` of aws_subnet.second: `us-east-1a` is no zone of eu-central-1
`availability_zone` of aws_instance.web: `eu-central-1b` is not the zone of `pr/aws_subnet.first`, which is in eu-central-1a
`private_ip` of aws_instance.web: 10.0.9.9 is not part of 10.0.0.0/23, the block of `pr/aws_subnet.first`
"###);
}

#[tokio::test]
async fn what_is_of_another_vpc_or_in_the_same_zone() {
    let found = mistakes(
        r#"
        [resource.aws_vpc.main]
        cidr_block = "10.0.0.0/16"

        [resource.aws_vpc.other]
        cidr_block = "10.0.0.0/16"

        [resource.aws_subnet.a]
        vpc_id = "${aws_vpc.main.id}"
        cidr_block = "10.0.0.0/24"
        availability_zone = "eu-central-1a"

        [resource.aws_subnet.b]
        vpc_id = "${aws_vpc.main.id}"
        cidr_block = "10.0.1.0/24"
        availability_zone = "eu-central-1a"

        [resource.aws_subnet.c]
        vpc_id = "${aws_vpc.other.id}"
        cidr_block = "10.0.0.0/24"

        [resource.aws_security_group.other]
        vpc_id = "${aws_vpc.other.id}"

        [resource.aws_instance.web]
        ami = "ami-12c6146b"
        instance_type = "t3.micro"
        subnet_id = "${aws_subnet.a.id}"
        vpc_security_group_ids = ["${aws_security_group.other.id}"]

        [resource.aws_lb.front]
        subnets = ["${aws_subnet.a.id}", "${aws_subnet.b.id}", "${aws_subnet.c.id}"]

        [resource.aws_ebs_volume.data]
        availability_zone = "eu-central-1b"
        size = 8

        [resource.aws_volume_attachment.data]
        device_name = "/dev/sdf"
        volume_id = "${aws_ebs_volume.data.id}"
        instance_id = "${aws_instance.web.id}"
        "#,
    )
    .await;
    assert_snapshot!(found, @r###"
`vpc_security_group_ids` of aws_instance.web: `pr/aws_security_group.other` is of another VPC than `pr/aws_subnet.a`
`subnets` of aws_lb.front: `pr/aws_subnet.a` and `pr/aws_subnet.b` are both in eu-central-1a
`subnets` of aws_lb.front: `pr/aws_subnet.c` is of another VPC than `pr/aws_subnet.a`
`volume_id` of aws_volume_attachment.data: `pr/aws_ebs_volume.data` is in eu-central-1b, the instance in eu-central-1a
"###);
}

#[tokio::test]
async fn two_of_what_there_can_be_one() {
    let found = mistakes(
        r#"
        [resource.aws_lb.front]
        name = "front"
        subnets = ["subnet-1", "subnet-2"]

        [resource.aws_lb.again]
        name = "front"
        subnets = ["subnet-1", "subnet-2"]

        [resource.aws_lb_target_group.web]
        port = 80
        protocol = "HTTP"
        vpc_id = "vpc-1"

        [resource.aws_lb_listener.http]
        count = 2
        load_balancer_arn = "${aws_lb.front.arn}"
        port = 80
        default_action = { type = "forward", target_group_arn = "${aws_lb_target_group.web.arn}" }

        [resource.aws_lb_listener.other]
        load_balancer_arn = "${aws_lb.again.arn}"
        port = 80
        default_action = { type = "forward", target_group_arn = "${aws_lb_target_group.web.arn}" }
        "#,
    )
    .await;
    assert_snapshot!(found, @r###"
`name` of aws_lb.front: `pr/aws_lb.again` has the same name
`port` of aws_lb_listener.http: `pr/aws_lb_listener.http[0]` has the same port and load_balancer_arn
"###);
}
