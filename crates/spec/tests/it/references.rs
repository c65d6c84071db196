//! References within a template.

use insta::assert_snapshot;

use crate::support::check_template;

#[test]
fn what_is_referred_to_must_be_declared() {
    assert_snapshot!(check_template(r#"
[variable.name]
[local]
tag = 1
a = "${var.nam} ${local.tags} ${var.other}"
b = "${sim_netwrk.main.id} ${sim_network.man.id} ${data.sim_image.base.id} ${terraform.workspace}"
c = "${[for n in [1] : n + m.x]}"
[resource.sim_network.main]
cidr_block = "10.0.0.0/16"
[resource.sim_server.a]
network_id = "${sim_network.main.id}"
depends_on = ["sim_network.mian", "nonsense"]
"#), @r#"
    environment.toml:5:8: spec::unknown_reference: variable `nam` is not declared (did you mean `var.name`?)
    environment.toml:5:19: spec::unknown_reference: local `tags` is not declared (did you mean `local.tag`?)
    environment.toml:5:33: spec::unknown_reference: variable `other` is not declared (declare it: `[variable.other]`)
    environment.toml:6:8: spec::unknown_reference: nothing is called `sim_netwrk` (did you mean `sim_network`?)
    environment.toml:6:30: spec::unknown_reference: `sim_network.man` is not declared (did you mean `sim_network.main`?)
    environment.toml:6:52: spec::unknown_reference: `data.sim_image.base` is not declared (declare it: `[data.sim_image.base]`)
    environment.toml:6:78: spec::unknown_reference: nothing is called `terraform`
    environment.toml:7:28: spec::unknown_reference: nothing is called `m`
    environment.toml:12:15: spec::unknown_reference: `sim_network.mian` is not declared (did you mean `sim_network.main`?)
    environment.toml:12:35: spec::block_name: `nonsense` does not name a block (write `TYPE.NAME` or `data.TYPE.NAME`, without `${}` and index)
    "#);
}

#[test]
fn attributes_must_be_the_types() {
    assert_snapshot!(check_template(r#"
[resource.sim_network.one]
cidr_block = "10.0.0.0/16"
[resource.sim_network.many]
count = 2
cidr_block = "10.0.0.0/16"
[local]
a = "${sim_network.one.idd}"
b = "${sim_network.many[0].idd}"
c = "${sim_network.many[0].id} ${sim_network.one.tags.Name}"
"#), @r#"
    environment.toml:8:8: spec::unknown_attribute: `sim_network` has no attribute `idd` (did you mean `id`?)
    environment.toml:9:8: spec::unknown_attribute: `sim_network` has no attribute `idd` (did you mean `id`?)
    "#);
}

#[test]
fn count_and_each_exist_where_blocks_repeat() {
    assert_snapshot!(check_template(r#"
[local]
a = "${count.index}"
[resource.sim_network.a]
count = "${count.index}"
cidr_block = "${count.index} ${count.idx} ${each.key}"
[resource.sim_network.b]
for_each = ["x"]
cidr_block = "${each.key} ${each.value.x} ${each.ky}"
[resource.sim_network.c]
cidr_block = "${each.key}"
"#), @r#"
    environment.toml:3:8: spec::no_repetition: `count` is used where nothing is repeated (it exists in the arguments of a block with `count`)
    environment.toml:5:12: spec::no_repetition: `count` is used where nothing is repeated (it exists in the arguments of a block with `count`)
    environment.toml:6:32: spec::unknown_reference: `count` has no `idx` (known here: `count.index`)
    environment.toml:6:45: spec::no_repetition: `each` is used where nothing is repeated (it exists in the arguments of a block with `for_each`)
    environment.toml:9:45: spec::unknown_reference: `each` has no `ky` (known here: `each.key`, `each.value`)
    environment.toml:11:17: spec::no_repetition: `each` is used where nothing is repeated (it exists in the arguments of a block with `for_each`)
    "#);
}

#[test]
fn a_rule_sees_its_variable_alone() {
    assert_snapshot!(check_template(r#"
[variable.a]
validation = { condition = "${var.a != var.b}", error_message = "differ" }
[variable.b]
validation = { condition = "${var.b > local.x}", error_message = "more" }
[local]
x = 1
"#), @r#"
    environment.toml:3:40: spec::rule_scope: the rule for `a` refers to something else (a rule sees `var.a` alone)
    environment.toml:5:39: spec::rule_scope: the rule for `b` refers to something else (a rule sees `var.b` alone)
    "#);
}

#[test]
fn cycles_between_locals_show_every_edge() {
    assert_snapshot!(check_template(r#"
[local]
a = { x = "${local.b}" }
b = "${local.c} ${local.d}"
c = ["${local.a}"]
d = "${local.d}"
e = "${local.a}"
"#), @r#"
    environment.toml:3:14: spec::cycle: a cycle: `local.a` → `local.b` → `local.c` → `local.a` [environment.toml:4:8: `local.b` needs `local.c`] [environment.toml:5:9: `local.c` needs `local.a`] (break it at one of these places)
    environment.toml:6:8: spec::cycle: a cycle: `local.d` → `local.d` (break it at one of these places)
    "#);
}

#[test]
fn resources_of_an_unknown_type_are_reported_once() {
    assert_snapshot!(check_template(r#"
[resource.sim_cluster.a]
nodes = 3
[output.id]
value = "${sim_cluster.a.id}"
"#), @r#"environment.toml:2:11: spec::unknown_type: unknown resource type `sim_cluster` (known here: `sim_group`, `sim_network`, `sim_server`)"#);
}
