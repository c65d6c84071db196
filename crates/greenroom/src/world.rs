//! Who reaches the world: the providers of this build, and the workbench that commands use.

#[cfg(feature = "aws")]
mod aws;
#[cfg(feature = "aws")]
mod bucket;
mod repository;
mod states;

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use greenroom_apply::{Observer, ProviderFactory, Providers, SystemClock, Workbench};
use greenroom_delivery::gates::Probes;
use greenroom_local::runtime::{Launcher, Root};
use greenroom_local::{LocalOptions, LocalProvider, ValueProvider};
use greenroom_model::schema::ProviderSchema;
use greenroom_model::value::{Object, Value};
use greenroom_provider::{Failure, FailureKind, Provider};
use greenroom_store::{RescueFolder, Store};

use crate::LOCAL_RUNTIME;
pub(crate) use repository::repository;
pub(crate) use states::{rescue, states};

/// The providers of this build. Relative paths begin at `base`, an absolute folder.
pub(crate) fn providers(base: PathBuf) -> Providers {
    let local: Arc<dyn ProviderFactory> = Arc::new(LocalFactory::new(base));
    let value: Arc<dyn ProviderFactory> = Arc::new(ValueFactory::new());
    let aws: Option<Arc<dyn ProviderFactory>> = None;
    #[cfg(feature = "aws")]
    let aws = aws.or_else(|| Some(Arc::new(aws::AwsFactory::new())));
    Providers::new([local, value].into_iter().chain(aws))
}

/// What commands work with.
pub(crate) fn workbench(
    providers: Providers,
    store: Arc<dyn Store>,
    rescue: RescueFolder,
    observer: Arc<dyn Observer>,
    parallelism: usize,
) -> Workbench {
    Workbench {
        store,
        rescue,
        schemas: Arc::new(providers.schemas()),
        providers,
        gates: Arc::new(Probes),
        observer,
        clock: Arc::new(SystemClock),
        parallelism,
    }
}

struct ValueFactory {
    schema: Arc<ProviderSchema>,
}

impl ValueFactory {
    fn new() -> ValueFactory {
        ValueFactory { schema: Arc::new(ValueProvider::new().schema().clone()) }
    }
}

#[async_trait]
impl ProviderFactory for ValueFactory {
    fn schema(&self) -> Arc<ProviderSchema> {
        self.schema.clone()
    }

    async fn configure(&self, _: &Object) -> Result<Arc<dyn Provider>, Failure> {
        Ok(Arc::new(ValueProvider::new()))
    }
}

struct LocalFactory {
    base: PathBuf,
    schema: Arc<ProviderSchema>,
}

impl LocalFactory {
    fn new(base: PathBuf) -> LocalFactory {
        // The schema is the same for every root.
        let provider = LocalProvider::new(LocalOptions {
            root: Root::at(&base),
            launcher: Launcher { program: PathBuf::new(), arguments: Vec::new() },
            base: base.clone(),
        });
        LocalFactory { base, schema: Arc::new(provider.schema().clone()) }
    }

    fn root(&self, settings: &Object) -> Result<Root, Failure> {
        let setting = settings.get("root").and_then(Value::as_str);
        let setting = setting.map(|root| self.base.join(root).display().to_string());
        Root::choose(setting.as_deref(), |name| std::env::var(name).ok()).ok_or_else(|| {
            Failure::new(FailureKind::Argument, "there is no home folder to keep local objects in")
                .help("set GREENROOM_LOCAL_ROOT, or `root` in [provider.local]")
        })
    }
}

#[async_trait]
impl ProviderFactory for LocalFactory {
    fn schema(&self) -> Arc<ProviderSchema> {
        self.schema.clone()
    }

    async fn resolve(&self, settings: &Object) -> Result<Object, Failure> {
        let mut settings = settings.clone();
        let root = self.root(&settings)?.path().display().to_string();
        settings.insert("root".into(), Value::from(root));
        Ok(settings)
    }

    async fn configure(&self, settings: &Object) -> Result<Arc<dyn Provider>, Failure> {
        let program = std::env::current_exe().map_err(|error| {
            Failure::new(
                FailureKind::Internal,
                format!("the system does not say where this program is: {error}"),
            )
        })?;
        let launcher = Launcher { program, arguments: vec![LOCAL_RUNTIME.into()] };
        let root = self.root(settings)?;
        let base = self.base.clone();
        Ok(Arc::new(LocalProvider::new(LocalOptions { root, launcher, base })))
    }
}
