//! Help and wrong command lines.

use crate::project::Project;

#[test]
fn help_goes_to_standard_output_and_names_every_command() {
    let ran = Project::new(&[]).run(&["--help"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let commands = [
        "init", "validate", "plan", "apply", "destroy", "reap", "parity", "attest", "keys",
        "import", "show", "state", "output", "graph", "schema",
    ];
    for command in commands {
        assert!(ran.stdout.contains(&format!("\n  {command} ")), "{command}: {}", ran.stdout);
    }
    assert!(!ran.stdout.contains("local-runtime"), "it is no interface for people");
}

#[test]
fn a_wrong_command_line_is_an_error_and_not_the_code_for_changes() {
    let project = Project::new(&[]);
    for arguments in [
        &["nonsense"] as &[&str],
        &[],
        &["plan"],
        &["plan", "it", "--parallelism", "3"],
        &["apply", "it", "--parallelism", "many"],
        &["output", "it", "--raw"],
        &["plan", "it", "--var", "novalue"],
        &["reap", "--watch"],
        &["reap", "--yes", "--every", "1s"],
    ] {
        let ran = project.run(arguments);
        assert_eq!(ran.code, 1, "{arguments:?}");
        assert!(ran.stdout.is_empty() && !ran.stderr.is_empty(), "{arguments:?}: {ran:?}");
    }
}

#[test]
fn the_version_is_printed() {
    let ran = Project::new(&[]).run(&["--version"]);
    assert_eq!(ran.stdout, format!("greenroom {}\n", env!("CARGO_PKG_VERSION")));
}
