//! The providers of a run: made once per configuration and settings.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use async_trait::async_trait;
use greenroom_model::address::Scope;
use greenroom_model::schema::{OnChange, ProviderSchema};
use greenroom_model::state::State;
use greenroom_model::value::{Object, Value};
use greenroom_provider::{Failure, FailureKind, Provider};
use greenroom_spec::schemas::Schemas;
use tokio::sync::Mutex;

/// Makes configured providers of one kind.
#[async_trait]
pub trait ProviderFactory: Send + Sync {
    /// What the provider offers.
    fn schema(&self) -> Arc<ProviderSchema>;

    /// Settings with what the environment adds to them, but never credentials: what a state
    /// remembers, so that a later command reaches the same world from wherever it runs. May read
    /// files, such as profiles; reaches nobody.
    ///
    /// # Errors
    ///
    /// What the environment would have to say is missing.
    async fn resolve(&self, settings: &Object) -> Result<Object, Failure> {
        Ok(settings.clone())
    }

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
        let factory = self.factory(configuration)?;
        let empty = Object::new();
        let settings = settings.unwrap_or(&empty);
        let key: Key =
            (factory.schema().name.clone(), format!("{:?}", Value::from(settings.clone())));
        let mut configured = self.configured.lock().await;
        if let Some(provider) = configured.get(&key) {
            return Ok(provider.clone());
        }
        let provider = factory.configure(settings).await?;
        configured.insert(key, provider.clone());
        Ok(provider)
    }

    /// The settings that a configuration will be used with: those of the specs over those that
    /// the state remembers, completed by the environment.
    ///
    /// # Errors
    ///
    /// There is no such provider, or its settings cannot be completed.
    pub async fn resolve(
        &self,
        configuration: &str,
        wanted: Option<&Object>,
        recorded: Option<&Object>,
    ) -> Result<Object, Failure> {
        let mut settings = recorded.cloned().unwrap_or_default();
        settings.extend(wanted.cloned().unwrap_or_default());
        self.factory(configuration)?.resolve(&settings).await
    }

    /// The first setting that says where the world is and differs between two.
    #[must_use]
    pub fn moved(&self, configuration: &str, before: &Object, after: &Object) -> Option<Arc<str>> {
        let schema = self.factory(configuration).ok()?.schema();
        let place = schema.settings.iter().filter(|(_, it)| it.on_change == OnChange::Replace);
        place
            .map(|(name, _)| name)
            .find(|name| before.contains_key(*name) && before.get(*name) != after.get(*name))
            .cloned()
    }

    fn factory(&self, configuration: &str) -> Result<&Arc<dyn ProviderFactory>, Failure> {
        let name = configuration.split('.').next().unwrap_or(configuration);
        self.factories.get(name).ok_or_else(|| {
            Failure::new(FailureKind::Argument, format!("this build has no provider `{name}`"))
        })
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
        let inputs = state.scopes.get(scope).map(|it| &it.inputs);
        self.get(configuration, inputs.and_then(|it| it.providers.get(configuration))).await
    }
}
