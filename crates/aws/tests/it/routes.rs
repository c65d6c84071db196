//! Route tables, their routes and what goes by them.

use greenroom_model::value::Value;

use crate::lab::Lab;
use crate::lifecycle::{Life, imports, object};

/// A VPC with two ways out of it, a subnet and two tables.
const NETWORK: &str = r#"
[resource.aws_vpc.main]
cidr_block = "10.0.0.0/16"
[resource.aws_internet_gateway.main]
vpc_id = "${aws_vpc.main.id}"
[resource.aws_subnet.a]
vpc_id = "${aws_vpc.main.id}"
cidr_block = "10.0.1.0/24"
[resource.aws_network_interface.a]
subnet_id = "${aws_subnet.a.id}"
[resource.aws_route_table.a]
vpc_id = "${aws_vpc.main.id}"
[resource.aws_route_table.b]
vpc_id = "${aws_vpc.main.id}"
"#;

const TO_GATEWAY: &str = "gateway_id = \"${aws_internet_gateway.main.id}\"";
const TO_INTERFACE: &str = "network_interface_id = \"${aws_network_interface.a.id}\"";

#[tokio::test]
async fn life_of_a_route_table() {
    let table = |routes: &[(&str, &str)]| {
        let route = |(block, target): &(&str, &str)| {
            format!("[[resource.aws_route_table.it.route]]\ncidr_block = \"{block}\"\n{target}\n")
        };
        let routes: String = routes.iter().map(route).collect();
        let table = "[resource.aws_route_table.it]\nvpc_id = \"${aws_vpc.main.id}\"";
        format!("{NETWORK}\n{table}\n{routes}")
    };
    Life {
        address: "pr/aws_route_table.it",
        base: table(&[("0.0.0.0/0", TO_GATEWAY), ("192.168.0.0/16", TO_GATEWAY)]),
        changed: Some(table(&[("0.0.0.0/0", TO_INTERFACE), ("172.16.0.0/12", TO_GATEWAY)])),
        replaced: None,
    }
    .live()
    .await;
}

#[tokio::test]
async fn life_of_a_route() {
    let route = |block: &str, target: &str| {
        format!(
            "{NETWORK}\n[resource.aws_route.it]\n\
             route_table_id = \"${{aws_route_table.a.id}}\"\n\
             destination_cidr_block = \"{block}\"\n{target}"
        )
    };
    Life {
        address: "pr/aws_route.it",
        base: route("0.0.0.0/0", TO_GATEWAY),
        changed: Some(route("0.0.0.0/0", TO_INTERFACE)),
        replaced: Some(route("192.168.0.0/16", TO_INTERFACE)),
    }
    .live()
    .await;
}

#[tokio::test]
async fn life_of_a_route_table_association() {
    let association = |table: &str| {
        format!(
            "{NETWORK}\n[resource.aws_route_table_association.it]\n\
             subnet_id = \"${{aws_subnet.a.id}}\"\n\
             route_table_id = \"${{aws_route_table.{table}.id}}\""
        )
    };
    Life {
        address: "pr/aws_route_table_association.it",
        base: association("a"),
        changed: Some(association("b")),
        replaced: None,
    }
    .live()
    .await;
}

#[tokio::test]
async fn a_route_that_is_there_already_is_not_taken_over() {
    let lab = Lab::start().await;
    let of_the_table = NETWORK.replace(
        "[resource.aws_route_table.b]",
        &format!(
            "[[resource.aws_route_table.a.route]]\ncidr_block = \"0.0.0.0/0\"\n{TO_GATEWAY}\n\
             [resource.aws_route_table.b]"
        ),
    );
    assert!(lab.up(&of_the_table).await.expect("applied").is_complete());
    let beside = format!(
        "{of_the_table}\n[resource.aws_route.it]\n\
         route_table_id = \"${{aws_route_table.a.id}}\"\n\
         destination_cidr_block = \"0.0.0.0/0\"\n{TO_GATEWAY}\n"
    );
    let applied = lab.up(&beside).await.expect("applied");
    let reasons = format!("{:?}", applied.failed);
    assert!(reasons.contains("has a route to 0.0.0.0/0 already"), "{reasons}");
}

#[tokio::test]
async fn a_table_without_routes_of_its_own_leaves_routes_of_others_alone() {
    let lab = Lab::start().await;
    let template = format!(
        "{NETWORK}\n[resource.aws_route.it]\nroute_table_id = \"${{aws_route_table.a.id}}\"\n\
         destination_cidr_block = \"0.0.0.0/0\"\n{TO_GATEWAY}\n"
    );
    assert!(lab.up(&template).await.expect("applied").is_complete());
    let tagged = template.replace(
        "[resource.aws_route_table.b]",
        "tags = { Name = \"t\" }\n[resource.aws_route_table.b]",
    );
    assert!(lab.up(&tagged).await.expect("applied").is_complete());
    let plan = lab.plan_now(&tagged).await;
    assert_eq!((plan.operations().count(), plan.drift.len()), (0, 0));
    let table = object(&lab, "pr/aws_route_table.a").await;
    assert_eq!(table.attributes.get("route"), Some(&Value::Null));
}

#[tokio::test]
async fn routes_and_associations_are_imported_by_the_ids_that_people_know() {
    let lab = Lab::start().await;
    let template = format!(
        "{NETWORK}\n[resource.aws_route.it]\nroute_table_id = \"${{aws_route_table.a.id}}\"\n\
         destination_cidr_block = \"0.0.0.0/0\"\n{TO_GATEWAY}\n\
         [resource.aws_route_table_association.it]\nsubnet_id = \"${{aws_subnet.a.id}}\"\n\
         route_table_id = \"${{aws_route_table.a.id}}\""
    );
    assert!(lab.up(&template).await.expect("applied").is_complete());
    let table = object(&lab, "pr/aws_route_table.a").await.id;
    let route = object(&lab, "pr/aws_route.it").await;
    assert!(route.id.starts_with(&format!("r-{table}")), "as Terraform has it: {}", route.id);
    imports(&lab, &route, &format!("{table}_0.0.0.0/0")).await;
    let association = object(&lab, "pr/aws_route_table_association.it").await;
    let id = association.attributes.get("id").and_then(Value::as_str).expect("an id");
    assert!(id.starts_with("rtbassoc-"), "as Terraform has it: {id}");
    imports(&lab, &association, id).await;
    imports(&lab, &association, &format!("{}/{table}", association.id)).await;
}
