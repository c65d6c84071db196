//! What a template's digest depends on.

use crate::support::sound;

const WRITTEN: &str = r#"
[variable.size]
type = "object({ a = string, b = optional(number) })"
default = { a = "x", b = 1 }

[resource.sim_network.main]
cidr_block = "${var.size.a}-net"
tags = { Name = "a", Owner = "b" }

[gate.web]
http = "http://localhost/"
interval = "60s"
"#;

#[test]
fn the_way_of_writing_makes_no_difference() {
    let other = r#"
# The same, told otherwise.
[gate.web]
interval = "1m" # a minute
http     = 'http://localhost/'
[resource.sim_network]
main.tags.Owner = "b"
main.tags.Name = "a"
main.cidr_block = '''
${ var.size.a }-net'''
[variable]
size = { default = { b = 1, a = "x" }, type = "object({b=optional(number),a=string})" }
"#;
    // The newline behind the opening quotes belongs to them.
    assert_eq!(sound(WRITTEN).digest(), sound(other).digest());
}

#[test]
fn every_value_makes_a_difference() {
    let base = sound(WRITTEN).digest();
    for (from, to) in [
        ("optional(number)", "number"),
        ("a = \"x\"", "a = \"y\""),
        ("-net", "-nat"),
        ("var.size.a", "var.size.b"),
        ("Owner = \"b\"", "Owner = \"c\""),
        ("sim_network.main", "sim_network.other"),
        ("60s", "61s"),
        ("http = ", "tcp = "),
        ("tags = {", "count = 1\ntags = {"),
        ("tags = {", "provider = \"sim.west\"\ntags = {"),
        ("http = \"http://localhost/\"", "metric = \"requests\"\nmin = 5"),
        ("interval =", "on_inconclusive = \"fail\"\ninterval ="),
        ("tags = {", "lifecycle = { prevent_destroy = true }\ntags = {"),
    ] {
        let changed = WRITTEN.replacen(from, to, 1);
        assert_ne!(changed, WRITTEN);
        assert_ne!(sound(&changed).digest(), base, "{to}");
    }
}
