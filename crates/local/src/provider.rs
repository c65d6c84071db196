//! The provider `local`: dispatch by type, and what is the same for all of them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use greenroom_model::identity::{self, EnvironmentKind};
use greenroom_model::plan::Horizon;
use greenroom_model::schema::{Attribute, ProviderSchema, Type};
use greenroom_model::traffic::Traffic;
use greenroom_model::value::Value;
use greenroom_provider::{
    CheckRequest, CreateRequest, Created, DataRequest, DeleteRequest, Deleted, Failure,
    FailureKind, FindRequest, Found, Health, Object, Owned, Proposal, ProposeRequest, Provider,
    ReadAnswer, ReadRequest, UpdateRequest, WrongArgument, refuse_changed,
};
use tokio::time::timeout;

use crate::failure;
use crate::horizons;
use crate::measure::{Answers, Counts};
use crate::runtime::{FileError, Kind, Launcher, ObjectType, Owner, Root, Uid};
use crate::types::{self, Context, ResourceType, World};

/// What the provider needs from the command.
#[derive(Debug, Clone)]
pub struct LocalOptions {
    /// Where its objects live; [`Root::choose`] knows the default.
    pub root: Root,
    /// The program that carries [`runtime::main`](crate::runtime::main).
    pub launcher: Launcher,
    /// The project's folder, where relative paths of a spec begin; absolute.
    pub base: PathBuf,
}

/// The provider `local`.
pub struct LocalProvider {
    context: Context,
    schema: ProviderSchema,
    types: BTreeMap<Arc<str>, Box<dyn ResourceType>>,
}

impl LocalProvider {
    /// The provider with these options.
    #[must_use]
    pub fn new(options: LocalOptions) -> LocalProvider {
        let LocalOptions { root, launcher, base } = options;
        let named = |it: Box<dyn ResourceType>| (it.schema().name, it);
        let record_changes = types::gathered_record_changes(root.clone());
        LocalProvider {
            context: Context { root, launcher, base, record_changes, company: None },
            schema: schema(),
            types: types::all().into_iter().map(named).collect(),
        }
    }

    /// Where its objects live.
    #[must_use]
    pub fn root(&self) -> &Root {
        &self.context.root
    }

    fn resource_type(&self, kind: &str) -> Result<&dyn ResourceType, Failure> {
        let found = self.types.get(kind).map(AsRef::as_ref);
        found.ok_or_else(|| {
            Failure::new(FailureKind::Argument, format!("`local` has no type `{kind}`"))
        })
    }

    async fn world(&self) -> Result<World, Failure> {
        World::look(&self.context.root).await.map_err(|error| failure::file(&error))
    }

    /// All attributes of an object that is there.
    async fn attributes(&self, kind: &dyn ResourceType, uid: &Uid) -> Result<Value, Failure> {
        let world = self.world().await?;
        kind.read(&self.context, uid, &world).await?.ok_or_else(|| gone(uid))
    }

    /// The type and uid of an object that is there and belongs to the state that speaks of it.
    fn present(&self, object: &Object) -> Result<(&dyn ResourceType, Uid), Failure> {
        let kind = self.resource_type(&object.kind)?;
        let uid = uid_of(&object.id)?;
        self.refuse_strangers(kind, &uid, &object.owner)?;
        let owner = self.context.root.owner(kind.object_type(), &uid);
        match owner.map_err(|error| failure::file(&error))? {
            Some(_) => Ok((kind, uid)),
            None => Err(gone(&uid)),
        }
    }

    /// The attributes of an object, none if it is gone or damaged.
    async fn known_attributes(&self, owner: &Owner, world: &World) -> Value {
        let Ok(kind) = self.resource_type(&owner.r#type) else { return Value::Null };
        let attributes = kind.read(&self.context, &owner.uid, world).await;
        attributes.ok().flatten().unwrap_or_default()
    }

    async fn read_one(&self, object: &Object, world: &World) -> Result<ReadAnswer, Failure> {
        let kind = self.resource_type(&object.kind)?;
        let uid = uid_of(&object.id)?;
        self.refuse_strangers(kind, &uid, &object.owner)?;
        match kind.read(&self.context, &uid, world).await {
            Ok(Some(attributes)) => Ok(ReadAnswer::Present(attributes)),
            Ok(None) => Ok(ReadAnswer::Gone),
            Err(failure) if self.is_damaged(kind, &uid) => Ok(ReadAnswer::Broken {
                attributes: object.attributes.clone(),
                reason: failure.message,
            }),
            Err(failure) => Err(failure),
        }
    }

    /// Whether an object is there whose files cannot be read, though the root folder can.
    fn is_damaged(&self, kind: &dyn ResourceType, uid: &Uid) -> bool {
        self.context.root.folder(kind.object_type(), uid).is_dir()
    }

    async fn find_one(
        &self,
        request: &FindRequest,
        world: &World,
    ) -> Result<Option<Found>, Failure> {
        let kind = self.resource_type(&request.kind)?;
        let uid = uid_of(&request.uid.0)?;
        self.refuse_strangers(kind, &uid, &request.owner)?;
        let attributes = kind.read(&self.context, &uid, world).await?;
        Ok(attributes.map(|attributes| Found { id: uid.as_str().into(), attributes }))
    }

    /// Makes sure that an object, if it exists, belongs to the state that speaks of it.
    fn refuse_strangers(
        &self,
        kind: &dyn ResourceType,
        uid: &Uid,
        owner: &identity::Owner,
    ) -> Result<(), Failure> {
        // An owner file that cannot be read names no stranger.
        let present = self.context.root.owner(kind.object_type(), uid).unwrap_or_default();
        match present.filter(|present| *present.lineage != *owner.lineage.0) {
            None => Ok(()),
            Some(other) => {
                let message = format!(
                    "{uid} belongs to another state: `{}` of project `{}`",
                    other.address, other.project
                );
                Err(Failure::new(FailureKind::Stranger, message))
            }
        }
    }

    /// One measure of each object, from what was asked once for all of them.
    fn measure<A, M>(
        &self,
        objects: &[Object],
        answers: Result<A, FileError>,
        measure: impl Fn(&dyn ResourceType, &Uid, &A) -> Result<M, Failure>,
    ) -> Vec<Result<M, Failure>> {
        let answers = answers.map_err(|error| failure::file(&error));
        let one = |object: &Object| {
            let (kind, uid) = self.present(object)?;
            measure(kind, &uid, answers.as_ref().map_err(Failure::clone)?)
        };
        objects.iter().map(one).collect()
    }

    fn renew_one(&self, object: &Object) -> Result<(), Failure> {
        let kind = self.resource_type(&object.kind)?;
        let uid = uid_of(&object.id)?;
        self.refuse_strangers(kind, &uid, &object.owner)?;
        let root = &self.context.root;
        let Some(before) = root.owner(kind.object_type(), &uid).map_err(|it| failure::file(&it))?
        else {
            return Ok(());
        };
        let owner = owner(&object.owner, &uid, &object.kind, &before.address);
        root.set_owner(kind.object_type(), &owner).map_err(|error| failure::file(&error))
    }

    /// A failed create leaves nothing, unless even that failed.
    fn after_failed_create(&self, kind: &dyn ResourceType, uid: &Uid, failure: Failure) -> Failure {
        if self.context.root.folder(kind.object_type(), uid).exists() {
            failure.unknown_effect()
        } else {
            failure
        }
    }
}

#[async_trait]
impl Provider for LocalProvider {
    fn schema(&self) -> &ProviderSchema {
        &self.schema
    }

    fn propose(&self, requests: Vec<ProposeRequest>) -> Vec<Proposal> {
        let propose = |request: ProposeRequest| match self.types.get(&request.kind) {
            Some(kind) => kind.propose(&self.context, request),
            None => Proposal::unchanged(request),
        };
        requests.into_iter().map(propose).collect()
    }

    fn check(&self, requests: &[CheckRequest]) -> Vec<Vec<WrongArgument>> {
        types::check_together(requests)
    }

    fn horizons(&self, planned: &[CheckRequest]) -> Vec<Horizon> {
        horizons::horizons(planned)
    }

    async fn read(&self, requests: Vec<ReadRequest>) -> Vec<Result<ReadAnswer, Failure>> {
        let world = match self.world().await {
            Ok(world) => world,
            Err(failure) => return requests.iter().map(|_| Err(failure.clone())).collect(),
        };
        let mut answers = Vec::with_capacity(requests.len());
        for request in &requests {
            answers.push(self.read_one(&request.object, &world).await);
        }
        answers
    }

    async fn read_data(&self, requests: Vec<DataRequest>) -> Vec<Result<Value, Failure>> {
        let refuse = |request: &DataRequest| {
            let message = format!("`local` has no data source `{}`", request.kind);
            Err(Failure::new(FailureKind::Argument, message))
        };
        requests.iter().map(refuse).collect()
    }

    async fn find(&self, requests: Vec<FindRequest>) -> Vec<Result<Option<Found>, Failure>> {
        let world = match self.world().await {
            Ok(world) => world,
            Err(failure) => return requests.iter().map(|_| Err(failure.clone())).collect(),
        };
        let mut answers = Vec::with_capacity(requests.len());
        for request in &requests {
            answers.push(self.find_one(request, &world).await);
        }
        answers
    }

    async fn renew(&self, objects: Vec<Object>) -> Vec<Result<(), Failure>> {
        objects.iter().map(|object| self.renew_one(object)).collect()
    }

    async fn owned(&self, project: &str) -> Result<Vec<Owned>, Failure> {
        let world = self.world().await?;
        let mut found = Vec::new();
        for object in ObjectType::ALL {
            let owners =
                self.context.root.objects(object).map_err(|error| failure::file(&error))?;
            for owner in owners.iter().filter(|it| it.project == project) {
                let attributes = self.known_attributes(owner, &world).await;
                found.extend(owned(owner, attributes));
            }
        }
        Ok(found)
    }

    async fn create(&self, request: CreateRequest) -> Result<Created, Failure> {
        let kind = self.resource_type(&request.kind)?;
        let uid = uid_of(&request.uid.0)?;
        self.refuse_strangers(kind, &uid, &request.owner)?;
        let owner = owner(&request.owner, &uid, &request.kind, &request.address.to_string());
        let ready = kind
            .create(&self.context.with(request.company), &owner, &request.planned)
            .await
            .map_err(|failure| self.after_failed_create(kind, &uid, failure))?;
        let attributes = self.attributes(kind, &uid).await.map_err(Failure::unknown_effect)?;
        Ok(Created { id: uid.as_str().into(), attributes, ready })
    }

    async fn ready(&self, object: Object) -> Result<Value, Failure> {
        let kind = self.resource_type(&object.kind)?;
        let uid = uid_of(&object.id)?;
        let wait = kind.ready(&self.context, &uid);
        match object.timeout {
            None => wait.await?,
            Some(limit) => timeout(limit, wait).await.map_err(|_| {
                let message = format!("`{}` is not ready after {limit:?}", object.address);
                Failure::new(FailureKind::Unavailable, message)
            })??,
        }
        self.attributes(kind, &uid).await
    }

    async fn update(&self, request: UpdateRequest) -> Result<Value, Failure> {
        let object = &request.object;
        let kind = self.resource_type(&object.kind)?;
        let uid = uid_of(&object.id)?;
        self.refuse_strangers(kind, &uid, &object.owner)?;
        let schema = &self.schema.resources[&object.kind];
        if schema.guarded {
            refuse_changed(schema, object, &self.attributes(kind, &uid).await?)?;
        }
        kind.update(&self.context.with(request.company), &uid, &request.planned)
            .await
            .map_err(Failure::unknown_effect)?;
        // Expiry and address may have changed since the object was made.
        let owner = owner(&object.owner, &uid, &object.kind, &object.address.to_string());
        self.context
            .root
            .set_owner(kind.object_type(), &owner)
            .map_err(|error| failure::file(&error).unknown_effect())?;
        self.attributes(kind, &uid).await.map_err(Failure::unknown_effect)
    }

    async fn delete(&self, request: DeleteRequest) -> Result<Deleted, Failure> {
        let object = &request.object;
        let kind = self.resource_type(&object.kind)?;
        let uid = uid_of(&object.id)?;
        self.refuse_strangers(kind, &uid, &object.owner)?;
        kind.delete(&self.context.with(request.company), &uid).await?;
        Ok(Deleted::Gone)
    }

    async fn gone(&self, _: Object) -> Result<(), Failure> {
        // `delete` returns when it is.
        Ok(())
    }

    async fn verify(&self, object: Object) -> Result<Value, Failure> {
        let (kind, uid) = self.present(&object)?;
        kind.verify(&self.context, &uid, object.timeout).await?;
        self.attributes(kind, &uid).await
    }

    async fn traffic(&self, objects: Vec<Object>) -> Vec<Result<Traffic, Failure>> {
        let counts = Counts::look(&self.context.root).await;
        self.measure(&objects, counts, |kind, uid, counts| kind.traffic(&self.context, uid, counts))
    }

    async fn health(&self, objects: Vec<Object>) -> Vec<Result<Health, Failure>> {
        let answers = Answers::health(&self.context.root).await;
        self.measure(&objects, answers, |kind, uid, health| kind.health(&self.context, uid, health))
    }
}

fn schema() -> ProviderSchema {
    let root = Attribute::optional(
        Type::String,
        "The folder for all that the provider makes; else GREENROOM_LOCAL_ROOT, else \
         `greenroom/local` in the user's state folder.",
    )
    // Elsewhere, its objects would not be found.
    .replaces();
    ProviderSchema {
        name: "local".into(),
        doc: "Real processes, real HTTP load balancers and real name servers on this machine, for \
              trying Greenroom and for developing pipelines. No containers, no privileges, nothing beyond loopback."
            .to_owned(),
        settings: [("root".into(), root)].into(),
        resources: types::all()
            .iter()
            .map(|kind| kind.schema())
            .map(|schema| (schema.name.clone(), schema))
            .collect(),
        data: BTreeMap::new(),
    }
}

fn owner(owner: &identity::Owner, uid: &Uid, kind: &str, address: &str) -> Owner {
    Owner {
        project: owner.project.to_string(),
        stage: owner.stage.to_string(),
        scope: owner.scope.as_str().to_owned(),
        lineage: owner.lineage.0.to_string(),
        uid: uid.clone(),
        kind: match owner.kind {
            EnvironmentKind::Ephemeral => Kind::Ephemeral,
            EnvironmentKind::Promoted => Kind::Promoted,
        },
        expires: owner.expires.as_ref().map(ToString::to_string),
        r#type: kind.to_owned(),
        address: address.to_owned(),
    }
}

/// What an owner file says; `None` if it names no scope.
fn owned(owner: &Owner, attributes: Value) -> Option<Owned> {
    Some(Owned {
        kind: owner.r#type.as_str().into(),
        id: owner.uid.as_str().into(),
        uid: identity::Uid(owner.uid.as_str().into()),
        owner: identity::Owner {
            project: owner.project.as_str().into(),
            stage: owner.stage.as_str().into(),
            scope: owner.scope.parse().ok()?,
            lineage: identity::Lineage(owner.lineage.as_str().into()),
            kind: match owner.kind {
                Kind::Ephemeral => EnvironmentKind::Ephemeral,
                Kind::Promoted => EnvironmentKind::Promoted,
            },
            expires: owner.expires.as_deref().map(Into::into),
        },
        attributes,
    })
}

fn uid_of(id: &str) -> Result<Uid, Failure> {
    Uid::new(id)
        .ok_or_else(|| Failure::new(FailureKind::Argument, format!("`{id}` is no id of `local`")))
}

fn gone(uid: &Uid) -> Failure {
    Failure::new(FailureKind::NotFound, format!("{uid} is gone"))
}
