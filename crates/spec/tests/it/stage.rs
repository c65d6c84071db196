//! What a stage and its templates must agree on.

use insta::assert_snapshot;

use crate::support::{HEAD, check};

fn with_stage(stage: &str, environment: &str, front: Option<&str>) -> String {
    let project = format!("{HEAD}[image.web]\nid = \"w\"\n{stage}");
    let mut files = vec![("greenroom.toml", &*project), ("environment.toml", environment)];
    files.extend(front.map(|front| ("front.toml", front)));
    check(&files)
}

const STAGE: &str = "[stage.test]\ntemplate = \"environment.toml\"\nfront = \"front.toml\"\n";
const FRONT: &str = "[output.subnet_ids]\nvalue = [1]\n";

#[test]
fn images_and_outputs_of_the_front_must_be_declared() {
    let environment = r#"
[local]
a = "${image.web.id} ${front.subnet_ids[0]}"
b = "${image.wbe.id}"
c = "x-${front.subnet_id}"
"#;
    assert_snapshot!(with_stage(STAGE, environment, Some(FRONT)), @r#"
    environment.toml:4:8: spec::unknown_image: unknown image `wbe` (did you mean `web`?)
    environment.toml:5:10: spec::unknown_output: the front has no output `subnet_id` (did you mean `subnet_ids`?)
    "#);
}

#[test]
fn a_stage_without_a_front_has_nothing_to_refer_to() {
    let stage = "[stage.test]\ntemplate = \"environment.toml\"\n";
    let environment = "[local]\na = \"${front.subnet_ids}\"\nb = \"${front}\"\n";
    assert_snapshot!(with_stage(stage, environment, None), @r#"
    environment.toml:2:8: spec::no_front: stage `test` has no front [greenroom.toml:5:8: this stage] (give the stage a `front`, or another stage's by `front_of`)
    environment.toml:3:8: spec::no_front: stage `test` has no front [greenroom.toml:5:8: this stage] (give the stage a `front`, or another stage's by `front_of`)
    "#);
    assert_eq!(with_stage(stage, "[local]\na = 1\n", None), "");
}

#[test]
fn a_borrowed_front_lends_its_outputs() {
    let stage = "[stage.zone]\nfront = \"front.toml\"\n[stage.test]\ntemplate = \"environment.toml\"\nfront_of = \"zone\"\n";
    let environment = "[local]\na = \"${front.subnet_ids}\"\nb = \"${front.none}\"\n";
    assert_snapshot!(with_stage(stage, environment, Some(FRONT)), @r#"environment.toml:3:8: spec::unknown_output: the front has no output `none` (known here: `subnet_ids`)"#);
}

#[test]
fn variables_and_gates_must_be_in_a_template() {
    let stage = format!(
        "{STAGE}variables = {{ sise = 1, zone = \"a\" }}\n[stage.test.promotion]\ngates = [\"web\", \"wbe\"]\n"
    );
    let environment = "[variable.size]\n[gate.web]\ntcp = \"localhost:1\"\n";
    let front = "[variable.zone]\n";
    assert_snapshot!(with_stage(&stage, environment, Some(front)), @r#"
    greenroom.toml:8:22: spec::unknown_variable: no template of stage `test` has a variable `sise` (did you mean `size`?)
    greenroom.toml:10:17: spec::unknown_gate: unknown gate `wbe` (did you mean `web`?)
    "#);
}

#[test]
fn provider_configurations_must_be_declared() {
    let environment = "[resource.sim_network.a]\nprovider = \"sim.west\"\ncidr_block = \"x\"\n";
    assert_snapshot!(with_stage(STAGE, environment, Some(FRONT)), @r#"environment.toml:1:1: spec::unknown_provider: `sim_network.a` uses the provider configuration `sim.west`, which is not declared (declare it in the project: `[provider."sim.west"]`)"#);
    let declared = format!("{STAGE}[stage.test.provider.\"sim.west\"]\nregion = \"west\"\n");
    assert_eq!(with_stage(&declared, environment, Some(FRONT)), "");
}
