//! Commands where there is no project, or nothing of what they ask for.

use crate::project::{Project, greenroom, run};

const PROJECT: &str = r#"
[project]
name = "shop"

[state]
url = "state"

[stage.build]
run = ["./build.sh"]

[stage.test]
template = "environment.toml"

[stage.borrows]
template = "environment.toml"
front_of = "zone"

[stage.zone]
front = "front.toml"

[stage.production]
template = "environment.toml"
front    = "front.toml"

[stage.production.promotion]
steps = [50, 100]
"#;

fn project() -> Project {
    Project::new(&[
        ("greenroom.toml", PROJECT),
        ("environment.toml", "[output.a]\nvalue = 1\n"),
        ("front.toml", "[output.b]\nvalue = 2\n"),
    ])
}

#[test]
fn without_a_project_there_is_help() {
    let ran = Project::new(&[]).run(&["validate"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.starts_with("error: there is no greenroom.toml in `"), "{}", ran.stderr);
    assert!(ran.stderr.contains("help: name the project's folder with -C"), "{}", ran.stderr);
}

#[test]
fn the_project_is_found_from_a_folder_below_it() {
    let project = project();
    let below = project.path().join("a/b");
    std::fs::create_dir_all(&below).unwrap();
    assert_eq!(run(greenroom(&below).arg("validate")).code, 0);
    let elsewhere = Project::new(&[]);
    let ran = run(greenroom(elsewhere.path()).arg("-C").arg(project.path()).arg("validate"));
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(project.run(&["-C", "a", "validate"]).code, 1, "-C looks nowhere else");
    assert_eq!(project.run(&["-C", "nowhere", "validate"]).code, 1);
}

#[test]
fn an_unknown_stage_gets_a_suggestion() {
    for command in
        [&["plan", "tset"] as &[&str], &["destroy", "tset", "--yes"], &["output", "tset"]]
    {
        let ran = project().run(command);
        assert_eq!(ran.code, 1, "{command:?}");
        assert!(ran.stderr.contains("did you mean `test`?"), "{command:?}: {}", ran.stderr);
    }
}

#[test]
fn what_this_version_cannot_do_is_said_before_anything_is_done() {
    let project = project();
    let before = project.entries();
    for (stage, what) in [
        ("production", "nothing is promoted in stage `production` yet"),
        ("borrows", "another stage's front"),
        ("build", "no environment"),
    ] {
        for command in [&["plan", stage] as &[&str], &["apply", stage, "--yes"]] {
            let ran = project.run(command);
            assert_eq!(ran.code, 1, "{command:?}");
            assert!(ran.stderr.contains(what), "{command:?}: {}", ran.stderr);
        }
    }
    assert_eq!(project.entries(), before);
}

#[test]
fn nobody_is_asked_where_nobody_is() {
    let project = project();
    let ran = project.run(&["apply", "test"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("help: give --yes"), "{}", ran.stderr);
    assert!(!project.path().join("state").exists());
}

#[test]
fn readers_find_nothing_where_nothing_is_and_make_nothing() {
    let project = project();
    for command in [
        &["state", "list", "test"] as &[&str],
        &["show", "test"],
        &["show"],
        &["output", "test"],
        &["destroy", "test", "--yes"],
        &["state", "examine", "test"],
    ] {
        let ran = project.run(command);
        assert_eq!(ran.code, 0, "{command:?}: {ran:?}");
    }
    let ran = project.run(&["output", "test", "url"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("there is no output `url` in `shop/test/default`"), "{ran:?}");
    let ran = project.run(&["state", "show", "test", "a.b"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("there is no object `a.b`"), "{ran:?}");
    assert!(!project.path().join("state").exists());
}

#[test]
fn names_that_would_leave_the_folder_of_states_are_refused() {
    for name in ["../x", "a/b", "", ".", "front", "Pr-1"] {
        let ran = project().run(&["state", "list", "test", "--env", name]);
        assert_eq!(ran.code, 1, "{name}: {ran:?}");
    }
    let ran = project().run(&["state", "list", "zone", "--env", "x"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("has no environments by name"), "{ran:?}");
}

#[test]
fn as_json_an_error_is_an_event_and_standard_error_stays_empty() {
    let ran = project().run(&["plan", "nowhere", "--json"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (1, ""));
    let event: serde_json::Value = serde_json::from_str(ran.stdout.trim()).unwrap();
    assert_eq!((&event["type"], &event["exit"]), (&"error".into(), &1.into()));
    assert_eq!(event["message"], "the project has no stage `nowhere`; nothing was changed");
}
