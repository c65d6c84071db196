//! `parity`: whether two stages would make the same environment.

use std::path::Path;

use serde_json::{Value, json};

use crate::project::{Project, greenroom, run};

const ENVIRONMENT: &str = r#"
[variable.count]
type    = "number"
default = 1
[variable.greeting]
type    = "string"
default = "hello"
[resource.greenroom_value.web]
count = "${var.count}"
input = "${var.greeting} from ${environment.stage} at ${front.place}"
[output.greeting]
value = "${var.greeting}"
"#;

/// Two stages, of which the second says this.
fn project(second: &str, files: &[(&str, &str)]) -> Project {
    let project = format!(
        "[project]\nname = \"p\"\n[state]\nurl = \"state\"\n\
         [stage.one]\ntemplate = \"environment.toml\"\nfront = \"front.toml\"\n\
         [stage.two]\n{second}\n"
    );
    let all = [
        ("greenroom.toml", &*project),
        ("environment.toml", &ENVIRONMENT.replace("${environment.stage}", "here")),
        ("front.toml", "[output.place]\nvalue = \"home\"\n"),
    ];
    Project::new(&[&all[..], files].concat())
}

const SAME: &str = "template = \"environment.toml\"\nfront = \"front.toml\"\n";

/// The differences, each with what explains it.
fn differences(project: &Project, code: i32) -> Vec<(String, Value)> {
    let ran = project.run(&["parity", "one", "two", "--json"]);
    assert_eq!(ran.code, code, "{ran:?}");
    let event: Value =
        serde_json::from_str(ran.stdout.lines().last().expect("a line")).expect("JSON");
    assert_eq!(event["explained"], code == 0);
    let all = event["differences"].as_array().expect("differences").iter();
    let text = |it: &Value| it.as_str().expect("a text").to_owned();
    all.map(|it| {
        let (subject, path) = (text(&it["subject"]), text(&it["path"]));
        (format!("{subject} {path}").trim_end().to_owned(), it["because"].clone())
    })
    .collect()
}

#[test]
fn the_shops_test_stages_differ_by_a_variable_alone() {
    let shop = concat!(env!("CARGO_MANIFEST_DIR"), "/../../specs/shop");
    let compared = |stages: [&str; 2]| run(greenroom(Path::new(shop)).arg("parity").args(stages));
    let performance = compared(["integration", "performance"]);
    assert_eq!(performance.code, 0, "{performance:?}");
    assert!(performance.stdout.contains("(by variable `web_count`)"), "{}", performance.stdout);
    assert!(!performance.stdout.contains("Not explained"), "{}", performance.stdout);
    let production = compared(["integration", "production"]);
    assert_eq!(production.code, 0, "{production:?}");
}

#[test]
fn equal_stages_make_the_same_environment() {
    assert_eq!(differences(&project(SAME, &[]), 0), []);
    let ran = project(SAME, &[]).run(&["parity", "one", "two"]);
    assert_eq!(ran.stdout, "`one` and `two`: the same environment.\n");
}

#[test]
fn each_variable_explains_what_it_makes() {
    let second = format!("{SAME}variables = {{ count = 2, greeting = \"hi\" }}\n");
    let because = |name: &str| json!({ "variables": [name] });
    assert_eq!(
        differences(&project(&second, &[]), 0),
        [
            ("greenroom_value.web[0] input".to_owned(), because("greeting")),
            ("greenroom_value.web[0] output".to_owned(), because("greeting")),
            ("greenroom_value.web[1]".to_owned(), because("count")),
            ("output.greeting".to_owned(), because("greeting")),
        ]
    );
    let matrix = format!("{SAME}matrix = {{ count = [2, 3] }}\n");
    let found = differences(&project(&matrix, &[]), 0);
    assert_eq!(found, [("greenroom_value.web[1]".to_owned(), because("count"))]);
}

#[test]
fn what_takes_two_variables_is_explained_by_both() {
    let environment = "[variable.a]\ndefault = 1\n[variable.b]\ndefault = 1\n\
                       [output.sum]\nvalue = \"${var.a * 10 + var.b}\"\n";
    let second = format!("{SAME}variables = {{ a = 2, b = 2 }}\n");
    let project = project(&second, &[("environment.toml", environment)]);
    let because = json!({ "variables": ["a", "b"] });
    assert_eq!(differences(&project, 0), [("output.sum".to_owned(), because)]);
}

#[test]
fn the_front_and_the_stages_name_explain_what_they_make() {
    let away = "template = \"environment.toml\"\nfront = \"away.toml\"\n";
    let files = [("away.toml", "[output.place]\nvalue = \"away\"\n")];
    let value = |because: &str| {
        let part = |it: &str| (format!("greenroom_value.web[0] {it}"), json!(because));
        ["input", "output"].map(part)
    };
    assert_eq!(differences(&project(away, &files), 0), value("front"));
    let named = [("environment.toml", ENVIRONMENT)];
    assert_eq!(differences(&project(SAME, &named), 0), value("stage"));
}

#[test]
fn another_template_or_a_resource_more_is_not_explained() {
    let other = "template = \"other.toml\"\nfront = \"front.toml\"\n";
    let more = format!("{ENVIRONMENT}[resource.greenroom_value.more]\ninput = 1\n")
        .replace("${environment.stage}", "here");
    let project = project(other, &[("other.toml", &more)]);
    assert_eq!(
        differences(&project, 2),
        [("greenroom_value.more".to_owned(), Value::Null), ("template".to_owned(), Value::Null)]
    );
    let text = project.run(&["parity", "one", "two"]).stdout;
    assert!(text.starts_with("Not explained:\n  greenroom_value.more: only in `two`\n"), "{text}");
    assert!(text.ends_with("`one` and `two`: 2 differences, 2 of them not explained.\n"), "{text}");
}

#[test]
fn another_file_that_a_variable_chooses_is_explained_by_it() {
    let environment =
        "[variable.name]\ndefault = \"a\"\n[output.text]\nvalue = '${file(var.name)}'\n";
    let second = format!("{SAME}variables = {{ name = \"b\" }}\n");
    let files = [("environment.toml", environment), ("a", "1"), ("b", "2")];
    let found = differences(&project(&second, &files), 0);
    let subjects: Vec<&str> = found.iter().map(|(subject, _)| &**subject).collect();
    assert_eq!(subjects, ["file a", "file b", "output.text"]);
    assert!(found.iter().all(|(_, because)| *because == json!({ "variables": ["name"] })));
}

#[test]
fn a_secret_that_differs_is_not_shown() {
    let environment = "[variable.token]\nsensitive = true\ndefault = \"x\"\n\
                       [resource.greenroom_value.a]\ninput = \"${var.token}\"\n";
    let second = format!("{SAME}variables = {{ token = \"hunter2\" }}\n");
    let ran = project(&second, &[("environment.toml", environment)]).run(&["parity", "one", "two"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.stdout.contains("(sensitive)") && !ran.stdout.contains("hunter2"),
        "{}",
        ran.stdout
    );
}

#[test]
fn what_has_no_environment_or_mistakes_cannot_be_compared() {
    let nothing = project("run = [\"true\"]", &[]).run(&["parity", "one", "two"]);
    assert_eq!(nothing.code, 1);
    assert!(nothing.stderr.contains("stage `two` has no environment"), "{}", nothing.stderr);
    let unknown = project(SAME, &[]).run(&["parity", "one", "tow"]);
    assert!(unknown.stderr.contains("has no stage `tow`"), "{}", unknown.stderr);
    let broken = project(SAME, &[("environment.toml", "[output.a]\nvalue = \"${nothing}\"\n")]);
    assert_eq!(broken.run(&["parity", "one", "two"]).code, 1);
}
