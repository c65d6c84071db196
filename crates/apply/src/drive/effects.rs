//! The futures of a run: calls to providers, and what comes back.

use std::sync::Arc;

use futures::future::BoxFuture;
use greenroom_engine::run::{Effect, Target};
use greenroom_model::address::Address;
use greenroom_model::gate::Verdict;
use greenroom_model::identity::{Sequence, Uid};
use greenroom_model::value::Value;
use greenroom_provider::{
    Company, CreateRequest, Created, DataRequest, DeleteRequest, Deleted, Failure, FailureKind,
    Object, Provider, UpdateRequest,
};
use greenroom_store::StoreError;
use greenroom_store::fail_point::fail_point_of;

use super::{Driver, Sendable, passing};
use crate::providers::Providers;
use crate::session::owner;

/// Something came back for an operation.
pub(super) struct Done {
    pub(super) operation: u32,
    pub(super) result: Returned,
}

/// What came back.
pub(super) enum Returned {
    /// Nothing was sent: the lease does not count.
    Unsent(StoreError),
    Created {
        intent: Sequence,
        result: Result<Creation, Failure>,
    },
    Updated {
        intent: Sequence,
        result: Result<Value, Failure>,
    },
    Deleted {
        intent: Sequence,
        result: Result<Deleted, Failure>,
        object: Box<Object>,
    },
    Ready {
        target: Subject,
        result: Result<Value, Failure>,
    },
    Gone {
        target: Subject,
        result: Result<(), Failure>,
    },
    Read(Result<Value, Failure>),
    Gate(Verdict),
    Verified {
        expected: Value,
        result: Result<Value, Failure>,
    },
    Waited,
}

impl Returned {
    /// Whether an effect was made.
    fn is_made(&self) -> bool {
        match self {
            Returned::Created { result, .. } => result.is_ok(),
            Returned::Updated { result, .. } => result.is_ok(),
            Returned::Deleted { result, .. } => result.is_ok(),
            _ => false,
        }
    }
}

/// An object that was made.
pub(super) struct Creation {
    pub(super) created: Created,
    /// As later calls name it.
    pub(super) object: Box<Object>,
}

/// The object that a wait was about.
pub(super) struct Subject {
    pub(super) address: Address,
    pub(super) uid: Uid,
    pub(super) attributes: Value,
}

/// A provider that is looked up when it is needed: its settings are known by then.
pub(super) struct Reach {
    providers: Providers,
    configuration: Arc<str>,
    settings: Option<greenroom_model::value::Object>,
}

impl Reach {
    pub(super) async fn provider(&self) -> Result<Arc<dyn Provider>, Failure> {
        self.providers.get(&self.configuration, self.settings.as_ref()).await
    }
}

impl Driver<'_> {
    pub(super) fn reach(&self, configuration: &Arc<str>, address: &Address) -> Reach {
        let inputs = self.run.state().scopes.get(&address.scope).map(|it| &it.inputs);
        Reach {
            providers: self.session.workbench.providers.clone(),
            configuration: configuration.clone(),
            settings: inputs.and_then(|it| it.providers.get(configuration)).cloned(),
        }
    }

    /// Sends an effect, if the lease counts right before: who lost it while it waited, or slept,
    /// sends nothing more.
    pub(super) fn send_while_held(
        &self,
        sendable: Sendable,
        company: Option<Company>,
    ) -> BoxFuture<'static, Done> {
        let lease = self.session.lease.clone();
        let operation = sendable.operation;
        let about = passing(self.run.operation(operation)).to_string();
        let effect = self.send(sendable, company.clone());
        Box::pin(async move {
            if let Err(error) = lease.still_held().await {
                return Done { operation, result: Returned::Unsent(error) };
            }
            fail_point_of("apply: before effect", &about);
            let done = effect.await;
            if let Some(company) = company.filter(|_| done.result.is_made()) {
                company.made();
            }
            done
        })
    }

    fn send(&self, sendable: Sendable, company: Option<Company>) -> BoxFuture<'static, Done> {
        let Sendable { operation, intent, what, effect } = sendable;
        let subject = what.subjects.first().expect("an intent of a plan has a subject").clone();
        let reach = self.reach(&what.provider, &subject.address);
        match effect {
            Effect::Create { planned } => {
                let request = CreateRequest {
                    kind: subject.address.block.kind.clone(),
                    owner: owner(self.run.state(), &subject.address.scope),
                    address: subject.address,
                    uid: subject.uid,
                    handle: what.handle,
                    planned,
                    timeout: self.timeout(operation),
                    company,
                };
                Box::pin(async move {
                    let result = create(reach, request).await;
                    Done { operation, result: Returned::Created { intent, result } }
                })
            }
            Effect::Update { target, planned, changed } => {
                let object = self.object(operation, *target);
                Box::pin(async move {
                    let result = match reach.provider().await {
                        Ok(provider) => {
                            let request = UpdateRequest { object, planned, changed, company };
                            provider.update(request).await
                        }
                        Err(failure) => Err(failure),
                    };
                    Done { operation, result: Returned::Updated { intent, result } }
                })
            }
            Effect::Delete { target } => {
                let object = self.object(operation, *target);
                Box::pin(async move {
                    let result = match reach.provider().await {
                        Ok(provider) => {
                            let request = DeleteRequest { object: object.clone(), company };
                            provider.delete(request).await
                        }
                        Err(failure) => Err(failure),
                    };
                    let object = Box::new(object);
                    Done { operation, result: Returned::Deleted { intent, result, object } }
                })
            }
        }
    }

    /// Waits until an object that was made before is ready.
    pub(super) fn ready(&self, operation: u32, target: Target) -> BoxFuture<'static, Done> {
        let object = self.object(operation, target);
        self.ready_object(operation, object)
    }

    /// Waits until an object is ready.
    pub(super) fn ready_object(&self, operation: u32, object: Object) -> BoxFuture<'static, Done> {
        let reach = self.reach(&self.configuration(operation, &object), &object.address);
        Box::pin(async move {
            let target = subject(&object);
            let result = match reach.provider().await {
                Ok(provider) => provider.ready(object).await,
                Err(failure) => Err(failure),
            };
            Done { operation, result: Returned::Ready { target, result } }
        })
    }

    /// Waits until an object is gone.
    pub(super) fn gone(&self, operation: u32, object: Object) -> BoxFuture<'static, Done> {
        let reach = self.reach(&self.configuration(operation, &object), &object.address);
        Box::pin(async move {
            let target = subject(&object);
            let result = match reach.provider().await {
                Ok(provider) => provider.gone(object).await,
                Err(failure) => Err(failure),
            };
            Done { operation, result: Returned::Gone { target, result } }
        })
    }

    /// Asks a data source.
    pub(super) fn read(
        &self,
        operation: u32,
        address: Address,
        configuration: Arc<str>,
        config: Value,
    ) -> BoxFuture<'static, Done> {
        let reach = self.reach(&configuration, &address);
        Box::pin(async move {
            let kind = address.block.kind.clone();
            let result = match reach.provider().await {
                Ok(provider) => provider
                    .read_data(vec![DataRequest { kind, address, config }])
                    .await
                    .into_iter()
                    .next()
                    .unwrap_or_else(|| Err(no_answer())),
                Err(failure) => Err(failure),
            };
            Done { operation, result: Returned::Read(result) }
        })
    }

    /// Waits until what an object says holds.
    pub(super) fn verify(
        &self,
        operation: u32,
        target: Target,
        expected: Value,
    ) -> BoxFuture<'static, Done> {
        let configuration = target.provider.clone();
        let object = self.object(operation, target);
        let reach = self.reach(&configuration, &object.address);
        Box::pin(async move {
            let result = match reach.provider().await {
                Ok(provider) => provider.verify(object).await,
                Err(failure) => Err(failure),
            };
            Done { operation, result: Returned::Verified { expected, result } }
        })
    }

    fn object(&self, operation: u32, target: Target) -> Object {
        Object { timeout: self.timeout(operation), ..self.object_of(target) }
    }

    /// A target as providers are told of it.
    pub(super) fn object_of(&self, target: Target) -> Object {
        Object {
            kind: target.address.block.kind.clone(),
            owner: owner(self.run.state(), &target.address.scope),
            address: target.address,
            uid: target.uid,
            id: target.id,
            attributes: target.attributes,
            timeout: None,
        }
    }

    fn timeout(&self, operation: u32) -> Option<std::time::Duration> {
        use greenroom_model::plan::Action;
        match &self.run.operation(operation).action {
            Action::Create(change) | Action::Update(change) => change.timeout,
            Action::Delete(removal) => removal.timeout,
            _ => None,
        }
    }

    /// The provider configuration of an operation's object.
    fn configuration(&self, operation: u32, object: &Object) -> Arc<str> {
        use greenroom_model::plan::Action;
        match &self.run.operation(operation).action {
            Action::Create(change) | Action::Update(change) => change.provider.clone(),
            Action::Delete(removal) => removal.provider.clone(),
            _ => self
                .run
                .state()
                .instance(&object.address)
                .and_then(|it| it.current.as_ref())
                .map_or_else(|| object.kind.clone(), |it| it.provider.clone()),
        }
    }
}

async fn create(reach: Reach, request: CreateRequest) -> Result<Creation, Failure> {
    let provider = reach.provider().await?;
    let mut object = request.object();
    let created = provider.create(request).await?;
    object.id = created.id.clone();
    object.attributes = created.attributes.clone();
    Ok(Creation { created, object: Box::new(object) })
}

fn subject(object: &Object) -> Subject {
    Subject {
        address: object.address.clone(),
        uid: object.uid.clone(),
        attributes: object.attributes.clone(),
    }
}

fn no_answer() -> Failure {
    Failure::new(FailureKind::Internal, "the provider gave no answer")
}
