//! `local_instance`: a program from an image, running on this machine.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use async_trait::async_trait;
use greenroom_model::schema::{Attribute, Type, TypeSchema};
use greenroom_model::value::Value;
use greenroom_provider::{Failure, FailureKind, Proposal, ProposeRequest};
use serde::{Deserialize, Serialize};

use super::arguments::{self, Draft, RUNNING, Seconds};
use super::{Context, ResourceType, World};
use crate::failure;
use crate::runtime::instance::{
    self, Instance, InstanceError, InstanceSpec, InstanceState, STOP_TIMEOUT_MS,
};
use crate::runtime::{Image, ObjectType, Owner, Probe, Readiness, Uid};

/// The type `local_instance`.
pub(crate) struct LocalInstance;

const READY_TIMEOUT: Seconds = Seconds::whole(30);

/// Environment variables that every instance gets.
const RESERVED: [&str; 4] = ["PORT", "GREENROOM_UID", "GREENROOM_FOLDER", "GREENROOM_IMAGE"];

#[derive(Deserialize)]
struct Arguments {
    image: Image,
    command: Option<Vec<String>>,
    environment: Option<BTreeMap<String, String>>,
    port: Option<u16>,
    readiness: Option<ReadinessTable>,
    stop_timeout: Option<Seconds>,
}

/// The argument `readiness`.
#[derive(Clone, Default, Deserialize, Serialize)]
struct ReadinessTable {
    r#type: Option<String>,
    path: Option<String>,
    timeout: Option<Seconds>,
}

#[async_trait]
impl ResourceType for LocalInstance {
    fn schema(&self) -> TypeSchema {
        let readiness = Type::object([
            (
                "type",
                Attribute::optional(
                    Type::String,
                    "`tcp` (default): its port takes connections; `http`: `path` is answered with \
                     200 to 399; `none`: it runs.",
                ),
            ),
            ("path", Attribute::optional(Type::String, "What `http` asks for; `/` if left out.")),
            (
                "timeout",
                Attribute::optional(Type::Number, "The longest wait, in seconds; 30 if left out."),
            ),
        ]);
        let schema = TypeSchema::new(
            "local_instance",
            "A program that runs on this machine, under a supervisor, and outlives the command. \
             It finds its port in `PORT`, its image in `GREENROOM_IMAGE`, and runs in a working \
             folder of its own.",
            [
                (
                    "image",
                    Attribute::required(
                        Type::String,
                        "The image: a folder, relative to the project's, or \
                         `oci://HOST/NAME@sha256:…`, which is pulled from its registry.",
                    )
                    .replaces(),
                ),
                (
                    "command",
                    Attribute::optional(
                        Type::list(Type::String),
                        "Program and arguments; the program is looked for in the image, then in \
                         PATH. An image from a registry has its own, which this replaces; with a \
                         folder it must be given.",
                    )
                    .replaces(),
                ),
                (
                    "environment",
                    Attribute::optional(
                        Type::map(Type::String),
                        "Environment variables; a change restarts the program.",
                    )
                    .default(Value::object::<String>([])),
                ),
                (
                    "port",
                    Attribute::optional_computed(
                        Type::Number,
                        "The port on loopback; left out, a free one is chosen and kept for life.",
                    ),
                ),
                (
                    "readiness",
                    Attribute::optional_computed(readiness, "When the program counts as ready."),
                ),
                (
                    "stop_timeout",
                    Attribute::optional(
                        Type::Number,
                        "How long it may take to end after SIGTERM before it is killed, in \
                         seconds.",
                    )
                    .default(10),
                ),
                ("id", Attribute::computed(Type::String, "The instance's uid.")),
                ("private_ip", Attribute::computed(Type::String, "Its address: 127.0.0.1.")),
                ("url", Attribute::computed(Type::String, "Where it is reached.")),
                ("log_file", Attribute::computed(Type::String, "Where its output is.")),
                (
                    "state",
                    Attribute::computed(
                        Type::String,
                        "`running`; or `starting`, `unready`, `exited`, `failed`, `stopped`, which \
                         the next apply repairs.",
                    ),
                ),
            ],
        );
        TypeSchema { checked_together: true, ..schema }
    }

    fn object_type(&self) -> ObjectType {
        ObjectType::Instance
    }

    fn propose(&self, context: &Context, request: ProposeRequest) -> Proposal {
        let uid = request.uid.clone();
        let mut draft = Draft::new(request);
        let image = image(&mut draft, context);
        check_command(&mut draft, image.as_ref());
        check_environment(&mut draft);
        if let Some(port) = arguments::port(&mut draft) {
            draft.set("url", arguments::url(Ipv4Addr::LOCALHOST, port));
        }
        draft.set_if_unknown("readiness", arguments::value(&ReadinessTable::default().complete()));
        if let Some(table) = draft.normalise("readiness", ReadinessTable::complete) {
            check_readiness(&mut draft, &table);
        }
        draft.typed::<Seconds>("stop_timeout");
        draft.set("id", &*uid.0);
        draft.set("private_ip", "127.0.0.1");
        if let Some(uid) = Uid::new(&*uid.0) {
            let folder = context.root.folder(ObjectType::Instance, &uid);
            draft.set("log_file", instance::log_path(&folder).display().to_string());
        }
        // An instance that is down is planned to run again.
        draft.set("state", RUNNING);
        draft.finish()
    }

    async fn read(
        &self,
        context: &Context,
        uid: &Uid,
        _: &World,
    ) -> Result<Option<Value>, Failure> {
        let instance = instance::look(&context.root, uid).map_err(|error| failure::file(&error))?;
        Ok(instance.map(|instance| attributes(&instance)))
    }

    async fn create(
        &self,
        context: &Context,
        owner: &Owner,
        planned: &Value,
    ) -> Result<bool, Failure> {
        let spec = spec(planned, None)?;
        instance::create(&context.root, &context.launcher, owner, &spec)
            .await
            .map(|()| false)
            .map_err(|error| failed(&error))
    }

    async fn ready(&self, context: &Context, uid: &Uid) -> Result<(), Failure> {
        instance::wait_ready(&context.root, &context.launcher, uid)
            .await
            .map(drop)
            .map_err(|error| failed(&error))
    }

    async fn update(&self, context: &Context, uid: &Uid, planned: &Value) -> Result<(), Failure> {
        let (root, launcher) = (&context.root, &context.launcher);
        let before = instance::look(root, uid).map_err(|error| failure::file(&error))?;
        let spec = spec(planned, before.as_ref())?;
        let goes_on = |instance: &Instance| {
            let alive = matches!(instance.state, InstanceState::Starting | InstanceState::Running);
            alive && instance.spec == spec
        };
        let result = if before.as_ref().is_some_and(goes_on) {
            instance::wait_ready(root, launcher, uid).await
        } else {
            instance::update(root, launcher, uid, &spec).await
        };
        result.map(drop).map_err(|error| failed(&error))
    }

    async fn delete(&self, context: &Context, uid: &Uid) -> Result<(), Failure> {
        instance::delete(&context.root, uid).await.map_err(|error| failed(&error))
    }
}

impl ReadinessTable {
    /// With what was left out.
    fn complete(self) -> ReadinessTable {
        let kind = self.r#type.unwrap_or_else(|| "tcp".to_owned());
        // Only `http` asks for a path; what stands there for others would read back differently.
        let path = self.path.filter(|_| kind == "http").unwrap_or_else(|| "/".to_owned());
        ReadinessTable {
            r#type: Some(kind),
            path: Some(path),
            timeout: self.timeout.or(Some(READY_TIMEOUT)),
        }
    }

    fn from_readiness(readiness: &Readiness) -> ReadinessTable {
        let (kind, path) = match &readiness.probe {
            Probe::None => ("none", None),
            Probe::Tcp => ("tcp", None),
            Probe::Http(path) => ("http", Some(path.clone())),
        };
        let (r#type, timeout) = (Some(kind.to_owned()), Some(Seconds(readiness.timeout_ms)));
        ReadinessTable { r#type, path, timeout }.complete()
    }

    fn readiness(self) -> Readiness {
        let table = self.complete();
        let path = table.path.unwrap_or_default();
        let probe = match table.r#type.as_deref() {
            Some("none") => Probe::None,
            Some("http") => Probe::Http(path),
            _ => Probe::Tcp,
        };
        Readiness { probe, timeout_ms: table.timeout.unwrap_or(READY_TIMEOUT).0 }
    }
}

/// The image, if it is known and can be one.
fn image(draft: &mut Draft, context: &Context) -> Option<Image> {
    match Image::try_from(draft.typed::<String>("image")?) {
        Ok(image) => {
            let image = match image {
                Image::Folder(path) => Image::Folder(context.base.join(path)),
                image @ Image::Oci(_) => image,
            };
            draft.set("image", image.to_string());
            Some(image)
        }
        Err(error) => {
            let help = "name it by its digest, `oci://HOST/NAME@sha256:…`: so every environment is \
                        made from the same image";
            draft.wrong("image", error.to_string(), Some(help));
            None
        }
    }
}

fn check_command(draft: &mut Draft, image: Option<&Image>) {
    let unsaid = draft.left_out("command") && matches!(image, Some(Image::Folder(_)));
    draft.expect(!unsaid, "command", "a folder does not say what is run in it: `command` must");
    let command: Option<Vec<String>> = draft.typed("command");
    let empty = command.is_some_and(|it| it.first().is_none_or(String::is_empty));
    draft.expect(!empty, "command", "the command is empty");
}

fn check_environment(draft: &mut Draft) {
    let environment: Option<BTreeMap<String, String>> = draft.typed("environment");
    for (name, value) in environment.into_iter().flatten() {
        if RESERVED.contains(&name.as_str()) {
            let message = format!("`{name}` is set by Greenroom");
            draft.wrong("environment", message, Some("the argument `port` asks for a port"));
        }
        let bad = name.is_empty() || name.contains(['=', '\0']) || value.contains('\0');
        draft.expect(!bad, "environment", format!("`{name}` cannot be an environment variable"));
    }
}

fn check_readiness(draft: &mut Draft, table: &ReadinessTable) {
    let kind = table.r#type.as_deref().unwrap_or_default();
    if !["tcp", "http", "none"].contains(&kind) {
        let message = format!("`{kind}` is no way to be ready");
        draft.wrong("readiness.type", message, Some("it is `tcp`, `http` or `none`"));
    }
    let path = table.path.as_deref().unwrap_or_default();
    let message = format!("`{path}` is no path: it does not begin with `/`");
    draft.expect(is_path(path), "readiness.path", message);
    let waits = table.timeout.is_none_or(|timeout| timeout.0 > 0);
    draft.expect(waits, "readiness.timeout", "no program is ready within 0 seconds");
}

/// Whether it can stand in a request line.
pub(super) fn is_path(path: &str) -> bool {
    path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_graphic())
}

/// What a plan asks for; a port that an instance was given by itself does not count as asked for.
fn spec(planned: &Value, before: Option<&Instance>) -> Result<InstanceSpec, Failure> {
    let arguments: Arguments = arguments::typed(planned)?;
    let chosen = before.filter(|before| before.spec.port.is_none()).and_then(|before| before.port);
    Ok(InstanceSpec {
        image: arguments.image,
        command: arguments.command.unwrap_or_default(),
        environment: arguments.environment.unwrap_or_default(),
        port: arguments.port.filter(|port| Some(*port) != chosen),
        readiness: arguments.readiness.unwrap_or_default().readiness(),
        stop_timeout_ms: arguments.stop_timeout.map_or(STOP_TIMEOUT_MS, |timeout| timeout.0),
    })
}

fn attributes(instance: &Instance) -> Value {
    let spec = &instance.spec;
    let state = match instance.state {
        InstanceState::Starting => "starting",
        InstanceState::Running => RUNNING,
        InstanceState::Unready => "unready",
        InstanceState::Exited(_) => "exited",
        InstanceState::Failed(_) => "failed",
        InstanceState::Stopped => "stopped",
    };
    Value::object([
        ("image", Value::from(spec.image.to_string())),
        ("command", arguments::value(&Some(&spec.command).filter(|it| !it.is_empty()))),
        ("environment", arguments::value(&spec.environment)),
        ("port", Value::from(instance.port)),
        ("readiness", arguments::value(&ReadinessTable::from_readiness(&spec.readiness))),
        ("stop_timeout", arguments::value(&Seconds(spec.stop_timeout_ms))),
        ("id", Value::from(instance.owner.uid.as_str())),
        ("private_ip", Value::from("127.0.0.1")),
        ("url", Value::from(instance.port.map(|port| arguments::url(Ipv4Addr::LOCALHOST, port)))),
        ("log_file", Value::from(instance.log.display().to_string())),
        ("state", Value::from(state)),
    ])
}

fn failed(error: &InstanceError) -> Failure {
    let kind = match error {
        InstanceError::Program(_) => FailureKind::Argument,
        InstanceError::Image(error) => failure::pull_kind(error),
        InstanceError::Port(error) => failure::port_kind(error),
        InstanceError::Missing { .. } => FailureKind::NotFound,
        InstanceError::Exited { .. }
        | InstanceError::Failed { .. }
        | InstanceError::NeverReady { .. }
        | InstanceError::SupervisorKilled { .. } => FailureKind::Broken,
        InstanceError::Launch(_) | InstanceError::File(_) | InstanceError::Leftover { .. } => {
            FailureKind::Internal
        }
    };
    failure::with(kind, error)
}
