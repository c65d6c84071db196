//! What can be written, for editors and for the book.

use crate::project::Project;

#[test]
fn the_schema_is_json_and_needs_no_project() {
    let ran = Project::new(&[]).run(&["schema"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let schema: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert!(schema["$schema"].is_string(), "{schema:#}");
    assert!(ran.stdout.contains("local_instance") && ran.stdout.contains("greenroom_value"));
}

#[test]
fn the_reference_of_a_type_is_a_page() {
    let project = Project::new(&[]);
    let ran = project.run(&["schema", "--markdown", "local_instance"]);
    assert_eq!(ran.code, 0);
    assert!(ran.stdout.starts_with("# `local_instance`\n"), "{}", ran.stdout);
    let all = project.run(&["schema", "--markdown"]);
    assert!(all.stdout.contains(&ran.stdout), "the whole has its parts");
    let ran = project.run(&["schema", "--markdown", "aws_nothing"]);
    assert_eq!(ran.code, 1);
    assert_eq!(ran.stderr, "error: there is neither a provider nor a type `aws_nothing`\n");
}
