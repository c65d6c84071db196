//! `local_load_balancer`: a process that passes HTTP requests on.

use async_trait::async_trait;
use greenroom_model::schema::{Attribute, Type, TypeSchema};
use greenroom_model::value::Value;
use greenroom_provider::{Failure, Proposal, ProposeRequest};
use serde::Deserialize;

use super::arguments::{self, ACTIVE, Draft, Seconds};
use super::{Context, ResourceType, World};
use crate::failure;
use crate::runtime::balancer::{self, Balancer, BalancerSpec};
use crate::runtime::{ObjectType, Owner, Uid};

/// The type `local_load_balancer`.
pub(crate) struct LocalLoadBalancer;

const IDLE_TIMEOUT: Seconds = Seconds::whole(60);

#[derive(Deserialize)]
struct Arguments {
    idle_timeout: Option<Seconds>,
}

#[async_trait]
impl ResourceType for LocalLoadBalancer {
    fn schema(&self) -> TypeSchema {
        TypeSchema::new(
            "local_load_balancer",
            "An HTTP load balancer on this machine: one process, which outlives the command. Its \
             listeners open its ports.",
            [
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
                ("dns_name", Attribute::computed(Type::String, "Where it is reached: 127.0.0.1.")),
                (
                    "state",
                    Attribute::computed(
                        Type::String,
                        "`active`; or `stopped`, which the next apply repairs.",
                    ),
                ),
            ],
        )
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
        draft.set("id", &*uid.0);
        draft.set("dns_name", "127.0.0.1");
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
}

fn spec(planned: &Value) -> Result<BalancerSpec, Failure> {
    let arguments: Arguments = arguments::typed(planned)?;
    Ok(BalancerSpec { idle_timeout_ms: arguments.idle_timeout.unwrap_or(IDLE_TIMEOUT).0 })
}

fn attributes(balancer: &Balancer) -> Value {
    let state = match &balancer.running {
        None => "stopped",
        Some(running) if running.config.idle_timeout_ms != balancer.spec.idle_timeout_ms => "stale",
        Some(_) => ACTIVE,
    };
    Value::object([
        ("idle_timeout", arguments::value(&Seconds(balancer.spec.idle_timeout_ms))),
        ("id", Value::from(balancer.owner.uid.as_str())),
        ("dns_name", Value::from("127.0.0.1")),
        ("state", Value::from(state)),
    ])
}
