//! What is planned of other objects: for mistakes that only several objects together show.

use std::collections::{BTreeMap, HashMap};
use std::str::FromStr;

use greenroom_model::value::Value;
use greenroom_provider::{CheckRequest, WrongArgument};

/// The attributes by which other objects refer to one.
const NAMES: [&str; 2] = ["id", "arn"];

/// All objects that are planned together.
pub(crate) struct Peers<'a> {
    /// The region that all are in.
    pub(crate) region: &'a str,
    all: &'a [CheckRequest],
    by_reference: HashMap<String, &'a CheckRequest>,
    /// The positions of the objects of each type.
    by_kind: BTreeMap<&'a str, Vec<usize>>,
}

impl<'a> Peers<'a> {
    pub(crate) fn new(region: &'a str, all: &'a [CheckRequest]) -> Peers<'a> {
        let mut by_reference = HashMap::new();
        let mut by_kind: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (position, planned) in all.iter().enumerate() {
            by_kind.entry(&planned.kind).or_default().push(position);
            let names = NAMES.into_iter().filter_map(|name| planned.planned.get(name));
            let names = names.filter(|it| !it.is_null()).filter_map(key);
            by_reference.extend(names.map(|name| (name, planned)));
        }
        Peers { region, all, by_reference, by_kind }
    }

    /// The planned object that a value names, known or not; `None` if it names something else.
    pub(crate) fn named(&self, value: Option<&Value>) -> Option<&'a CheckRequest> {
        self.by_reference.get(&key(value?)?).copied()
    }

    /// The planned objects that the elements of a list name.
    pub(crate) fn all_named(&self, list: Option<&Value>) -> Vec<&'a CheckRequest> {
        let elements = list.and_then(Value::as_list).unwrap_or_default();
        elements.iter().filter_map(|it| self.named(Some(it))).collect()
    }

    /// Those objects of the same type that come before `own` and whose argument `name` is the same.
    pub(crate) fn earlier_with(
        &self,
        own: &CheckRequest,
        name: &'static str,
    ) -> impl Iterator<Item = &'a CheckRequest> {
        let shared = own.planned.get(name).and_then(key);
        let of_kind = self.of_kind(&own.kind).map(|(_, planned)| planned);
        let earlier = of_kind.take_while(move |other| !std::ptr::eq(*other, own));
        earlier.filter(move |other| {
            shared.is_some() && other.planned.get(name).and_then(key) == shared
        })
    }

    /// The objects of `kind` that have the same values of all of `names` as another one before:
    /// their positions, with the first that has them.
    pub(crate) fn twins(&self, kind: &str, names: &[&str]) -> Vec<(usize, &'a CheckRequest)> {
        let mut first: HashMap<Vec<String>, usize> = HashMap::new();
        let twin = |(position, planned): (usize, &CheckRequest)| {
            let is_given = planned.planned.get(names.first()?).is_some_and(|it| !it.is_null());
            let keys = names.iter().map(|name| key(planned.planned.get(name)?));
            let keys = keys.collect::<Option<Vec<_>>>().filter(|_| is_given)?;
            let before = *first.entry(keys).or_insert(position);
            (before != position).then(|| (position, &self.all[before]))
        };
        self.of_kind(kind).filter_map(twin).collect()
    }

    fn of_kind(&self, kind: &str) -> impl Iterator<Item = (usize, &'a CheckRequest)> {
        let positions = self.by_kind.get(kind).map(Vec::as_slice).unwrap_or_default();
        let all = self.all;
        positions.iter().map(move |position| (*position, &all[*position]))
    }
}

/// A text that is the same for values that turn out the same: of a known value its text, of a
/// pending one what it will be read from. `None` for values that have no such text.
pub(crate) fn key(value: &Value) -> Option<String> {
    match value.unmarked() {
        Value::Null => Some(String::new()),
        Value::String(text) => Some(text.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Pending(residual) => Some(residual.to_string()),
        _ => None,
    }
}

/// A known argument, read as what it is the text of.
pub(crate) fn parsed<T: FromStr>(planned: &CheckRequest, name: &str) -> Option<T> {
    planned.planned.get(name)?.as_str()?.parse().ok()
}

/// A mistake at the argument at `path`.
pub(crate) fn wrong(path: &str, message: String) -> WrongArgument {
    let path = path.parse().expect("the names of arguments are written by us");
    WrongArgument { path, message, help: None }
}
