//! The types: few, but each exercises a rule.

use std::sync::Arc;
use std::time::Duration;

use greenroom_model::schema::{Attribute, ProviderSchema, Type, TypeSchema};

pub(super) const NETWORK: &str = "sim_network";
pub(super) const MACHINE: &str = "sim_machine";
pub(super) const GROUP: &str = "sim_group";
pub(super) const LISTENER: &str = "sim_listener";
pub(super) const BALANCER: &str = "sim_balancer";
pub(super) const RECORD: &str = "sim_record";
pub(super) const IMAGE: &str = "sim_image";

/// The types whose objects are not written over if somebody else changed them.
pub(super) const GUARDED: [&str; 3] = [LISTENER, BALANCER, RECORD];

/// The types; a look-up may miss a new object for as long as `grace`.
pub(super) fn schema(grace: Duration) -> ProviderSchema {
    let resources = [network(), machine(), group(), listener(), balancer(), record()]
        .into_iter()
        .map(|it| (it.name.clone(), TypeSchema { grace, ..it }))
        .collect();
    let image = image();
    ProviderSchema {
        name: Arc::from("sim"),
        doc: "A cloud for tests.".to_owned(),
        settings: [("region".into(), Attribute::optional(Type::String, "Where to work."))].into(),
        resources,
        data: [(image.name.clone(), image)].into(),
    }
}

fn id() -> (&'static str, Attribute) {
    ("id", Attribute::computed(Type::String, "The cloud's name for it."))
}

fn network() -> TypeSchema {
    TypeSchema::new(
        NETWORK,
        "A network; machines hold it.",
        [
            ("cidr", Attribute::required(Type::String, "Its addresses.").replaces()),
            ("label", Attribute::optional(Type::String, "A name for people.")),
            id(),
        ],
    )
}

fn machine() -> TypeSchema {
    TypeSchema::new(
        MACHINE,
        "A machine, made in two steps: accepted, then ready.",
        [
            ("image", Attribute::required(Type::String, "What it runs.").replaces()),
            ("size", Attribute::optional(Type::String, "How large it is.").default("small")),
            (
                "network_id",
                Attribute::optional(Type::String, "Where it stands.")
                    .replaces()
                    .holds()
                    .needs_exists(),
            ),
            (
                "zone",
                Attribute::optional_computed(Type::String, "Which zone it stands in.").replaces(),
            ),
            ("peers", Attribute::optional(Type::set(Type::String), "Addresses it knows.")),
            ("ports", Attribute::optional(Type::list(Type::Number), "Where it listens.")),
            ("secret", Attribute::optional(Type::String, "A password.").sensitive()),
            ("address", Attribute::computed(Type::String, "Where it answers, once ready.")),
            id(),
        ],
    )
}

fn group() -> TypeSchema {
    TypeSchema::new(
        GROUP,
        "A group of machines.",
        [
            (
                "name",
                Attribute::optional(Type::String, "A unique name.").unique_name(24).replaces(),
            ),
            ("port", Attribute::optional(Type::Number, "Where it sends.").default(80).replaces()),
            ("targets", Attribute::optional(Type::set(Type::String), "Its machines' addresses.")),
            id(),
        ],
    )
    .measures_traffic()
    .reports_health()
}

fn listener() -> TypeSchema {
    TypeSchema::new(
        LISTENER,
        "What takes requests to a group; it holds its group.",
        [
            ("group", Attribute::required(Type::String, "The group's id.").holds()),
            ("port", Attribute::optional(Type::Number, "Where it listens.").default(80)),
            ("url", Attribute::computed(Type::String, "Where it answers.")),
            id(),
        ],
    )
    .guarded()
}

fn balancer() -> TypeSchema {
    let share = Type::object([
        ("group", Attribute::required(Type::String, "The group's id.").holds()),
        ("weight", Attribute::required(Type::Number, "Its share of the requests.")),
        ("mirror", Attribute::optional(Type::Number, "How many of a hundred it gets copies of.")),
    ]);
    TypeSchema::new(
        BALANCER,
        "What shares requests out among groups; it holds its groups.",
        [
            ("groups", Attribute::required(Type::list(share), "The groups with their weights.")),
            ("url", Attribute::computed(Type::String, "Where it answers.")),
            id(),
        ],
    )
    .guarded()
    .admits_at_zero()
}

fn record() -> TypeSchema {
    TypeSchema::new(
        RECORD,
        "One of the answers to a name, given as often as its weight says; if all have weight 0, any.",
        [
            ("name", Attribute::required(Type::String, "The name.").replaces()),
            ("group", Attribute::required(Type::String, "The group's id.").holds()),
            ("weight", Attribute::required(Type::Number, "Its share of the answers.")),
            id(),
        ],
    )
    .guarded()
    .changes_together(&["name"])
}

fn image() -> TypeSchema {
    TypeSchema::new(
        IMAGE,
        "Looks an image up.",
        [("name", Attribute::required(Type::String, "Its name.")), id()],
    )
}
