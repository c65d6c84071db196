//! A table with a fixed set of keys: what is not taken from it is a mistake.

use std::sync::Arc;
use std::time::Duration;

use super::item::{Field, Item, ItemKind, Table};
use super::reader::Reader;
use crate::diagnostic::Diagnostic;
use crate::near;
use crate::source::{Located, Place};

/// A table that is being read key by key.
pub(super) struct Section {
    /// What it is, for messages: ``stage `production` ``.
    pub(super) what: String,
    pub(super) at: Place,
    pub(super) table: Table,
    known: Vec<&'static str>,
}

impl Section {
    pub(super) fn new(what: impl Into<String>, at: Place, table: Table) -> Section {
        Section { what: what.into(), at, table, known: Vec::new() }
    }

    /// Opens an item that must be a table.
    pub(super) fn open(
        reader: &mut Reader<'_>,
        what: impl Into<String>,
        item: Item,
    ) -> Option<Section> {
        let what = what.into();
        match item.kind {
            ItemKind::Table(table) => Some(Section::new(what, item.at, table)),
            _ => {
                reader.wrong(&item, &what, "a table");
                None
            }
        }
    }

    /// Takes a key, which is a known one from now on.
    pub(super) fn take(&mut self, key: &'static str) -> Option<Item> {
        self.take_field(key).map(|field| field.value)
    }

    pub(super) fn take_field(&mut self, key: &'static str) -> Option<Field> {
        self.known.push(key);
        self.table.remove(key)
    }

    pub(super) fn text(
        &mut self,
        reader: &mut Reader<'_>,
        key: &'static str,
    ) -> Option<Located<Arc<str>>> {
        let item = self.take(key)?;
        reader.text(item, &self.of(key))
    }

    /// A string that must be there.
    pub(super) fn required_text(
        &mut self,
        reader: &mut Reader<'_>,
        key: &'static str,
    ) -> Option<Located<Arc<str>>> {
        if !self.table.contains_key(key) {
            self.missing(reader, key);
        }
        self.text(reader, key)
    }

    pub(super) fn texts(
        &mut self,
        reader: &mut Reader<'_>,
        key: &'static str,
    ) -> Vec<Located<Arc<str>>> {
        let what = self.of(key);
        self.take(key).map(|item| reader.texts(item, &what)).unwrap_or_default()
    }

    /// Texts that mean something else when they are left out than when there is none.
    pub(super) fn given_texts(
        &mut self,
        reader: &mut Reader<'_>,
        key: &'static str,
    ) -> Option<Vec<Located<Arc<str>>>> {
        self.table.contains_key(key).then(|| self.texts(reader, key))
    }

    pub(super) fn flag(
        &mut self,
        reader: &mut Reader<'_>,
        key: &'static str,
    ) -> Option<Located<bool>> {
        let item = self.take(key)?;
        reader.flag(item, &self.of(key))
    }

    pub(super) fn duration(
        &mut self,
        reader: &mut Reader<'_>,
        key: &'static str,
    ) -> Option<Located<Duration>> {
        let item = self.take(key)?;
        reader.duration(item, &self.of(key))
    }

    /// A whole number of at least `least`.
    pub(super) fn number(
        &mut self,
        reader: &mut Reader<'_>,
        key: &'static str,
        least: u32,
    ) -> Option<Located<u32>> {
        let item = self.take(key)?;
        let wanted = format!("a whole number of at least {least}");
        let range = i64::from(least)..=i64::from(u32::MAX);
        let Located { value, at } = reader.integer(item, &self.of(key), &wanted, range)?;
        Some(Located { value: u32::try_from(value).ok()?, at })
    }

    /// The tables in the table `key`, by name.
    pub(super) fn named(&mut self, reader: &mut Reader<'_>, key: &'static str) -> Vec<Named> {
        match self.take(key) {
            Some(item) => named(reader, key, item),
            None => Vec::new(),
        }
    }

    /// The key in messages: ``` `needs` of stage `production` ```.
    pub(super) fn of(&self, key: &str) -> String {
        match self.what.is_empty() {
            true => format!("`{key}`"),
            false => format!("`{key}` of {}", self.what),
        }
    }

    /// Says that a key is missing, unless it is there misspelt, which is said anyway.
    pub(super) fn missing(&self, reader: &mut Reader<'_>, key: &str) {
        let misspelt = near::nearest(key, self.table.keys().map(|key| &**key)).is_some();
        if !reader.damaged && !misspelt {
            reader.report(
                Diagnostic::error("spec::missing_key", format!("{} needs `{key}`", self.what))
                    .at(self.at, format!("`{key}` is missing")),
            );
        }
    }

    /// Reports what was not taken.
    pub(super) fn close(self, reader: &mut Reader<'_>) {
        for (name, field) in &self.table {
            reader.report(
                Diagnostic::error(
                    "spec::unknown_key",
                    format!("unknown key `{name}` in {}", self.what),
                )
                .at(field.key, "not known here")
                .maybe_help(near::suggestion(name, self.known.iter().copied())),
            );
        }
    }
}

/// A table under a name of its own.
pub(super) struct Named {
    pub(super) name: Arc<str>,
    /// Where the name stands.
    pub(super) key: Place,
    pub(super) item: Item,
}

/// The entries of `item`, which must be a table whose keys are names.
pub(super) fn named(reader: &mut Reader<'_>, what: &str, item: Item) -> Vec<Named> {
    let ItemKind::Table(table) = item.kind else {
        reader.wrong(&item, &format!("`{what}`"), &format!("tables such as `[{what}.NAME]`"));
        return Vec::new();
    };
    let entry = |(name, Field { key, value }): (Arc<str>, Field)| Named { name, key, item: value };
    let fits = |it: &Named| reader.check_name(&it.name, it.key);
    table.into_iter().map(entry).filter(fits).collect()
}

/// The tables of something that may occur once or, as an array of tables, several times.
pub(super) fn repeated(item: Item) -> Vec<Item> {
    match item.kind {
        ItemKind::Array(items) => items,
        _ => vec![item],
    }
}
