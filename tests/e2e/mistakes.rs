//! Every mistake of a spec in one run, at its place.

use crate::world::World;

const PROJECT: &str = r#"
[project]
name = "ten"

[state]
url = "state"

[stage.test]
needs    = ["biuld"]
template = "environment.toml"

[stage.build]
run = ["true"]
"#;

const ENVIRONMENT: &str = r#"
[variable.size]
type    = "number"
default = 3

[variable.size.validation]
condition     = "${var.size > 5}"
error_message = "the size must be above 5"

[local]
net = '${cidrsubnet("10.0.0.0/33", 4, 1)}'

[resource.local_instanse.a]
image = "x"

[resource.greenroom_value.b]
inptu = 1

[resource.greenroom_value.c]
input = "${greenroom_value.missing.output}"

[resource.greenroom_value.d]
input = "${uper(var.size)}"

[resource.local_load_balancer.e]
idle_timeout = "soon"

[resource.local_instance.f]
command = ["x"]

[resource.greenroom_value.g]
input = "${greenroom_value.h.output}"

[resource.greenroom_value.h]
input = "${greenroom_value.g.output}"

[resource.local_instance.srv]
image   = "x"
command = ["x"]

[resource.greenroom_value.i]
count = "${local_instance.srv.port}"
input = "${local.net}"

[resource.greenroom_value.j]
input = "${upper("x")}"

[output.dup]
value = 1

[output.dup]
value = 2
"#;

/// Kind of mistake, line and column; both files begin with an empty line.
const EXPECTED: [(&str, &str); 13] = [
    ("spec::unknown_stage", "greenroom.toml:9:13"),
    ("resolve::validation", "environment.toml:4:11"),
    ("plan::expression", "environment.toml:11:10"),
    ("spec::unknown_type", "environment.toml:13:11"),
    ("spec::unknown_argument", "environment.toml:17:1"),
    ("spec::unknown_reference", "environment.toml:20:12"),
    ("spec::expression", "environment.toml:23:12"),
    ("plan::wrong_type", "environment.toml:26:16"),
    ("spec::missing_argument", "environment.toml:28:1"),
    ("plan::cycle", "environment.toml:32:12"),
    ("plan::unknown_keys", "environment.toml:42:9"),
    ("spec::quotes", "environment.toml:46:18"),
    ("spec::duplicate", "environment.toml:48:9"),
];

#[test]
fn thirteen_different_mistakes_are_thirteen_diagnostics_with_their_places() {
    let world = World::new(&[("greenroom.toml", PROJECT), ("environment.toml", ENVIRONMENT)]);
    let ran = world.expect(1, &["validate"]);
    let lines: Vec<&str> = ran.stderr.lines().collect();
    let codes = lines.iter().filter(|it| {
        !it.starts_with(' ') && !it.is_empty() && EXPECTED.iter().any(|(code, _)| code == *it)
    });
    let places = lines.iter().filter_map(|line| {
        let (_, place) = line.split_once("╭─[")?;
        let place = place.trim_end_matches(']');
        place.rsplit('/').next()
    });
    let found: Vec<(&str, &str)> = codes.copied().zip(places).collect();
    assert_eq!(found, EXPECTED, "{}", ran.stderr);
    assert!(ran.stderr.contains("13 mistakes"), "{}", ran.stderr);
    world.assert_nothing_left();
}
