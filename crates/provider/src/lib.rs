//! What a provider is.
//!
//! At its border a provider is data: schemas, values, failures. Inside, a native one is typed.
//! Requests come in batches, so that a provider can answer many with one call of its API.
//! Deliberately absent: knowledge of any cloud, of plans and of states.

pub mod coalesce;
mod company;
mod draft;
mod failure;
mod guard;
mod request;

use async_trait::async_trait;
use greenroom_model::metric::{MetricAnswer, MetricQuery};
use greenroom_model::plan::Horizon;
use greenroom_model::schema::ProviderSchema;
use greenroom_model::traffic::Traffic;
use greenroom_model::value::Value;

pub use coalesce::Coalescer;
pub use company::Company;
pub use draft::{Draft, typed, value};
pub use failure::{Failure, FailureKind, WorldEffect};
pub use guard::refuse_changed;
pub use request::{
    CheckRequest, CreateRequest, Created, DataRequest, DeleteRequest, Deleted, FindRequest, Found,
    Health, ImportRequest, Object, Owned, Proposal, ProposeRequest, ReadAnswer, ReadDepth,
    ReadRequest, UpdateRequest, WrongArgument,
};

/// One configured provider: a cloud account and region, or this machine.
///
/// Every method may be called concurrently. Answers of batches come in the order of the requests,
/// one each. A dropped future of [`ready`](Provider::ready) or [`gone`](Provider::gone) has no
/// effect on the world; the other mutating calls are awaited to their end.
#[async_trait]
pub trait Provider: Send + Sync {
    /// Its types.
    fn schema(&self) -> &ProviderSchema;

    /// Refines what the engine proposes from the schema alone: normalisation, what only this
    /// provider can know to be computed or to force replacement, and wrong arguments.
    ///
    /// Pure: asks nobody. The default takes every proposal as it is.
    fn propose(&self, requests: Vec<ProposeRequest>) -> Vec<Proposal> {
        requests.into_iter().map(Proposal::unchanged).collect()
    }

    /// Checks all planned objects of types that ask for it beside each other: for each, its
    /// arguments that cannot be right, such as an address that is outside its network.
    ///
    /// Pure: asks nobody. The default finds nothing wrong.
    fn check(&self, requests: &[CheckRequest]) -> Vec<Vec<WrongArgument>> {
        requests.iter().map(|_| Vec::new()).collect()
    }

    /// What is known to go wrong while traffic shifts to what is planned, and that nobody would see
    /// before it hurts: each in a sentence for people, who decide whether it matters.
    ///
    /// `planned` are the front, and the environment that is to get the traffic, as they will be at
    /// one weight. Pure: asks nobody. The default knows of nothing.
    fn traps(&self, _planned: &[CheckRequest]) -> Vec<String> {
        Vec::new()
    }

    /// What lets clients go on coming to where they were sent although the weights have changed
    /// since: answers that are kept, clients that are kept where they are.
    ///
    /// `planned` is as for [`traps`](Provider::traps). Pure, too. The default knows of nothing.
    fn horizons(&self, _planned: &[CheckRequest]) -> Vec<Horizon> {
        Vec::new()
    }

    /// Looks at objects by their ids.
    async fn read(&self, requests: Vec<ReadRequest>) -> Vec<Result<ReadAnswer, Failure>>;

    /// Asks data sources.
    async fn read_data(&self, requests: Vec<DataRequest>) -> Vec<Result<Value, Failure>>;

    /// Looks objects up by their handles: creates whose answer was lost.
    ///
    /// An object that is found has the uid of its request and this state's owner marks.
    async fn find(&self, requests: Vec<FindRequest>) -> Vec<Result<Option<Found>, Failure>>;

    /// Everything that can be reached with these settings and says that it is `project`'s, of all
    /// types whose objects say whose they are. What is on its way out is left out.
    ///
    /// The default is for a provider whose objects are not outside of the state.
    async fn owned(&self, _project: &str) -> Result<Vec<Owned>, Failure> {
        Ok(Vec::new())
    }

    /// Makes objects say of their owner what their requests say, such as another time until which
    /// they may live. What is gone is passed over.
    ///
    /// The default is for a provider whose objects do not say whose they are.
    async fn renew(&self, objects: Vec<Object>) -> Vec<Result<(), Failure>> {
        objects.iter().map(|_| Ok(())).collect()
    }

    /// Makes an object and returns as soon as it has an id.
    ///
    /// # Errors
    ///
    /// A failure whose [`WorldEffect`] is `Unknown` leaves the intent open for settling.
    async fn create(&self, request: CreateRequest) -> Result<Created, Failure>;

    /// Takes over an object that nobody here made: marks it as its owner's, and returns all its
    /// attributes. The mark holds the uid, so that [`find`](Provider::find) knows it again.
    ///
    /// # Errors
    ///
    /// [`FailureKind::NotFound`]: no such object. [`FailureKind::Stranger`]: another state's.
    async fn import(&self, request: ImportRequest) -> Result<Created, Failure> {
        let message = format!("objects of the type `{}` cannot be imported", request.kind);
        Err(Failure::new(FailureKind::Argument, message))
    }

    /// Waits until an object is ready, and returns all its attributes.
    ///
    /// # Errors
    ///
    /// [`FailureKind::Broken`]: it exists and will never be ready; it is to be replaced.
    async fn ready(&self, object: Object) -> Result<Value, Failure>;

    /// Changes an object in place, and returns all its attributes.
    ///
    /// # Errors
    ///
    /// [`FailureKind::Changed`]: somebody else changed a guarded object; nothing was sent.
    async fn update(&self, request: UpdateRequest) -> Result<Value, Failure>;

    /// Asks for an object to be deleted. One that is gone already is a success.
    ///
    /// # Errors
    ///
    /// [`FailureKind::Held`] names what holds the object.
    async fn delete(&self, request: DeleteRequest) -> Result<Deleted, Failure>;

    /// Waits until an object whose deletion was accepted is gone.
    async fn gone(&self, object: Object) -> Result<(), Failure>;

    /// Waits until what an object says holds for who asks it from outside, such as a record that
    /// its name servers answer with, and returns its attributes as they are then: not as they may
    /// have been before it was asked, which proves nothing. Looks only.
    ///
    /// The default reads it: for an object, that is all there is to see.
    ///
    /// # Errors
    ///
    /// [`FailureKind::NotFound`]: it is gone. [`FailureKind::Unavailable`]: it did not come to hold in time.
    async fn verify(&self, object: Object) -> Result<Value, Failure> {
        let gone = || Failure::new(FailureKind::NotFound, "it is not there any more");
        let request = ReadRequest { object, depth: ReadDepth::Full };
        match self.read(vec![request]).await.into_iter().next() {
            Some(Ok(ReadAnswer::Present(attributes))) => Ok(attributes),
            Some(Ok(ReadAnswer::Broken { reason, .. })) => {
                Err(Failure::new(FailureKind::Broken, reason))
            }
            Some(Ok(ReadAnswer::Gone)) | None => Err(gone()),
            Some(Err(failure)) => Err(failure),
        }
    }

    /// What has gone through objects, of types that
    /// [measure it](greenroom_model::schema::TypeSchema::measures_traffic).
    async fn traffic(&self, objects: Vec<Object>) -> Vec<Result<Traffic, Failure>> {
        objects
            .iter()
            .map(|it| Err(not_offered(it, "does not count what goes through it")))
            .collect()
    }

    /// Whether objects serve, of types that
    /// [report it](greenroom_model::schema::TypeSchema::reports_health).
    async fn health(&self, objects: Vec<Object>) -> Vec<Result<Health, Failure>> {
        objects.iter().map(|it| Err(not_offered(it, "does not say whether it serves"))).collect()
    }

    /// Looks a metric up that the provider keeps, whoever made what it is the metric of.
    ///
    /// # Errors
    ///
    /// [`FailureKind::Argument`]: it keeps none. [`FailureKind::NotFound`]: there is no such alarm.
    async fn metric(&self, _query: MetricQuery<String>) -> Result<MetricAnswer, Failure> {
        let message = format!("the provider `{}` offers no metrics", self.schema().name);
        Err(Failure::new(FailureKind::Argument, message))
    }
}

fn not_offered(object: &Object, what: &str) -> Failure {
    Failure::new(FailureKind::Argument, format!("the type `{}` {what}", object.kind))
}
