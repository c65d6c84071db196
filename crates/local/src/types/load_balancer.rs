//! `local_load_balancer`: a process that passes HTTP requests on.

use async_trait::async_trait;
use greenroom_model::schema::{Attribute, Type, TypeSchema};
use greenroom_model::traffic::Traffic;
use greenroom_model::value::Value;
use greenroom_provider::{Failure, Proposal, ProposeRequest};
use serde::Deserialize;

use super::arguments::{self, ACTIVE, Draft, Seconds};
use super::{Context, ResourceType, World};
use crate::failure;
use crate::measure::Counts;
use crate::runtime::balancer::{self, Balancer, BalancerSpec};
use crate::runtime::{ListenAddress, ObjectType, Owner, Uid};

/// The type `local_load_balancer`.
pub(crate) struct LocalLoadBalancer;

const IDLE_TIMEOUT: Seconds = Seconds::whole(60);

#[derive(Deserialize)]
struct Arguments {
    address: Option<ListenAddress>,
    idle_timeout: Option<Seconds>,
}

#[async_trait]
impl ResourceType for LocalLoadBalancer {
    fn schema(&self) -> TypeSchema {
        let schema = TypeSchema::new(
            "local_load_balancer",
            "An HTTP load balancer on this machine: one process, which outlives the command. Its \
             listeners open its ports.",
            [
                (
                    "address",
                    Attribute::optional(
                        Type::String,
                        "Where its listeners listen: an address of 127.0.0.0/8; or `own`: a free \
                         one of 127.64.0.0/10, kept for life, for a name of the DNS to stand for.",
                    )
                    .default("127.0.0.1")
                    .replaces(),
                ),
                (
                    "idle_timeout",
                    Attribute::optional(
                        Type::Number,
                        "How long a target may be silent before its answer, and a client between \
                         two requests, in seconds.",
                    )
                    .default(60),
                ),
                ("id", Attribute::computed(Type::String, "The load balancer's uid.")),
                ("ip", Attribute::computed(Type::String, "The address that it has.")),
                ("dns_name", Attribute::computed(Type::String, "Where it is reached: its `ip`.")),
                (
                    "state",
                    Attribute::computed(
                        Type::String,
                        "`active`; or `stopped`, which the next apply repairs.",
                    ),
                ),
            ],
        );
        TypeSchema { checked_together: true, ..schema }.measures_traffic()
    }

    fn object_type(&self) -> ObjectType {
        ObjectType::Balancer
    }

    fn propose(&self, _: &Context, request: ProposeRequest) -> Proposal {
        let uid = request.uid.clone();
        let mut draft = Draft::new(request);
        if let Some(timeout) = draft.typed::<Seconds>("idle_timeout") {
            draft.expect(timeout.0 > 0, "idle_timeout", "it is not greater than 0");
        }
        if let Some(ListenAddress::Fixed(address)) = draft.typed("address") {
            draft.set("address", address.to_string());
            draft.set("ip", address.to_string());
            draft.set("dns_name", address.to_string());
        }
        draft.set("id", &*uid.0);
        draft.set("state", ACTIVE);
        draft.finish()
    }

    async fn read(
        &self,
        context: &Context,
        uid: &Uid,
        world: &World,
    ) -> Result<Option<Value>, Failure> {
        let balancer = balancer::look(&context.root, uid, world.running(uid))
            .map_err(|error| failure::file(&error))?;
        Ok(balancer.map(|balancer| attributes(&balancer)))
    }

    async fn create(
        &self,
        context: &Context,
        owner: &Owner,
        planned: &Value,
    ) -> Result<bool, Failure> {
        balancer::create(&context.root, &context.launcher, owner, &spec(planned)?)
            .await
            .map(|()| true)
            .map_err(|error| failure::balancer(&error))
    }

    async fn update(&self, context: &Context, uid: &Uid, planned: &Value) -> Result<(), Failure> {
        balancer::update(&context.root, &context.launcher, uid, &spec(planned)?)
            .await
            .map_err(|error| failure::balancer(&error))
    }

    async fn delete(&self, context: &Context, uid: &Uid) -> Result<(), Failure> {
        balancer::delete(&context.root, uid).await.map_err(|error| failure::balancer(&error))
    }

    fn traffic(&self, _: &Context, uid: &Uid, counts: &Counts) -> Result<Traffic, Failure> {
        counts.balancers.of_balancer(uid)
    }
}

fn spec(planned: &Value) -> Result<BalancerSpec, Failure> {
    let arguments: Arguments = arguments::typed(planned)?;
    Ok(BalancerSpec {
        address: arguments.address.unwrap_or_default(),
        idle_timeout_ms: arguments.idle_timeout.unwrap_or(IDLE_TIMEOUT).0,
    })
}

fn attributes(balancer: &Balancer) -> Value {
    let state = match &balancer.running {
        None => "stopped",
        Some(running) if running.config.idle_timeout_ms != balancer.spec.idle_timeout_ms => "stale",
        Some(_) => ACTIVE,
    };
    let ip = balancer.ip.map(|ip| ip.to_string());
    Value::object([
        ("address", Value::from(String::from(balancer.spec.address))),
        ("idle_timeout", arguments::value(&Seconds(balancer.spec.idle_timeout_ms))),
        ("id", Value::from(balancer.owner.uid.as_str())),
        ("ip", Value::from(ip.clone())),
        ("dns_name", Value::from(ip)),
        ("state", Value::from(state)),
    ])
}
