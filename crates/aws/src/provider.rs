//! The provider `aws`: dispatch by type, and what is the same for all types.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use futures::future::join_all;
use greenroom_model::identity::Owner;
use greenroom_model::schema::{Attribute, ProviderSchema, ReadCost, Recognition, Type, TypeSchema};
use greenroom_model::value::{Object as Attributes, Value};
use greenroom_provider::{
    CheckRequest, CreateRequest, Created, DataRequest, DeleteRequest, Deleted, Draft, Failure,
    FailureKind, FindRequest, Found, ImportRequest, Object, Proposal, ProposeRequest, Provider,
    ReadAnswer, ReadDepth, ReadRequest, UpdateRequest, WrongArgument,
};
use tokio::time::{Instant, sleep, timeout};

use crate::aws::{Aws, Pace};
use crate::data::{self, DataSource};
use crate::looks::{Looks, wanted};
use crate::peers::{self, Peers};
use crate::resource::{Change, Condition, New, Resource, Seen, Sent, Tagging};
use crate::tags::{self, Tags};
use crate::{retag, settings, types};

/// How many objects are looked at closely at a time.
const CLOSE_LOOKS: usize = 10;

/// The provider `aws` with one configuration.
pub struct AwsProvider {
    aws: Arc<Aws>,
    schema: Arc<ProviderSchema>,
    types: BTreeMap<Arc<str>, Kind>,
    data: BTreeMap<Arc<str>, Box<dyn DataSource>>,
}

/// A resource type at work.
struct Kind {
    resource: Arc<dyn Resource>,
    looks: Looks,
}

impl AwsProvider {
    /// The provider with these settings. Reaches nobody.
    ///
    /// # Errors
    ///
    /// The settings are wrong, or nothing says which region.
    pub async fn connect(settings: &Attributes, pace: Pace) -> Result<AwsProvider, Failure> {
        let aws = Arc::new(settings::connect(settings, pace).await?);
        let kind = |resource: Arc<dyn Resource>| {
            let looks = Looks::new(aws.clone(), resource.clone());
            (resource.schema().name, Kind { resource, looks })
        };
        Ok(AwsProvider {
            types: types::all().into_iter().map(kind).collect(),
            data: data::all().into_iter().map(|it| (it.schema().name, it)).collect(),
            schema: Arc::new(schema(pace)),
            aws,
        })
    }

    fn kind(&self, name: &str) -> Result<&Kind, Failure> {
        self.types.get(name).ok_or_else(|| {
            Failure::new(FailureKind::Argument, format!("`aws` has no type `{name}`"))
        })
    }

    /// All attributes of an object that was seen, over what was known of it.
    fn attributes(&self, kind: &str, seen: &Seen, prior: &Value) -> Value {
        let mut attributes = seen.attributes.clone();
        attributes.entry("id".into()).or_insert_with(|| Value::from(seen.id.clone()));
        if let Some(kind) = self.types.get(kind) {
            kind.resource.as_written(&mut attributes, prior);
        }
        let schema = self.schema.resources.get(kind);
        for (name, _) in schema.iter().flat_map(|it| &it.attributes) {
            if !attributes.contains_key(name) {
                let known = prior.get(name).filter(|it| !it.has_pending());
                attributes.insert(name.clone(), known.cloned().unwrap_or_default());
            }
        }
        if schema.is_some_and(|it| it.attributes.contains_key("tags_all")) {
            tags::describe(&mut attributes, &seen.tags, &self.aws.default_tags, prior);
        }
        Value::from(attributes)
    }

    /// With what takes calls of its own to read.
    async fn closely(&self, kind: &Kind, seen: &Seen) -> Result<Seen, Failure> {
        let mut seen = seen.clone();
        kind.resource.look_closer(&self.aws, &mut seen).await?;
        Ok(seen)
    }

    async fn read_answer(
        &self,
        request: &ReadRequest,
        seen: Option<Arc<Seen>>,
    ) -> Result<ReadAnswer, Failure> {
        let ReadRequest { object, depth } = request;
        let Some(seen) = seen.filter(|seen| seen.is_present()) else {
            return Ok(ReadAnswer::Gone);
        };
        refuse_strangers(&seen, object)?;
        let seen = match depth {
            ReadDepth::Bulk => seen,
            ReadDepth::Full => Arc::new(self.closely(self.kind(&object.kind)?, &seen).await?),
        };
        let attributes = self.attributes(&object.kind, &seen, &object.attributes);
        Ok(match &seen.condition {
            Condition::Broken(reason) => ReadAnswer::Broken { attributes, reason: reason.clone() },
            _ => ReadAnswer::Present(attributes),
        })
    }

    /// Looks for an object whose create was not answered.
    async fn look_for(
        &self,
        kind: &Kind,
        owner: &Owner,
        sent: Sent<'_>,
    ) -> Result<Option<Seen>, Failure> {
        let Some(sought) = kind.resource.handle(&sent) else { return Ok(None) };
        let seen = kind.resource.look(&self.aws, &sought).await?;
        let mut present = seen.into_iter().filter(Seen::is_present);
        if kind.resource.tagging() == Tagging::None {
            return Ok(present.find(|seen| kind.resource.is_it(&sent, seen)));
        }
        let ours = (owner.lineage.clone(), sent.uid.clone());
        Ok(present.find(|seen| tags::owner_in(&seen.tags).as_ref() == Some(&ours)))
    }

    /// What a create came to that failed: AWS may have made the object all the same.
    async fn after_failed_create(
        &self,
        kind: &Kind,
        request: &CreateRequest,
        failure: Failure,
    ) -> Result<Arc<str>, Failure> {
        use greenroom_provider::WorldEffect;
        let doubtful = failure.effect == WorldEffect::Unknown;
        // A name that is taken may have been taken by an attempt whose answer was lost. Tags say
        // so; without them, what is there must not be believed to be ours.
        let may_be_ours =
            failure.kind == FailureKind::Stranger && kind.resource.tagging() != Tagging::None;
        if !doubtful && !may_be_ours {
            return Err(failure);
        }
        let sent = Sent { uid: &request.uid, arguments: &request.planned };
        let until = Instant::now() + self.aws.pace.doubt();
        loop {
            if let Some(seen) = self.look_for(kind, &request.owner, sent).await.unwrap_or_default()
            {
                return Ok(seen.id);
            }
            if !doubtful || Instant::now() >= until {
                return Err(failure);
            }
            sleep(self.aws.pace.doubt() / 8).await;
        }
    }

    /// Waits until an object can be used.
    async fn wait_ready(&self, kind: &Kind, object: &Object) -> Result<Arc<Seen>, Failure> {
        let began = Instant::now();
        let patience = object.timeout.unwrap_or_else(|| kind.resource.patience());
        let mut missing_since: Option<Instant> = None;
        loop {
            let seen = kind.looks.one(object).await?;
            let state = match seen.as_ref().map(|seen| &seen.condition) {
                Some(Condition::Ready) => return seen.ok_or_else(|| vanished(object)),
                Some(Condition::Broken(reason)) => {
                    let message = format!("`{}` will never be ready: {reason}", object.id);
                    return Err(Failure::new(FailureKind::Broken, message));
                }
                Some(Condition::Pending(state)) => {
                    missing_since = None;
                    format!("it is still `{state}`")
                }
                Some(Condition::Going) => return Err(vanished(object)),
                None => {
                    let since = *missing_since.get_or_insert_with(Instant::now);
                    if since.elapsed() > self.aws.pace.consistency() {
                        return Err(vanished(object));
                    }
                    "AWS does not find it yet".to_owned()
                }
            };
            if began.elapsed() > patience {
                return Err(late(object, "ready", patience, &state));
            }
            kind.looks.pause().await;
        }
    }

    /// Waits until an object is gone.
    async fn wait_gone(&self, kind: &Kind, object: &Object) -> Result<(), Failure> {
        let began = Instant::now();
        let patience = object.timeout.unwrap_or_else(|| kind.resource.patience());
        loop {
            let seen = kind.looks.one(object).await?;
            let Some(seen) = seen.filter(|it| kind.resource.lingers(it)) else { return Ok(()) };
            if began.elapsed() > patience {
                let state = format!("AWS says it is {:?}", seen.condition);
                return Err(late(object, "gone", patience, &state));
            }
            kind.looks.pause().await;
        }
    }

    /// Sends a delete until nothing holds the object any more: what lets go of it may be on its
    /// way out.
    async fn release(&self, kind: &Kind, object: &Object) -> Result<Deleted, Failure> {
        let until = Instant::now() + self.aws.pace.consistency();
        loop {
            match kind.resource.delete(&self.aws, object).await {
                Err(failure) if failure.kind == FailureKind::Held => {
                    if Instant::now() >= until {
                        let holders = kind.resource.holders(&self.aws, object).await?;
                        return Err(held_by(failure, &holders));
                    }
                    kind.looks.pause().await;
                }
                answer => return answer,
            }
        }
    }

    /// Puts those tags on a new object that the call which made it could not carry.
    async fn with_all_tags(
        &self,
        kind: &Kind,
        seen: Arc<Seen>,
        object: &Object,
    ) -> Result<Arc<Seen>, Failure> {
        let mut missing = wanted_tags(&object.attributes);
        missing.retain(|key, text| seen.tags.get(key) != Some(text));
        if missing.is_empty() {
            return Ok(seen);
        }
        retag::apply(&self.aws, kind.resource.tagging(), &seen.id, missing.clone(), Vec::new())
            .await?;
        let mut seen = Arc::unwrap_or_clone(seen);
        seen.tags.extend(missing);
        Ok(Arc::new(seen))
    }

    /// Changes the user's tags, and renews the owner's.
    async fn change_tags(&self, kind: &Kind, seen: &Seen, change: &Change) -> Result<(), Failure> {
        let tagging = kind.resource.tagging();
        if tagging == Tagging::None {
            return Ok(());
        }
        let mut wanted = wanted_tags(&change.planned);
        wanted.extend(tags::of_owner(&change.object.owner, &change.object.uid));
        let users = |tags: &Tags| {
            let is_kept = |key: &String| !key.starts_with("aws:");
            tags.iter()
                .filter(|(key, _)| is_kept(key))
                .map(|(k, v)| (k.clone(), v.clone()))
                .collect()
        };
        let before: Tags = users(&seen.tags);
        let (put, gone) = tags::difference(&before, &wanted);
        retag::apply(&self.aws, tagging, &seen.id, put, gone).await
    }
}

#[async_trait]
impl Provider for AwsProvider {
    fn schema(&self) -> &ProviderSchema {
        &self.schema
    }

    fn propose(&self, requests: Vec<ProposeRequest>) -> Vec<Proposal> {
        let propose = |request: ProposeRequest| {
            let Some(kind) = self.types.get(&request.kind) else {
                return Proposal::unchanged(request);
            };
            let mut draft = Draft::new(request);
            if kind.resource.tagging() != Tagging::None {
                tags::propose(&mut draft, &self.aws.default_tags);
            }
            kind.resource.propose(&mut draft);
            draft.finish()
        };
        requests.into_iter().map(propose).collect()
    }

    fn check(&self, requests: &[CheckRequest]) -> Vec<Vec<WrongArgument>> {
        let peers = Peers::new(self.aws.region(), requests);
        let check = |planned: &CheckRequest| match self.types.get(&planned.kind) {
            Some(kind) => kind.resource.check(planned, &peers),
            None => Vec::new(),
        };
        let mut found: Vec<Vec<WrongArgument>> = requests.iter().map(check).collect();
        for (name, kind) in &self.types {
            for names in kind.resource.unique() {
                for (position, before) in peers.twins(name, names) {
                    found[position].push(same_as(before, names));
                }
            }
        }
        found
    }

    async fn read(&self, requests: Vec<ReadRequest>) -> Vec<Result<ReadAnswer, Failure>> {
        if let Err(failure) = self.aws.check_account().await {
            return requests.iter().map(|_| Err(failure.clone())).collect();
        }
        let mut by_kind: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (at, request) in requests.iter().enumerate() {
            by_kind.entry(&request.object.kind).or_default().push(at);
        }
        let looks = by_kind.into_iter().map(|(name, positions)| async {
            let objects = positions.iter().map(|at| wanted(&requests[*at].object)).collect();
            let answers = match self.kind(name) {
                Ok(kind) => kind.looks.all(objects).await,
                Err(failure) => positions.iter().map(|_| Err(failure.clone())).collect(),
            };
            positions.into_iter().zip(answers).collect::<Vec<_>>()
        });
        let seen = join_all(looks).await.into_iter().flatten();
        let requests = &requests;
        let answers = futures::stream::iter(seen).map(|(at, answer)| async move {
            let answer = match answer {
                Ok(seen) => self.read_answer(&requests[at], seen).await,
                Err(failure) => Err(failure),
            };
            (at, answer)
        });
        let mut answers: Vec<_> = answers.buffer_unordered(CLOSE_LOOKS).collect().await;
        answers.sort_by_key(|(at, _)| *at);
        answers.into_iter().map(|(_, answer)| answer).collect()
    }

    async fn read_data(&self, requests: Vec<DataRequest>) -> Vec<Result<Value, Failure>> {
        let answers = requests.iter().map(|request| async {
            self.aws.check_account().await?;
            let source = self.data.get(&request.kind).ok_or_else(|| {
                let message = format!("`aws` has no data source `{}`", request.kind);
                Failure::new(FailureKind::Argument, message)
            })?;
            source.read(&self.aws, &request.config).await
        });
        join_all(answers).await
    }

    async fn find(&self, requests: Vec<FindRequest>) -> Vec<Result<Option<Found>, Failure>> {
        let answers = requests.iter().map(|request| async {
            self.aws.check_account().await?;
            let kind = self.kind(&request.kind)?;
            let sent = Sent { uid: &request.uid, arguments: &request.arguments };
            let seen = self.look_for(kind, &request.owner, sent).await?;
            Ok(seen.map(|seen| Found {
                attributes: self.attributes(&request.kind, &seen, &request.arguments),
                id: seen.id,
            }))
        });
        join_all(answers).await
    }

    async fn create(&self, request: CreateRequest) -> Result<Created, Failure> {
        self.aws.check_account().await?;
        let kind = self.kind(&request.kind)?;
        let mut all = wanted_tags(&request.planned);
        all.extend(tags::of_owner(&request.owner, &request.uid));
        let new = New {
            address: request.address.clone(),
            token: token(&request),
            planned: request.planned.clone(),
            tags: all,
        };
        let limit = send_limit(self.aws.pace);
        let made = timeout(limit, kind.resource.create(&self.aws, &new)).await;
        let made = made.unwrap_or_else(|_| {
            let message = format!("`{}` was not made within {limit:?}", request.address);
            Err(Failure::new(FailureKind::Unavailable, message).unknown_effect())
        });
        let id = match made {
            Ok(id) => id,
            Err(failure) => self.after_failed_create(kind, &request, failure).await?,
        };
        let mut attributes = known(&request.planned, &id);
        if let Some(name) = kind.resource.named_like_id() {
            attributes.insert(name.into(), Value::from(id.clone()));
        }
        Ok(Created { id, attributes: Value::from(attributes), ready: false })
    }

    async fn import(&self, request: ImportRequest) -> Result<Created, Failure> {
        self.aws.check_account().await?;
        let kind = self.kind(&request.kind)?;
        let object = Object {
            kind: request.kind.clone(),
            address: request.address.clone(),
            uid: request.uid.clone(),
            id: request.id.clone(),
            attributes: Value::Null,
            owner: request.owner.clone(),
            timeout: None,
        };
        let seen = kind.looks.one(&object).await?.filter(|seen| seen.is_present());
        let seen = seen.ok_or_else(|| {
            let message = format!("there is no {} with the id `{}`", request.kind, request.id);
            Failure::new(FailureKind::NotFound, message)
        })?;
        refuse_strangers(&seen, &object)?;
        let owner = tags::of_owner(&request.owner, &request.uid);
        let tagging = kind.resource.tagging();
        retag::apply(&self.aws, tagging, &seen.id, owner, Vec::new()).await?;
        let seen = self.closely(kind, &seen).await?;
        let attributes = self.attributes(&request.kind, &seen, &Value::Null);
        Ok(Created { id: seen.id, attributes, ready: true })
    }

    async fn ready(&self, object: Object) -> Result<Value, Failure> {
        let kind = self.kind(&object.kind)?;
        kind.resource.finish(&self.aws, &object).await?;
        let seen = self.wait_ready(kind, &object).await?;
        let mut seen = self.with_all_tags(kind, seen, &object).await?;
        if self.has_unread(&object) {
            seen = Arc::new(self.closely(kind, &seen).await?);
        }
        Ok(self.attributes(&object.kind, &seen, &object.attributes))
    }

    async fn update(&self, request: UpdateRequest) -> Result<Value, Failure> {
        self.aws.check_account().await?;
        let UpdateRequest { object, planned, changed } = request;
        let kind = self.kind(&object.kind)?;
        let seen = kind.looks.all(vec![wanted(&object)]).await.pop().unwrap_or(Ok(None))?;
        let seen = seen.filter(|seen| seen.is_present()).ok_or_else(|| vanished(&object))?;
        refuse_strangers(&seen, &object)?;
        self.refuse_changed(&seen, &object)?;
        let change = Change { object, planned, changed };
        let of_tags = change.of("tags") || change.of("tags_all");
        if of_tags {
            self.change_tags(kind, &seen, &change).await?;
        }
        if change.changed.iter().any(|path| !is_tags(path)) {
            kind.resource.update(&self.aws, &change).await.map_err(partly(of_tags))?;
        }
        let seen = self.wait_ready(kind, &change.object).await.map_err(Failure::unknown_effect)?;
        let written = with_written(change.object.attributes.clone(), &change);
        let attributes = self.attributes(&change.object.kind, &seen, &written);
        // AWS took the change; a read that lags behind must not undo it in the state.
        Ok(with_written(attributes, &change))
    }

    async fn delete(&self, request: DeleteRequest) -> Result<Deleted, Failure> {
        self.aws.check_account().await?;
        let object = request.object;
        let kind = self.kind(&object.kind)?;
        if let Some(seen) = kind.looks.one(&object).await? {
            refuse_strangers(&seen, &object)?;
            if !kind.resource.lingers(&seen) {
                return Ok(Deleted::Gone);
            }
        }
        self.release(kind, &object).await
    }

    async fn gone(&self, object: Object) -> Result<(), Failure> {
        let kind = self.kind(&object.kind)?;
        self.wait_gone(kind, &object).await
    }
}

impl AwsProvider {
    /// Whether something of a new object can only be read by a closer look.
    fn has_unread(&self, object: &Object) -> bool {
        let Some(schema) = self.schema.resources.get(&object.kind) else { return false };
        schema.attributes.iter().any(|(name, attribute)| {
            let known = object.attributes.get(name).is_some_and(|it| !it.has_pending());
            attribute.read == ReadCost::Single && !known
        })
    }

    /// Refuses to write over what somebody else changed, for types that are guarded.
    fn refuse_changed(&self, seen: &Seen, object: &Object) -> Result<(), Failure> {
        let schema = self.schema.resources.get(&object.kind).filter(|schema| schema.guarded);
        let Some(schema) = schema else { return Ok(()) };
        let now = self.attributes(&object.kind, seen, &object.attributes);
        let is_other = |name: &Arc<str>| {
            let recorded = object.attributes.get(name).map(Value::reveal).unwrap_or_default();
            now.get(name).map(Value::reveal).unwrap_or_default() != recorded
        };
        let arguments = schema.attributes.iter().filter(|(_, it)| it.is_argument());
        let other: Vec<&str> =
            arguments.map(|(name, _)| name).filter(|name| is_other(name)).map(|it| &**it).collect();
        if other.is_empty() {
            return Ok(());
        }
        let message = format!("somebody else changed {} of `{}`", other.join(", "), object.address);
        Err(Failure::new(FailureKind::Changed, message).help("plan again: the plan shows it"))
    }
}

/// What the provider offers, with waits as `pace` has them.
#[must_use]
pub fn schema(pace: Pace) -> ProviderSchema {
    let resources = types::all().into_iter().map(|it| type_schema(&*it, pace));
    ProviderSchema {
        name: "aws".into(),
        doc: "Amazon Web Services: EC2, Elastic Load Balancing and Route 53, with the types, \
              arguments and attributes of Terraform's AWS provider. Credentials come from where \
              every AWS tool takes them, and never reach a state, a plan or a log."
            .to_owned(),
        settings: settings::schema(),
        resources: resources.map(|schema| (schema.name.clone(), schema)).collect(),
        data: data::all()
            .iter()
            .map(|it| it.schema())
            .map(|schema| (schema.name.clone(), schema))
            .collect(),
    }
}

fn type_schema(resource: &dyn Resource, pace: Pace) -> TypeSchema {
    let mut schema = resource.schema();
    schema.grace = pace.grace();
    schema.send_limit = Some(send_limit(pace));
    schema.checked_together = true;
    let id = Attribute::computed(Type::String, "AWS's name for it.");
    schema.attributes.entry("id".into()).or_insert(id);
    if resource.tagging() == Tagging::None {
        debug_assert_ne!(schema.recognition, Recognition::Tagged, "{}", schema.name);
        return schema;
    }
    let tags = Type::map(Type::String);
    let own = Attribute::optional(tags.clone(), "Tags, over `default_tags` of the provider.");
    let all = Attribute::computed(tags, "All tags, those of `default_tags` included.");
    schema.attributes.insert("tags".into(), own);
    schema.attributes.insert("tags_all".into(), all);
    schema
}

/// How long after its intent a create may still be sent.
fn send_limit(pace: Pace) -> Duration {
    pace.scaled(Duration::from_secs(600)).max(Duration::from_secs(10))
}

/// The client token of a create: from the uid, and from what is sent, as AWS refuses a token that
/// comes back with other arguments. At most 64 characters.
fn token(request: &CreateRequest) -> String {
    let arguments = Value::from(known(&request.planned, ""));
    let hash = blake3::hash(format!("{:?}", arguments.reveal()).as_bytes()).to_hex();
    format!("{}-{}", request.handle.token, &hash[..16])
}

/// What is known of a new object: what was planned, and its id.
fn known(planned: &Value, id: &str) -> Attributes {
    let planned = planned.as_object().into_iter().flatten();
    let known = planned.filter(|(_, value)| !value.has_pending());
    let mut known: Attributes = known.map(|(name, value)| (name.clone(), value.clone())).collect();
    known.insert("id".into(), Value::from(id));
    known
}

/// All tags that a plan gives an object, the owner's aside.
pub(crate) fn wanted_tags(planned: &Value) -> Tags {
    let all = planned.get("tags_all").filter(|it| !it.has_pending() && !it.is_null());
    let all = all.or_else(|| planned.get("tags")).and_then(Value::as_object);
    let texts = all.into_iter().flatten();
    texts.filter_map(|(key, text)| Some((key.to_string(), text.as_str()?.to_owned()))).collect()
}

/// `attributes` with the arguments as they were written by a change.
fn with_written(attributes: Value, change: &Change) -> Value {
    let mut attributes = attributes.as_object().cloned().unwrap_or_default();
    for (name, planned) in change.planned.as_object().into_iter().flatten() {
        if change.of(name) && !planned.has_pending() {
            attributes.insert(name.clone(), planned.clone());
        }
    }
    Value::from(attributes)
}

fn is_tags(path: &greenroom_model::value::Path) -> bool {
    use greenroom_model::value::Step;
    matches!(path.0.first(), Some(Step::Key(key)) if matches!(&**key, "tags" | "tags_all"))
}

/// A failure after a part was changed: what is there, a look says.
fn partly(changed: bool) -> impl Fn(Failure) -> Failure {
    move |failure| if changed { failure.unknown_effect() } else { failure }
}

fn refuse_strangers(seen: &Seen, object: &Object) -> Result<(), Failure> {
    let Some((lineage, _)) = tags::owner_in(&seen.tags) else { return Ok(()) };
    if lineage == object.owner.lineage {
        return Ok(());
    }
    let whose = |key: &str| seen.tags.get(&format!("{}{key}", tags::PREFIX)).map_or("?", |it| it);
    let message = format!(
        "`{}` belongs to another state: stage `{}` of project `{}`, environment `{}`",
        object.id,
        whose("stage"),
        whose("project"),
        whose("environment"),
    );
    Err(Failure::new(FailureKind::Stranger, message).help("nothing of it was touched"))
}

fn held_by(failure: Failure, holders: &[String]) -> Failure {
    match holders {
        [] => failure,
        holders => failure.help(format!("it is held by {}", holders.join("; "))),
    }
}

fn same_as(before: &CheckRequest, names: &[&str]) -> WrongArgument {
    let message = format!("`{}` has the same {}", before.address, names.join(" and "));
    peers::wrong(names.first().copied().unwrap_or_default(), message)
}

fn vanished(object: &Object) -> Failure {
    let message = format!("AWS knows no {} `{}` any more", object.kind, object.id);
    Failure::new(FailureKind::NotFound, message).help("plan again: the plan makes it anew")
}

fn late(object: &Object, what: &str, patience: Duration, state: &str) -> Failure {
    let message = format!("`{}` is not {what} after {patience:?}: {state}", object.id);
    Failure::new(FailureKind::Unavailable, message)
        .help("`timeouts` of the resource sets how long to wait")
}
