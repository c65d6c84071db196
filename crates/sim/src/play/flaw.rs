//! Flaws: what the simulation must find, if one of the engine's safeguards is gone.
//!
//! Each is switched off from outside, where a disk, a storage, a type or a provider does not do what
//! it is believed to do.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use greenroom_apply::ProviderFactory;
use greenroom_model::identity::{Incarnation, Owner, Uid};
use greenroom_model::schema::{ProviderSchema, TypeSchema};
use greenroom_model::value::{Object as Settings, Value};
use greenroom_provider::{
    CreateRequest, Created, DataRequest, DeleteRequest, Deleted, Failure, FindRequest, Found,
    ImportRequest, Object, Provider, ReadAnswer, ReadRequest, UpdateRequest,
};

use crate::cloud::Cloud;

/// A safeguard that is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// An intent that is said to be durable is not.
    IntentNotSynced,
    /// A replacement has the token of what it replaces.
    TokenWithoutIncarnation,
    /// An update or a delete does not ask whose the object is.
    NoOwnerCheck,
    /// A create returns the id only after the new object was read back.
    IdAfterReadBack,
    /// A look-up that finds nothing is believed at once.
    NoGrace,
    /// A storage lets every write take effect, whatever it is to replace: who was passed over goes
    /// on.
    NoFencing,
}

impl Flaw {
    /// All of them.
    pub const ALL: [Flaw; 6] = [
        Flaw::IntentNotSynced,
        Flaw::TokenWithoutIncarnation,
        Flaw::NoOwnerCheck,
        Flaw::IdAfterReadBack,
        Flaw::NoGrace,
        Flaw::NoFencing,
    ];
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Flaw::IntentNotSynced => "intents are not synced",
            Flaw::TokenWithoutIncarnation => "tokens lack the incarnation",
            Flaw::NoOwnerCheck => "nobody asks whose an object is",
            Flaw::IdAfterReadBack => "ids come after the read-back",
            Flaw::NoGrace => "settling has no grace",
            Flaw::NoFencing => "the storage heeds no conditions",
        })
    }
}

/// The simulated cloud as a provider, with a flaw or without.
#[derive(Clone)]
pub(super) struct Flawed {
    cloud: Cloud,
    flaw: Option<Flaw>,
    schema: Arc<ProviderSchema>,
}

impl Flawed {
    pub(super) fn new(cloud: Cloud, flaw: Option<Flaw>) -> Flawed {
        let mut schema = ProviderSchema::clone(&cloud.schema());
        if flaw == Some(Flaw::NoGrace) {
            let without = |it: TypeSchema| TypeSchema { grace: Duration::ZERO, ..it };
            schema.resources =
                schema.resources.into_iter().map(|(name, it)| (name, without(it))).collect();
        }
        Flawed { cloud, flaw, schema: Arc::new(schema) }
    }

    /// The object, as a call names it that does not care whose it is.
    fn named(&self, object: Object) -> Object {
        if self.flaw != Some(Flaw::NoOwnerCheck) {
            return object;
        }
        let Some((lineage, uid)) = self.cloud.marks(&object.id) else { return object };
        let owner = Arc::new(Owner { lineage, ..Owner::clone(&object.owner) });
        Object { owner, uid, ..object }
    }
}

#[async_trait]
impl ProviderFactory for Flawed {
    fn schema(&self) -> Arc<ProviderSchema> {
        self.schema.clone()
    }

    async fn configure(&self, _: &Settings) -> Result<Arc<dyn Provider>, Failure> {
        Ok(Arc::new(self.clone()))
    }
}

#[async_trait]
impl Provider for Flawed {
    fn schema(&self) -> &ProviderSchema {
        &self.schema
    }

    async fn read(&self, requests: Vec<ReadRequest>) -> Vec<Result<ReadAnswer, Failure>> {
        self.cloud.read(requests).await
    }

    async fn read_data(&self, requests: Vec<DataRequest>) -> Vec<Result<Value, Failure>> {
        self.cloud.read_data(requests).await
    }

    async fn find(&self, requests: Vec<FindRequest>) -> Vec<Result<Option<Found>, Failure>> {
        self.cloud.find(requests).await
    }

    async fn create(&self, mut request: CreateRequest) -> Result<Created, Failure> {
        if self.flaw == Some(Flaw::TokenWithoutIncarnation) {
            let (lineage, address) = (&request.owner.lineage, &request.address);
            request.handle.token = Uid::derive(lineage, address, Incarnation(1)).0;
        }
        if self.flaw != Some(Flaw::IdAfterReadBack) {
            return self.cloud.create(request).await;
        }
        let object = request.object();
        let created = self.cloud.create(request).await?;
        let attributes = self.cloud.ready(Object { id: created.id.clone(), ..object }).await?;
        Ok(Created { attributes, ready: true, ..created })
    }

    async fn import(&self, request: ImportRequest) -> Result<Created, Failure> {
        self.cloud.import(request).await
    }

    async fn ready(&self, object: Object) -> Result<Value, Failure> {
        self.cloud.ready(object).await
    }

    async fn update(&self, request: UpdateRequest) -> Result<Value, Failure> {
        let object = self.named(request.object);
        self.cloud.update(UpdateRequest { object, ..request }).await
    }

    async fn delete(&self, request: DeleteRequest) -> Result<Deleted, Failure> {
        let object = self.named(request.object);
        self.cloud.delete(DeleteRequest { object, ..request }).await
    }

    async fn gone(&self, object: Object) -> Result<(), Failure> {
        self.cloud.gone(object).await
    }
}
