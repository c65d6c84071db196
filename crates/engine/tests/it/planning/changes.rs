//! Creates, updates, deletes, and what a refresh finds.

use greenroom_engine::planner::ReadSeen;
use greenroom_model::state::Status;
use greenroom_model::value::{Object, Value};
use insta::assert_snapshot;

use super::support::{World, applied, check, fresh};

const TWO: &str = r#"
[resource.sim_network.main]
cidr = "10.0.0.0/16"
[resource.sim_machine.web]
image = "a"
network_id = "${sim_network.main.id}"
"#;

fn edited(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from}");
    text.replace(from, to)
}

fn attributes(world: &World, address: &str) -> Object {
    let state = world.state.as_ref().expect("a state");
    let address = address.parse().expect("an address");
    let current = state.instance(&address).and_then(|it| it.current.as_ref()).expect("an object");
    current.attributes.as_object().cloned().expect("attributes")
}

#[test]
fn what_is_wanted_is_created_after_what_it_reads() {
    assert_snapshot!(fresh(TWO), @r###"
0 + pr/sim_network.main cidr="10.0.0.0/16"
1 + pr/sim_machine.web image="a" network_id=pending(sim_network.main.id) size="small" <- 0~
"###);
}

#[test]
fn a_second_plan_is_empty() {
    assert_snapshot!(check("", TWO, &applied("", TWO)), @"no changes");
}

#[test]
fn an_argument_that_may_change_is_updated_in_place() {
    let large = edited(TWO, "image = \"a\"", "image = \"a\"\nsize = \"large\"");
    assert_snapshot!(check("", &large, &applied("", TWO)), @r###"0 ~ pr/sim_machine.web size: "small" -> "large""###);
}

#[test]
fn what_is_wanted_no_longer_goes_readers_first() {
    assert_snapshot!(check("", "", &applied("", TWO)), @r###"
0 - pr/sim_machine.web: not configured
1 - pr/sim_network.main: not configured <- 0
"###);
}

#[test]
fn an_object_that_is_gone_is_made_again_and_its_reader_follows() {
    let world = applied("", TWO).sees("pr/sim_machine.web", ReadSeen::Gone);
    assert_snapshot!(check("", TWO, &world), @r###"
drift pr/sim_machine.web gone
0 + pr/sim_machine.web image="a" network_id="sim_network.main.id" size="small"
"###);
    let world = applied("", TWO).sees("pr/sim_network.main", ReadSeen::Gone);
    assert_snapshot!(check("", TWO, &world), @r###"
drift pr/sim_network.main gone
0 + pr/sim_network.main cidr="10.0.0.0/16"
1 - pr/sim_machine.web <- 0~
2 + pr/sim_machine.web after the old one: network_id may differ <- 0~ 1
"###);
}

#[test]
fn an_object_that_somebody_changed_is_changed_back() {
    let world = applied("", TWO);
    let mut seen = attributes(&world, "pr/sim_machine.web");
    seen.insert("size".into(), "huge".into());
    let world = world.sees("pr/sim_machine.web", ReadSeen::Present(Value::from(seen)));
    assert_snapshot!(check("", TWO, &world), @r###"
drift pr/sim_machine.web changed
0 ~ pr/sim_machine.web size: "huge" -> "small"
"###);
}

#[test]
fn an_object_that_failed_is_replaced() {
    let world = applied("", TWO);
    let seen = Value::from(attributes(&world, "pr/sim_machine.web"));
    let broken = ReadSeen::Broken { attributes: seen, reason: "it burns".to_owned() };
    assert_snapshot!(check("", TWO, &world.sees("pr/sim_machine.web", broken)), @r###"
drift pr/sim_machine.web failed: it burns
0 - pr/sim_machine.web
1 + pr/sim_machine.web after the old one: failed: it burns <- 0
"###);
}

#[test]
fn an_object_that_cannot_be_read_is_a_mistake_and_not_a_new_object() {
    let seen = ReadSeen::Unreadable("the cloud is away".to_owned());
    let world = applied("", TWO).sees("pr/sim_machine.web", seen);
    assert_snapshot!(check("", TWO, &world), @"plan::unreadable: cannot read pr/sim_machine.web: the cloud is away");
}

fn web(state: &mut greenroom_model::state::State) -> &mut greenroom_model::state::Instance {
    state.instance_mut(&"pr/sim_machine.web".parse().expect("an address"))
}

#[test]
fn an_incomplete_object_is_waited_for_and_not_made_twice() {
    let world = applied("", TWO).with(|state| {
        web(state).current.as_mut().expect("an object").status = Status::Incomplete;
    });
    assert_snapshot!(check("", TWO, &world), @"0 complete pr/sim_machine.web");
}

#[test]
fn what_is_not_yet_known_of_an_incomplete_object_is_no_reason_to_replace_it() {
    let world = applied("", TWO).with(|state| {
        let object = web(state).current.as_mut().expect("an object");
        object.status = Status::Incomplete;
        let mut known = object.attributes.as_object().cloned().expect("attributes");
        known.insert("zone".into(), Value::Null);
        object.attributes = Value::from(known);
    });
    assert_snapshot!(check("", TWO, &world), @"0 complete pr/sim_machine.web");
    let zone = edited(TWO, "image = \"a\"", "image = \"a\"\nzone = \"z2\"");
    assert_snapshot!(check("", &zone, &world), @"0 complete pr/sim_machine.web");
    let image = edited(TWO, "image = \"a\"", "image = \"b\"");
    assert_snapshot!(check("", &image, &world), @r###"
    0 - pr/sim_machine.web
    1 + pr/sim_machine.web after the old one: image <- 0
    "###);
}

#[test]
fn what_a_replacement_left_behind_is_deleted() {
    let world = applied("", TWO).with(|state| {
        let instance = web(state);
        let mut old = instance.current.clone().expect("an object");
        old.uid = greenroom_model::identity::Uid("old".into());
        old.id = "old-id".into();
        instance.deposed.push(old);
    });
    assert_snapshot!(check("", TWO, &world), @"0 - pr/sim_machine.web (old): left behind");
}

#[test]
fn what_is_on_its_way_out_is_deleted_to_its_end_and_made_anew_if_it_is_wanted() {
    let world = applied("", TWO).with(|state| {
        web(state).current.as_mut().expect("an object").status = Status::Deleting;
    });
    assert_snapshot!(check("", TWO, &world), @r###"
0 + pr/sim_machine.web image="a" network_id="sim_network.main.id" size="small"
1 - pr/sim_machine.web (old): not configured
"###);
}

#[test]
fn ignored_changes_are_no_changes() {
    let ignoring = edited(
        TWO,
        "image = \"a\"",
        "image = \"a\"\nlifecycle = { ignore_changes = [\"size\", \"image\"] }",
    );
    let changed = edited(&ignoring, "image = \"a\"", "image = \"b\"\nsize = \"large\"");
    assert_snapshot!(check("", &changed, &applied("", &ignoring)), @"no changes");
}

#[test]
fn what_is_protected_is_neither_replaced_nor_deleted() {
    let kept =
        edited(TWO, "image = \"a\"", "image = \"a\"\nlifecycle = { prevent_destroy = true }");
    let changed = edited(&kept, "image = \"a\"", "image = \"b\"");
    assert_snapshot!(check("", &changed, &applied("", &kept)), @"plan::prevent_destroy: pr/sim_machine.web would be replaced, but `prevent_destroy` is set");
    assert_snapshot!(check("", "", &applied("", &kept)), @"plan::prevent_destroy: pr/sim_machine.web would be deleted, but `prevent_destroy` is set");
}

#[test]
fn a_secret_stands_in_no_plan() {
    let text = r#"
[variable.password]
type = "string"
sensitive = true
[resource.sim_machine.db]
image = "a"
secret = "${var.password}"
size = "${var.password}"
[output.password]
value = "${sim_machine.db.size}"
sensitive = true
"#;
    let first = World::default().given("password", "hunter2");
    let rendered = check("", text, &first);
    assert!(!rendered.contains("hunter2"), "{rendered}");
    assert_snapshot!(rendered, @r###"
0 + pr/sim_machine.db image="a" secret=sensitive(var.password) size=sensitive(var.password)
output pr.password = sensitive(var.password)
"###);
    // A provider answers without marks; the state must not forget which parts are secret.
    let mut world = super::support::applied_with("", text, first);
    let unmarked: Object = attributes(&world, "pr/sim_machine.db")
        .into_iter()
        .map(|(name, value)| (name, value.reveal()))
        .collect();
    world.variables = vec![("password", "correct horse")];
    let world = world.sees("pr/sim_machine.db", ReadSeen::Present(Value::from(unmarked)));
    let plan = super::support::planned("", text, &world).expect("a plan");
    let rendered = super::render::plan(&plan);
    assert!(!rendered.contains("hunter2") && !rendered.contains("correct horse"), "{rendered}");
    assert_snapshot!(rendered, @r###"
0 ~ pr/sim_machine.db secret: sensitive(sim_machine.db.secret) -> sensitive(var.password) size: sensitive(sim_machine.db.size) -> sensitive(var.password)
output pr.password = sensitive(var.password)
"###);
}
