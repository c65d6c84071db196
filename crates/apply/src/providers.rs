//! The providers of a run: made once per configuration and settings.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use async_trait::async_trait;
use greenroom_model::address::Scope;
use greenroom_model::schema::ProviderSchema;
use greenroom_model::state::{Inputs, State};
use greenroom_model::value::{Object, Value};
use greenroom_provider::{Failure, FailureKind, Provider};
use greenroom_spec::schemas::Schemas;
use tokio::sync::Mutex;

/// Makes configured providers of one kind.
#[async_trait]
pub trait ProviderFactory: Send + Sync {
    /// What the provider offers.
    fn schema(&self) -> Arc<ProviderSchema>;

    /// A provider with these settings. Reaches nobody.
    async fn configure(&self, settings: &Object) -> Result<Arc<dyn Provider>, Failure>;
}

/// All providers that this program knows.
#[derive(Clone)]
pub struct Providers {
    factories: Arc<BTreeMap<Arc<str>, Arc<dyn ProviderFactory>>>,
    configured: Arc<Mutex<HashMap<Key, Arc<dyn Provider>>>>,
}

/// The provider's name with its settings as text.
type Key = (Arc<str>, String);

impl Providers {
    /// These providers.
    pub fn new(factories: impl IntoIterator<Item = Arc<dyn ProviderFactory>>) -> Providers {
        let factories = factories.into_iter().map(|it| (it.schema().name.clone(), it)).collect();
        Providers { factories: Arc::new(factories), configured: Arc::default() }
    }

    /// The schemas of all of them.
    #[must_use]
    pub fn schemas(&self) -> Schemas {
        Schemas::new(self.factories.values().map(|it| it.schema()))
    }

    /// The provider behind a configuration such as `aws` or `aws.west`.
    ///
    /// # Errors
    ///
    /// There is no such provider in this build, or its settings are wrong. Nothing was reached.
    pub async fn get(
        &self,
        configuration: &str,
        settings: Option<&Object>,
    ) -> Result<Arc<dyn Provider>, Failure> {
        let name = configuration.split('.').next().unwrap_or(configuration);
        let Some(factory) = self.factories.get(name) else {
            return Err(Failure::new(
                FailureKind::Argument,
                format!("this build has no provider `{name}`"),
            ));
        };
        let empty = Object::new();
        let settings = settings.unwrap_or(&empty);
        let key: Key = (name.into(), format!("{:?}", Value::from(settings.clone())));
        let mut configured = self.configured.lock().await;
        if let Some(provider) = configured.get(&key) {
            return Ok(provider.clone());
        }
        let provider = factory.configure(settings).await?;
        configured.insert(key, provider.clone());
        Ok(provider)
    }

    /// The provider of a scope as its inputs say.
    ///
    /// # Errors
    ///
    /// As [`get`](Providers::get).
    pub async fn of_inputs(
        &self,
        configuration: &str,
        inputs: Option<&Inputs>,
    ) -> Result<Arc<dyn Provider>, Failure> {
        self.get(configuration, inputs.and_then(|it| it.providers.get(configuration))).await
    }

    /// The provider of a scope of a state.
    ///
    /// # Errors
    ///
    /// As [`get`](Providers::get).
    pub async fn of_state(
        &self,
        configuration: &str,
        state: &State,
        scope: &Scope,
    ) -> Result<Arc<dyn Provider>, Failure> {
        self.of_inputs(configuration, state.scopes.get(scope).map(|it| &it.inputs)).await
    }
}
