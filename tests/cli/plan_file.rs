//! Plan files, and plans of a project that only has values.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::project::{Project, greenroom, run};

const PROJECT: &str = "[project]\nname = \"shop\"\n[state]\nurl = \"state\"\n\
                       [stage.test]\ntemplate = \"environment.toml\"\n";

const ENVIRONMENT: &str = r#"
[variable.text]
type    = "string"
default = "hello"

[variable.token]
type      = "string"
sensitive = true
default   = "d3fault-s3cret"

[resource.greenroom_value.a]
input = "${var.text}"

[resource.greenroom_value.b]
input = { token = "${var.token}", a = "${greenroom_value.a.id}" }

[output.text]
value = "${greenroom_value.a.output}"
"#;

fn project() -> Project {
    Project::new(&[("greenroom.toml", PROJECT), ("environment.toml", ENVIRONMENT)])
}

fn expect(project: &Project, code: i32, arguments: &[&str]) -> crate::project::Ran {
    let ran = project.run(arguments);
    assert_eq!(ran.code, code, "{arguments:?}: {}\n{}", ran.stdout, ran.stderr);
    ran
}

#[test]
fn a_plan_is_shown_saved_and_applied_as_it_is() {
    let project = project();
    let ran = expect(&project, 2, &["plan", "test", "--out", "p.plan", "--detailed-exitcode"]);
    assert!(ran.stdout.contains("Plan: 2 to add"), "{}", ran.stdout);
    assert!(!project.path().join("state").exists(), "a plan makes nothing");
    let file = fs::read_to_string(project.path().join("p.plan")).unwrap();
    assert!(!file.contains("s3cret") && !ran.stdout.contains("s3cret"));
    let mode = fs::metadata(project.path().join("p.plan")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let shown = expect(&project, 0, &["show", "p.plan"]);
    assert!(shown.stdout.contains("+ greenroom_value.a"), "{}", shown.stdout);
    let ran = expect(&project, 0, &["apply", "p.plan", "--yes"]);
    assert_eq!(ran.stdout, "text = \"hello\"\n", "outputs are the data of an apply");
    expect(&project, 0, &["plan", "test", "--detailed-exitcode"]);
    assert_eq!(expect(&project, 0, &["output", "test", "text"]).stdout, "hello\n");
    let list = expect(&project, 0, &["state", "list", "test"]).stdout;
    assert_eq!(list, "default/greenroom_value.a\ndefault/greenroom_value.b\n");
    let object = expect(&project, 0, &["state", "show", "test", "greenroom_value.b"]).stdout;
    assert!(object.contains("(sensitive)") && !object.contains("s3cret"), "{object}");
    expect(&project, 0, &["destroy", "test", "--yes"]);
    assert_eq!(expect(&project, 0, &["show"]).stdout, "", "no state is left");
}

#[test]
fn a_plan_that_was_applied_to_its_end_has_nothing_left_to_do() {
    let project = project();
    expect(&project, 0, &["plan", "test", "--out", "p.plan"]);
    expect(&project, 0, &["apply", "p.plan", "--yes"]);
    let before = expect(&project, 0, &["state", "list", "test"]).stdout;
    let ran = expect(&project, 0, &["apply", "p.plan", "--yes"]);
    assert!(ran.stderr.contains("was applied already"), "{}", ran.stderr);
    assert_eq!(ran.stdout, "text = \"hello\"\n");
    assert_eq!(expect(&project, 0, &["state", "list", "test"]).stdout, before);
    // After another plan, the first one is of the past.
    expect(&project, 0, &["apply", "test", "--yes", "--var", "text=later"]);
    expect(&project, 4, &["apply", "p.plan", "--yes"]);
}

#[test]
fn a_plan_of_a_new_environment_shows_only_what_an_apply_keeps() {
    let project = project();
    let ids = |text: &str| -> Vec<String> {
        let is_uid = |it: &&str| it.len() == 20 && it.bytes().all(|it| it.is_ascii_hexdigit());
        let words = text.split(|it: char| !it.is_ascii_alphanumeric());
        words.filter(is_uid).map(str::to_owned).collect()
    };
    let shown = expect(&project, 0, &["plan", "test", "--json"]).stdout;
    assert_eq!(ids(&shown), Vec::<String>::new(), "{shown}");
    let shown = expect(&project, 0, &["plan", "test"]).stdout;
    assert!(shown.contains("(known after apply)") && shown.contains("\"hello\""), "{shown}");
    let saved = expect(&project, 0, &["plan", "test", "--out", "p.plan"]).stdout;
    assert!(!ids(&saved).is_empty(), "a saved plan keeps its lineage: {saved}");
    expect(&project, 0, &["apply", "p.plan", "--yes"]);
    let show = |name| expect(&project, 0, &["state", "show", "test", name]).stdout;
    let made = show("greenroom_value.a") + &show("greenroom_value.b");
    assert!(ids(&saved).iter().all(|id| made.contains(id.as_str())), "{saved}\n{made}");
}

#[test]
fn the_command_that_applies_a_saved_plan_works_as_it_is_printed() {
    let project = project();
    let folder = project.path().parent().expect("a folder above");
    let name = project.path().file_name().and_then(|it| it.to_str()).expect("a name");
    let mut plan = greenroom(folder);
    let ran = run(plan.args(["-C", name, "plan", "test", "--out", "p.plan"]));
    let (_, printed) = ran.stderr.split_once("exactly this: greenroom ").expect("a hint");
    let words: Vec<&str> = printed.split_whitespace().collect();
    assert_eq!(words, ["-C", name, "apply", "p.plan"]);
    let ran = run(greenroom(folder).args(words).arg("--yes"));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
}

#[test]
fn what_only_the_state_would_record_counts_as_a_change() {
    let project = project();
    expect(&project, 0, &["apply", "test", "--yes"]);
    let protected = ENVIRONMENT.replace(
        "input = \"${var.text}\"",
        "input = \"${var.text}\"\nlifecycle = { prevent_destroy = true }",
    );
    fs::write(project.path().join("environment.toml"), protected).unwrap();
    let ran = expect(&project, 2, &["plan", "test", "--detailed-exitcode"]);
    let said = "what the specs now say of 1 object is recorded by the next apply";
    assert!(ran.stdout.contains(said), "{}", ran.stdout);
    expect(&project, 0, &["apply", "test", "--yes"]);
    expect(&project, 0, &["plan", "test", "--detailed-exitcode"]);
}

#[test]
fn a_secret_that_a_plan_file_cannot_give_back_is_not_saved() {
    let environment = "[local]\nkey = \"k3y\"\n[resource.greenroom_value.a]\n\
                       input = \"${sensitive(local.key)}\"\n";
    let project = Project::new(&[("greenroom.toml", PROJECT), ("environment.toml", environment)]);
    let ran = expect(&project, 1, &["plan", "test", "--out", "p.plan"]);
    assert!(ran.stderr.contains("`local.key` makes something secret"), "{}", ran.stderr);
    assert!(!project.path().join("p.plan").exists());
    expect(&project, 0, &["apply", "test", "--yes"]);
}

#[test]
fn a_plan_with_another_secret_is_refused() {
    let project = project();
    let secret = ["--var", "token=s3cret"];
    expect(&project, 0, &["plan", "test", "--out", "p.plan", secret[0], secret[1]]);
    let ran = expect(&project, 4, &["apply", "p.plan", "--yes"]);
    assert!(ran.stderr.contains("the secret variable `token` has not the value"), "{}", ran.stderr);
    expect(&project, 0, &["apply", "p.plan", "--yes", secret[0], secret[1]]);
}

#[test]
fn a_plan_whose_ground_has_moved_is_refused_and_does_nothing() {
    let project = project();
    expect(&project, 0, &["apply", "test", "--yes"]);
    expect(&project, 0, &["plan", "test", "--var", "text=later", "--out", "p.plan"]);
    expect(&project, 0, &["apply", "test", "--yes", "--var", "text=now"]);
    let ran = expect(&project, 4, &["apply", "p.plan", "--yes"]);
    assert!(ran.stderr.contains("default/greenroom_value.a"), "{}", ran.stderr);
    assert_eq!(expect(&project, 0, &["output", "test", "text"]).stdout, "now\n");
}

#[test]
fn what_is_no_plan_file_is_refused() {
    let project = Project::new(&[
        ("greenroom.toml", PROJECT),
        ("environment.toml", ENVIRONMENT),
        ("empty.plan", ""),
        ("text.plan", "hello"),
        ("json.plan", "{\"format\":1}"),
    ]);
    for file in ["empty.plan", "text.plan", "json.plan"] {
        let ran = expect(&project, 1, &["apply", file, "--yes"]);
        assert!(ran.stderr.contains("cannot be used; nothing was changed"), "{}", ran.stderr);
    }
    let ran = expect(&project, 1, &["apply", "no-such.plan", "--yes"]);
    assert!(
        ran.stderr.contains("neither a stage nor a plan file `no-such.plan`"),
        "{}",
        ran.stderr
    );
}

#[test]
fn every_line_of_the_json_stream_is_an_event() {
    let project = project();
    let ran = expect(&project, 0, &["apply", "test", "--yes", "--json"]);
    assert_eq!(ran.stderr, "");
    let types: Vec<String> = ran
        .stdout
        .lines()
        .map(|line| {
            let event: serde_json::Value = serde_json::from_str(line).expect("an object");
            assert_eq!(event["v"], 1);
            event["type"].as_str().expect("a type").to_owned()
        })
        .collect();
    for expected in ["plan", "run_started", "operation_started", "operation_completed", "summary"] {
        assert!(types.iter().any(|it| it == expected), "{expected} is not among {types:?}");
    }
    assert_eq!(types.last().map(String::as_str), Some("outputs"));
    assert!(!ran.stdout.contains("s3cret"));
}

#[test]
fn a_reader_that_goes_away_stops_nothing() {
    use std::process::{Command, Stdio};
    let project = project();
    let mut child = Command::new(env!("CARGO_BIN_EXE_greenroom"))
        .args(["apply", "test", "--yes", "--json"])
        .current_dir(project.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("greenroom starts");
    drop(child.stdout.take());
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    expect(&project, 0, &["plan", "test", "--detailed-exitcode"]);
}
