//! The schema of `[image.NAME]`.

use serde_json::{Map, Value, json};

use super::{closed, described, table, text, texts};

/// An image that is there, or what bakes it.
pub(super) fn image() -> Value {
    json!({
        "description": "A pre-baked image.",
        "oneOf": [there(), local(), ami(), oci(), command()],
    })
}

fn there() -> Value {
    table("An image that exists already.", &[], [("id", text("its id"))])
}

fn local() -> Value {
    builder("local", "A folder that instances of this machine run from.", &[], [])
}

fn ami() -> Value {
    let filter = json!({
        "description": "filters of ec2:DescribeImages",
        "type": "object",
        "additionalProperties": { "anyOf": [texts(""), text("")] },
    });
    let base = [
        ("id", text("one image by its id")),
        ("owners", texts("whose images are looked at: account ids, `self`, `amazon`")),
        ("most_recent", json!({ "type": "boolean", "description": "of several, the newest" })),
        ("filter", filter),
    ];
    let settings = [
        ("provider", text("the provider configuration that makes it; `aws` if left out")),
        ("base", table("What it starts from.", &[], base)),
        ("provision", texts("scripts that provision the instance, in order")),
        ("instance_type", text("the type of the instance")),
        ("subnet_id", text("where the instance stands")),
        ("security_group_ids", texts("its security groups")),
        ("iam_instance_profile", text("what it may do in AWS")),
        (
            "root_volume_size",
            json!({ "type": "integer", "minimum": 1, "description": "of its root volume, in GiB" }),
        ),
        ("tags", pairs("tags of the image, its snapshots and the instance")),
        ("regions", texts("further regions that it is copied to")),
        ("accounts", texts("accounts that may launch it")),
    ];
    builder("ami", "A machine image of AWS.", &["base", "instance_type"], settings)
}

fn oci() -> Value {
    let settings = [
        ("repository", text("where it is pushed: HOST/NAME")),
        ("base", text("the image that it starts from; nothing if left out")),
        ("folder", text("the folder for artifacts and files; `/` if left out")),
        ("entrypoint", texts("the program with its first arguments")),
        ("command", texts("further arguments")),
        ("environment", pairs("environment variables")),
        ("working_dir", text("where the program runs")),
        ("user", text("whom it runs as")),
        ("labels", pairs("labels")),
        ("platform", text("the platform; `linux/amd64` if left out")),
    ];
    builder("oci", "An image as containers have them.", &["repository"], settings)
}

fn command() -> Value {
    let settings = [
        ("command", text("makes it, and prints its id as the last line")),
        ("exists", text("ends with 0 if the image GREENROOM_IMAGE_ID is there")),
        ("remove", text("removes the image GREENROOM_IMAGE_ID")),
        ("version", text("what else decides what comes out")),
    ];
    builder("command", "An image that any program makes.", &["command"], settings)
}

fn builder<const N: usize>(
    word: &str,
    doc: &str,
    required: &[&str],
    settings: [(&str, Value); N],
) -> Value {
    let common = [
        ("builder", json!({ "const": word })),
        ("artifacts", texts("the artifacts that go into it")),
        ("files", texts("further files that go into it: paths, or patterns of such")),
        ("timeout", described("duration", "how long one bake may take; 30m if left out")),
    ];
    let required: Vec<&str> = [&["builder"], required].concat();
    let mut all = keys(common);
    all.extend(keys(settings));
    closed(doc, &required, all)
}

fn keys<const N: usize>(keys: [(&str, Value); N]) -> Map<String, Value> {
    keys.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect()
}

fn pairs(doc: &str) -> Value {
    json!({
        "type": "object",
        "description": doc,
        "additionalProperties": { "type": "string" },
    })
}
