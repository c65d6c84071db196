//! The schema of `aws_ami_builder`.

use greenroom_model::schema::{Attribute, Type, TypeSchema};

/// How long provisioning may take where nothing is said, in seconds.
const TIMEOUT: i64 = 1800;

/// The arguments and attributes that AWS tells of the instance.
pub(super) const TOLD: [&str; 9] = [
    "ami",
    "instance_type",
    "subnet_id",
    "vpc_security_group_ids",
    "iam_instance_profile",
    "arn",
    "availability_zone",
    "instance_state",
    "private_ip",
];

/// The schema.
pub(super) fn schema() -> TypeSchema {
    let all = machine().into_iter().chain(work()).chain(computed());
    let doc = "An instance that provisions itself and stops, for an image to be made of it: it is \
               ready when it has stopped and its console says that it is provisioned. It fetches \
               the artifacts, then runs the scripts, with output to \
               `/var/log/greenroom-provision.log`. It needs `cloud-init`, and to reach what it \
               fetches; nothing reaches in.";
    TypeSchema::new("aws_ami_builder", doc, all)
}

type Named = (&'static str, Attribute);

fn machine() -> Vec<Named> {
    let text = |doc| Attribute::required(Type::String, doc).replaces();
    vec![
        ("ami", text("The image that it starts from.")),
        ("instance_type", text("Its type, such as `t3.micro`.")),
        (
            "subnet_id",
            Attribute::optional_computed(Type::String, "The subnet.").replaces().needs_exists(),
        ),
        (
            "vpc_security_group_ids",
            Attribute::optional_computed(Type::set(Type::String), "Its security groups.")
                .replaces()
                .needs_exists()
                .holds(),
        ),
        (
            "iam_instance_profile",
            Attribute::optional(Type::String, "The name of its instance profile.").replaces(),
        ),
        (
            "root_volume_size",
            Attribute::optional(
                Type::Number,
                "The size of its root volume in GiB; that of the image if left out.",
            )
            .replaces()
            .write_only(),
        ),
    ]
}

fn work() -> Vec<Named> {
    let text = |doc| Attribute::required(Type::String, doc);
    let script = Type::object([
        ("name", text("Its name, for people.")),
        (
            "script",
            text("Its text: run by the program that its first line names, else by `sh -e`."),
        ),
    ]);
    let artifact = Type::object([
        ("name", text("The file's name in `$GREENROOM_ARTIFACTS`.")),
        ("url", text("Where it is fetched from: `http` or `https`, by curl or wget.")),
        ("sha256", text("Its SHA-256, in hexadecimal digits.")),
    ]);
    let given = |attribute: Attribute| attribute.replaces().write_only();
    vec![
        (
            "provision",
            given(Attribute::required(Type::list(script), "The scripts that it runs, in order.")),
        ),
        (
            "artifacts",
            given(Attribute::optional(Type::list(artifact), "The files that it fetches first.")),
        ),
        (
            "timeout",
            given(
                Attribute::optional(Type::Number, "How long all of it may take, in seconds.")
                    .default(TIMEOUT),
            ),
        ),
    ]
}

fn computed() -> Vec<Named> {
    let given = |doc| Attribute::computed(Type::String, doc);
    vec![
        ("arn", given("Its ARN.")),
        ("availability_zone", given("The availability zone.")),
        ("instance_state", given("`running`, `stopped` …, as AWS has it.")),
        ("private_ip", given("Its private address.")),
    ]
}
