//! One `check` for all tests, and the provider it checks against.

use greenroom_model::schema::{Attribute, ProviderSchema, Type, TypeSchema};
use greenroom_spec::check::{StageTemplates, check_stage};
use greenroom_spec::diagnostic::Diagnostic;
use greenroom_spec::parse::{Parsed, parse_project, parse_template};
use greenroom_spec::project::Project;
use greenroom_spec::schemas::Schemas;
use greenroom_spec::source::{Place, Sources};
use greenroom_spec::template::{Template, TemplateKind};

/// The project's head, where a test is about something else.
pub(crate) const HEAD: &str = "[project]\nname = \"shop\"\n";

/// Reads the files (`greenroom.toml`, `environment.toml`, `front.toml`), checks every stage, and
/// renders what is wrong, a line each.
pub(crate) fn check(files: &[(&str, &str)]) -> String {
    let mut sources = Sources::default();
    let schemas = schemas();
    let mut diagnostics = Vec::new();
    let mut project = None;
    let (mut environment, mut front) = (None, None);
    for (name, text) in files {
        let file = sources.add(*name, *text);
        let mut template = |kind| {
            let Parsed { value, diagnostics: found } =
                parse_template(&sources, file, kind, &schemas);
            diagnostics.extend(found);
            Some(value)
        };
        match *name {
            "environment.toml" => environment = template(TemplateKind::Environment),
            "front.toml" => front = template(TemplateKind::Front),
            _ => {
                let Parsed { value, diagnostics: found } = parse_project(&sources, file, &schemas);
                diagnostics.extend(found);
                project = Some(value);
            }
        }
    }
    for stage in project.iter().flat_map(|project| project.stages.values()) {
        let (mut environment, mut front) = (environment.clone(), front.clone());
        let templates = StageTemplates { environment: environment.as_mut(), front: front.as_mut() };
        let project = project.as_ref().expect("it has stages");
        diagnostics.extend(check_stage(project, stage, templates));
    }
    render(&sources, &diagnostics)
}

/// Checks an environment's template alone.
pub(crate) fn check_template(text: &str) -> String {
    check(&[("environment.toml", text)])
}

/// Checks a project alone, behind its head.
pub(crate) fn check_project(text: &str) -> String {
    check(&[("greenroom.toml", &format!("{HEAD}{text}"))])
}

/// A template that is sound.
pub(crate) fn sound(text: &str) -> Template {
    let mut sources = Sources::default();
    let file = sources.add("environment.toml", text);
    let parsed = parse_template(&sources, file, TemplateKind::Environment, &schemas());
    assert_eq!(render(&sources, &parsed.diagnostics), "");
    parsed.value
}

/// A project that is sound, behind its head.
pub(crate) fn sound_project(text: &str) -> Project {
    let mut sources = Sources::default();
    let file = sources.add("greenroom.toml", format!("{HEAD}{text}"));
    let parsed = parse_project(&sources, file, &schemas());
    assert_eq!(render(&sources, &parsed.diagnostics), "");
    parsed.value
}

fn render(sources: &Sources, diagnostics: &[Diagnostic]) -> String {
    let mut lines = Vec::new();
    for Diagnostic { severity: _, code, message, labels, help } in diagnostics {
        let place = |place: Place| {
            let source = sources.get(place.file);
            let (line, column) = source.line_and_column(place.span.start as usize);
            let _ = source.text.get(place.span.range()).expect("a place on character boundaries");
            format!("{}:{line}:{column}", source.name)
        };
        let first = labels.first().expect("every diagnostic has a place");
        let mut line = format!("{}: {code}: {message}", place(first.place));
        for label in &labels[1..] {
            line += &format!(" [{}: {}]", place(label.place), label.text);
        }
        if let Some(help) = help {
            line += &format!(" ({help})");
        }
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines.join("\n")
}

/// A small cloud: networks, servers, and images to look up.
pub(crate) fn schemas() -> Schemas {
    let id = || ("id", Attribute::computed(Type::String, "The id."));
    let network = TypeSchema::new(
        "sim_network",
        "A network.",
        [
            ("cidr_block", Attribute::required(Type::String, "Its addresses.").replaces()),
            ("tags", Attribute::optional(Type::map(Type::String), "Names for people.")),
            id(),
        ],
    );
    let disk = Type::object([
        ("size", Attribute::required(Type::Number, "In GiB.")),
        ("kind", Attribute::optional(Type::String, "`ssd` or `disk`.").default("ssd")),
    ]);
    let health = Type::object([("path", Attribute::required(Type::String, "What to ask for."))]);
    let group = TypeSchema::new("sim_group", "Targets.", [id()]).reports_health();
    let server = TypeSchema::new(
        "sim_server",
        "A server.",
        [
            ("network_id", Attribute::required(Type::String, "Where it stands.")),
            ("size", Attribute::optional(Type::String, "How large it is.").default("small")),
            ("disk", Attribute::optional(Type::list(disk), "Its disks.").at_most(4)),
            ("health", Attribute::optional(health, "How it is asked.")),
            ("password", Attribute::optional(Type::String, "For root.").sensitive()),
            ("address", Attribute::computed(Type::String, "Where it answers.")),
            id(),
        ],
    );
    let image = TypeSchema::new(
        "sim_image",
        "Looks an image up.",
        [("name", Attribute::required(Type::String, "Its name.")), id()],
    );
    let named =
        |types: Vec<TypeSchema>| types.into_iter().map(|it| (it.name.clone(), it)).collect();
    Schemas::new([ProviderSchema {
        name: "sim".into(),
        doc: "A cloud for tests.".to_owned(),
        settings: [("region".into(), Attribute::required(Type::String, "Where to work."))].into(),
        resources: named(vec![group, network, server]),
        data: named(vec![image]),
    }])
}
