//! Every expression of `golden/terraform.toml` gives what Terraform gives, or
//! differs as the table says.

use greenroom_model::value::Value;
use greenroom_spec::expr::{NoScope, evaluate, parse_expression};

const TABLE: &str = include_str!("../golden/terraform.toml");

struct Case {
    expression: String,
    theirs: Option<Value>,
    ours: Option<Value>,
    deviation: Option<String>,
}

#[test]
fn expressions_give_what_terraform_gives() {
    let cases = cases();
    assert!(cases.len() >= 500, "only {} cases were read", cases.len());
    let mut wrong = Vec::new();
    for case in &cases {
        let found = find(&case.expression);
        let wanted = if case.deviation.is_some() { &case.ours } else { &case.theirs };
        if found.as_ref().ok() != wanted.as_ref() {
            wrong.push(format!("{}\n    wanted {wanted:?}\n    found  {found:?}", case.expression));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn every_deviation_deviates() {
    for case in cases().iter().filter(|case| case.deviation.is_some()) {
        assert_ne!(case.ours, case.theirs, "{} is no deviation any more", case.expression);
    }
}

fn find(expression: &str) -> Result<Value, String> {
    let expr = parse_expression(expression).map_err(|mistakes| format!("{mistakes:?}"))?;
    let value = evaluate(&expr, &NoScope).map_err(|problem| problem.message)?;
    Ok(value.reveal())
}

fn cases() -> Vec<Case> {
    let table: toml::Table = TABLE.parse().expect("the table is TOML");
    let cases = table["case"].as_array().expect("cases").iter();
    cases.map(|case| read(case.as_table().expect("a case is a table"))).collect()
}

fn read(case: &toml::Table) -> Case {
    let text = |key: &str| case.get(key).map(|text| text.as_str().expect("a string").to_owned());
    let value = |key: &str| text(key).map(|json| serde_json::from_str(&json).expect("JSON"));
    Case {
        expression: text("expression").expect("each case has one"),
        theirs: value("result"),
        ours: value("ours"),
        deviation: text("deviation"),
    }
}
