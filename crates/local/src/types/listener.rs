//! `local_listener`: a port of a load balancer, and who gets its requests.

use std::time::Duration;

use async_trait::async_trait;
use greenroom_model::schema::{Attribute, Type, TypeSchema};
use greenroom_model::value::Value;
use greenroom_provider::{Failure, FailureKind, Proposal, ProposeRequest};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use super::arguments::{self, ACTIVE, Draft};
use super::{Context, ResourceType, World};
use crate::failure;
use crate::runtime::balancer::{Action, FixedResponse, WeightedGroup};
use crate::runtime::listener::{self, Listener, ListenerError, ListenerSpec};
use crate::runtime::{ObjectType, Owner, Uid};

/// The type `local_listener`.
pub(crate) struct LocalListener;

/// How long a load balancer may take to serve what is recorded.
const SERVED_LIMIT: Duration = Duration::from_secs(10);

#[derive(Deserialize)]
struct Arguments {
    load_balancer: String,
    port: Option<u16>,
    default_action: ActionTable,
}

/// The argument `default_action`.
#[derive(Clone, Default, Deserialize, Serialize)]
struct ActionTable {
    r#type: String,
    target_group: Option<String>,
    forward: Option<ForwardTable>,
    fixed_response: Option<FixedResponseTable>,
}

#[derive(Clone, Deserialize, Serialize)]
struct ForwardTable {
    target_group: Vec<ShareTable>,
}

#[derive(Clone, Deserialize, Serialize)]
struct ShareTable {
    id: String,
    weight: Option<u32>,
    mirror: Option<u32>,
}

#[derive(Clone, Default, Deserialize, Serialize)]
struct FixedResponseTable {
    status_code: Option<u16>,
    content_type: Option<String>,
    message_body: Option<String>,
}

#[async_trait]
impl ResourceType for LocalListener {
    fn schema(&self) -> TypeSchema {
        let schema = TypeSchema::new(
            "local_listener",
            "A port of a load balancer, and what happens to the requests that come to it. A change \
             of weights drops no request and no connection.",
            [
                (
                    "load_balancer",
                    Attribute::required(Type::String, "The id of its load balancer.")
                        .replaces()
                        .holds(),
                ),
                (
                    "port",
                    Attribute::optional_computed(
                        Type::Number,
                        "The port on the load balancer's address; left out, a free one is chosen and kept for life.",
                    ),
                ),
                (
                    "protocol",
                    Attribute::optional(Type::String, "What clients speak: `http`.")
                        .default("http"),
                ),
                ("default_action", Attribute::required(action_type(), "What happens to requests.")),
                ("id", Attribute::computed(Type::String, "The listener's uid.")),
                ("url", Attribute::computed(Type::String, "Where it is reached.")),
                (
                    "state",
                    Attribute::computed(
                        Type::String,
                        "`active`; or `stale`: its load balancer does not serve it so, which the \
                         next apply repairs.",
                    ),
                ),
            ],
        );
        TypeSchema { checked_together: true, ..schema }.guarded().admits_at_zero()
    }

    fn object_type(&self) -> ObjectType {
        ObjectType::Listener
    }

    fn propose(&self, _: &Context, request: ProposeRequest) -> Proposal {
        let uid = request.uid.clone();
        let mut draft = Draft::new(request);
        let port = arguments::port(&mut draft);
        set_url(&mut draft, port);
        let protocol: Option<String> = draft.typed("protocol");
        let http = protocol.is_none_or(|protocol| protocol.eq_ignore_ascii_case("http"));
        draft.expect(http, "protocol", "only `http` is spoken");
        if let Some(table) = draft.normalise("default_action", ActionTable::complete) {
            check_action(&mut draft, &table);
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
        let found = listener::look(&context.root, uid).map_err(|error| failure::file(&error))?;
        Ok(found.map(|listener| attributes(&listener, world)))
    }

    async fn create(
        &self,
        context: &Context,
        owner: &Owner,
        planned: &Value,
    ) -> Result<bool, Failure> {
        listener::create(&context.root, owner, &spec(planned, None)?)
            .await
            .map(|_| true)
            .map_err(|error| failed(&error))
    }

    async fn update(&self, context: &Context, uid: &Uid, planned: &Value) -> Result<(), Failure> {
        let before = listener::look(&context.root, uid).map_err(|error| failure::file(&error))?;
        listener::update(&context.root, uid, &spec(planned, before.as_ref())?)
            .await
            .map(drop)
            .map_err(|error| failed(&error))
    }

    async fn delete(&self, context: &Context, uid: &Uid) -> Result<(), Failure> {
        listener::delete(&context.root, uid).await.map_err(|error| failed(&error))
    }

    async fn verify(
        &self,
        context: &Context,
        uid: &Uid,
        limit: Option<Duration>,
    ) -> Result<(), Failure> {
        let limit = limit.unwrap_or(SERVED_LIMIT);
        let served = timeout(limit, listener::served(&context.root, uid)).await;
        let served = served.map_err(|_| {
            let message =
                format!("the listener {uid} is not served as it should be after {limit:?}");
            Failure::new(FailureKind::Unavailable, message)
                .help("plan again: the plan shows what its load balancer does not serve")
        })?;
        served.map_err(|error| failed(&error))
    }
}

/// Makes the URL known where the listener has one: its address is for its load balancer to say.
fn set_url(draft: &mut Draft, port: Option<u16>) {
    let prior = draft.prior().and_then(|prior| prior.get("url")).and_then(Value::as_str);
    let host = prior.and_then(|url| url.strip_prefix("http://")?.split(':').next()?.parse().ok());
    if let (Some(host), Some(port)) = (host, port) {
        draft.set("url", arguments::url(host, port));
    }
}

fn action_type() -> Type {
    let share = Type::object([
        ("id", Attribute::required(Type::String, "The target group's id.").holds()),
        (
            "weight",
            Attribute::optional(
                Type::Number,
                "Its share of the requests, relative to the others'; 0 for none, 1 if left out.",
            ),
        ),
        (
            "mirror",
            Attribute::optional(
                Type::Number,
                "The percentage of the GET and HEAD requests of the other target groups that it \
                 gets copies of, whose answers nobody sees; 0 if left out.",
            ),
        ),
    ]);
    let forward = Type::object([(
        "target_group",
        Attribute::required(Type::list(share), "The target groups with their weights."),
    )]);
    let fixed_response = Type::object([
        ("status_code", Attribute::optional(Type::Number, "The status; 200 if left out.")),
        (
            "content_type",
            Attribute::optional(Type::String, "The media type; `text/plain` if left out."),
        ),
        ("message_body", Attribute::optional(Type::String, "The body; empty if left out.")),
    ]);
    Type::object([
        ("type", Attribute::required(Type::String, "`forward` or `fixed-response`.")),
        (
            "target_group",
            Attribute::optional(
                Type::String,
                "The id of the only target group, in place of `forward`.",
            )
            .holds(),
        ),
        ("forward", Attribute::optional(forward, "Which target groups get the requests.")),
        ("fixed_response", Attribute::optional(fixed_response, "The answer to every request.")),
    ])
}

impl ActionTable {
    /// With what was left out; a single target group becomes a list of one.
    fn complete(self) -> ActionTable {
        let single =
            self.target_group.map(|id| vec![ShareTable { id, weight: None, mirror: None }]);
        let forward = self.forward.or_else(|| Some(ForwardTable { target_group: single? }));
        ActionTable {
            r#type: self.r#type,
            target_group: None,
            forward: forward.map(ForwardTable::complete),
            fixed_response: self.fixed_response.map(FixedResponseTable::complete),
        }
    }

    fn action(self) -> Option<Action> {
        let table = self.complete();
        match table.r#type.as_str() {
            "forward" => {
                let share = |share: ShareTable| WeightedGroup {
                    id: share.id,
                    weight: share.weight.unwrap_or(1),
                    mirror: share.mirror.unwrap_or(0),
                };
                Some(Action::Forward(table.forward?.target_group.into_iter().map(share).collect()))
            }
            "fixed-response" => {
                let fixed = table.fixed_response.unwrap_or_default().complete();
                Some(Action::FixedResponse(FixedResponse {
                    status_code: fixed.status_code?,
                    content_type: fixed.content_type?,
                    message_body: fixed.message_body?,
                }))
            }
            _ => None,
        }
    }

    fn from_action(action: &Action) -> ActionTable {
        match action {
            Action::Forward(shares) => {
                let share = |share: &WeightedGroup| ShareTable {
                    id: share.id.clone(),
                    weight: Some(share.weight),
                    mirror: Some(share.mirror),
                };
                let target_group = shares.iter().map(share).collect();
                ActionTable {
                    r#type: "forward".into(),
                    forward: Some(ForwardTable { target_group }),
                    ..ActionTable::default()
                }
            }
            Action::FixedResponse(fixed) => ActionTable {
                r#type: "fixed-response".into(),
                fixed_response: Some(FixedResponseTable {
                    status_code: Some(fixed.status_code),
                    content_type: Some(fixed.content_type.clone()),
                    message_body: Some(fixed.message_body.clone()),
                }),
                ..ActionTable::default()
            },
        }
    }
}

impl ForwardTable {
    fn complete(self) -> ForwardTable {
        let share = |share: ShareTable| ShareTable {
            id: share.id,
            weight: share.weight.or(Some(1)),
            mirror: share.mirror.or(Some(0)),
        };
        ForwardTable { target_group: self.target_group.into_iter().map(share).collect() }
    }
}

impl FixedResponseTable {
    fn complete(self) -> FixedResponseTable {
        FixedResponseTable {
            status_code: self.status_code.or(Some(200)),
            content_type: self.content_type.or_else(|| Some("text/plain".to_owned())),
            message_body: self.message_body.or_else(|| Some(String::new())),
        }
    }
}

fn check_action(draft: &mut Draft, table: &ActionTable) {
    let name = "default_action";
    match table.r#type.as_str() {
        "forward" => {
            let groups = table.forward.as_ref().map_or(&[][..], |forward| &forward.target_group);
            draft.expect(!groups.is_empty(), name, "it forwards to no target group");
            check_mirrors(draft, groups);
            draft.expect(table.fixed_response.is_none(), name, "`forward` has no `fixed_response`");
        }
        "fixed-response" => {
            draft.expect(table.forward.is_none(), name, "`fixed-response` has no target group");
            let status = table.fixed_response.as_ref().and_then(|fixed| fixed.status_code);
            let message = format!("{} is no status of an answer", status.unwrap_or(0));
            let fits = status.is_none_or(|status| (200..600).contains(&status));
            draft.expect(fits, "default_action.fixed_response.status_code", message);
        }
        other => {
            let message = format!("`{other}` is no type of action");
            draft.wrong(
                "default_action.type",
                message,
                Some("it is `forward` or `fixed-response`"),
            );
        }
    }
}

fn check_mirrors(draft: &mut Draft, groups: &[ShareTable]) {
    for (index, group) in groups.iter().enumerate() {
        let mirror = group.mirror.unwrap_or(0);
        let name = format!("default_action.forward.target_group[{index}].mirror");
        draft.expect(mirror <= 100, &name, format!("{mirror} is no percentage"));
    }
}

/// What a plan asks for; a port that a listener was given by itself does not count as asked for.
fn spec(planned: &Value, before: Option<&Listener>) -> Result<ListenerSpec, Failure> {
    let arguments: Arguments = arguments::typed(planned)?;
    let wrong = |message: String| Failure::new(FailureKind::Argument, message);
    let balancer = arguments.load_balancer;
    let chosen = before.filter(|before| before.spec.port.is_none()).and_then(|before| before.port);
    Ok(ListenerSpec {
        load_balancer: Uid::new(balancer.as_str())
            .ok_or_else(|| wrong(format!("`{balancer}` is no load balancer's id")))?,
        port: arguments.port.filter(|port| Some(*port) != chosen),
        action: arguments
            .default_action
            .action()
            .ok_or_else(|| wrong("`default_action` is not complete".to_owned()))?,
    })
}

fn attributes(listener: &Listener, world: &World) -> Value {
    let running = world.running(&listener.spec.load_balancer);
    let state = if listener.is_active(running.as_ref()) { ACTIVE } else { "stale" };
    Value::object([
        ("load_balancer", Value::from(listener.spec.load_balancer.as_str())),
        ("port", Value::from(listener.port)),
        ("protocol", Value::from("http")),
        ("default_action", arguments::value(&ActionTable::from_action(&listener.spec.action))),
        ("id", Value::from(listener.owner.uid.as_str())),
        ("url", Value::from(listener.port.map(|port| arguments::url(listener.address, port)))),
        ("state", Value::from(state)),
    ])
}

fn failed(error: &ListenerError) -> Failure {
    match error {
        ListenerError::Missing { .. } => failure::with(FailureKind::NotFound, error),
        ListenerError::NoGroup { .. } => failure::with(FailureKind::Argument, error),
        ListenerError::Port(port) => failure::with(failure::port_kind(port), error),
        ListenerError::Balancer(error) => failure::balancer(error),
        ListenerError::File(error) => failure::file(error),
    }
}
