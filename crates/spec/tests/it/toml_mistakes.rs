//! Mistakes in the TOML itself.

use insta::assert_snapshot;

use crate::support::{check_project, check_template};

#[test]
fn ten_mistakes_are_ten_diagnostics() {
    let text = r#"
[variable.size]
type = "strng"

[local]
a = "${local.b}"
b = "${local.a}"
c = "${upcase("x")}"
d = "é ${var.sise}"

[resource.sim_network.main]
cidr_blok = "10.0.0.0/16"

[resource.sim_servr.web]
size = "large"

[resource.sim_server.app]
count = 2
for_each = ["a"]
network_id = "${sim_network.main.idd}"
size = "\u0041\u0042${sim_network.other.id}"

[gate.web]
http = "http://${sim_server.app[0].address}/"
interval = "5x"
"#;
    let found = check_template(text);
    assert_snapshot!(found, @r#"
    environment.toml:3:8: spec::variable_type: the type of variable `size`: `strng` is not a type (types are `string`, `number`, `bool`, `any`, `list(T)`, `set(T)`, `map(T)` and `object({ name = T })`)
    environment.toml:6:8: spec::cycle: a cycle: `local.a` → `local.b` → `local.a` [environment.toml:7:8: `local.b` needs `local.a`] (break it at one of these places)
    environment.toml:8:15: spec::quotes: a quote inside the expression ends the string (write it in quotes that may hold others: '${upcase("x")}')
    environment.toml:9:10: spec::unknown_reference: variable `sise` is not declared (did you mean `var.size`?)
    environment.toml:12:1: spec::unknown_argument: unknown argument `cidr_blok` in resource `sim_network.main` (did you mean `cidr_block`?)
    environment.toml:14:11: spec::unknown_type: unknown resource type `sim_servr` (did you mean `sim_server`?)
    environment.toml:19:1: spec::count_and_for_each: resource `sim_server.app` has both `count` and `for_each` (keep one of them)
    environment.toml:20:17: spec::unknown_attribute: `sim_network` has no attribute `idd` (did you mean `id`?)
    environment.toml:21:23: spec::unknown_reference: `sim_network.other` is not declared (declare it: `[resource.sim_network.other]`)
    environment.toml:25:12: spec::duration: `5x` is not a duration (write it as `90s`, `5m` or `1h30m`; units are ms, s, m, h, d)
    "#);
    assert_eq!(found.lines().count(), 10);
}

#[test]
fn quotes_in_a_basic_string_are_one_mistake_each() {
    assert_snapshot!(check_template(r#"
[local]
a = "${upper("x")}"
b = ["${upper("y")}", "it's ${var.none == "" ? 1 : 2}", 3]
c = { d = "${lower("é")}" }
e = '${upper("x")}'
"#), @r#"
    environment.toml:3:14: spec::quotes: a quote inside the expression ends the string (write it in quotes that may hold others: '${upper("x")}')
    environment.toml:4:15: spec::quotes: a quote inside the expression ends the string (write it in quotes that may hold others: '${upper("y")}')
    environment.toml:4:43: spec::quotes: a quote inside the expression ends the string (write it in quotes that may hold others: """it's ${var.none == "" ? 1 : 2}""")
    environment.toml:5:20: spec::quotes: a quote inside the expression ends the string (write it in quotes that may hold others: '${lower("é")}')
    "#);
}

#[test]
fn every_syntax_error_is_told_once_and_hides_no_other_mistake() {
    assert_snapshot!(check_template(r#"
[variable.a]
type =
sensitve = true
default = 1__2
[local]
x = [1, 2
y = 3
[output.z]
valu = 1
"#), @r#"
    environment.toml:3:7: spec::syntax: a value is missing
    environment.toml:4:1: spec::unknown_key: unknown key `sensitve` in variable `a` (did you mean `sensitive`?)
    environment.toml:5:12: spec::syntax: `_` may only go between digits
    environment.toml:8:1: spec::syntax: missing comma between array elements, expected `,`
    "#);
}

#[test]
fn nothing_is_missed_in_a_file_that_lost_keys() {
    assert_snapshot!(check_template(r#"
[variable.a
type = "string"
[resource.sim_network.main]
tags = { name = "${var.a}-${sim_server.gone.id}" }
"#), @r#"environment.toml:2:12: spec::syntax: unclosed table, expected `]`"#);
}

#[test]
fn duplicates_are_told_with_both_places() {
    assert_snapshot!(check_template(r#"
[local]
a = 1
a = 2
[output.url]
value = 1
[output.url]
value = 2
"#), @r#"
    environment.toml:4:1: spec::duplicate: `a` is there twice [environment.toml:3:1: the first time]
    environment.toml:7:9: spec::duplicate: `url` is there twice [environment.toml:5:9: the first time]
    "#);
}

#[test]
fn numbers_out_of_range_are_refused() {
    assert_snapshot!(check_template("[local]\na = 99999999999999999999\nb = inf\nc = 1e3\n"), @r#"
    environment.toml:2:5: spec::number: the number does not fit into 64 bits
    environment.toml:3:5: spec::number: the number is not finite
    "#);
}

#[test]
fn an_empty_file_is_an_empty_template_but_no_project() {
    assert_eq!(check_template(""), "");
    assert_snapshot!(crate::support::check(&[("greenroom.toml", "")]), @r#"greenroom.toml:1:1: spec::missing_key: the project has no name (start with `[project]` and `name = "…"`)"#);
    assert_eq!(check_project(""), "");
}
