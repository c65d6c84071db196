//! What is known although something is pending, and what the residual is.

use super::world::{World, run, settle, shown};

/// Checks what `template` gives while `u` and `v` are pending.
fn check(template: &str, expected: &str) {
    let world = World::default()
        .with("var", r#"{ name = "shop", i = 3, list = ["a", "b"] }"#)
        .pending("u")
        .pending("v");
    assert_eq!(shown(template, &world), expected, "{template}");
}

#[test]
fn an_unused_branch_may_be_pending() {
    check(r#"${true ? "k" : u}"#, r#""k""#);
    check(r#"${false ? u : "k"}"#, r#""k""#);
    check("${false && u}", "false");
    check("${true || u}", "true");
}

#[test]
fn lists_and_objects_with_pending_elements_are_known_otherwise() {
    check("${[1, u]}", "[1, pending(u)]");
    check("${{ a = u, b = 1 }.b}", "1");
    check("${[1, u][0]}", "1");
    check("${[1, u][1]}", "pending(u)");
    check("${length([u, u])}", "2");
    check(r#"${concat([u], ["z"])[1]}"#, r#""z""#);
    check("${keys({ a = u })}", r#"["a"]"#);
    check("${merge({ a = u }, { b = 1 })}", r#"{"a": pending(u), "b": 1}"#);
    check(r#"${element([u, "q"], 1)}"#, r#""q""#);
    check("${[for x in [1, u] : [x]]}", "[[1], [pending(u)]]");
    check("${[{ id = u.a }, { id = 2 }][*].id}", "[pending(u.a), 2]");
    check("${flatten([[{ id = u }], []])}", r#"[{"id": pending(u)}]"#);
    check(r#"${zipmap(["k"], [u])}"#, r#"{"k": pending(u)}"#);
}

#[test]
fn what_depends_on_the_pending_part_is_a_residual() {
    check("p-${u}", r#"pending("p-${u}")"#);
    check("http://${u.dns_name}/${var.name}", r#"pending("http://${u.dns_name}/shop")"#);
    check("${u.web[var.i % 2].id}", "pending(u.web[1].id)");
    check(r#"${join(",", [u])}"#, r#"pending(join(",", [u]))"#);
    check(r#"${length(toset([u, "q"]))}"#, r#"pending(length(toset([u, "q"])))"#);
    check("${[for x in var.list : x if u]}", r#"pending([for _v0 in ["a", "b"] : _v0 if u])"#);
    check("${jsonencode({ a = u })}", "pending(jsonencode({ a = u }))");
    check("${u == null}", "pending(u == null)");
    check(r#"${contains([u, "q"], "q")}"#, r#"pending(contains([u, "q"], "q"))"#);
    check(r#"${try(u.foo, "d")}"#, r#"pending(try(u.foo, "d"))"#);
    check("${flatten([[u], [1]])}", "pending(flatten([[u], [1]]))");
    check(
        "${[for k, x in u : \"${var.name}-${k}-${x}\"]}",
        r#"pending([for _k0, _v0 in u : "shop-${_k0}-${_v0}"])"#,
    );
    check("${u[*].id}", "pending(u[*].id)");
    check("${{ (u) = 1 }}", "pending({ (u) = 1 })");
    check("${u && true}", "pending(u && true)");
    check("${-u + 1}", "pending((-u) + 1)");
    check("a$${b}-${u}", r#"pending("a$${b}-${u}")"#);
    check("${max(1, u...)}", "pending(max(1, u...))");
}

#[test]
fn equal_branches_decide_a_pending_conditional() {
    check(r#"${u == "" ? "p" : "p"}"#, r#""p""#);
    check(r#"${u ? "p" : "q"}"#, r#"pending(u ? "p" : "q")"#);
}

#[test]
fn a_mistake_that_may_not_be_reached_waits_in_the_residual() {
    check(
        "${u ? var.nope : 1}",
        r#"pending(u ? error("this object has no attribute `nope`") : 1)"#,
    );
    check("${u && var.nope}", r#"pending(u && error("this object has no attribute `nope`"))"#);
    check("${u ? var.nope : var.nada}", "error: this object has no attribute `nope`");
    check(
        "${[for x in u : var.nope]}",
        r#"pending([for _v0 in u : error("this object has no attribute `nope`")])"#,
    );
}

#[test]
fn an_error_in_a_residual_fails_only_where_it_is_reached() {
    let before = World::default().with("var", "{}").pending("u");
    let residual = run("u ? var.nope : 1", &before);
    for as_text in [false, true] {
        let reached = settle(&residual, &World::default().with("u", "true"), as_text);
        assert!(
            reached.is_err_and(|message| message.contains("this object has no attribute `nope`"))
        );
        let passed = settle(&residual, &World::default().with("u", "false"), as_text);
        assert_eq!(passed, Ok(1.into()));
    }
}

#[test]
fn a_closed_residual_keeps_its_variables_inside_another_for() {
    let inner = run("[for x in u : x.id]", &World::default().pending("u"));
    let mut world = World::default().pending("v").pending("u");
    world.names.insert("inner".to_owned(), Some(inner));
    let residual = run("[for y in v : { y = y, inner = inner }]", &world);
    let settled = World::default().with("u", "[{ id = 1 }]").with("v", "[7, 8]");
    for as_text in [false, true] {
        let value = settle(&residual, &settled, as_text).expect("settles");
        assert_eq!(format!("{value:?}"), r#"[{"inner": [1], "y": 7}, {"inner": [1], "y": 8}]"#);
    }
}

#[test]
fn a_template_file_leaves_a_residual_without_the_file() {
    let world = World::default()
        .pending("u")
        .file("motd.tpl", "%{ for x in names }${x}@${host} %{ endfor }");
    let residual =
        run(r#"[for h in u : templatefile("motd.tpl", { names = ["a", "b"], host = h })]"#, &world);
    let value =
        settle(&residual, &World::default().with("u", r#"["x", "y"]"#), true).expect("settles");
    assert_eq!(format!("{value:?}"), r#"["a@x b@x ", "a@y b@y "]"#);
}

#[test]
fn files_come_from_the_scope() {
    let world = World::default().file("a/x.sh", "echo").file("a/b/y.sh", "").file("c.txt", "");
    assert_eq!(shown(r#"${file("a/x.sh")}"#, &world), r#""echo""#);
    assert_eq!(shown(r#"${filebase64("a/x.sh")}"#, &world), r#""ZWNobw==""#);
    assert_eq!(shown(r#"${fileset("a", "*.sh")}"#, &world), r#"["x.sh"]"#);
    assert_eq!(shown(r#"${fileset(".", "**/*.sh")}"#, &world), r#"["a/b/y.sh", "a/x.sh"]"#);
    assert_eq!(shown(r#"${fileexists("./c.txt")} ${fileexists("d")}"#, &world), r#""true false""#);
    assert_eq!(shown(r#"${filesha256("c.txt") == sha256("")}"#, &world), "true");
    assert_eq!(shown(r#"${file("nope")}"#, &world), "error: no such file");
}

#[test]
fn a_template_file_names_its_line_and_cannot_reach_outside() {
    let world = World::default()
        .with("var", "{}")
        .file("a", "x\n${var}")
        .file("b", "${templatefile(\"b\", {})}");
    assert_eq!(
        shown(r#"${templatefile("a", {})}"#, &world),
        "error: in `a`, line 2: the template was given no variable `var`"
    );
    assert_eq!(
        shown(r#"${templatefile("b", {})}"#, &world),
        "error: in `b`, line 1: a template file cannot read another one"
    );
}

#[test]
fn a_residual_that_grows_without_bound_is_refused() {
    let double = greenroom_spec::expr::parse_template("${u}-${u}").expect("parses");
    let mut world = World::default().pending("u");
    let refused = (0..200).find_map(|_| match greenroom_spec::expr::evaluate(&double, &world) {
        Ok(value) => {
            world.names.insert("u".to_owned(), Some(value));
            None
        }
        Err(problem) => Some(problem.message),
    });
    let message = refused.expect("200 doublings are too many");
    assert!(message.contains("known only after apply has more than"), "{message}");
}
