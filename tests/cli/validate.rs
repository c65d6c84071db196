//! Mistakes: all of them, with their places.

use crate::project::Project;

const PROJECT: &str = r#"
[project]
name = "shop"

[state]
url = "state"

[image.web]
id = "image"

[stage.build]
run = ["./build.sh"]

[stage.test]
needs    = ["biuld"]
template = "environment.toml"
front    = "front.toml"
"#;

/// Seven mistakes, four of them inside expressions, one of them only seen when variables get their
/// values.
const ENVIRONMENT: &str = r#"
[variable.count]
type    = "number"
default = "many"

[resource.greenroom_value.one]
input  = "${var.cuont}"
inputs = 1

[resource.greenroom_valeu.two]
input = 1

[resource.greenroom_value.three]
input = "${greenroom_value.four.output}"

[resource.greenroom_value.five]
count = "${greenroom_value.one.output}"
input = "${lenght([1])}"

[output.x]
value = "${front.ulr}"
"#;

const FRONT: &str = "[output.url]\nvalue = 1\n";

fn project() -> Project {
    Project::new(&[
        ("greenroom.toml", PROJECT),
        ("environment.toml", ENVIRONMENT),
        ("front.toml", FRONT),
    ])
}

#[test]
fn all_mistakes_of_all_files_come_in_one_run_with_their_places() {
    let project = project();
    let ran = project.run(&["validate", "--json"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (1, ""));
    let event: serde_json::Value = serde_json::from_str(ran.stdout.trim()).unwrap();
    let places: Vec<String> = event["diagnostics"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            let at = &it["labels"][0];
            format!(
                "{}:{}:{} {}",
                at["file"].as_str().unwrap(),
                at["line"],
                at["column"],
                it["code"]
            )
        })
        .collect();
    insta::assert_snapshot!(places.join("\n"), @r#"
    greenroom.toml:15:13 "spec::unknown_stage"
    environment.toml:4:11 "resolve::variable"
    environment.toml:7:13 "spec::unknown_reference"
    environment.toml:8:1 "spec::unknown_argument"
    environment.toml:10:11 "spec::unknown_type"
    environment.toml:14:12 "spec::unknown_reference"
    environment.toml:18:12 "spec::expression"
    environment.toml:21:12 "spec::unknown_output"
    "#);
    assert!(!project.path().join("state").exists(), "nothing was touched");
}

#[test]
fn people_see_the_lines_and_how_many_mistakes_there_are() {
    let ran = project().run(&["validate"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (1, ""));
    assert!(ran.stderr.contains("[environment.toml:7:"), "{}", ran.stderr);
    assert!(ran.stderr.contains("did you mean `length`?"), "{}", ran.stderr);
    assert!(ran.stderr.ends_with(" mistakes\n"), "{}", ran.stderr);
    assert!(!ran.stderr.contains('\u{1b}'), "no colour where there is no terminal");
}

#[test]
fn a_plan_reports_the_same_mistakes() {
    let (validated, planned) = (project().run(&["validate"]), project().run(&["plan", "test"]));
    assert_eq!(planned.code, 1);
    let count = |text: &str| text.lines().last().map(str::to_owned);
    assert_eq!(count(&planned.stderr), count(&validated.stderr));
}

#[test]
fn a_sound_project_is_valid_without_values_for_its_variables() {
    let project = Project::new(&[
        ("greenroom.toml", &PROJECT.replace("biuld", "build")),
        (
            "environment.toml",
            "[variable.v]\ntype = \"string\"\n[resource.greenroom_value.a]\ninput = \"${var.v}\"\n",
        ),
        ("front.toml", FRONT),
    ]);
    let ran = project.run(&["validate"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(ran.stderr, "shop is valid: 2 stages checked\n");
    let ran = project.run(&["plan", "test"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("the variable `v` has no value"), "{}", ran.stderr);
}

#[test]
fn no_input_makes_it_panic() {
    let files = [
        "",
        "=",
        "[",
        "[[",
        "\u{0}",
        "[stage",
        "[stage.a]\ntemplate = 1",
        "a = \"${\"",
        "[project]\nname = \"\u{feff}\"",
        "[stage.\"\"]\ntemplate = \"\"",
        "[project]\nname = \"../../x\"\n[stage.test]\ntemplate = \"/dev/null\"",
    ];
    for text in files {
        let project = Project::new(&[("greenroom.toml", text), ("environment.toml", text)]);
        for command in [&["validate"] as &[&str], &["plan", "test"], &["show"], &["graph", "test"]]
        {
            let ran = project.run(command);
            assert!(!ran.stderr.contains("panicked"), "{text:?} {command:?}: {}", ran.stderr);
        }
    }
}
