//! The schema of `greenroom.toml`.

use serde_json::{Map, Value, json};

use super::values::arguments;
use super::{described, image, named, promotion, reference, table, text, texts};
use crate::schemas::Schemas;

pub(super) fn define(definitions: &mut Map<String, Value>, schemas: &Schemas) {
    definitions.insert("providers".to_owned(), providers(schemas));
    definitions.insert("promotion".to_owned(), promotion::promotion());
    definitions.insert("stage".to_owned(), stage());
    definitions.insert("image".to_owned(), image::image());
    definitions.insert("project".to_owned(), project());
}

fn project() -> Value {
    let project = table(
        "The project.",
        &["name"],
        [
            ("name", text("the project's name")),
            (
                "max_environments",
                limit("how many ephemeral environments there may be at once, of all stages"),
            ),
            ("signing_key", text("the private key that attestations are signed with, a file")),
            ("trusted_keys", texts("the public keys whose signatures count, files")),
        ],
    );
    let state =
        location("Where states live.", "a folder relative to this file, or s3://BUCKET/PREFIX");
    let repository = location(
        "Where artifacts are published.",
        "a folder relative to this file, s3://BUCKET/PREFIX, or https://HOST/artifactory/REPOSITORY",
    );
    let artifact = table(
        "A built binary.",
        &["path"],
        [
            ("path", text("the file, relative to this one")),
            ("version", text("the version it is published as; else its content gives it")),
        ],
    );
    table(
        "A project: one `greenroom.toml` and the templates beside it.",
        &["project"],
        [
            ("project", project),
            ("state", state),
            ("repository", repository),
            ("provider", described("providers", "Settings per provider configuration.")),
            ("artifact", named(artifact)),
            ("image", named(reference("image"))),
            ("stage", named(reference("stage"))),
        ],
    )
}

/// Where something lives, with what a bucket is reached with.
fn location(doc: &str, url: &str) -> Value {
    table(
        doc,
        &["url"],
        [
            ("url", text(url)),
            ("region", text("the bucket's region; else as every AWS tool takes it")),
            ("profile", text("the profile of AWS to reach the bucket with")),
            ("assume_role", text("the ARN of a role to reach the bucket with")),
            ("endpoint", text("the URL of the API, for what is not AWS")),
        ],
    )
}

/// Settings by configuration: `aws`, or with a name of its own `aws.west`.
fn providers(schemas: &Schemas) -> Value {
    let mut plain = Map::new();
    let mut aliased = Map::new();
    for provider in schemas.providers() {
        let mut settings = arguments(&provider.doc, &provider.settings, Map::new());
        // A stage's settings only add to the project's, so none is required in one place.
        settings.as_object_mut().map(|keys| keys.remove("required"));
        aliased.insert(format!("^{}\\.", provider.name), settings.clone());
        plain.insert(provider.name.to_string(), settings);
    }
    json!({
        "type": "object",
        "properties": plain,
        "patternProperties": aliased,
        "additionalProperties": false,
    })
}

fn stage() -> Value {
    table(
        "One step of the pipeline.",
        &[],
        [
            ("needs", texts("the stages that must have passed before")),
            ("template", text("the template of its environments")),
            ("front", text("the template of its front")),
            ("front_of", text("the stage whose front it uses instead")),
            ("ttl", described("duration", "how long an ephemeral environment may live")),
            ("max_environments", limit("how many of its environments there may be at once")),
            ("timeouts", timeouts()),
            (
                "on_failure",
                json!({
                    "enum": ["destroy", "keep", "resume"],
                    "description": "what becomes of an environment in which something failed",
                }),
            ),
            (
                "attest",
                json!({
                    "type": "boolean",
                    "description": "whether a run that may not attest fails",
                }),
            ),
            ("trusted_keys", texts("the public keys whose signatures count for this stage")),
            ("run", texts("commands to run in it; these are no expressions")),
            ("publish", texts("artifacts to publish")),
            ("bake", texts("images to bake")),
            ("variables", json!({ "type": "object", "description": "values for its templates" })),
            (
                "matrix",
                json!({
                    "type": "object",
                    "description": "values for variables: an environment for each combination",
                    "additionalProperties": { "type": "array", "minItems": 1 },
                }),
            ),
            ("provider", described("providers", "settings that differ in this stage")),
            ("promotion", reference("promotion")),
        ],
    )
}

fn timeouts() -> Value {
    table(
        "How long each part of a run may take.",
        &[],
        [
            ("up", described("duration", "until the environment is up")),
            ("run", described("duration", "all commands together")),
            ("down", described("duration", "until the environment is gone")),
        ],
    )
}

fn limit(doc: &str) -> Value {
    json!({ "type": "integer", "minimum": 1, "maximum": u32::MAX, "description": doc })
}
