//! The graph: no edge is missing, and none is there that need not be.

use greenroom_engine::planner::ReadSeen;
use greenroom_model::identity::Uid;
use greenroom_model::value::Value;
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

/// A replacement of the group was interrupted before its listener moved; then its machine broke.
#[test]
fn what_is_held_goes_after_its_holder_has_moved_even_if_others_must_turn_round_for_it() {
    let template = r#"
[resource.sim_machine.m]
image = "a"
[resource.sim_group.g]
targets = ["${sim_machine.m.address}"]
[resource.sim_listener.l]
group = "${sim_group.g.id}"
"#;
    let world = applied("", template).with(|state| {
        let group = state.instance_mut(&"pr/sim_group.g".parse().unwrap());
        let old = group.current.clone().unwrap();
        let mut new = old.clone();
        new.uid = Uid("new".into());
        new.id = "group-new".into();
        let mut attributes = new.attributes.as_object().unwrap().clone();
        attributes.insert("id".into(), "group-new".into());
        new.attributes = Value::from(attributes);
        group.deposed.push(old.clone());
        group.current = Some(new);
        let listener = state.instance_mut(&"pr/sim_listener.l".parse().unwrap());
        let listener = listener.current.as_mut().unwrap();
        let mut attributes = listener.attributes.as_object().unwrap().clone();
        attributes.insert("group".into(), Value::from(old.id));
        listener.attributes = Value::from(attributes);
    });
    let broken = Value::object([("image", Value::from("a"))]);
    let seen = ReadSeen::Broken { attributes: broken, reason: "it does not answer".into() };
    let world = world.sees("pr/sim_machine.m", seen);
    assert_snapshot!(check("", template, &world), @r###"
drift pr/sim_machine.m failed: it does not answer
0 + pr/sim_machine.m before the old one, for a reference: failed: it does not answer
1 ~ pr/sim_group.g targets: ["sim_machine.m.address"] -> [pending(sim_machine.m.address)] <- 0
2 ~ pr/sim_listener.l group: "id-of-pr/sim_group.g" -> "group-new" <- 1
3 - pr/sim_group.g (old): left behind <- 2
4 - pr/sim_machine.m (old) <- 0 1 3
"###);
}
