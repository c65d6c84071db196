//! Security groups and their rules.

use crate::lab::Lab;
use crate::lifecycle::Life;

const VPC: &str = "[resource.aws_vpc.main]\ncidr_block = \"10.0.0.0/16\"\n";

fn group(name: &str, arguments: &str) -> String {
    format!(
        "[resource.aws_security_group.{name}]\nvpc_id = \"${{aws_vpc.main.id}}\"\n{arguments}\n"
    )
}

#[tokio::test]
async fn life_of_a_security_group() {
    let other = group("other", "");
    let it = |description: &str, rules: &str| {
        let it = group("it", &format!("description = \"{description}\"\n{rules}"));
        format!("{VPC}{other}{it}")
    };
    let before = r#"
ingress = [
  { protocol = "TCP", from_port = 80, to_port = 80, cidr_blocks = ["10.0.0.0/8"] },
  { protocol = "tcp", from_port = 80, to_port = 80, cidr_blocks = ["192.168.0.0/16"] },
  { protocol = "tcp", from_port = 22, to_port = 22, cidr_blocks = ["10.0.0.0/8"], description = "a" },
]
"#;
    let after = r#"
ingress = [
  { protocol = "tcp", from_port = 80, to_port = 80, cidr_blocks = ["10.0.0.0/8"] },
  { protocol = "tcp", from_port = 443, to_port = 443, security_groups = ["${aws_security_group.other.id}"], self = true },
]
egress = [{ protocol = "-1", from_port = 0, to_port = 0, cidr_blocks = ["0.0.0.0/0"] }]
"#;
    Life {
        address: "pr/aws_security_group.it",
        base: it("one", before),
        changed: Some(it("one", after)),
        replaced: Some(it("two", after)),
    }
    .live()
    .await;
}

#[tokio::test]
async fn life_of_an_ingress_rule() {
    life_of_a_rule("ingress").await;
}

#[tokio::test]
async fn life_of_an_egress_rule() {
    life_of_a_rule("egress").await;
}

async fn life_of_a_rule(direction: &str) {
    let rule = |group: &str, arguments: &str| {
        format!(
            "[resource.aws_vpc_security_group_{direction}_rule.it]\n\
             security_group_id = \"${{aws_security_group.{group}.id}}\"\n{arguments}"
        )
    };
    let with = |rule: String| {
        let (a, b) = (group("a", ""), group("b", ""));
        format!("{VPC}{a}{b}{rule}")
    };
    let changed = "ip_protocol = \"tcp\"\nfrom_port = 443\nto_port = 443\n\
                   cidr_ipv4 = \"10.0.0.0/16\"\ndescription = \"of the test\"";
    Life {
        address: match direction {
            "ingress" => "pr/aws_vpc_security_group_ingress_rule.it",
            _ => "pr/aws_vpc_security_group_egress_rule.it",
        },
        base: with(rule("a", "ip_protocol = \"ALL\"\ncidr_ipv4 = \"10.0.0.0/8\"")),
        changed: Some(with(rule("a", changed))),
        replaced: Some(with(rule("b", changed))),
    }
    .live()
    .await;
}

#[tokio::test]
async fn a_new_group_lets_nothing_out_and_rules_beside_it_stay() {
    let lab = Lab::start().await;
    let template = format!(
        "{VPC}{}[resource.aws_vpc_security_group_egress_rule.it]\n\
         security_group_id = \"${{aws_security_group.it.id}}\"\nip_protocol = \"-1\"\n\
         cidr_ipv4 = \"10.0.0.0/8\"",
        group("it", "")
    );
    assert!(lab.up(&template).await.expect("applied").is_complete());
    let revoked = lab.account.counts().get("ec2:RevokeSecurityGroupEgress").copied();
    assert_eq!(revoked, Some(1), "the rule that AWS makes is gone");
    let plan = lab.plan_now(&template).await;
    assert_eq!((plan.operations().count(), plan.drift.len()), (0, 0));
}
