//! A new project works at once, and nobody's files are overwritten.

use std::fs;

use crate::project::{Project, greenroom, run};

#[test]
fn a_new_project_is_valid_and_has_a_graph() {
    let folder = Project::new(&[]);
    let ran = folder.run(&["init", "my-shop"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("greenroom -C my-shop apply try"), "{}", ran.stderr);
    let project = folder.path().join("my-shop");
    assert!(fs::read_to_string(project.join("greenroom.toml")).unwrap().contains("\"my-shop\""));
    let ran = run(greenroom(&project).arg("validate"));
    assert_eq!(ran.stderr, "my-shop is valid: 1 stage checked\n");
    let ran = run(greenroom(&project).args(["graph", "try"]));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let edge = "\"front/local_listener.http\" -> \"front/local_load_balancer.front\"";
    assert!(ran.stdout.contains(edge), "{}", ran.stdout);
}

#[test]
fn files_that_are_there_are_left_alone() {
    let folder = Project::new(&[("front.toml", "mine")]);
    let ran = folder.run(&["init"]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.stderr.contains("front.toml is already there; nothing was written"),
        "{}",
        ran.stderr
    );
    assert_eq!(folder.entries(), ["front.toml"]);
    assert_eq!(fs::read_to_string(folder.path().join("front.toml")).unwrap(), "mine");
}
