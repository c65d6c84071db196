//! Sensitive values: what is computed from them is marked, and neither they
//! nor what is computed from them is ever shown.

use greenroom_model::value::Value;

use super::world::{World, run, settle, shown};

fn world() -> World {
    World::default()
        .secret("password", r#""hunter2""#)
        .secret("creds", r#"{ user = "root-x", pass = ["hunter2"] }"#)
        .secret("flag", "true")
        .with("open", r#""plain""#)
        .pending("u")
}

const COMPUTED: &[&str] = &[
    "${password}",
    "db:${password}@${open}",
    "${upper(password)}",
    "${creds.pass[0]}",
    "${creds.pass}",
    "${jsonencode({ a = password })}",
    "${password == \"x\"}",
    "${flag ? \"hunter2-a\" : \"b\"}",
    "${flag && true}",
    "${!flag}",
    "${[for x in creds.pass : \"${x}!\"]}",
    "${{ for k, v in creds : k => v }}",
    "${{ (password) = 1 }}",
    "${join(\",\", [open, password])}",
    "${creds.pass[*]}",
    "${[\"a\", \"b\"][length(password) - 6]}",
    "${format(\"%s\", creds.pass...)}",
    "${sensitive(\"x${open}\")}",
    "${coalesce(password, open)}",
    "${lookup(creds, \"user\")}",
    "${flatten([[password]])}",
    "${zipmap([password], [1])}",
];

#[test]
fn what_is_computed_from_a_secret_is_marked() {
    for template in COMPUTED {
        let text = shown(template, &world());
        assert!(text.starts_with("sensitive("), "{template}: {text}");
        assert!(!text.contains("hunter2\"") && !text.contains("root-x"), "{template}: {text}");
    }
}

#[test]
fn the_source_of_a_mark_gives_the_same_value_again() {
    for template in COMPUTED {
        let expr = greenroom_spec::expr::parse_template(template).expect("parses");
        let value = greenroom_spec::expr::evaluate(&expr, &world()).expect("evaluates");
        let Value::Sensitive(secret) = &value else { panic!("{template} is not marked") };
        let pending = Value::Pending(secret.source.clone());
        assert_eq!(settle(&pending, &world(), true).as_ref(), Ok(&value), "{template}");
    }
}

#[test]
fn a_residual_carries_the_reference_and_not_the_secret() {
    for (template, expected) in [
        ("${u}:${password}", r#"pending("${u}:${password}")"#),
        ("${u.host}:${creds.pass[0]}", r#"pending("${u.host}:${creds.pass[0]}")"#),
        ("${join(u, [upper(password), open])}", r#"pending(join(u, [upper(password), "plain"]))"#),
        ("${jsonencode({ c = creds, u = u })}", "pending(jsonencode({ c = creds, u = u }))"),
        (
            "${[for x in creds.pass : \"${u}${x}\"]}",
            r#"pending([for _v0 in creds.pass : "${u}${_v0}"])"#,
        ),
        ("${u ? password : open}", r#"pending(u ? password : "plain")"#),
    ] {
        assert_eq!(shown(template, &world()), expected, "{template}");
    }
}

#[test]
fn sensitive_inside_a_for_leaves_no_secret_behind() {
    let world = World::default().with("list", r#"["hunter2"]"#).pending("u");
    let text = shown("${jsonencode([u, [for x in list : sensitive(x)]])}", &world);
    assert!(!text.contains("hunter2"), "{text}");
}

#[test]
fn parts_of_a_list_are_marked_alone() {
    assert_eq!(shown("${[open, password]}", &world()), r#"["plain", sensitive(password)]"#);
    assert_eq!(shown("${length([password])}", &world()), "1");
    assert_eq!(
        shown("${merge({ a = password }, { b = 1 })}", &world()),
        r#"{"a": sensitive(password), "b": 1}"#
    );
    assert_eq!(shown("${nonsensitive(upper(password))}", &world()), r#""HUNTER2""#);
}

#[test]
fn a_problem_does_not_show_the_secret() {
    for template in [
        "${password + 1}",
        "${tonumber(password)}",
        "${[1][password]}",
        "${password.x}",
        "${!password}",
    ] {
        let text = shown(template, &world());
        assert!(text.starts_with("error: ") && !text.contains("hunter2"), "{template}: {text}");
    }
}

#[test]
fn revealing_strips_every_mark() {
    assert!(!run("[password, { a = creds }]", &world()).reveal().has_sensitive());
}
