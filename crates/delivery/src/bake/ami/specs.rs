//! What a bake applies: a template of its own, and what it is made with.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use greenroom_engine::desired::{Desired, DesiredScope, Standing};
use greenroom_model::address::{BlockName, Scope};
use greenroom_model::expr::Expr;
use greenroom_model::identity::EnvironmentKind;
use greenroom_model::value::{Object, Value};
use greenroom_spec::image::AmiBuilder;
use greenroom_spec::project::IMAGES_STAGE;
use greenroom_spec::template::Template;

use super::{Bake, Link, Provider, Script};
use crate::project::Project;
use crate::wanted::Wanted;

/// What an image is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// A builder, which is made for it.
    Builder,
    /// The builder of this id, which is not needed any more.
    Gone(Arc<str>),
}

/// The image of a bake's template.
pub(super) fn image() -> BlockName {
    BlockName::managed("aws_ami_from_instance", "image")
}

/// Its copy in another region.
pub(super) fn copy(region: &str) -> BlockName {
    BlockName::managed("aws_ami_copy", region)
}

/// The project and what is wanted of it.
pub(super) fn wanted(bake: &Bake, scope: &Scope, source: &Source) -> (Project, Wanted) {
    let mut project = Project::named(&bake.project, bake.workbench.schemas.clone());
    let text = template(&bake.provider.configuration, &bake.builder, source);
    let (template, diagnostics) = project.template_of("image.toml", text);
    let (variables, providers) =
        (variables(bake, source), providers(&bake.provider, &bake.builder));
    let desired = desired(&bake.project, scope, template, variables, providers);
    (project, Wanted { desired: Some(Arc::new(desired)), diagnostics })
}

fn desired(
    project: &str,
    scope: &Scope,
    template: Template,
    variables: BTreeMap<Arc<str>, Value>,
    providers: BTreeMap<Arc<str>, Object>,
) -> Desired {
    let wanted = DesiredScope {
        digest: template.digest(),
        template: Arc::new(template),
        variables,
        images: BTreeMap::new(),
        image_set: None,
        providers,
        sealed: None,
        standing: Standing::default(),
    };
    Desired {
        project: project.into(),
        stage: IMAGES_STAGE.into(),
        kind: EnvironmentKind::Ephemeral,
        environment: Some(scope.clone()),
        scopes: [(scope.clone(), wanted)].into(),
    }
}

/// What reaches the accounts and regions that images of this builder are in, and wants nothing.
pub(super) fn reach(project: &str, provider: &Provider, builder: &AmiBuilder) -> Desired {
    let (template, _) =
        Project::named(project, Arc::default()).template_of("image.toml", String::new());
    desired(project, &Scope::front(), template, BTreeMap::new(), providers(provider, builder))
}

/// The template. What comes from a user is in variables, so that no text has to be quoted.
pub(super) fn template(configuration: &str, builder: &AmiBuilder, source: &Source) -> String {
    let mut text = declarations();
    if *source == Source::Builder {
        text.push_str(&machine(configuration, builder));
    }
    let instance = match source {
        Source::Builder => "aws_ami_builder.builder.id",
        Source::Gone(_) => "var.source_instance_id",
    };
    let _ = write!(
        text,
        r#"
[resource.aws_ami_from_instance.image]
provider = "{configuration}"
name = "${{var.name}}"
source_instance_id = "${{{instance}}}"
tags = "${{var.tags}}"
"#
    );
    text.push_str(&permissions(configuration, "image", "aws_ami_from_instance.image", builder));
    for region in &builder.regions {
        text.push_str(&elsewhere(configuration, &region.value, builder));
    }
    text
}

const VARIABLES: [(&str, &str); 14] = [
    ("accounts", "list(string)"),
    ("artifacts", "list(object({ name = string, url = string, sha256 = string }))"),
    ("base", "string"),
    ("iam_instance_profile", "string"),
    ("instance_type", "string"),
    ("name", "string"),
    ("provision", "list(object({ name = string, script = string }))"),
    ("region", "string"),
    ("root_volume_size", "number"),
    ("security_group_ids", "list(string)"),
    ("source_instance_id", "string"),
    ("subnet_id", "string"),
    ("tags", "map(string)"),
    ("timeout", "number"),
];

/// Where an artifact is fetched from lets whoever knows it fetch it.
const SECRET: &str = "artifacts";

fn declarations() -> String {
    let declare = |(name, ty): (&str, &str)| {
        let secret = if name == SECRET { "sensitive = true\n" } else { "" };
        format!("[variable.{name}]\ntype = \"{ty}\"\n{secret}")
    };
    VARIABLES.map(declare).concat()
}

/// The builder. Links differ from bake to bake, and time is no reason for another machine.
fn machine(configuration: &str, builder: &AmiBuilder) -> String {
    let optional = [
        ("subnet_id", "subnet_id", builder.subnet_id.is_some()),
        ("vpc_security_group_ids", "security_group_ids", !builder.security_group_ids.is_empty()),
        ("iam_instance_profile", "iam_instance_profile", builder.iam_instance_profile.is_some()),
        ("root_volume_size", "root_volume_size", builder.root_volume_size.is_some()),
    ];
    let given = optional.into_iter().filter(|(_, _, given)| *given);
    let given: String =
        given.map(|(argument, name, _)| format!("{argument} = \"${{var.{name}}}\"\n")).collect();
    format!(
        r#"
[resource.aws_ami_builder.builder]
provider = "{configuration}"
ami = "${{var.base}}"
instance_type = "${{var.instance_type}}"
{given}provision = "${{var.provision}}"
artifacts = "${{var.artifacts}}"
timeout = "${{var.timeout}}"
tags = "${{var.tags}}"
lifecycle = {{ ignore_changes = ["artifacts", "timeout"] }}
"#
    )
}

/// A copy, and who may launch it.
fn elsewhere(configuration: &str, region: &str, builder: &AmiBuilder) -> String {
    let there = in_region(configuration, region);
    let copy = format!(
        r#"
[resource.aws_ami_copy.{region}]
provider = "{there}"
name = "${{var.name}}"
source_ami_id = "${{aws_ami_from_instance.image.id}}"
source_ami_region = "${{var.region}}"
tags = "${{var.tags}}"
"#
    );
    copy + &permissions(&there, region, &format!("aws_ami_copy.{region}"), builder)
}

fn permissions(configuration: &str, name: &str, of: &str, builder: &AmiBuilder) -> String {
    if builder.accounts.is_empty() {
        return String::new();
    }
    format!(
        r#"
[resource.aws_ami_launch_permission.{name}]
provider = "{configuration}"
for_each = "${{toset(var.accounts)}}"
image_id = "${{{of}.id}}"
account_id = "${{each.value}}"
"#
    )
}

/// The provider configuration for another region.
fn in_region(configuration: &str, region: &str) -> String {
    let provider = configuration.split('.').next().unwrap_or(configuration);
    format!("{provider}.{region}")
}

fn providers(provider: &Provider, builder: &AmiBuilder) -> BTreeMap<Arc<str>, Object> {
    let Provider { configuration, settings } = provider;
    let others = builder.regions.iter().map(|region| {
        let mut there = settings.clone();
        there.insert("region".into(), Value::from(region.value.clone()));
        (in_region(configuration, &region.value).into(), there)
    });
    others.chain([(configuration.clone(), settings.clone())]).collect()
}

fn variables(bake: &Bake, source: &Source) -> BTreeMap<Arc<str>, Value> {
    let Bake { builder, base, .. } = bake;
    let text = |it: &Option<greenroom_spec::source::Located<Arc<str>>>| {
        it.as_ref().map_or(Value::Null, |it| Value::from(it.value.clone()))
    };
    let texts = |all: &[greenroom_spec::source::Located<Arc<str>>]| {
        Value::list(all.iter().map(|it| it.value.clone()))
    };
    let size = builder.root_volume_size.as_ref().map(|it| Value::from(i64::from(it.value)));
    let instance = match source {
        Source::Builder => Value::Null,
        Source::Gone(id) => Value::from(id.clone()),
    };
    let seconds = i64::try_from(bake.timeout.as_secs()).unwrap_or(i64::MAX);
    let links = Value::list(bake.artifacts.iter().map(Link::value));
    let secret = Value::sensitive(links, Expr::reference("var", [SECRET]));
    let values = [
        ("accounts", texts(&builder.accounts)),
        (SECRET, secret),
        ("base", Value::from(base.id.clone())),
        ("iam_instance_profile", text(&builder.iam_instance_profile)),
        ("instance_type", Value::from(builder.instance_type.value.clone())),
        ("name", Value::from(bake.image_name())),
        ("provision", Value::list(bake.scripts.iter().map(Script::value))),
        ("region", Value::from(base.region.clone())),
        ("root_volume_size", size.unwrap_or_default()),
        ("security_group_ids", texts(&builder.security_group_ids)),
        ("source_instance_id", instance),
        ("subnet_id", text(&builder.subnet_id)),
        ("tags", tags(bake)),
        ("timeout", Value::from(seconds)),
    ];
    values.into_iter().map(|(name, value)| (name.into(), value)).collect()
}

/// The user's tags, and a name for AWS's console where they have none.
fn tags(bake: &Bake) -> Value {
    let name = ("Name".into(), Value::from(bake.image_name()));
    let own = bake.builder.tags.iter().map(|(key, text)| (key.clone(), Value::from(text.clone())));
    Value::object::<Arc<str>>([name].into_iter().chain(own))
}
