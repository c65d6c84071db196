//! What gates ask, and what is wrong with it.

use greenroom_model::gate::{Measure, MinHealthy, OnInconclusive, Probe};
use insta::assert_snapshot;

use crate::support::{check, check_template, sound};

#[test]
fn a_gate_asks_one_thing() {
    assert_snapshot!(check_template(r#"
[gate.none]
interval = "1s"
[gate.two]
http = "http://localhost/"
tcp = "localhost:80"
max = 1
[gate.bad]
http = "http://localhost/"
expect = { status = 99, header = "x" }
successes = 0
deadline = 5
on_inconclusive = "hold"
[gate.tcp]
tcp = "localhost:80"
expect = { status = 200 }
quantile = 0.5
[gate.argv]
command = "./smoke.sh"
"#), @r#"
    environment.toml:2:1: spec::gate_probe: gate `none` needs exactly one of `http`, `tcp`, `command`, `target_health`, `prometheus`, `metric` and `cloudwatch`
    environment.toml:6:1: spec::gate_probe: gate `two` needs exactly one of `http`, `tcp`, `command`, `target_health`, `prometheus`, `metric` and `cloudwatch`
    environment.toml:10:21: spec::wrong_type: `status` of `expect` of gate `bad` must be a status from 100 to 599, not 99
    environment.toml:10:25: spec::unknown_key: unknown key `header` in `expect` of gate `bad` (known here: `status`, `body`)
    environment.toml:11:13: spec::wrong_type: `successes` of gate `bad` must be a whole number of at least 1, not 0
    environment.toml:12:12: spec::wrong_type: `deadline` of gate `bad` must be a string, not a number
    environment.toml:13:19: spec::on_inconclusive: `on_inconclusive` of gate `bad` cannot be `hold` (known here: `halt`, `fail`)
    environment.toml:16:1: spec::gate_probe: `expect` of gate `tcp` has no meaning here
    environment.toml:17:1: spec::gate_probe: `quantile` of gate `tcp` has no meaning here
    environment.toml:19:11: spec::wrong_type: `command` of gate `argv` must be a list: the program and its arguments, not a string
    "#);
}

#[test]
fn each_question_has_its_own_keys() {
    let template = sound(
        r#"
[resource.sim_group.web]
[gate.all]
target_health = "sim_group.web"
[gate.some]
target_health = "sim_group.web"
min_healthy = 3
[gate.most]
target_health = "sim_group.web"
min_healthy = "80%"
on_inconclusive = "fail"
[gate.up]
prometheus = { url = "https://prometheus.example", query = "up{env=\"${environment.name}\"}" }
min = 1
missing = "zero"
companion = "count(up)"
[gate.errors]
metric = "error_rate"
max = "0.5%"
max_over_live = 1.5
window = "5m"
[gate.latency]
metric = "latency"
max = 250
min_samples = 1000
[gate.requests]
metric = "requests"
min = 1000
[gate.alarm]
cloudwatch = { alarm = "${environment.name}-errors" }
provider = "aws.west"
[gate.refused]
cloudwatch = { namespace = "AWS/ApplicationELB", metric = "HTTPCode_Target_5XX_Count", statistic = "Sum", dimensions = { LoadBalancer = "${sim_group.web.id}" }, period = "5m" }
max = 10
missing = "zero"
companion = { namespace = "AWS/ApplicationELB", metric = "RequestCount", statistic = "Sum" }
"#,
    );
    let gate = |name: &str| &template.gates[name].gate;
    let min_healthy = |name: &str| match &gate(name).probe {
        Probe::TargetHealth { min_healthy, .. } => *min_healthy,
        other => panic!("{other:?}"),
    };
    assert_eq!(min_healthy("all"), MinHealthy::Percent(100));
    assert_eq!(min_healthy("some"), MinHealthy::Targets(3));
    assert_eq!(min_healthy("most"), MinHealthy::Percent(80));
    assert_eq!(gate("most").on_inconclusive, OnInconclusive::Fail);
    assert_eq!(gate("all").on_inconclusive, OnInconclusive::Halt);
    let traffic = |name: &str| match &gate(name).probe {
        Probe::Traffic(it) => it.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(traffic("errors").bounds.max.map(|it| it.as_f64()), Some(0.5));
    assert_eq!(traffic("errors").min_samples, 100);
    assert!(
        matches!(traffic("latency").measure, Measure::Latency { quantile } if quantile.as_f64() == 0.95)
    );
    let texts = |name: &str| template.gates[name].gate.clone().probe.texts_mut().len();
    assert_eq!((texts("up"), texts("alarm"), texts("refused")), (3, 1, 5));
    assert_eq!(gate("alarm").probe.provider().map(|it| &**it), Some("aws.west"));
    assert_eq!(gate("refused").probe.provider().map(|it| &**it), Some("aws"));
}

#[test]
fn health_is_asked_of_what_has_some() {
    assert_snapshot!(check_template(r#"
[resource.sim_group.web]
[resource.sim_network.main]
cidr_block = "10.0.0.0/16"
[gate.near]
target_health = "sim_group.wbe"
[gate.other]
target_health = "sim_network.main"
[gate.data]
target_health = "data.sim_image.base"
[gate.attribute]
target_health = "${sim_group.web.id}"
[gate.few]
target_health = "sim_group.web"
min_healthy = 0
[gate.many]
target_health = "sim_group.web"
min_healthy = "120%"
[gate.list]
target_health = ["sim_group.web"]
"#), @r#"
    environment.toml:6:17: spec::unknown_reference: `sim_group.wbe` is not declared (did you mean `sim_group.web`?)
    environment.toml:8:17: spec::no_health: `sim_network` does not say whether it serves (types that do: `sim_group`)
    environment.toml:10:17: spec::gate_probe: `target_health` of gate `data` cannot be `data.sim_image.base` (name a block of the template, as in `local_target_group.web`)
    environment.toml:12:17: spec::gate_probe: `target_health` of gate `attribute` cannot be `${sim_group.web.id}` (name a block of the template, as in `local_target_group.web`)
    environment.toml:15:15: spec::wrong_type: `min_healthy` of gate `few` must be a whole number of at least 1, or a whole percentage such as "80%", not 0
    environment.toml:18:15: spec::gate_probe: `min_healthy` of gate `many` must be a whole number of at least 1, or a whole percentage such as "80%", not `120%`
    environment.toml:20:17: spec::wrong_type: `target_health` of gate `list` must be a string, not a list
    "#);
}

#[test]
fn numbers_have_bounds_that_something_can_keep() {
    assert_snapshot!(check_template(r#"
[gate.open]
prometheus = { url = "http://localhost:9090", query = "up" }
[gate.closed]
prometheus = { url = "http://localhost:9090", query = "up" }
max = 1
min = 2
[gate.text]
prometheus = { url = "http://localhost:9090", query = "up" }
max = "1"
[gate.percent]
metric = "error_rate"
max = 0.01
[gate.above]
metric = "error_rate"
max = "101%"
[gate.nothing]
metric = "latency"
[gate.quantile]
metric = "latency"
max = 100
quantile = 99
[gate.ratio]
metric = "latency"
max_over_live = 0
"#), @r#"
    environment.toml:3:14: spec::gate_probe: gate `open` lets everything pass
    environment.toml:6:7: spec::gate_probe: gate `closed` lets nothing pass
    environment.toml:10:7: spec::wrong_type: `max` of gate `text` must be a number, not a string
    environment.toml:13:7: spec::wrong_type: `max` of gate `percent` must be a percentage as text, such as "0.5%", not a number
    environment.toml:16:7: spec::gate_probe: `max` of gate `above` must be a percentage as text, such as "0.5%", not `101%`
    environment.toml:18:10: spec::gate_probe: gate `nothing` lets everything pass
    environment.toml:22:12: spec::gate_probe: `quantile` of gate `quantile` must be a number from 0.5 to 0.999, not 99
    environment.toml:25:17: spec::gate_probe: `max_over_live` of gate `ratio` must be a number above 0, not 0
    "#);
}

#[test]
fn what_does_not_go_with_a_question_is_told() {
    assert_snapshot!(check_template(r#"
[gate.requests]
metric = "requests"
max_over_live = 2
min_samples = 5
quantile = 0.9
min = 10
[gate.unknown]
metric = "errorrate"
max = 1
[gate.alarm]
cloudwatch = { alarm = "a", namespace = "n" }
max = 1
companion = "x"
[gate.series]
cloudwatch = { namespace = "n", dimensions = ["a"] }
max = 1
[gate.lonely]
prometheus = { url = "http://localhost:9090" }
max = 1
companion = "up"
[gate.zero]
prometheus = { url = "http://localhost:9090", query = "up", step = "1m" }
max = 1
missing = "none"
"#), @r#"
    environment.toml:4:1: spec::gate_probe: `max_over_live` of gate `requests` has no meaning here
    environment.toml:5:1: spec::gate_probe: `min_samples` of gate `requests` has no meaning here
    environment.toml:6:1: spec::gate_probe: `quantile` of gate `requests` has no meaning here
    environment.toml:9:10: spec::gate_probe: `metric` of gate `unknown` cannot be `errorrate` (did you mean `error_rate`?)
    environment.toml:12:29: spec::unknown_key: unknown key `namespace` in `cloudwatch` of gate `alarm` (known here: `alarm`)
    environment.toml:13:1: spec::gate_probe: `max` of gate `alarm` has no meaning here
    environment.toml:14:1: spec::gate_probe: `companion` of gate `alarm` has no meaning here
    environment.toml:16:14: spec::missing_key: `cloudwatch` of gate `series` needs `metric`
    environment.toml:16:14: spec::missing_key: `cloudwatch` of gate `series` needs `statistic`
    environment.toml:16:46: spec::wrong_type: `dimensions` of `cloudwatch` of gate `series` must be a table of texts, not a list
    environment.toml:19:14: spec::missing_key: `prometheus` of gate `lonely` needs `query`
    environment.toml:21:1: spec::gate_probe: gate `lonely` has a companion for nothing
    environment.toml:23:61: spec::unknown_key: unknown key `step` in `prometheus` of gate `zero` (known here: `url`, `query`)
    environment.toml:25:11: spec::gate_probe: `missing` of gate `zero` cannot be `none`
    environment.toml:25:11: spec::gate_probe: gate `zero` takes what is missing for zero, and has no `companion`
    "#);
}

#[test]
fn a_provider_configuration_of_a_gate_must_be_declared() {
    let project = "[project]\nname = \"shop\"\n[stage.test]\ntemplate = \"environment.toml\"\n";
    let environment = "[gate.alarm]\ncloudwatch = { alarm = \"a\" }\nprovider = \"sim.west\"\n";
    assert_snapshot!(check(&[("environment.toml", environment), ("greenroom.toml", project)]), @r#"environment.toml:1:7: spec::unknown_provider: gate `alarm` uses the provider configuration `sim.west`, which is not declared (declare it in the project: `[provider."sim.west"]`)"#);
}
