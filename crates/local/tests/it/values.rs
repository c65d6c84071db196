//! `greenroom_value`.

use std::sync::Arc;

use greenroom_local::ValueProvider;
use greenroom_model::identity::Uid;
use greenroom_model::value::Value;
use greenroom_provider::{ProposeRequest, Provider};

#[test]
fn the_output_is_the_input_and_known_at_plan() {
    let provider = ValueProvider::new();
    let planned = Value::object([("input", Value::from("x")), ("triggers_replace", Value::Null)]);
    let request = ProposeRequest {
        kind: "greenroom_value".into(),
        address: "front/greenroom_value.a".parse().unwrap(),
        uid: Uid(Arc::from("0123")),
        prior: None,
        config: planned.clone(),
        planned,
    };
    let proposal = provider.propose(vec![request]).remove(0);
    assert_eq!(proposal.planned.get("output"), Some(&Value::from("x")));
    assert_eq!(proposal.planned.get("id"), Some(&Value::from("0123")));
    assert_eq!((proposal.replace, proposal.wrong), (vec![], vec![]));
}
