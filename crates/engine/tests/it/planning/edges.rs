//! The graph: no edge is missing, and none is there that need not be.

use insta::assert_snapshot;

use super::support::{applied, check, fresh};

#[test]
fn two_chains_are_independent() {
    assert_snapshot!(fresh(r#"
[resource.sim_network.a]
cidr = "10.0.0.0/16"
[resource.sim_network.b]
cidr = "10.1.0.0/16"
[resource.sim_machine.a]
image = "a"
network_id = "${sim_network.a.id}"
[resource.sim_machine.b]
image = "a"
network_id = "${sim_network.b.id}"
"#), @r###"
0 + pr/sim_network.a cidr="10.0.0.0/16"
1 + pr/sim_network.b cidr="10.1.0.0/16"
2 + pr/sim_machine.a image="a" network_id=pending(sim_network.a.id) size="small" <- 0~
3 + pr/sim_machine.b image="a" network_id=pending(sim_network.b.id) size="small" <- 1~
"###);
}

#[test]
fn a_block_waits_for_what_it_depends_on_without_reading_it() {
    assert_snapshot!(fresh(r#"
[resource.sim_network.a]
cidr = "10.0.0.0/16"
[resource.sim_machine.a]
image = "a"
depends_on = ["sim_network.a"]
"#), @r###"
0 + pr/sim_network.a cidr="10.0.0.0/16"
1 + pr/sim_machine.a image="a" size="small" <- 0
"###);
}

#[test]
fn edges_join_instances_and_not_blocks() {
    assert_snapshot!(fresh(r#"
[resource.sim_network.net]
count = 2
cidr = "10.${count.index}.0.0/16"
[resource.sim_machine.web]
count = 2
image = "a"
network_id = "${sim_network.net[count.index].id}"
"#), @r###"
0 + pr/sim_network.net[0] cidr="10.0.0.0/16"
1 + pr/sim_network.net[1] cidr="10.1.0.0/16"
2 + pr/sim_machine.web[0] image="a" network_id=pending(sim_network.net[0].id) size="small" <- 0~
3 + pr/sim_machine.web[1] image="a" network_id=pending(sim_network.net[1].id) size="small" <- 1~
"###);
}

#[test]
fn reading_through_a_local_is_reading() {
    assert_snapshot!(fresh(r#"
[local]
where = "${sim_network.net.id}"
[resource.sim_network.net]
cidr = "10.0.0.0/16"
[resource.sim_machine.web]
image = "a"
network_id = "${local.where}"
"#), @r###"
0 + pr/sim_network.net cidr="10.0.0.0/16"
1 + pr/sim_machine.web image="a" network_id=pending(sim_network.net.id) size="small" <- 0~
"###);
}

#[test]
fn a_delete_waits_for_the_update_that_lets_go() {
    let before = r#"
[resource.sim_group.old]
[resource.sim_group.new]
[resource.sim_listener.http]
group = "${sim_group.old.id}"
"#;
    let after = r#"
[resource.sim_group.new]
[resource.sim_listener.http]
group = "${sim_group.new.id}"
"#;
    assert_snapshot!(check("", after, &applied("", before)), @r###"
0 ~ pr/sim_listener.http group: "sim_group.old.id" -> "sim_group.new.id"
1 - pr/sim_group.old: not configured <- 0
"###);
}

#[test]
fn a_value_that_is_known_is_no_reason_to_wait_for_an_unchanged_object() {
    let before = "[resource.sim_network.net]\ncidr = \"10.0.0.0/16\"\n";
    let after = format!(
        "{before}[resource.sim_machine.web]\nimage = \"a\"\nnetwork_id = \"${{sim_network.net.id}}\"\n"
    );
    assert_snapshot!(check("", &after, &applied("", before)), @r###"0 + pr/sim_machine.web image="a" network_id="sim_network.net.id" size="small""###);
}
