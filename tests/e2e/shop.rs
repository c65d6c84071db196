//! Small projects that the tests use.

/// One instance behind a load balancer: all types of the local provider.
pub(crate) const PROJECT: &str = r#"
[project]
name = "e2e"

[state]
url = "state"

[image.web]
id = "image"

[stage.test]
template = "environment.toml"
front    = "front.toml"
"#;

pub(crate) const ENVIRONMENT: &str = r#"
[variable.count]
type    = "number"
default = 1

[variable.greeting]
type    = "string"
default = "hello"

[resource.local_instance.web]
count       = "${var.count}"
image       = "${image.web.id}"
command     = ["./shop-server"]
environment = { SHOP_GREETING = "${var.greeting}", SHOP_INSTANCE = "web-${count.index}" }
readiness   = { type = "http", path = "/health" }

[resource.local_target_group.web]
targets      = "${[for i in local_instance.web : { address = i.private_ip, port = i.port }]}"
health_check = { path = "/health" }

[output.target_group]
value = "${local_target_group.web.id}"
"#;

pub(crate) const FRONT: &str = r#"
[resource.local_load_balancer.front]

[resource.local_listener.http]
load_balancer = "${local_load_balancer.front.id}"

[resource.local_listener.http.default_action]
type    = "forward"
forward = { target_group = "${[for e in environments : { id = e.outputs.target_group, weight = e.weight }]}" }

[output.url]
value = "${local_listener.http.url}"
"#;

/// The files of the project.
pub(crate) fn files() -> [(&'static str, &'static str); 3] {
    [("greenroom.toml", PROJECT), ("environment.toml", ENVIRONMENT), ("front.toml", FRONT)]
}

/// Two groups behind one listener, with weights that variables give.
pub(crate) const TWO_SIDES: &str = r#"
[variable.blue]
type    = "number"
default = 100

[resource.local_instance.side]
for_each    = '${{ blue = "blue", green = "green" }}'
image       = "${image.web.id}"
command     = ["./shop-server"]
environment = { SHOP_INSTANCE = "${each.key}" }
readiness   = { type = "http", path = "/health" }

[resource.local_target_group.side]
for_each     = '${{ blue = "blue", green = "green" }}'
targets      = "${[{ address = local_instance.side[each.key].private_ip, port = local_instance.side[each.key].port }]}"
health_check = { path = "/health" }

[resource.local_load_balancer.front]

[resource.local_listener.http]
load_balancer = "${local_load_balancer.front.id}"

[resource.local_listener.http.default_action]
type = "forward"

[resource.local_listener.http.default_action.forward]
target_group = [
  { id = "${local_target_group.side.blue.id}", weight = "${var.blue}" },
  { id = "${local_target_group.side.green.id}", weight = "${100 - var.blue}" },
]

[output.url]
value = "${local_listener.http.url}"
"#;
