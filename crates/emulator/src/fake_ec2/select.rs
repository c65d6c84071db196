//! Which objects a call asks for, and which page of them.

use std::collections::BTreeSet;

use crate::call::Call;
use crate::reply::Failure;

use super::FakeInstance;
use super::pages::Kind;

/// The largest page.
const MOST: usize = 1000;

/// Which objects a call asks for, and which page of them.
#[derive(Debug)]
pub(super) struct Selection {
    ids: BTreeSet<String>,
    /// Names with the values of which one must match.
    filters: Vec<(String, BTreeSet<String>)>,
    /// The index of the first object that is looked at.
    pub(super) from: usize,
    pub(super) size: usize,
}

impl Selection {
    /// # Errors
    ///
    /// If the fake does not know a filter, or EC2 has no such page.
    pub(super) fn read(call: &Call, kind: Kind) -> Result<Selection, Failure> {
        let invalid = |text: &str| {
            Failure::of_caller("InvalidParameterValue", format!("The value '{text}' is invalid"))
        };
        let number = |name: &str| match call.parameter(name) {
            Some(text) => text.parse().map(Some).map_err(|_| invalid(text)),
            None => Ok(None),
        };
        let size = number("MaxResults")?.unwrap_or(MOST);
        if !(5..=MOST).contains(&size) {
            return Err(invalid(&size.to_string()));
        }
        let filters = filters(call);
        let known = |name: &str| name == kind.id_filter() || name.starts_with("tag:");
        if let Some((name, _)) = filters.iter().find(|(name, _)| !known(name)) {
            return Err(invalid(name));
        }
        let ids = call.list(kind.id_parameter()).into_iter().map(str::to_owned).collect();
        Ok(Selection { ids, filters, from: number("NextToken")?.unwrap_or(0), size })
    }

    /// Whether an object with this id, of this instance, is asked for.
    pub(super) fn wants(&self, id: &str, instance: &FakeInstance) -> bool {
        let tagged = |key: &str, values: &BTreeSet<String>| {
            instance.tags.iter().any(|(name, value)| name == key && values.contains(value))
        };
        let passes = |(name, values): &(String, BTreeSet<String>)| match name.strip_prefix("tag:") {
            Some(key) => tagged(key, values),
            None => values.contains(id),
        };
        (self.ids.is_empty() || self.ids.contains(id)) && self.filters.iter().all(passes)
    }
}

fn filters(call: &Call) -> Vec<(String, BTreeSet<String>)> {
    let named = call.parameters.iter().filter_map(|(key, name)| {
        let filter = key.strip_suffix(".Name").filter(|key| key.starts_with("Filter."))?;
        let values = call.list(&format!("{filter}.Value"));
        Some((name.clone(), values.into_iter().map(str::to_owned).collect()))
    });
    named.collect()
}
