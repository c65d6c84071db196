//! What is kept although something else is wrong.

use greenroom_model::address::BlockName;
use greenroom_spec::node::NodeKind;
use greenroom_spec::parse::parse_template;
use greenroom_spec::source::Sources;
use greenroom_spec::template::{Template, TemplateKind};

use crate::support::schemas;

fn read(text: &str) -> Template {
    let mut sources = Sources::default();
    let file = sources.add("environment.toml", text);
    parse_template(&sources, file, TemplateKind::Environment, &schemas()).value
}

#[test]
fn a_broken_expression_is_invalid_and_its_neighbours_stay() {
    let template =
        read("[local]\na = \"${1 +}\"\nb = \"${1 + 1}\"\nc = \"${var.none}\"\nd = \"plain\"\n");
    assert!(matches!(template.locals["a"].kind, NodeKind::Invalid));
    assert!(matches!(template.locals["b"].kind, NodeKind::Expression(_)));
    assert!(matches!(template.locals["c"].kind, NodeKind::Invalid));
    assert!(matches!(template.locals["d"].kind, NodeKind::Literal(_)));
}

#[test]
fn a_block_of_an_unknown_type_is_kept_as_such() {
    let template = read("[resource.sim_cluster.a]\nnodes = 3\n[resource.sim_network.b]\n");
    assert!(!template.blocks[&BlockName::managed("sim_cluster", "a")].known);
    assert_eq!(&*template.blocks[&BlockName::managed("sim_cluster", "a")].provider, "sim");
    assert!(template.blocks[&BlockName::managed("sim_network", "b")].known);
}

#[test]
fn a_string_that_ends_early_spoils_nothing_else() {
    let template =
        read("[local]\na = [\"${upper(\"x\")}\", \"b\"]\nc = 1\n[output.d]\nvalue = 1\n");
    let NodeKind::Array(elements) = &template.locals["a"].kind else { panic!("no list") };
    assert!(matches!(elements[0].kind, NodeKind::Invalid));
    assert!(matches!(elements[1].kind, NodeKind::Literal(_)));
    assert!(template.locals.contains_key("c") && template.outputs.contains_key("d"));
}

#[test]
fn locals_on_a_cycle_are_invalid_and_their_users_stay() {
    let template = read("[local]\na = \"${local.b}\"\nb = \"${local.a}\"\nc = \"${local.a}\"\n");
    assert!(matches!(template.locals["a"].kind, NodeKind::Invalid));
    assert!(matches!(template.locals["b"].kind, NodeKind::Invalid));
    assert!(matches!(template.locals["c"].kind, NodeKind::Expression(_)));
}
