//! The schemas of all providers that take part, by name.

use std::collections::BTreeMap;
use std::sync::Arc;

use greenroom_model::address::{BlockName, Mode};
use greenroom_model::schema::{ProviderSchema, TypeSchema};

/// All providers' schemas. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Schemas {
    providers: BTreeMap<Arc<str>, Arc<ProviderSchema>>,
    owners: BTreeMap<(Mode, Arc<str>), Arc<str>>,
}

/// A type with the provider that brings it.
#[derive(Clone, Copy, Debug)]
pub struct KnownType<'a> {
    /// The provider.
    pub provider: &'a ProviderSchema,
    /// The type.
    pub schema: &'a TypeSchema,
}

impl Schemas {
    /// Collects schemas. Where two providers bring one type, the first by name has it.
    pub fn new<P: Into<Arc<ProviderSchema>>>(providers: impl IntoIterator<Item = P>) -> Schemas {
        let providers: BTreeMap<_, Arc<ProviderSchema>> =
            providers.into_iter().map(Into::into).map(|it| (it.name.clone(), it)).collect();
        let mut owners = BTreeMap::new();
        for provider in providers.values() {
            let managed = provider.resources.keys().map(|kind| (Mode::Managed, kind.clone()));
            let data = provider.data.keys().map(|kind| (Mode::Data, kind.clone()));
            for key in managed.chain(data) {
                owners.entry(key).or_insert_with(|| provider.name.clone());
            }
        }
        Schemas { providers, owners }
    }

    /// The provider `name`.
    #[must_use]
    pub fn provider(&self, name: &str) -> Option<&ProviderSchema> {
        self.providers.get(name).map(|provider| &**provider)
    }

    /// All providers, by name.
    pub fn providers(&self) -> impl Iterator<Item = &ProviderSchema> {
        self.providers.values().map(|provider| &**provider)
    }

    /// The resource type or data source `kind`.
    #[must_use]
    pub fn find(&self, mode: Mode, kind: &str) -> Option<KnownType<'_>> {
        let owner = self.owners.get(&(mode, Arc::from(kind)))?;
        let provider = self.provider(owner)?;
        let schema = types(provider, mode).get(kind)?;
        Some(KnownType { provider, schema })
    }

    /// The type of a block.
    #[must_use]
    pub fn of_block(&self, block: &BlockName) -> Option<KnownType<'_>> {
        self.find(block.mode, &block.kind)
    }

    /// The names of all types of a mode, in order.
    pub fn kinds(&self, mode: Mode) -> impl Iterator<Item = &str> {
        self.owners.keys().filter(move |(of, _)| *of == mode).map(|(_, kind)| &**kind)
    }
}

fn types(provider: &ProviderSchema, mode: Mode) -> &BTreeMap<Arc<str>, TypeSchema> {
    match mode {
        Mode::Managed => &provider.resources,
        Mode::Data => &provider.data,
    }
}
