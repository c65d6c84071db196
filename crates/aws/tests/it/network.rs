//! The types of a network: what stands in a VPC, and which way its traffic goes.

use greenroom_provider::{DeleteRequest, FailureKind, Provider};

use crate::lab::Lab;
use crate::lifecycle::{Life, object};

/// A VPC with an internet gateway and two subnets.
const NETWORK: &str = r#"
[resource.aws_vpc.main]
cidr_block = "10.0.0.0/16"
[resource.aws_internet_gateway.main]
vpc_id = "${aws_vpc.main.id}"
[resource.aws_subnet.a]
vpc_id = "${aws_vpc.main.id}"
cidr_block = "10.0.1.0/24"
[resource.aws_subnet.b]
vpc_id = "${aws_vpc.main.id}"
cidr_block = "10.0.2.0/24"
"#;

/// The network with something in it.
fn with(rest: &str) -> String {
    format!("{NETWORK}\n{rest}")
}

#[tokio::test]
async fn life_of_a_subnet() {
    let subnet = |block: &str, arguments: &str| {
        with(&format!(
            "[resource.aws_subnet.it]\nvpc_id = \"${{aws_vpc.main.id}}\"\n\
             cidr_block = \"{block}\"\navailability_zone = \"eu-central-1b\"\n{arguments}"
        ))
    };
    Life {
        address: "pr/aws_subnet.it",
        base: subnet("10.0.3.0/24", "tags = { Name = \"a\" }"),
        changed: Some(subnet(
            "10.0.3.0/24",
            "tags = { Name = \"b\" }\nmap_public_ip_on_launch = true",
        )),
        replaced: Some(subnet("10.0.4.0/24", "map_public_ip_on_launch = true")),
    }
    .live()
    .await;
}

#[tokio::test]
async fn life_of_an_internet_gateway() {
    let gateway = |vpc: &str| {
        format!(
            "[resource.aws_vpc.a]\ncidr_block = \"10.0.0.0/16\"\n\
             [resource.aws_vpc.b]\ncidr_block = \"10.1.0.0/16\"\n\
             [resource.aws_internet_gateway.it]\nvpc_id = \"${{aws_vpc.{vpc}.id}}\""
        )
    };
    Life {
        address: "pr/aws_internet_gateway.it",
        base: gateway("a"),
        changed: Some(gateway("b")),
        replaced: None,
    }
    .live()
    .await;
}

#[tokio::test]
async fn life_of_an_elastic_ip() {
    let address = |arguments: &str| format!("[resource.aws_eip.it]\n{arguments}");
    Life {
        address: "pr/aws_eip.it",
        base: address("domain = \"vpc\""),
        changed: Some(address("tags = { Name = \"b\" }")),
        replaced: None,
    }
    .live()
    .await;
}

#[tokio::test]
async fn an_elastic_ip_leads_to_a_network_interface_and_then_to_another() {
    let address = |interface: &str| {
        with(&format!(
            "[resource.aws_network_interface.a]\nsubnet_id = \"${{aws_subnet.a.id}}\"\n\
             [resource.aws_network_interface.b]\nsubnet_id = \"${{aws_subnet.b.id}}\"\n\
             [resource.aws_eip.it]\n\
             network_interface = \"${{aws_network_interface.{interface}.id}}\""
        ))
    };
    Life {
        address: "pr/aws_eip.it",
        base: address("a"),
        changed: Some(address("b")),
        replaced: None,
    }
    .live()
    .await;
}

#[tokio::test]
async fn life_of_a_nat_gateway() {
    let gateway = |subnet: &str, name: &str| {
        with(&format!(
            "[resource.aws_nat_gateway.it]\nconnectivity_type = \"private\"\n\
             subnet_id = \"${{aws_subnet.{subnet}.id}}\"\ntags = {{ Name = \"{name}\" }}"
        ))
    };
    Life {
        address: "pr/aws_nat_gateway.it",
        base: gateway("a", "a"),
        changed: Some(gateway("a", "b")),
        replaced: Some(gateway("b", "b")),
    }
    .live()
    .await;
}

#[tokio::test]
async fn a_nat_gateway_lets_go_of_its_address_before_that_is_released() {
    let lab = Lab::start().await;
    let template = with(
        "[resource.aws_eip.nat]\n[resource.aws_nat_gateway.it]\n\
         subnet_id = \"${aws_subnet.a.id}\"\nallocation_id = \"${aws_eip.nat.id}\"",
    );
    assert!(lab.up(&template).await.expect("applied").is_complete());
    let gateway = object(&lab, "pr/aws_nat_gateway.it").await;
    let address = object(&lab, "pr/aws_eip.nat").await;
    assert_eq!(gateway.attributes.get("public_ip"), address.attributes.get("public_ip"));
    let plan = lab.plan_now(&template).await;
    assert_eq!((plan.operations().count(), plan.drift.len()), (0, 0));
    let applied = lab.destroy().await.expect("destroyed");
    assert!(applied.is_complete(), "{:#?}", applied.failed);
}

#[tokio::test]
async fn life_of_a_network_interface() {
    let interface = |subnet: &str, arguments: &str| {
        with(&format!(
            "[resource.aws_security_group.a]\nvpc_id = \"${{aws_vpc.main.id}}\"\n\
             [resource.aws_network_interface.it]\n\
             subnet_id = \"${{aws_subnet.{subnet}.id}}\"\n\
             security_groups = [\"${{aws_security_group.a.id}}\"]\n{arguments}"
        ))
    };
    Life {
        address: "pr/aws_network_interface.it",
        base: interface("a", "private_ips = [\"10.0.1.10\"]"),
        changed: Some(interface(
            "a",
            "private_ips = [\"10.0.1.10\", \"10.0.1.11\"]\nsource_dest_check = false\n\
             description = \"of the test\"",
        )),
        replaced: Some(interface("b", "private_ips = [\"10.0.2.10\"]")),
    }
    .live()
    .await;
}

#[tokio::test]
async fn what_holds_a_subnet_is_named_and_whose_it_is() {
    let lab = Lab::start().await;
    assert!(lab.up(NETWORK).await.expect("applied").is_complete());
    let held = object(&lab, "pr/aws_subnet.a").await;
    let other = Lab::on(lab.account.clone()).await;
    let interface = format!("[resource.aws_network_interface.it]\nsubnet_id = \"{}\"", held.id);
    assert!(other.up(&interface).await.expect("applied").is_complete());
    let failure = lab.provider().await.delete(DeleteRequest { object: held, company: None }).await;
    let failure = failure.expect_err("an interface is in it");
    assert_eq!(failure.kind, FailureKind::Held);
    let help = failure.help.expect("it says what to do");
    assert!(help.contains("network interface eni-"), "{help}");
    assert!(help.contains("(of the environment"), "{help}");
}
