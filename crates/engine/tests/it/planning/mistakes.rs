//! Mistakes, with their places.

use insta::assert_snapshot;

use super::support::{World, check, fresh};

#[test]
fn values_of_the_wrong_type_are_shown_where_they_stand() {
    assert_snapshot!(fresh(r#"
[resource.sim_machine.web]
image = ["a"]
ports = [80, "http"]
[resource.sim_group.web]
port = { a = 1 }
"#), @r###"
plan::wrong_type: `image` of sim_machine.web: expected a string, found a list
  environment.toml:3:9 this value
plan::wrong_type: `ports[1]` of sim_machine.web: expected a number, found a string
  environment.toml:4:14 this value
plan::wrong_type: `port` of sim_group.web: expected a number, found an object
  environment.toml:6:8 this value
"###);
}

#[test]
fn a_mistake_in_an_expression_is_shown_inside_it() {
    assert_snapshot!(fresh(r#"
[resource.sim_machine.web]
image = "a"
size = "x-${1 + true}"
peers = '${[for p in "abc" : p]}'
"#), @r###"
plan::expression: a number is needed, not a bool
  environment.toml:4:13 in this expression
plan::expression: `for` goes over a list or an object, not a string
  environment.toml:5:22 in this expression
"###);
}

#[test]
fn a_cycle_is_shown_with_every_edge() {
    assert_snapshot!(fresh(r#"
[resource.sim_machine.a]
image = "${sim_machine.b.id}"
[resource.sim_machine.b]
image = "${sim_machine.c.id}"
[resource.sim_machine.c]
image = "${sim_machine.a.id}"
"#), @r###"
plan::cycle: dependency cycle: pr/sim_machine.a → pr/sim_machine.b → pr/sim_machine.c → pr/sim_machine.a
  environment.toml:3:12 pr/sim_machine.a needs pr/sim_machine.b
  environment.toml:5:12 pr/sim_machine.b needs pr/sim_machine.c
  environment.toml:7:12 pr/sim_machine.c needs pr/sim_machine.a
"###);
}

#[test]
fn a_cycle_through_front_and_environment_is_a_cycle() {
    let front = "[resource.sim_listener.http]\ngroup = \"${environments[0].outputs.group}\"\n[output.url]\nvalue = \"${sim_listener.http.url}\"\n";
    let environment = "[resource.sim_group.web]\nname = \"${front.url}\"\n[output.group]\nvalue = \"${sim_group.web.id}\"\n";
    assert_snapshot!(check(front, environment, &World::default()), @r###"
plan::cycle: dependency cycle: front/sim_listener.http → pr/sim_group.web → front/sim_listener.http
  front.toml:2:10 front/sim_listener.http needs pr/sim_group.web
  environment.toml:2:11 pr/sim_group.web needs front/sim_listener.http
"###);
}

#[test]
fn an_instance_that_reads_itself_is_a_cycle() {
    assert_snapshot!(fresh("[resource.sim_machine.a]\nimage = \"${sim_machine.a.id}\"\n"), @r###"
plan::cycle: dependency cycle: pr/sim_machine.a → pr/sim_machine.a
  environment.toml:2:12 pr/sim_machine.a needs pr/sim_machine.a
"###);
}

#[test]
fn an_instance_that_is_not_there_is_a_mistake() {
    assert_snapshot!(fresh(r#"
[resource.sim_machine.web]
count = 2
image = "a"
[output.third]
value = "${sim_machine.web[2].id}"
"#), @r###"
plan::expression: `sim_machine.web` has no instance [2]
  environment.toml:6:12 in this expression
"###);
}

#[test]
fn a_file_whose_path_is_known_only_after_apply_is_a_mistake_at_plan() {
    assert_snapshot!(fresh(r#"
[resource.sim_network.net]
cidr = "10.0.0.0/16"
[resource.sim_machine.web]
image = "${file(sim_network.net.id)}"
"#), @r"
plan::late: `file(…)` cannot be evaluated at apply, and the rest is known only then
  environment.toml:5:9 in this value
");
}

#[test]
fn a_local_beside_what_is_known_only_after_apply_is_put_in_unless_it_is_made_secret() {
    assert_snapshot!(fresh(r#"
[local]
name = "n"
[resource.sim_network.net]
cidr = "10.0.0.0/16"
[resource.sim_machine.a]
image = "${local.name}-${sim_network.net.id}"
[resource.sim_machine.b]
image = "${sensitive(local.name)}-${sim_network.net.id}"
"#), @r"
plan::late: `local.name` cannot be evaluated at apply, and the rest is known only then
  environment.toml:9:9 in this value
");
}
