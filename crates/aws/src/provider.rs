//! The provider `aws`: dispatch by type, and what is the same for all types.

mod changing;
mod creating;
mod measuring;
mod owned;
mod renew;
mod schema;
mod waiting;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use futures::StreamExt;
use futures::future::join_all;
use greenroom_model::metric::{MetricAnswer, MetricQuery};
use greenroom_model::plan::Horizon;
use greenroom_model::schema::{ProviderSchema, ReadCost};
use greenroom_model::traffic::Traffic;
use greenroom_model::value::{Object as Attributes, Value};
use greenroom_provider::{
    CheckRequest, CreateRequest, Created, DataRequest, DeleteRequest, Deleted, Draft, Failure,
    FailureKind, FindRequest, Found, Health, ImportRequest, Object, Owned, Proposal,
    ProposeRequest, Provider, ReadAnswer, ReadDepth, ReadRequest, UpdateRequest, WrongArgument,
};
use tokio::time::timeout;

use crate::aws::{Aws, Pace};
use crate::data::{self, DataSource};
use crate::looks::{Looks, wanted};
use crate::peers::{self, Peers};
use crate::resource::{Change, Condition, New, Resource, Seen, Sent, Tagging};
use crate::{retag, settings, shifting, tags, types};

pub(crate) use changing::wanted_tags;
pub use schema::schema;

use changing::{is_tags, partly, with_written};
use creating::{known, send_limit, token};
use waiting::vanished;

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

    fn traps(&self, planned: &[CheckRequest]) -> Vec<String> {
        shifting::traps(planned, self.aws.region())
    }

    fn horizons(&self, planned: &[CheckRequest]) -> Vec<Horizon> {
        shifting::horizons(planned, self.aws.region())
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

    async fn owned(&self, project: &str) -> Result<Vec<Owned>, Failure> {
        self.aws.check_account().await?;
        self.owned_by(project).await
    }

    async fn renew(&self, objects: Vec<Object>) -> Vec<Result<(), Failure>> {
        self.renew_all(objects).await
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
            company: request.company.clone(),
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
        let UpdateRequest { object, planned, changed, company } = request;
        let kind = self.kind(&object.kind)?;
        let seen = kind.looks.all(vec![wanted(&object)]).await.pop().unwrap_or(Ok(None))?;
        let seen = seen.filter(|seen| seen.is_present()).ok_or_else(|| vanished(&object))?;
        refuse_strangers(&seen, &object)?;
        self.refuse_changed(&seen, &object)?;
        let change = Change { object, planned, changed, company };
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
        let DeleteRequest { object, company } = request;
        let kind = self.kind(&object.kind)?;
        if let Some(seen) = kind.looks.one(&object).await? {
            refuse_strangers(&seen, &object)?;
            if !kind.resource.lingers(&seen) {
                return Ok(Deleted::Gone);
            }
        }
        self.release(kind, &object, company.as_ref()).await
    }

    async fn gone(&self, object: Object) -> Result<(), Failure> {
        let kind = self.kind(&object.kind)?;
        self.wait_gone(kind, &object).await
    }

    async fn verify(&self, object: Object) -> Result<Value, Failure> {
        self.wait_to_hold(&object).await
    }

    async fn traffic(&self, objects: Vec<Object>) -> Vec<Result<Traffic, Failure>> {
        self.counted(&objects).await
    }

    async fn health(&self, objects: Vec<Object>) -> Vec<Result<Health, Failure>> {
        self.serving(&objects).await
    }

    async fn metric(&self, query: MetricQuery<String>) -> Result<MetricAnswer, Failure> {
        self.aws.check_account().await?;
        self.aws.reads.cloudwatch.ask(query).await
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

fn same_as(before: &CheckRequest, names: &[&str]) -> WrongArgument {
    let message = format!("`{}` has the same {}", before.address, names.join(" and "));
    peers::wrong(names.first().copied().unwrap_or_default(), message)
}
