//! What a template may say.

use insta::assert_snapshot;

use crate::support::{check, check_template, sound};

#[test]
fn a_full_template_is_sound() {
    let template = sound(
        r#"
[variable.count]
type = "number"
default = 2
description = "is no ${template}"
validation = { condition = "${var.count > 0}", error_message = "give at least one" }

[[variable.names.validation]]
condition = "${length(var.names) > 0}"
error_message = "give a name"

[local]
tags = { Name = "shop-${environment.name}" }

[data.sim_image.base]
name = "base"

[resource.sim_network.main]
for_each = { a = "10.0.0.0/24", b = "10.0.1.0/24" }
cidr_block = "${each.value}"
tags = "${local.tags}"
timeouts = { create = "5m" }

[resource.sim_server.web]
count = "${var.count}"
provider = "sim.west"
network_id = '${sim_network.main["a"].id}'
depends_on = ["sim_network.main", "data.sim_image.base"]
lifecycle = { create_before_destroy = true, ignore_changes = ["size", "disk[0].kind"], replace_triggered_by = ["sim_network.main", "${data.sim_image.base.id}"] }
disk = { size = 10 }
health.path = "/health/${count.index}"

[output.addresses]
value = "${sim_server.web[*].address}"
sensitive = true

[gate.web]
http = "http://${sim_server.web[0].address}/"
expect = { status = 204, body = "ok" }
interval = "500ms"
successes = 2

[gate.port]
tcp = "${sim_server.web[0].address}:80"

[gate.smoke]
command = ["./smoke.sh", "${sim_server.web[0].address}"]
"#,
    );
    assert_eq!(template.blocks.len(), 3);
    assert_eq!(template.variables["names"].validations.len(), 1);
    assert_eq!(template.gates["web"].gate.pace.interval.as_millis(), 500);
}

#[test]
fn types_and_arguments_must_be_known() {
    assert_snapshot!(check_template(r#"
[resource.sim_server.a]
network_id = "n"
sise = "large"
depend_on = ["sim_server.b"]
disk = [{ size = 1 }, { sizes = 2 }]
health = { path = "/", every = 1 }
address = "10.0.0.1"

[resource.sim_image.base]
name = "x"

[resource.sim_server.b]

[data.sim_server.c]
"#), @r#"
    environment.toml:4:1: spec::unknown_argument: unknown argument `sise` in resource `sim_server.a` (did you mean `size`?)
    environment.toml:5:1: spec::unknown_argument: unknown argument `depend_on` in resource `sim_server.a` (did you mean `depends_on`?)
    environment.toml:6:25: spec::unknown_argument: unknown argument `sizes` in `disk` of resource `sim_server.a` (did you mean `size`?)
    environment.toml:7:24: spec::unknown_argument: unknown argument `every` in `health` of resource `sim_server.a` (known here: `path`)
    environment.toml:8:1: spec::computed_argument: `address` of resource `sim_server.a` cannot be set (leave it out; expressions can read it)
    environment.toml:10:11: spec::unknown_type: unknown resource type `sim_image` (it is a data source: `[data.TYPE.NAME]`)
    environment.toml:13:1: spec::missing_argument: resource `sim_server.b` needs `network_id`
    environment.toml:15:7: spec::unknown_type: unknown data source `sim_server` (it is a resource: `[resource.TYPE.NAME]`)
    "#);
}

#[test]
fn sections_and_keys_must_be_known() {
    assert_snapshot!(check_template(r#"
[variables.a]
type = "string"
[stage.b]
[variable.c]
typ = "string"
[output.d]
sensitive = true
[resource.sim_network]
cidr_block = "10.0.0.0/16"
"#), @r#"
    environment.toml:2:2: spec::unknown_section: unknown section `variables` (did you mean `variable`?)
    environment.toml:4:2: spec::unknown_section: unknown section `stage` (this belongs into `greenroom.toml`)
    environment.toml:6:1: spec::unknown_key: unknown key `typ` in variable `c` (did you mean `type`?)
    environment.toml:7:1: spec::missing_key: output `d` needs `value`
    environment.toml:10:14: spec::wrong_type: resource `sim_network.cidr_block` must be a table, not a string
    "#);
}

#[test]
fn structural_values_have_their_types() {
    assert_snapshot!(check_template(r#"
local = 1
[variable.a]
type = "list(strng)"
sensitive = "yes"
validation = 3
[variable.b]
default = "${var.a}"
validation = { condition = "${true}" }
[resource.sim_network.c]
cidr_block = "10.0.0.0/16"
count = []
depends_on = "sim_network.d"
[resource.sim_network.d]
cidr_block = "10.0.0.0/16"
for_each = "a"
provider = "aws.west"
depends_on = ["${sim_network.c}"]
[resource."1x"."a b"]
"#), @r#"
    environment.toml:2:9: spec::wrong_type: `local` must be the table `[local]`, not a number
    environment.toml:4:8: spec::variable_type: the type of variable `a`: `strng` is not a type (types are `string`, `number`, `bool`, `any`, `list(T)`, `set(T)`, `map(T)` and `object({ name = T })`)
    environment.toml:5:13: spec::wrong_type: `sensitive` of variable `a` must be `true` or `false`, not a string
    environment.toml:6:14: spec::wrong_type: the validation of variable `a` must be a table, not a number
    environment.toml:8:11: spec::no_expression: no expression can stand here (in a template, a local can hold what is computed)
    environment.toml:9:14: spec::missing_key: the validation of variable `b` needs `error_message`
    environment.toml:12:9: spec::wrong_type: `count` of resource `sim_network.c` must be a whole number from 0 or an expression, not a list
    environment.toml:13:14: spec::wrong_type: `depends_on` of resource `sim_network.c` must be a list of strings, not a string
    environment.toml:16:12: spec::wrong_type: `for_each` of resource `sim_network.d` must be a table, a list or an expression, not a string
    environment.toml:17:12: spec::wrong_provider: `sim_network` is of the provider `sim`, not `aws` (name a configuration such as `sim` or `sim.NAME`)
    environment.toml:18:15: spec::block_name: `${sim_network.c}` does not name a block (write `TYPE.NAME` or `data.TYPE.NAME`, without `${}` and index)
    environment.toml:19:11: spec::name: `1x` cannot be a name (a name starts with a letter or `_`; letters, digits, `_` and `-` follow)
    "#);
}

#[test]
fn count_and_for_each_exclude_each_other() {
    assert_snapshot!(check_template(r#"
[resource.sim_network.a]
cidr_block = "10.0.0.0/16"
for_each = ["x"]
count = 2
"#), @r#"environment.toml:5:1: spec::count_and_for_each: resource `sim_network.a` has both `count` and `for_each` (keep one of them)"#);
}

#[test]
fn lifecycles_name_arguments_and_references() {
    assert_snapshot!(check_template(r#"
[resource.sim_network.a]
cidr_block = "10.0.0.0/16"
[resource.sim_network.a.lifecycle]
ignore_changes = ["tag", "tags.Name", "["]
replace_triggered_by = ["sim_network.b.id", "1 + 1", "sim_network.a.id"]
prevent_destroi = true
[resource.sim_network.a.timeouts]
create = "soon"
destroy = "1m"
"#), @r#"
    environment.toml:5:19: spec::unknown_argument: `ignore_changes` names `tag`, which is no argument (did you mean `tags`?)
    environment.toml:5:39: spec::unknown_argument: `ignore_changes` names `[`, which is no argument (known here: `cidr_block`, `tags`)
    environment.toml:6:26: spec::unknown_reference: `sim_network.b` is not declared (did you mean `sim_network.a`?)
    environment.toml:6:45: spec::block_name: `1 + 1` is not a reference to a resource (write `TYPE.NAME` or `TYPE.NAME.ATTRIBUTE`)
    environment.toml:7:1: spec::unknown_key: unknown key `prevent_destroi` in `lifecycle` of resource `sim_network.a` (did you mean `prevent_destroy`?)
    environment.toml:9:10: spec::duration: `soon` is not a duration (write it as `90s`, `5m` or `1h30m`; units are ms, s, m, h, d)
    environment.toml:10:1: spec::unknown_key: unknown key `destroy` in `timeouts` of resource `sim_network.a` (known here: `create`, `read`, `update`, `delete`)
    "#);
    let all =
        "[resource.sim_network.a]\ncidr_block = \"x\"\nlifecycle = { ignore_changes = \"all\" }\n";
    assert_eq!(check_template(all), "");
}

#[test]
fn expressions_show_the_place_inside_the_string() {
    assert_snapshot!(check_template(r#"
[local]
a = "text \t ${upcase(1)}"
b = """
  first line
  ${var.x
"""
c = "${1 +}"
d = '''
é ${nope.x}'''
"#), @r#"
    environment.toml:3:16: spec::expression: unknown function `upcase`
    environment.toml:6:3: spec::expression: `${` is not closed
    environment.toml:8:11: spec::expression: unexpected `}` (expected `"`, `[`, `{`, `-`, `!`, `(`, `_`, `<`, letter or digit)
    environment.toml:10:5: spec::unknown_reference: nothing is called `nope`
    "#);
}

#[test]
fn a_front_sees_environments_and_an_environment_does_not() {
    let text = r#"
[local]
a = "${[for e in environments : e.weight]}"
b = "${environment.role}"
c = "${environment.name}-${environment.nam}"
d = "${front.subnet}"
"#;
    assert_snapshot!(check(&[("environment.toml", text)]), @r#"
    environment.toml:3:18: spec::hidden_reference: an environment cannot see `environments` (an environment must not know whether it has traffic; decide it in the front's template)
    environment.toml:4:8: spec::hidden_reference: an environment cannot see `environment.role` (an environment must not know whether it has traffic; decide it in the front's template)
    environment.toml:5:28: spec::unknown_reference: `environment` has no `nam` (known here: `environment.name`, `environment.stage`)
    "#);
    assert_snapshot!(check(&[("front.toml", text)]), @r#"
    front.toml:4:8: spec::unknown_reference: `environment` has no `role` (known here: `environment.name`, `environment.stage`)
    front.toml:5:28: spec::unknown_reference: `environment` has no `nam` (known here: `environment.name`, `environment.stage`)
    front.toml:6:8: spec::hidden_reference: a front cannot see `front` (refer to the resource itself, or to a local)
    "#);
}
