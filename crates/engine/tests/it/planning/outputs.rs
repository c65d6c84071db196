//! Outputs, front and environments, and data sources.

use greenroom_model::address::Scope;
use greenroom_model::identity::Digest;
use greenroom_model::plan::Action;
use insta::assert_snapshot;

use super::support::{World, applied, check, fresh, planned, planned_with_files, scope};

const FRONT: &str = r#"
[resource.sim_listener.http]
group = "${environments[0].outputs.group}"
[output.url]
value = "${sim_listener.http.url}"
"#;

const ENVIRONMENT: &str = r#"
[resource.sim_group.web]
[output.group]
value = "${sim_group.web.id}"
[output.url]
value = "${front.url}/shop"
"#;

#[test]
fn a_front_uses_one_output_while_another_depends_on_the_front() {
    assert_snapshot!(check(FRONT, ENVIRONMENT, &World::default()), @r###"
0 + pr/sim_group.web port=80
1 + front/sim_listener.http group=pending(environments.pr.outputs.group) port=80 <- 0
output front.url = pending(sim_listener.http.url)
output pr.group = pending(sim_group.web.id)
output pr.url = pending("${front.url}/shop")
"###);
}

#[test]
fn front_and_environment_that_were_applied_are_as_they_should_be() {
    let plan = check(FRONT, ENVIRONMENT, &applied(FRONT, ENVIRONMENT));
    // The outputs of the fixture's state are not recorded, so that they alone appear.
    assert!(plan.lines().all(|line| line.starts_with("output ")), "{plan}");
}

#[test]
fn an_environment_may_read_the_front() {
    let front = "[resource.sim_network.shared]\ncidr = \"10.0.0.0/8\"\n[output.network]\nvalue = \"${sim_network.shared.id}\"\n";
    let environment = "[resource.sim_machine.web]\nimage = \"${image.web.id}\"\nnetwork_id = \"${front.network}\"\n";
    assert_snapshot!(check(front, environment, &World::default()), @r###"
0 + front/sim_network.shared cidr="10.0.0.0/8"
1 + pr/sim_machine.web image="ami-1" network_id=pending(front.network) size="small" <- 0~
output front.network = pending(sim_network.shared.id)
"###);
}

#[test]
fn a_front_may_list_all_environments() {
    let front = r#"
[resource.sim_group.all]
targets = "${flatten([for e in environments : e.outputs.addresses])}"
[output.weights]
value = "${{ for e in environments : e.name => e.weight }}"
"#;
    let environment = r#"
[resource.sim_machine.web]
count = 2
image = "a"
[output.addresses]
value = "${sim_machine.web[*].address}"
"#;
    assert_snapshot!(check(front, environment, &World::default()), @r###"
0 + pr/sim_machine.web[0] image="a" size="small"
1 + pr/sim_machine.web[1] image="a" size="small"
2 + front/sim_group.all port=80 targets=pending(flatten([[environments.pr.outputs.addresses[0], environments.pr.outputs.addresses[1]]])) <- 0 1
output front.weights = {"pr": 100}
output pr.addresses = [pending(sim_machine.web[0].address), pending(sim_machine.web[1].address)]
"###);
}

#[test]
fn a_data_source_whose_arguments_are_known_is_asked_at_plan() {
    assert_snapshot!(fresh(r#"
[data.sim_image.web]
name = "web"
[resource.sim_machine.web]
image = "${data.sim_image.web.id}"
"#), @r###"0 + pr/sim_machine.web image="image-of-web" size="small""###);
}

#[test]
fn a_data_source_that_reads_something_pending_is_asked_at_apply() {
    assert_snapshot!(fresh(r#"
[resource.sim_network.net]
cidr = "10.0.0.0/16"
[data.sim_image.web]
name = "${sim_network.net.id}"
[resource.sim_machine.web]
image = "${data.sim_image.web.id}"
"#), @r###"
0 + pr/sim_network.net cidr="10.0.0.0/16"
1 read pr/data.sim_image.web <- 0
2 + pr/sim_machine.web image=pending(data.sim_image.web.id) size="small" <- 1
"###);
}

#[test]
fn an_output_that_is_null_is_no_change() {
    assert_snapshot!(fresh("[variable.x]\ntype = \"string\"\ndefault = \"a\"\n[output.none]\nvalue = '${var.x == \"a\" ? null : var.x}'\n"), @"no changes");
}

#[test]
fn an_output_that_is_wanted_no_longer_is_a_change() {
    let world =
        applied("", ENVIRONMENT.replace("${front.url}/shop", "here").as_str()).with(|state| {
            let scope = state.scopes.get_mut(&super::support::scope()).expect("the scope");
            scope.outputs.insert("old".into(), "value".into());
        });
    let environment = ENVIRONMENT.replace("${front.url}/shop", "here");
    assert_snapshot!(check("", &environment, &world), @r###"
output pr.group = "sim_group.web.id"
output pr.old = null
output pr.url = "here"
"###);
}

#[test]
fn each_scope_remembers_the_files_that_its_template_has_read() {
    let front = "[output.motd]\nvalue = '${file(\"motd\")}'\n";
    let environment = r#"
[local]
conf = '${file("app.conf")}'
[output.conf]
value = "${local.conf} ${front.motd}"
[output.none]
value = '${fileexists("none") ? file("none") : "-"}'
"#;
    let there = [("motd", "hello"), ("app.conf", "size = 1"), ("aside", "")];
    let planned = planned_with_files(front, environment, &World::default(), &there);
    let (_, read) = planned.unwrap_or_else(|text| panic!("{text}"));
    let of = |scope: &Scope| -> Vec<(&str, Digest)> {
        read[scope].iter().map(|(path, digest)| (&**path, digest.clone())).collect()
    };
    assert_eq!(of(&Scope::front()), [("motd", Digest::of(b"hello"))]);
    assert_eq!(of(&scope()), [("app.conf", Digest::of(b"size = 1"))]);
}

#[test]
fn an_apply_asks_no_gate_that_judges_traffic() {
    let environment = "[resource.sim_group.web]\n\
        [gate.errors]\nmetric = \"error_rate\"\nmax = \"1%\"\n\
        [gate.port]\ntcp = \"localhost:80\"\n";
    let plan = planned("", environment, &World::default()).unwrap();
    let gates = plan.operations().filter_map(|it| match &it.action {
        Action::Gate { name, .. } => Some(&**name),
        _ => None,
    });
    assert_eq!(gates.collect::<Vec<_>>(), ["port"]);
}
