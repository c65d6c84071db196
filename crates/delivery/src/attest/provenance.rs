//! How an image was baked: SLSA's provenance, version 1.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::statement::{Resource, Statement};

/// The type of the predicate.
pub const PROVENANCE: &str = "https://slsa.dev/provenance/v1";

/// A bake, as far as its provenance tells of it.
#[derive(Clone, Debug)]
pub struct Bake {
    /// The image's name.
    pub image: String,
    /// The image's digest: SHA-256, in hexadecimal digits.
    pub digest: String,
    /// A URI that says what a build of this kind is, and what its parameters mean.
    pub build_type: String,
    /// The image's settings, without secrets.
    pub settings: Json,
    /// What went into it: the base image, artifacts, files.
    pub dependencies: Vec<Resource>,
    /// A URI of who built it, whom a verifier has to trust.
    pub builder: String,
    /// What tells this bake from any other; the page of the build, if that is known.
    pub invocation: String,
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// What it made beside the image, such as its log.
    pub byproducts: Vec<Resource>,
}

/// The statement of how an image was baked.
#[must_use]
pub fn statement(bake: &Bake) -> Statement {
    let subject = BTreeMap::from([(bake.image.clone(), bake.digest.clone())]);
    let predicate = json!({
        "buildDefinition": {
            "buildType": bake.build_type,
            "externalParameters": bake.settings,
            "resolvedDependencies": bake.dependencies,
        },
        "runDetails": {
            "builder": { "id": bake.builder },
            "metadata": {
                "invocationId": bake.invocation,
                "startedOn": bake.started,
                "finishedOn": bake.ended,
            },
            "byproducts": bake.byproducts,
        },
    });
    Statement::about(&subject, PROVENANCE, predicate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bake_says_what_went_into_the_image_and_who_made_it() {
        let bake = Bake {
            image: "web".to_owned(),
            digest: "ab12".to_owned(),
            build_type: "https://example.com/bake/v1".to_owned(),
            settings: json!({ "builder": "local" }),
            dependencies: vec![Resource {
                name: Some("shop".to_owned()),
                uri: Some("file:repository/shop".to_owned()),
                ..Resource::with_digest("sha256", "cd34")
            }],
            builder: "https://example.com/builder".to_owned(),
            invocation: "https://ci.example.com/42".to_owned(),
            started: Timestamp::UNIX_EPOCH,
            ended: Timestamp::from_second(60).unwrap(),
            byproducts: Vec::new(),
        };
        let told: Json = serde_json::from_slice(&statement(&bake).encode()).unwrap();
        let expected = json!({
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{ "name": "web", "digest": { "sha256": "ab12" } }],
            "predicateType": "https://slsa.dev/provenance/v1",
            "predicate": {
                "buildDefinition": {
                    "buildType": "https://example.com/bake/v1",
                    "externalParameters": { "builder": "local" },
                    "resolvedDependencies": [{
                        "name": "shop",
                        "uri": "file:repository/shop",
                        "digest": { "sha256": "cd34" },
                    }],
                },
                "runDetails": {
                    "builder": { "id": "https://example.com/builder" },
                    "metadata": {
                        "invocationId": "https://ci.example.com/42",
                        "startedOn": "1970-01-01T00:00:00Z",
                        "finishedOn": "1970-01-01T00:01:00Z",
                    },
                    "byproducts": [],
                },
            },
        });
        assert_eq!(told, expected);
    }
}
