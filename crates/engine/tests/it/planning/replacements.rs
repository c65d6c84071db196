//! Replacements: which half goes first, and why.

use insta::assert_snapshot;

use super::support::{applied, check};

const CHAIN: &str = r#"
[resource.sim_network.main]
cidr = "10.0.0.0/16"
[resource.sim_machine.web]
image = "a"
network_id = "${sim_network.main.id}"
"#;

const GROUP: &str = r#"
[resource.sim_group.web]
port = 80
[resource.sim_listener.http]
group = "${sim_group.web.id}"
"#;

#[test]
fn without_more_ado_the_old_one_goes_first() {
    let after = CHAIN.replace("\"a\"", "\"b\"");
    assert_snapshot!(check("", &after, &applied("", CHAIN)), @r###"
0 - pr/sim_machine.web
1 + pr/sim_machine.web after the old one: image <- 0
"###);
}

#[test]
fn by_its_lifecycle_the_new_one_comes_first() {
    let before = CHAIN.replace("\"a\"", "\"a\"\nlifecycle = { create_before_destroy = true }");
    let after = before.replace("\"a\"", "\"b\"");
    assert_snapshot!(check("", &after, &applied("", &before)), @r###"
0 + pr/sim_machine.web before the old one: image
1 - pr/sim_machine.web (old) <- 0
"###);
}

#[test]
fn what_is_replaced_takes_its_readers_along_where_they_cannot_follow_in_place() {
    let after = CHAIN.replace("10.0.0.0", "10.1.0.0");
    assert_snapshot!(check("", &after, &applied("", CHAIN)), @r###"
0 - pr/sim_machine.web
1 - pr/sim_network.main <- 0
2 + pr/sim_network.main after the old one: cidr <- 1
3 + pr/sim_machine.web after the old one: network_id <- 0 2~
"###);
}

#[test]
fn what_a_created_first_reader_reads_is_created_first_too() {
    let before = CHAIN.replace("\"a\"", "\"a\"\nlifecycle = { create_before_destroy = true }");
    let after = before.replace("10.0.0.0", "10.1.0.0");
    assert_snapshot!(check("", &after, &applied("", &before)), @r###"
0 + pr/sim_network.main before the old one, for a reference: cidr
1 + pr/sim_machine.web before the old one: network_id may differ <- 0~
2 - pr/sim_machine.web (old) <- 1
3 - pr/sim_network.main (old) <- 0 2
"###);
}

#[test]
fn a_held_object_is_replaced_before_it_goes() {
    let after = GROUP.replace("port = 80", "port = 81");
    assert_snapshot!(check("", &after, &applied("", GROUP)), @r###"
0 + pr/sim_group.web before the old one, for a reference: port
1 ~ pr/sim_listener.http group: "sim_group.web.id" -> pending(sim_group.web.id) <- 0
2 - pr/sim_group.web (old) <- 0 1
"###);
}

#[test]
fn an_explicit_unique_name_cannot_be_created_first() {
    let before = GROUP.replace("port = 80", "port = 80\nname = \"web\"");
    let after = before.replace("port = 80", "port = 81");
    assert_snapshot!(check("", &after, &applied("", &before)), @r###"
plan::name_taken: pr/sim_group.web is made before the old one goes, but `name` must be unique
  environment.toml:4:8 the old one has this name
"###);
}

#[test]
fn a_name_that_changes_with_its_cause_can_be_created_first() {
    let before = GROUP.replace("port = 80", "port = 80\nname = \"web-80\"");
    let after = before.replace("80", "81");
    let plan = check("", &after, &applied("", &before));
    assert!(plan.contains("before the old one"), "{plan}");
}

#[test]
fn a_change_elsewhere_can_replace() {
    let before = r#"
[resource.sim_network.main]
cidr = "10.0.0.0/16"
label = "one"
[resource.sim_machine.web]
image = "a"
lifecycle = { replace_triggered_by = ["sim_network.main.label"] }
"#;
    let other = before.replace("\"one\"", "\"two\"");
    assert_snapshot!(check("", &other, &applied("", before)), @r###"
0 - pr/sim_machine.web
1 ~ pr/sim_network.main label: "one" -> "two"
2 + pr/sim_machine.web after the old one: sim_network.main.label changes <- 0 1
"###);
    assert_snapshot!(check("", before, &applied("", before)), @"no changes");
}

#[test]
fn a_reader_of_something_replaced_that_can_follow_in_place_is_updated() {
    let before = r#"
[resource.sim_machine.web]
image = "a"
[resource.sim_group.web]
targets = ["${sim_machine.web.address}"]
"#;
    let after = before.replace("\"a\"", "\"b\"");
    assert_snapshot!(check("", &after, &applied("", before)), @r###"
0 - pr/sim_machine.web
1 + pr/sim_machine.web after the old one: image <- 0
2 ~ pr/sim_group.web targets: ["sim_machine.web.address"] -> [pending(sim_machine.web.address)] <- 1
"###);
}
