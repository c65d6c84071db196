//! How values are read.

use greenroom_model::value::Value;
use greenroom_spec::node::{Node, NodeKind};

use crate::support::sound;

fn local(written: &str) -> Node {
    sound(&format!("[variable.x]\n[local]\na = {written}\n")).locals["a"].clone()
}

fn literal(written: &str) -> Value {
    match local(written).kind {
        NodeKind::Literal(value) => value,
        kind => panic!("{written} is {kind:?}"),
    }
}

#[test]
fn plain_values_are_literals() {
    assert_eq!(literal("1"), Value::from(1));
    assert_eq!(literal("0xff"), Value::from(255));
    assert_eq!(literal("true"), Value::from(true));
    assert_eq!(literal("'a $ b'"), Value::from("a $ b"));
    assert_eq!(literal("1979-05-27T07:32:00Z"), Value::from("1979-05-27T07:32:00Z"));
}

#[test]
fn doubled_signs_are_plain_text() {
    assert_eq!(literal("'$${a} %%{b}'"), Value::from("${a} %{b}"));
}

#[test]
fn a_reference_is_found_where_it_stands() {
    let text = "[variable.x]\n[local]\na = \"\\u00e9\\t${ var.x }\"\n";
    let template = sound(text);
    let node = &template.locals["a"];
    let NodeKind::Expression(expression) = &node.kind else { panic!("no expression") };
    let found = greenroom_spec::expr::references(&expression.expr);
    assert_eq!(&text[node.place_of(found[0].span).span.range()], "var.x");
}
