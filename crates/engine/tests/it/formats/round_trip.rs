//! What is written reads back equal.

use greenroom_engine::format::{claim, plan::seal};
use greenroom_engine::format::{journal, plan, snapshot};
use greenroom_model::address::Address;
use greenroom_model::expr::Expr;
use greenroom_model::journal::{Entry, Outcome};
use greenroom_model::plan::Action;
use greenroom_model::value::Value;
use proptest::prelude::*;

use super::{arbitrary, samples};

proptest! {
    #[test]
    fn a_state_survives_its_snapshot(state in arbitrary::state()) {
        let bytes = snapshot::encode(&state);
        let decoded = snapshot::decode(&bytes).unwrap();
        prop_assert_eq!(&decoded, &state);
        prop_assert_eq!(snapshot::encode(&decoded), bytes);
    }

    #[test]
    fn an_entry_survives_its_bytes_and_has_no_line_break(entry in arbitrary::entry()) {
        let bytes = journal::encode(&entry);
        prop_assert!(!bytes.contains(&b'\n'));
        prop_assert_eq!(journal::decode(&bytes).unwrap(), entry);
    }

    #[test]
    fn a_plan_without_secrets_survives_its_file(plan in arbitrary::plan(false)) {
        let bytes = plan::encode(&plan);
        prop_assert_eq!(plan::decode(&bytes).unwrap(), plan);
    }

    #[test]
    fn a_plan_file_holds_no_secret_and_is_written_again_as_it_was(plan in arbitrary::plan(true)) {
        let bytes = plan::encode(&plan);
        let text = String::from_utf8(bytes.clone()).expect("JSON is UTF-8");
        prop_assert!(!text.contains(arbitrary::SECRET), "{}", text);
        prop_assert_eq!(plan::encode(&plan::decode(&bytes).unwrap()), bytes);
    }
}

#[test]
fn a_secret_comes_back_from_a_plan_file_as_the_reference_that_gives_it() {
    let password = || Expr::reference("var", ["password"]);
    let mut planned = samples::plan();
    let Action::Create(change) = &mut planned.phases[0].operations[0].action else {
        panic!("a create");
    };
    change.config =
        Value::object([("password", Value::sensitive(Value::from("hunter2"), password()))]);
    let decoded = plan::decode(&plan::encode(&planned)).unwrap();
    let Action::Create(change) = &decoded.phases[0].operations[0].action else {
        panic!("a create");
    };
    assert_eq!(change.config.get("password"), Some(&Value::pending(password())));
}

#[test]
fn a_sensitive_variable_of_a_plan_is_recognised_by_its_seal() {
    let mut planned = samples::plan();
    let (scope, inputs) = planned.inputs.iter_mut().next().unwrap();
    let scope = scope.clone();
    let secret = Value::sensitive(Value::from("hunter2"), Expr::reference("var", ["password"]));
    inputs.variables.insert("password".into(), secret.clone());
    let decoded = plan::decode(&plan::encode(&planned)).unwrap();
    let kept = &decoded.inputs[&scope].variables["password"];
    let name = "password".into();
    assert_eq!(kept, &seal(&decoded.lineage, &scope, &name, &secret));
    assert_ne!(kept, &seal(&decoded.lineage, &scope, &name, &Value::from("other")));
}

#[test]
fn the_secrets_of_a_state_refer_to_what_holds_them() {
    let state = snapshot::decode(&snapshot::encode(&samples::state())).unwrap();
    let scope = &state.scopes[&"r18".parse().unwrap()];
    let web = state.instance(&"r18/local_instance.web[0]".parse().unwrap()).unwrap();
    let token = web.current.as_ref().unwrap().attributes.get("environment").unwrap().get("TOKEN");
    assert_eq!(
        format!("{:?}", token.unwrap()),
        "sensitive(local_instance.web[0].environment.TOKEN)"
    );
    assert_eq!(format!("{:?}", scope.inputs.variables["password"]), "sensitive(var.password)");
    assert_eq!(format!("{:?}", scope.outputs["token"]), "sensitive(output.token)");
}

#[test]
fn the_secrets_of_an_outcome_are_claimed_for_its_object() {
    let created = samples::entries().into_iter().find_map(|entry| match entry {
        Entry::Outcome { outcome: Outcome::Updated { attributes }, .. } => Some(attributes),
        _ => None,
    });
    let entry = Entry::Outcome {
        intent: Default::default(),
        outcome: Outcome::Updated { attributes: created.unwrap() },
    };
    let Entry::Outcome { outcome: Outcome::Updated { attributes }, .. } =
        journal::decode(&journal::encode(&entry)).unwrap()
    else {
        panic!("an update");
    };
    let source =
        |value: &Value| format!("{:?}", value.get("environment").unwrap().get("TOKEN").unwrap());
    assert_eq!(source(&attributes), "sensitive(self.environment.TOKEN)");
    let address: Address = r#"r18/data.a.b["x"]"#.parse().unwrap();
    let claimed = claim(attributes.clone(), &address);
    assert_eq!(source(&claimed), "sensitive(data.a.b.x.environment.TOKEN)");
    assert_eq!(claimed, attributes);
}
