//! `count` and `for_each`.

use insta::assert_snapshot;

use super::support::{World, applied, check, fresh};

#[test]
fn count_makes_instances_that_know_their_place() {
    assert_snapshot!(fresh(r#"
[resource.sim_machine.web]
count = 2
image = "a"
size = "s${count.index}"
"#), @r###"
0 + pr/sim_machine.web[0] image="a" size="s0"
1 + pr/sim_machine.web[1] image="a" size="s1"
"###);
}

#[test]
fn an_instance_may_read_another_of_its_own_block() {
    assert_snapshot!(fresh(r#"
[resource.sim_machine.web]
count = 3
image = "a"
size = "${count.index == 0 ? "first" : sim_machine.web[max(count.index - 1, 0)].zone}"
"#.replace("\"${count", "'${count").replace(".zone}\"", ".zone}'").as_str()), @r###"
0 + pr/sim_machine.web[0] image="a" size="first"
1 + pr/sim_machine.web[1] image="a" size=pending(sim_machine.web[0].zone) <- 0
2 + pr/sim_machine.web[2] image="a" size=pending(sim_machine.web[1].zone) <- 1
"###);
}

#[test]
fn fewer_instances_delete_the_last_and_touch_no_other() {
    let text = |count: u32| format!("[resource.sim_machine.web]\ncount = {count}\nimage = \"a\"\n");
    assert_snapshot!(check("", &text(1), &applied("", &text(3))), @r###"
0 - pr/sim_machine.web[1]: not configured
1 - pr/sim_machine.web[2]: not configured
"###);
    assert_snapshot!(check("", &text(4), &applied("", &text(3))), @r###"0 + pr/sim_machine.web[3] image="a" size="small""###);
    assert_snapshot!(check("", &text(0), &applied("", &text(1))), @"0 - pr/sim_machine.web[0]: not configured");
}

#[test]
fn entries_of_for_each_come_and_go_by_their_keys() {
    let text = |keys: &str| {
        format!(
            "[resource.sim_machine.web]\nfor_each = {keys}\nimage = \"a\"\nsize = \"${{each.value}}\"\n"
        )
    };
    let world = applied("", &text("{ a = \"1\", b = \"2\", c = \"3\" }"));
    assert_snapshot!(check("", &text("{ a = \"1\", c = \"4\", d = \"5\" }"), &world), @r###"
0 - pr/sim_machine.web["b"]: not configured
1 ~ pr/sim_machine.web["c"] size: "3" -> "4"
2 + pr/sim_machine.web["d"] image="a" size="5"
"###);
}

#[test]
fn a_splat_reads_all_instances() {
    assert_snapshot!(fresh(r#"
[resource.sim_machine.web]
count = 2
image = "a"
[resource.sim_group.web]
targets = "${sim_machine.web[*].address}"
[output.count]
value = "${length(sim_machine.web)}"
"#), @r###"
0 + pr/sim_machine.web[0] image="a" size="small"
1 + pr/sim_machine.web[1] image="a" size="small"
2 + pr/sim_group.web port=80 targets=[pending(sim_machine.web[0].address), pending(sim_machine.web[1].address)] <- 0 1
output pr.count = 2
"###);
}

#[test]
fn a_count_that_only_apply_knows_is_a_mistake() {
    assert_snapshot!(fresh(r#"
[resource.sim_network.main]
cidr = "10.0.0.0/16"
[resource.sim_machine.web]
count = "${length(sim_network.main.id)}"
image = "a"
[resource.sim_machine.db]
for_each = "${toset([sim_network.main.id])}"
image = "a"
"#), @r###"
plan::unknown_keys: `count` is known only after apply
  environment.toml:5:9 depends on `sim_network.main.id`
plan::unknown_keys: the keys of `for_each` are known only after apply
  environment.toml:8:12 depends on `sim_network.main.id`
"###);
}

#[test]
fn a_count_that_is_none_is_a_mistake() {
    let world = World::default();
    assert_snapshot!(check("", "[resource.sim_machine.web]\ncount = -1\nimage = \"a\"\n", &world), @r###"
spec::wrong_type: `count` of resource `sim_machine.web` must be a whole number from 0 or an expression, not a number
  environment.toml:2:9 a number here
"###);
    assert_snapshot!(check("", "[resource.sim_machine.web]\ncount = 1.5\nimage = \"a\"\n", &world), @r###"
spec::wrong_type: `count` of resource `sim_machine.web` must be a whole number from 0 or an expression, not a number
  environment.toml:2:9 a number here
"###);
    assert_snapshot!(check("", "[resource.sim_machine.web]\nfor_each = [\"a\", \"a\"]\nimage = \"a\"\n", &world), @r###"
plan::keys: `for_each` has an element twice
  environment.toml:2:12 evaluated here
"###);
}
