//! `local_dns_zone`: a name server of this machine, for one zone.

use async_trait::async_trait;
use greenroom_model::schema::{Attribute, Type, TypeSchema};
use greenroom_model::value::Value;
use greenroom_provider::{Failure, FailureKind, Proposal, ProposeRequest};
use serde::Deserialize;

use super::arguments::{self, ACTIVE, Draft};
use super::{Context, ResourceType, World};
use crate::failure;
use crate::runtime::dns::{self, Zone, ZoneSpec, ZoneStatus};
use crate::runtime::{ObjectType, Owner, Uid};

/// The type `local_dns_zone`.
pub(crate) struct LocalDnsZone;

/// Where name servers listen.
const ADDRESS: &str = "127.0.0.1";

#[derive(Deserialize)]
struct Arguments {
    name: String,
    port: Option<u16>,
    force_destroy: Option<bool>,
}

#[async_trait]
impl ResourceType for LocalDnsZone {
    fn schema(&self) -> TypeSchema {
        let schema = TypeSchema::new(
            "local_dns_zone",
            "A zone of the DNS with its name server on this machine: one process, which outlives \
             the command and answers over UDP and TCP.",
            [
                (
                    "name",
                    Attribute::required(Type::String, "The zone's name, such as `shop.test`.")
                        .replaces(),
                ),
                (
                    "port",
                    Attribute::optional_computed(
                        Type::Number,
                        "The port on loopback; left out, a free one is chosen and kept for life.",
                    ),
                ),
                (
                    "force_destroy",
                    Attribute::optional(
                        Type::Bool,
                        "Whether records that are left in the zone go with it; else it is not \
                         deleted while it has any.",
                    )
                    .default(false),
                ),
                ("id", Attribute::computed(Type::String, "The zone's uid.")),
                ("zone_id", Attribute::computed(Type::String, "The same as `id`.")),
                ("address", Attribute::computed(Type::String, "Where it is asked: 127.0.0.1.")),
                (
                    "endpoint",
                    Attribute::computed(Type::String, "Where it is asked: `127.0.0.1:PORT`."),
                ),
                (
                    "state",
                    Attribute::computed(
                        Type::String,
                        "`active`; or `stopped`, `stale`, which the next apply repairs.",
                    ),
                ),
            ],
        );
        TypeSchema { checked_together: true, ..schema }
    }

    fn object_type(&self) -> ObjectType {
        ObjectType::Zone
    }

    fn propose(&self, _: &Context, request: ProposeRequest) -> Proposal {
        let uid = request.uid.clone();
        let mut draft = Draft::new(request);
        if let Some(name) = draft.typed::<String>("name") {
            match dns::name(&name) {
                Ok(name) => draft.set("name", dns::shown(&name)),
                Err(message) => draft.wrong("name", message, Some("it is like `shop.test`")),
            }
        }
        if let Some(port) = arguments::port(&mut draft) {
            draft.set("endpoint", endpoint(port));
        }
        draft.set("id", &*uid.0);
        draft.set("zone_id", &*uid.0);
        draft.set("address", ADDRESS);
        draft.set("state", ACTIVE);
        draft.finish()
    }

    async fn read(
        &self,
        context: &Context,
        uid: &Uid,
        world: &World,
    ) -> Result<Option<Value>, Failure> {
        let zone = dns::look(&context.root, uid).map_err(|error| failure::file(&error))?;
        Ok(zone.map(|zone| attributes(&zone, world.zone(uid))))
    }

    async fn create(
        &self,
        context: &Context,
        owner: &Owner,
        planned: &Value,
    ) -> Result<bool, Failure> {
        dns::create(&context.root, &context.launcher, owner, &spec(planned, None)?)
            .await
            .map(|_| true)
            .map_err(|error| failure::zone(&error))
    }

    async fn update(&self, context: &Context, uid: &Uid, planned: &Value) -> Result<(), Failure> {
        let before = dns::look(&context.root, uid).map_err(|error| failure::file(&error))?;
        let spec = spec(planned, before.as_ref())?;
        dns::update(&context.root, &context.launcher, uid, &spec)
            .await
            .map(drop)
            .map_err(|error| failure::zone(&error))
    }

    async fn delete(&self, context: &Context, uid: &Uid) -> Result<(), Failure> {
        dns::delete(&context.root, uid).await.map_err(|error| failure::zone(&error))
    }
}

fn endpoint(port: u16) -> String {
    format!("{ADDRESS}:{port}")
}

/// What a plan asks for; a port that a zone was given by itself does not count as asked for.
fn spec(planned: &Value, before: Option<&Zone>) -> Result<ZoneSpec, Failure> {
    let arguments: Arguments = arguments::typed(planned)?;
    let wrong = |message: String| Failure::new(FailureKind::Argument, message);
    let chosen = before.filter(|before| before.spec.port.is_none()).and_then(|before| before.port);
    Ok(ZoneSpec {
        name: dns::name(&arguments.name).map(|name| dns::shown(&name)).map_err(wrong)?,
        port: arguments.port.filter(|port| Some(*port) != chosen),
        force_destroy: arguments.force_destroy.unwrap_or_default(),
    })
}

fn attributes(zone: &Zone, status: Option<&ZoneStatus>) -> Value {
    let state = match status.map(|status| &status.running.config) {
        None => "stopped",
        Some(config) if Some(config.port) == zone.port && config.name == zone.spec.name => ACTIVE,
        Some(_) => "stale",
    };
    Value::object([
        ("name", Value::from(zone.spec.name.as_str())),
        ("port", Value::from(zone.port)),
        ("force_destroy", Value::from(zone.spec.force_destroy)),
        ("id", Value::from(zone.owner.uid.as_str())),
        ("zone_id", Value::from(zone.owner.uid.as_str())),
        ("address", Value::from(ADDRESS)),
        ("endpoint", Value::from(zone.port.map(endpoint))),
        ("state", Value::from(state)),
    ])
}
