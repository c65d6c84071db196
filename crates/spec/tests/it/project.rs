//! What a project may say.

use std::time::Duration;

use greenroom_spec::image::Builder;
use greenroom_spec::project::{OnFailure, Timeouts};
use insta::assert_snapshot;

use crate::support::{check, check_project, sound_project};

#[test]
fn a_full_project_is_sound() {
    let project = sound_project(
        r#"
max_environments = 8
[state]
url = "../state"
[repository]
url = "s3://bucket/artifacts"
region = "eu-central-1"
[provider.sim]
region = "east"
[provider."sim.west"]
region = "west"
[artifact.app]
path = "app/server"
version = "1.4.2"
[image.web]
builder = "local"
artifacts = ["app"]
files = ["conf/*.toml"]
[image.base]
id = "base-1"
[stage.build]
run = ["echo ${HOME}"]
publish = ["app"]
[stage.bake]
needs = ["build"]
bake = ["web"]
[stage.zone]
front = "zone.toml"
[stage.test]
needs = ["bake"]
template = "environment.toml"
front_of = "zone"
ttl = "2h"
max_environments = 2
variables = { size = 2 }
[stage.production]
needs = ["test"]
template = "environment.toml"
front = "front.toml"
[stage.production.provider.sim]
region = "north"
[stage.production.promotion]
soak = "10m"
steps = [5, 25, 100]
gates = ["web"]
"#,
    );
    assert_eq!(&*project.providers["sim.west"].provider.value, "sim");
    assert_eq!(project.max_environments.map(|limit| limit.value), Some(8));
    let limit = project.stages["test"].max_environments.as_ref();
    assert_eq!(limit.map(|limit| limit.value), Some(2));
    assert_eq!(&*project.stages["build"].run[0].value, "echo ${HOME}");
    let promotion = project.stages["production"].promotion.as_ref().expect("it promotes");
    assert_eq!(promotion.steps.iter().map(|step| step.weight).collect::<Vec<_>>(), [5, 25, 100]);
    let web = &project.images["web"];
    assert_eq!(web.builder.as_ref().map(Builder::word), Some("local"));
    assert_eq!(&*web.files[0].value, "conf/*.toml");
}

#[test]
fn the_stage_of_images_is_no_projects_own() {
    assert_snapshot!(check_project("[stage.images]\nrun = [\"true\"]\n"), @r#"greenroom.toml:3:8: spec::reserved_stage: no stage can be named `images` (the states of images that are baked are under this name)"#);
}

#[test]
fn names_must_be_declared() {
    assert_snapshot!(check_project(r#"
[repository]
url = "repository"
[artifact.shop]
path = "shop"
[image.web]
builder = "local"
artifacts = ["shp"]
[stage.build]
publish = ["shopp", "other"]
[stage.bake]
needs = ["biuld"]
bake = ["wbe"]
front_of = "build"
"#), @r###"
    greenroom.toml:10:14: spec::unknown_artifact: unknown artifact `shp` (did you mean `shop`?)
    greenroom.toml:12:12: spec::unknown_artifact: unknown artifact `shopp` (did you mean `shop`?)
    greenroom.toml:12:21: spec::unknown_artifact: unknown artifact `other` (known here: `shop`)
    greenroom.toml:14:10: spec::unknown_stage: unknown stage `biuld` (did you mean `build`?)
    greenroom.toml:15:9: spec::unknown_image: unknown image `wbe` (did you mean `web`?)
    greenroom.toml:16:12: spec::no_front: stage `build` has no front of its own (give it one: `front = "front.toml"` in `[stage.build]`)
    "###);
}

#[test]
fn keys_sections_and_providers_must_be_known() {
    assert_snapshot!(check_project(r#"
[stages.a]
[resource.x.y]
[stage.test]
need = []
promotion = { sook = "1m" }
[provider.sim]
regoin = "east"
[provider.sim.west]
region = "west"
[provider.sin]
[provider."sim.w est"]
[artifact.a]
file = "x"
"#), @r#"
    greenroom.toml:4:2: spec::unknown_section: unknown section `stages` (did you mean `stage`?)
    greenroom.toml:5:2: spec::unknown_section: unknown section `resource` (this belongs into a template)
    greenroom.toml:6:1: spec::missing_key: stage `test` needs `template`
    greenroom.toml:6:1: spec::missing_key: stage `test` needs `front`
    greenroom.toml:7:1: spec::unknown_key: unknown key `need` in stage `test` (did you mean `needs`?)
    greenroom.toml:8:15: spec::unknown_key: unknown key `sook` in the promotion of stage `test` (did you mean `soak`?)
    greenroom.toml:10:1: spec::unknown_argument: unknown argument `regoin` in provider `sim` (did you mean `region`?)
    greenroom.toml:11:15: spec::unknown_argument: unknown argument `west` in provider `sim` (a second configuration is `[provider."sim.west"]`)
    greenroom.toml:13:11: spec::unknown_provider: unknown provider `sin` (did you mean `sim`?)
    greenroom.toml:14:11: spec::name: `w est` cannot be a name (a name starts with a letter or `_`; letters, digits, `_` and `-` follow)
    greenroom.toml:15:1: spec::missing_key: artifact `a` needs `path`
    greenroom.toml:16:1: spec::unknown_key: unknown key `file` in artifact `a` (known here: `path`, `version`)
    "#);
}

#[test]
fn a_version_is_a_part_of_a_path() {
    assert_snapshot!(check_project("[artifact.a]\npath = \"a\"\nversion = \"1/2\"\n"), @r#"greenroom.toml:5:11: spec::version: `1/2` cannot be a version (a version starts with a letter or a digit; letters, digits, `.`, `_`, `+` and `-` follow, at most 100 in all)"#);
}

#[test]
fn a_project_needs_its_name() {
    assert_snapshot!(check(&[("greenroom.toml", "[project]\nnam = \"x\"\n")]), @r#"greenroom.toml:2:1: spec::unknown_key: unknown key `nam` in `[project]` (did you mean `name`?)"#);
    assert_snapshot!(check(&[("greenroom.toml", "[project]\nname = \"two words\"\n")]), @r#"greenroom.toml:2:8: spec::name: `two words` cannot be a name (a name starts with a letter or `_`; letters, digits, `_` and `-` follow)"#);
}

#[test]
fn structural_values_have_their_types() {
    assert_snapshot!(check_project("[state]\n[repository]\nurl = 1\n[stage]\nb = 1\n"), @r#"
    greenroom.toml:3:1: spec::missing_key: `[state]` needs `url`
    greenroom.toml:5:7: spec::wrong_type: `url` of `[repository]` must be a string, not a number
    greenroom.toml:7:5: spec::wrong_type: stage `b` must be a table, not a number
    "#);
    assert_snapshot!(check_project(r#"
[stage.a]
needs = 3
template = ["x"]
ttl = "two hours"
run = ["a", 1]
variables = { x = "${y}" }
[stage.b]
front = "f"
front_of = "a"
"#), @r#"
    greenroom.toml:5:9: spec::wrong_type: `needs` of stage `a` must be a list of strings, not a number
    greenroom.toml:6:12: spec::wrong_type: `template` of stage `a` must be a string, not a list
    greenroom.toml:7:7: spec::duration: `two hours` is not a duration (write it as `90s`, `5m` or `1h30m`; units are ms, s, m, h, d)
    greenroom.toml:8:13: spec::wrong_type: `run` of stage `a` must be a string, not a number
    greenroom.toml:9:19: spec::no_expression: no expression can stand here (in a template, a local can hold what is computed)
    greenroom.toml:12:12: spec::two_fronts: stage `b` has both `front` and `front_of` [greenroom.toml:11:9: its own front] (keep the one that its environments shall stand behind)
    greenroom.toml:12:12: spec::no_front: stage `a` has no front of its own (give it one: `front = "front.toml"` in `[stage.a]`)
    greenroom.toml:9:19: spec::unknown_variable: no template of stage `a` has a variable `x`
    "#);
}

#[test]
fn weights_rise_to_a_hundred() {
    let steps = |steps: &str| {
        check_project(&format!(
            "[stage.p]\ntemplate = \"t\"\nfront = \"f\"\npromotion = {{ steps = {steps} }}\n"
        ))
    };
    assert_eq!(steps("[5, 50, 100]"), "");
    assert_snapshot!(steps("[5, 50]"), @r#"greenroom.toml:6:27: spec::weights: `steps` of the promotion of stage `p` must rise to 100 (weights are percentages, such as `[5, 25, 50, 100]`)"#);
    assert_snapshot!(steps("[50, 50, 100]"), @r#"greenroom.toml:6:28: spec::weights: `steps` of the promotion of stage `p` must rise to 100 (weights are percentages, such as `[5, 25, 50, 100]`)"#);
    assert_snapshot!(steps("[]"), @r#"greenroom.toml:6:23: spec::weights: `steps` of the promotion of stage `p` must rise to 100 (weights are percentages, such as `[5, 25, 50, 100]`)"#);
    assert_snapshot!(steps("[0, 101, 2.5, 100]"), @r#"
    greenroom.toml:6:24: spec::wrong_type: `steps` of the promotion of stage `p` must be weights from 1 to 100, not 0
    greenroom.toml:6:27: spec::wrong_type: `steps` of the promotion of stage `p` must be weights from 1 to 100, not 101
    greenroom.toml:6:32: spec::wrong_type: `steps` of the promotion of stage `p` must be weights from 1 to 100, not 2.5
    "#);
    assert_snapshot!(steps("100"), @r#"greenroom.toml:6:23: spec::wrong_type: `steps` of the promotion of stage `p` must be a list of weights such as `[5, 25, 100]`, not a number"#);
}

#[test]
fn limits_on_environments_are_whole_numbers_from_one() {
    assert_snapshot!(check_project(r#"max_environments = 0
[stage.a]
template = "a.toml"
max_environments = "two"
[stage.b]
template = "b.toml"
max_environments = 2.5
[stage.c]
template = "c.toml"
max_environments = -1
[stage.d]
template = "d.toml"
max_environment = 1
"#), @r#"
    greenroom.toml:3:20: spec::wrong_type: `max_environments` of `[project]` must be a whole number of at least 1, not 0
    greenroom.toml:6:20: spec::wrong_type: `max_environments` of stage `a` must be a whole number of at least 1, not a string
    greenroom.toml:9:20: spec::wrong_type: `max_environments` of stage `b` must be a whole number of at least 1, not 2.5
    greenroom.toml:12:20: spec::wrong_type: `max_environments` of stage `c` must be a whole number of at least 1, not -1
    greenroom.toml:15:1: spec::unknown_key: unknown key `max_environment` in stage `d` (did you mean `max_environments`?)
    "#);
}

#[test]
fn only_a_stage_whose_environments_come_and_go_limits_them() {
    assert_snapshot!(check_project(r#"
[stage.bake]
max_environments = 2
[stage.zone]
front = "front.toml"
max_environments = 2
[stage.production]
template = "environment.toml"
front = "front.toml"
max_environments = 2
promotion = { soak = "1m" }
[stage.wrong]
template = 3
max_environments = 2
"#), @r#"
    greenroom.toml:5:20: spec::no_environments: stage `bake` has no template, but has `max_environments` (only a stage with a `template` has environments)
    greenroom.toml:8:20: spec::no_environments: stage `zone` has no template, but has `max_environments` (only a stage with a `template` has environments)
    greenroom.toml:12:20: spec::no_environments: stage `production` promotes, but has `max_environments` (its promotions say how many environments it has: leave the limit out)
    greenroom.toml:15:12: spec::wrong_type: `template` of stage `wrong` must be a string, not a number
    "#);
}

#[test]
fn a_stage_that_promotes_has_template_and_front() {
    assert_snapshot!(check_project("[stage.p.promotion]\nsoak = \"1m\"\n"), @r#"
    greenroom.toml:3:8: spec::missing_key: stage `p` needs `template`
    greenroom.toml:3:8: spec::missing_key: stage `p` needs `front`
    "#);
}

#[test]
fn cycles_between_stages_show_every_edge() {
    assert_snapshot!(check_project(r#"
[stage.a]
needs = ["b"]
[stage.b]
needs = ["c"]
[stage.c]
needs = ["a", "d"]
[stage.d]
"#), @r#"greenroom.toml:5:10: spec::cycle: a cycle: `a` → `b` → `c` → `a` [greenroom.toml:7:10: `b` needs `c`] [greenroom.toml:9:10: `c` needs `a`] (break it at one of these places)"#);
}

#[test]
fn a_stage_says_how_it_is_run() {
    let text = |stage: &str| format!("[stage.it]\ntemplate = \"t\"\n{stage}\n");
    let project = sound_project(&text(
        "on_failure = \"resume\"\ntimeouts = { up = \"5m\", down = \"90s\" }\nmatrix = { size = [1, 2] }",
    ));
    let stage = &project.stages["it"];
    assert_eq!(stage.on_failure, OnFailure::Resume);
    let seconds = |it: Option<Duration>| it.map(|it| it.as_secs());
    let Timeouts { up, run, down } = stage.timeouts;
    assert_eq!([up, run, down].map(seconds), [Some(300), None, Some(90)]);
    assert_eq!(stage.matrix["size"].len(), 2);
    assert_snapshot!(check_project(&text(
        "on_failure = \"kep\"\ntimeouts = { up = \"soon\", test = \"1m\" }\nmatrix = { a = [], b = 1 }",
    )), @r#"
    greenroom.toml:5:14: spec::on_failure: `on_failure` of stage `it` cannot be `kep` (did you mean `keep`?)
    greenroom.toml:6:19: spec::duration: `soon` is not a duration (write it as `90s`, `5m` or `1h30m`; units are ms, s, m, h, d)
    greenroom.toml:6:27: spec::unknown_key: unknown key `test` in `timeouts` of stage `it` (known here: `up`, `run`, `down`)
    greenroom.toml:7:16: spec::wrong_type: `a` in `matrix` of stage `it` must be a list of one value or more, not a list
    greenroom.toml:7:24: spec::wrong_type: `b` in `matrix` of stage `it` must be a list of one value or more, not a number
    "#);
}

#[test]
fn builders_take_their_own_settings() {
    let project = sound_project(
        r#"
[provider.sim]
[artifact.app]
path = "app"
[repository]
url = "repository"
[image.machine]
builder = "ami"
artifacts = ["app"]
provision = ["install.sh"]
instance_type = "t3.small"
regions = ["eu-west-1"]
timeout = "10m"
[image.machine.base]
owners = ["self"]
most_recent = true
filter = { name = "base-*", architecture = ["arm64", "x86_64"] }
[image.container]
builder = "oci"
repository = "127.0.0.1:5000/app"
entrypoint = ["/app"]
environment = { A = "1" }
[image.other]
builder = "command"
command = "./bake.sh"
"#,
    );
    let builder = |name| project.images[name].builder.clone().expect("it is baked");
    let Builder::Ami(machine) = builder("machine") else { panic!("it is another") };
    assert_eq!(machine.base.filters["architecture"].len(), 2);
    assert_eq!(machine.base.filters["name"], ["base-*".into()]);
    assert!(machine.base.most_recent);
    assert_eq!(project.images["machine"].timeout.as_secs(), 600);
    let Builder::Oci(container) = builder("container") else { panic!("it is another") };
    assert_eq!((&*container.folder, &*container.platform), ("/", "linux/amd64"));
    assert_eq!(builder("other").word(), "command");
}

#[test]
fn mistakes_in_images_are_shown_where_they_are() {
    assert_snapshot!(check_project(r#"
[artifact.app]
path = "app"
[image.both]
id = "x"
builder = "local"
[image.word]
builder = "lokal"
anything = 1
[image.machine]
builder = "ami"
provider = "aws.west"
instance_type = "t3.small"
base = { id = "ami-1", most_recent = true }
regoins = []
files = ["a.conf"]
[image.container]
builder = "oci"
folder = "app"
artifacts = ["app"]
[image.there]
id = "y"
artifacts = ["app"]
[stage.bake]
bake = ["there", "word"]
"#), @r###"
    greenroom.toml:8:11: spec::image_of_two_kinds: image `both` is there already, and is to be baked [greenroom.toml:7:6: this one is there already] (leave one of the two out)
    greenroom.toml:10:11: spec::unknown_builder: there is no builder `lokal` (did you mean `local`?)
    greenroom.toml:14:12: spec::unknown_provider: image `machine`: the project has no provider configuration `aws.west`
    greenroom.toml:16:8: spec::base_image: `base` of image `machine` names one image, or says how to choose one (write `id`; or `owners`, `filter` and `most_recent`)
    greenroom.toml:17:1: spec::unknown_key: unknown key `regoins` in image `machine` (did you mean `regions`?)
    greenroom.toml:18:10: spec::image_files: image `machine` takes no files (put it into an artifact, or into a script of `provision`)
    greenroom.toml:19:1: spec::missing_key: image `container` needs `repository`
    greenroom.toml:21:10: spec::image_folder: `folder` of image `container` must be an absolute path
    greenroom.toml:22:14: spec::no_repository: the project has no repository (name one: `[repository]` with `url = "…"`)
    greenroom.toml:25:1: spec::unknown_key: unknown key `artifacts` in image `there` (known here: `id`, `builder`)
    greenroom.toml:27:9: spec::image_is_there: image `there` is not baked: it is there already [greenroom.toml:24:6: it has an id]
    "###);
}

#[test]
fn a_stage_demands_attestations_and_says_whose_count() {
    let project = sound_project(
        r#"
signing_key = "keys/ci.key"
trusted_keys = ["keys/ci.pub"]
[stage.integration]
template = "environment.toml"
attest = true
[stage.performance]
template = "environment.toml"
trusted_keys = ["keys/lab.pub"]
[stage.production]
template = "environment.toml"
front = "front.toml"
trusted_keys = []
[stage.production.promotion]
require = ["integration"]
max_age = "30d"
"#,
    );
    let keys = |stage: &str| {
        let keys = project.trusted_keys(stage).iter();
        keys.map(|it| it.value.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(project.signing_key.as_ref().map(|it| &*it.value), Some("keys/ci.key"));
    assert_eq!(keys("integration"), ["keys/ci.pub"]);
    assert_eq!(keys("performance"), ["keys/lab.pub"]);
    assert_eq!(keys("production"), [""; 0]);
    assert!(project.stages["integration"].attest.as_ref().is_some_and(|it| it.value));
    let promotion = project.stages["production"].promotion.as_ref().unwrap();
    assert_eq!(promotion.max_age.as_ref().unwrap().value, Duration::from_hours(24 * 30));
    assert_eq!(project.required_by("production"), ["integration".into()].into());
}

#[test]
fn what_is_not_said_is_required_of_all_that_a_stage_needs_and_that_has_a_template() {
    let project = sound_project(
        r#"
[stage.build]
run = ["true"]
[stage.smoke]
needs = ["build"]
template = "environment.toml"
[stage.integration]
needs = ["smoke"]
template = "environment.toml"
[stage.aside]
template = "environment.toml"
[stage.production]
needs = ["integration", "build"]
template = "environment.toml"
front = "front.toml"
promotion = {}
"#,
    );
    let required = project.required_by("production");
    assert_eq!(required, ["integration".into(), "smoke".into()].into());
    assert!(project.required_by("build").is_empty());
}

#[test]
fn only_stages_with_a_template_attest() {
    assert_snapshot!(check_project(r#"
[stage.build]
run = ["true"]
attest = true
[stage.production]
template = "environment.toml"
front = "front.toml"
[stage.production.promotion]
require = ["build", "biuld"]
"#), @r#"
    greenroom.toml:6:10: spec::no_environments: stage `build` has no template, but has `attest` (what is attested is an environment that passed: give the stage a `template`)
    greenroom.toml:11:12: spec::attests_nothing: stage `build` attests nothing (require stages that run in an environment)
    greenroom.toml:11:21: spec::unknown_stage: unknown stage `biuld` (did you mean `build`?)
    "#);
}
