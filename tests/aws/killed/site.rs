//! A small project with one resource of each way in which a type is recognised, and what the APIs
//! list of its environments.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use greenroom_emulator::{Account, Pace};

use crate::cloud::{Ran, Shop, ids};

const PROJECT: &str = r#"
[project]
name = "killed"

[state]
url = "state"

[provider.aws]
region = "eu-central-1"

[image.web]
id = "ami-12c6146b"

[stage.test]
template = "environment.toml"
"#;

/// Tagged (network, machines, target group), inside (route, attachments), claimed (a record in a
/// zone of nobody here), and two that go in batches (machines, attachments). `size` and `ttl` are
/// changed in place; with another `generation`, machines and group are replaced, created first, and
/// route, attachments and record, destroyed first.
const ENVIRONMENT: &str = r#"
[variable.size]
type    = "string"
default = "t3.micro"

[variable.ttl]
type    = "number"
default = 60

[variable.generation]
type    = "number"
default = 1

[resource.aws_vpc.main]
cidr_block = "10.0.0.0/16"
tags       = { Size = "${var.size}" }

[resource.aws_subnet.main]
vpc_id     = "${aws_vpc.main.id}"
cidr_block = "10.0.0.0/24"

[resource.aws_internet_gateway.main]
vpc_id = "${aws_vpc.main.id}"

[resource.aws_route_table.main]
vpc_id = "${aws_vpc.main.id}"

[resource.aws_route.out]
route_table_id         = "${aws_route_table.main.id}"
destination_cidr_block = "192.168.${var.generation}.0/24"
gateway_id             = "${aws_internet_gateway.main.id}"

[resource.aws_instance.web]
count                       = 2
ami                         = "${image.web.id}"
instance_type               = "${var.size}"
subnet_id                   = "${aws_subnet.main.id}"
user_data                   = "generation ${var.generation}"
user_data_replace_on_change = true
lifecycle                   = { create_before_destroy = true }

[resource.aws_lb_target_group.web]
port                 = "${80 + var.generation}"
protocol             = "HTTP"
vpc_id               = "${aws_vpc.main.id}"
deregistration_delay = "${var.ttl}"
lifecycle            = { create_before_destroy = true }

[resource.aws_lb_target_group_attachment.web]
count            = 2
target_group_arn = "${aws_lb_target_group.web.arn}"
target_id        = "${aws_instance.web[count.index].id}"

[resource.aws_route53_record.web]
zone_id = "ZONE"
name    = "g${var.generation}.${environment.name}.killed.example"
type    = "A"
ttl     = "${var.ttl}"
records = ["192.0.2.1"]
"#;

/// What there is, by kind.
pub(super) type Found = BTreeMap<&'static str, BTreeSet<String>>;

/// How many of each kind a whole environment has.
const WHOLE: &[(&str, usize)] = &[
    ("gateways", 1),
    ("groups", 1),
    ("instances", 2),
    ("networks", 1),
    ("records", 1),
    ("routes", 1),
    ("subnets", 1),
    ("tables", 1),
    ("targets", 2),
];

/// The project in an account of its own, with a zone that is nobody's here.
pub(super) struct Site {
    shop: Shop,
    pub(super) zone: String,
}

impl Site {
    pub(super) fn new() -> Site {
        let shop = Shop::empty();
        shop.account.set_pace(Pace { vanishing: Some(1), ..Pace::default() });
        let zone = "<CreateHostedZoneRequest xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\">\
                    <Name>killed.example</Name><CallerReference>1</CallerReference>\
                    </CreateHostedZoneRequest>";
        let zone = ids(&shop.ask_route53("POST /hostedzone", zone), "Id").remove(0);
        let zone = zone.trim_start_matches("/hostedzone/").to_owned();
        let environment = ENVIRONMENT.replace("ZONE", &zone);
        for (name, text) in [("greenroom.toml", PROJECT), ("environment.toml", &environment)] {
            shop.write(name, text);
        }
        Site { shop, zone }
    }

    pub(super) fn account(&self) -> &Account<'static> {
        &self.shop.account
    }

    pub(super) fn points(&self) -> std::path::PathBuf {
        self.shop.path().join("points")
    }

    /// A command about an environment.
    pub(super) fn command(&self, arguments: &[&str], environment: &str) -> Command {
        self.shop.command(&[arguments, &["--env", environment]].concat())
    }

    pub(super) fn run(&self, arguments: &[&str], environment: &str) -> Ran {
        self.shop.run(&[arguments, &["--env", environment]].concat())
    }

    /// Runs a command that must end with 0.
    pub(super) fn expect(&self, arguments: &[&str], environment: &str) -> Ran {
        self.shop.expect(0, &[arguments, &["--env", environment]].concat())
    }

    pub(super) fn ask(&self, service: &str, form: &str) -> String {
        self.shop.ask(service, form)
    }

    pub(super) fn ask_route53(&self, call: &str, body: &str) -> String {
        self.shop.ask_route53(call, body)
    }

    /// Asserts that an environment has each thing once, and that another apply does nothing.
    pub(super) fn assert_whole(&self, apply: &[&str], environment: &str) {
        let again = self.expect(apply, environment);
        let said = again.stdout + &again.stderr;
        assert!(said.contains("No changes."), "{environment}: {said}");
        let found = self.of(environment);
        let counts: Vec<(&str, usize)> = found.iter().map(|(kind, it)| (*kind, it.len())).collect();
        assert_eq!(counts, WHOLE, "{environment}: {found:#?}");
    }

    /// Asserts that nothing of an environment is there.
    pub(super) fn assert_gone(&self, environment: &str) {
        assert_eq!(self.of(environment), Found::new(), "{environment}");
    }

    /// What there is of an environment: what its tags say is its, and what lies in that.
    pub(super) fn of(&self, environment: &str) -> Found {
        let tag =
            format!("&Filter.1.Name=tag:greenroom:environment&Filter.1.Value.1={environment}");
        self.look(&tag, &format!(".{environment}.killed.example."))
    }

    /// What there is in the account, whoever made it.
    pub(super) fn all(&self) -> Found {
        self.look("", ".killed.example.")
    }

    fn look(&self, filter: &str, domain: &str) -> Found {
        let ec2 = |action: &str, more: &str| {
            self.ask("ec2", &format!("Action=Describe{action}{filter}{more}"))
        };
        let set = |ids: Vec<String>| ids.into_iter().collect::<BTreeSet<String>>();
        let tables = ec2("RouteTables", "");
        let routes = ids(&tables, "destinationCidrBlock");
        let networks = set(ids(&ec2("Vpcs", ""), "vpcId"));
        let groups = self.groups_in(&networks);
        let alive = "&Filter.2.Name=instance-state-name&Filter.2.Value.1=pending\
                     &Filter.2.Value.2=running&Filter.2.Value.3=stopping&Filter.2.Value.4=stopped";
        let records = self.ask_route53(&format!("GET /hostedzone/{}/rrset", self.zone), "");
        let found = [
            ("gateways", set(ids(&ec2("InternetGateways", ""), "internetGatewayId"))),
            ("instances", set(ids(&ec2("Instances", alive), "instanceId"))),
            ("subnets", set(ids(&ec2("Subnets", ""), "subnetId"))),
            ("tables", set(ids(&tables, "routeTableId"))),
            ("routes", routes.into_iter().filter(|it| it.starts_with("192.168.")).collect()),
            ("targets", groups.iter().flat_map(|group| self.targets(group)).collect()),
            (
                "records",
                ids(&records, "Name").into_iter().filter(|it| it.ends_with(domain)).collect(),
            ),
            ("networks", networks),
            ("groups", groups),
        ];
        found.into_iter().filter(|(_, ids)| !ids.is_empty()).collect()
    }

    /// The target groups in these networks.
    fn groups_in(&self, networks: &BTreeSet<String>) -> BTreeSet<String> {
        let groups = self.ask("elasticloadbalancing", "Action=DescribeTargetGroups");
        let lies_in = |group: &&str| ids(group, "VpcId").iter().any(|it| networks.contains(it));
        groups.split("<member>").filter(lies_in).flat_map(|it| ids(it, "TargetGroupArn")).collect()
    }

    fn targets(&self, group: &str) -> Vec<String> {
        let form = format!("Action=DescribeTargetHealth&TargetGroupArn={group}");
        ids(&self.ask("elasticloadbalancing", &form), "Id")
    }
}
