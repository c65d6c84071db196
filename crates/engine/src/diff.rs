//! Diff by schema: what arguments make of an object, and what a change of it takes.

use std::sync::Arc;

use greenroom_model::address::{Address, InstanceKey};
use greenroom_model::identity::Uid;
pub use greenroom_model::reference::{attribute_reference, instance_reference, pending_attribute};
use greenroom_model::schema::{Attribute, Attributes, OnChange, Presence, Type, TypeSchema};
use greenroom_model::value::{self, Object, Path, Step, Value, mark_sensitive, sensitive_paths};

use crate::convert::set_order;

/// How two values compare while some of either may be pending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// They are equal.
    Equal,
    /// They differ, whatever the pending parts turn out to be.
    Different,
    /// Only the pending parts can tell.
    Pending,
}

/// Attributes of which a change says something.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Difference {
    /// Everything that differs or may differ.
    pub changed: Vec<Path>,
    /// Of these, what differs for certain and cannot change in place.
    pub replace: Vec<Path>,
    /// Of these, what may differ and then cannot change in place.
    pub may_replace: Vec<Path>,
}

impl Difference {
    /// Whether a difference at `path` takes, or may take, a new object.
    #[must_use]
    pub fn takes_a_new_object(&self, path: &Path) -> bool {
        self.replace.contains(path) || self.may_replace.contains(path)
    }
}

/// What the schema alone makes of `config` (converted arguments): all attributes of the object.
///
/// What is computed is kept from `prior`, or pending if there is none; what is left out keeps its
/// prior value where the provider may choose it, and is null elsewhere.
#[must_use]
pub fn propose(
    schema: &TypeSchema,
    address: &Address,
    uid: &Uid,
    prior: Option<&Value>,
    config: &Object,
) -> Value {
    let prior = prior.and_then(Value::as_object);
    let planned = schema.attributes.iter().map(|(name, attribute)| {
        let given = config.get(name).filter(|value| !value.is_null());
        let kept = || prior.and_then(|prior| prior.get(name)).cloned();
        let value = match (given, attribute.presence) {
            (Some(given), _) => given.clone(),
            (None, Presence::Required | Presence::Optional) => match attribute.unique_name {
                Some(longest) => {
                    kept().unwrap_or_else(|| Value::from(derived_name(address, uid, longest)))
                }
                None => Value::Null,
            },
            (None, Presence::OptionalComputed) if attribute.unique_name.is_some() => {
                let longest = attribute.unique_name.unwrap_or(usize::MAX);
                kept().unwrap_or_else(|| Value::from(derived_name(address, uid, longest)))
            }
            (None, Presence::OptionalComputed | Presence::Computed) => {
                kept().unwrap_or_else(|| pending_attribute(address, name))
            }
        };
        (name.clone(), marked(value, attribute, address, name))
    });
    Value::from(planned.collect::<Object>())
}

/// In which arguments an object is for certain not what is expected of it.
#[must_use]
pub fn unlike(schema: &TypeSchema, expected: &Value, found: &Value) -> Vec<value::Difference> {
    let arguments = schema.attributes.iter().filter(|(_, it)| it.is_argument());
    let unlike = arguments.filter(|(name, attribute)| {
        compare(&at(expected, name), &at(found, name), &attribute.ty) == Comparison::Different
    });
    let differences = |(name, _): (&Arc<str>, _)| {
        value::differences(Some(&part(expected, name)), Some(&part(found, name)))
    };
    unlike.flat_map(differences).collect()
}

/// An object with one attribute of another.
pub(crate) fn part(value: &Value, name: &str) -> Value {
    Value::object([(name, at(value, name))])
}

/// An attribute; null if it is not there.
fn at(value: &Value, name: &str) -> Value {
    value.get(name).cloned().unwrap_or_default()
}

/// Attributes as a provider gave them, with the marks that they have in `like` and those that the
/// schema asks for: a provider does not say what is secret.
#[must_use]
pub fn marked_like(
    schema: Option<&TypeSchema>,
    address: &Address,
    attributes: &Value,
    like: &Value,
) -> Value {
    let mut paths = sensitive_paths(like);
    let by_schema = schema.into_iter().flat_map(|it| &it.attributes).filter(|it| it.1.sensitive);
    paths.extend(by_schema.map(|(name, _)| Path(vec![Step::Key(name.clone())])));
    paths.retain(|path| path.find(attributes).is_some_and(|it| !it.is_null()));
    if paths.is_empty() {
        return attributes.clone();
    }
    mark_sensitive(attributes.clone(), &paths, &Arc::new(instance_reference(address)))
}

/// The attributes of an object that nobody has seen ready, without what its provider has still to
/// give: what is null there is not yet known to be null.
#[must_use]
pub fn without_unknown(schema: &TypeSchema, attributes: &Value) -> Value {
    let Some(attributes) = attributes.as_object() else { return attributes.clone() };
    let is_known = |(name, value): &(&Arc<str>, &Value)| {
        let given_by_provider = schema.attributes.get(*name).is_some_and(|it| {
            matches!(it.presence, Presence::Computed | Presence::OptionalComputed)
        });
        !(given_by_provider && value.is_null())
    };
    let known = attributes.iter().filter(is_known);
    Value::from(known.map(|(name, value)| (name.clone(), value.clone())).collect::<Object>())
}

/// `value` with the mark that its schema asks for.
fn marked(value: Value, attribute: &Attribute, address: &Address, name: &Arc<str>) -> Value {
    if attribute.sensitive && !value.is_null() && !value.is_pending() {
        Value::sensitive(value, attribute_reference(address, name))
    } else {
        value
    }
}

/// A name for an object whose configuration leaves it out: environment, resource and uid, at most
/// `longest` characters. Equal uids give equal names; different ones differ in the last eight.
#[must_use]
pub fn derived_name(address: &Address, uid: &Uid, longest: usize) -> String {
    const TAIL: usize = 8;
    let tail: String = uid.0.chars().take(TAIL).collect();
    let key = match &address.key {
        InstanceKey::Only => String::new(),
        InstanceKey::Index(index) => format!("-{index}"),
        InstanceKey::Name(name) => format!("-{name}"),
    };
    let readable: String = format!("{}-{}{key}", address.scope, address.block.name)
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .take(longest.saturating_sub(TAIL + 1))
        .collect();
    let name = format!("{}-{tail}", readable.trim_matches('-'));
    name.trim_start_matches('-').chars().take(longest).collect()
}

/// Compares all attributes of an object by its schema.
#[must_use]
pub fn difference(schema: &TypeSchema, prior: &Value, planned: &Value) -> Difference {
    let mut found = Difference::default();
    let (Some(prior), Some(planned)) = (prior.as_object(), planned.as_object()) else {
        return found;
    };
    for (name, attribute) in &schema.attributes {
        let before = prior.get(name).unwrap_or(&Value::Null);
        let after = planned.get(name).unwrap_or(&Value::Null);
        let comparison = compare(before, after, &attribute.ty);
        if comparison == Comparison::Equal {
            continue;
        }
        let path = Path(vec![Step::Key(name.clone())]);
        if attribute.is_argument() && replaces(attribute, before, after) {
            match comparison {
                Comparison::Different => found.replace.push(path.clone()),
                _ => found.may_replace.push(path.clone()),
            }
        }
        found.changed.push(path);
    }
    found
}

/// Whether a change of the attribute, or of the part of it that changed, takes a new object.
fn replaces(attribute: &Attribute, before: &Value, after: &Value) -> bool {
    if attribute.on_change == OnChange::Replace {
        return true;
    }
    match &attribute.ty {
        Type::Object(fields) => fields_replace(fields, before, after),
        Type::List(element) | Type::Set(element) => match &**element {
            Type::Object(fields) => {
                let (before, after) = (before.as_list(), after.as_list());
                match (before, after) {
                    (Some([before]), Some([after])) => fields_replace(fields, before, after),
                    _ => fields.values().any(|field| field.on_change == OnChange::Replace),
                }
            }
            _ => false,
        },
        _ => false,
    }
}

fn fields_replace(fields: &Attributes, before: &Value, after: &Value) -> bool {
    fields.iter().any(|(name, field)| {
        let before = before.get(name).unwrap_or(&Value::Null);
        let after = after.get(name).unwrap_or(&Value::Null);
        compare(before, after, &field.ty) != Comparison::Equal && replaces(field, before, after)
    })
}

/// Compares two values of one type; marks do not count, nor does the order in a set.
#[must_use]
pub fn compare(before: &Value, after: &Value, ty: &Type) -> Comparison {
    match (before.unmarked(), after.unmarked()) {
        (Value::Pending(a), Value::Pending(b)) if a == b => Comparison::Equal,
        (Value::Pending(_), _) | (_, Value::Pending(_)) => Comparison::Pending,
        (Value::List(before), Value::List(after)) => match ty {
            Type::Set(element) => sets(before, after, element),
            _ => lists(before, after, element_type(ty)),
        },
        (Value::Object(before), Value::Object(after)) => objects(before, after, ty),
        (before, after) if before == after => Comparison::Equal,
        _ => Comparison::Different,
    }
}

fn element_type(ty: &Type) -> &Type {
    match ty {
        Type::List(element) | Type::Set(element) | Type::Map(element) => element,
        _ => &Type::Any,
    }
}

fn lists(before: &[Value], after: &[Value], element: &Type) -> Comparison {
    if before.len() != after.len() {
        return Comparison::Different;
    }
    all(before.iter().zip(after).map(|(before, after)| compare(before, after, element)))
}

fn sets(before: &[Value], after: &[Value], element: &Type) -> Comparison {
    if before.iter().chain(after).any(Value::has_pending) {
        return if before == after { Comparison::Equal } else { Comparison::Pending };
    }
    let sorted = |values: &[Value]| {
        let mut values = values.to_vec();
        values.sort_by(set_order);
        values.dedup_by(|a, b| set_order(a, b).is_eq());
        values
    };
    lists(&sorted(before), &sorted(after), element)
}

fn objects(before: &Object, after: &Object, ty: &Type) -> Comparison {
    let names = before.keys().chain(after.keys().filter(|name| !before.contains_key(*name)));
    all(names.map(|name| {
        let field = match ty {
            Type::Object(fields) => fields.get(name).map_or(&Type::Any, |field| &field.ty),
            ty => element_type(ty),
        };
        let before = before.get(name).unwrap_or(&Value::Null);
        compare(before, after.get(name).unwrap_or(&Value::Null), field)
    }))
}

fn all(parts: impl Iterator<Item = Comparison>) -> Comparison {
    let mut result = Comparison::Equal;
    for part in parts {
        match part {
            Comparison::Equal => {}
            Comparison::Different => return Comparison::Different,
            Comparison::Pending => result = Comparison::Pending,
        }
    }
    result
}

/// Puts prior values where the configuration's difference is to be ignored.
#[must_use]
pub fn ignoring(config: &Object, prior: &Value, paths: &[Path]) -> Object {
    let mut config = Value::from(config.clone());
    for path in paths {
        if let Some(kept) = path.find(prior) {
            put(&mut config, &path.0, kept.clone());
        }
    }
    config.as_object().cloned().unwrap_or_default()
}

fn put(value: &mut Value, path: &[Step], kept: Value) {
    match (path.split_first(), value) {
        (None, value) => *value = kept,
        (Some((Step::Key(key), rest)), Value::Object(attributes)) => {
            let attributes = Arc::make_mut(attributes);
            put(attributes.entry(key.clone()).or_default(), rest, kept);
        }
        (Some((Step::Index(index), rest)), Value::List(elements)) => {
            if let Some(element) = Arc::make_mut(elements).get_mut(*index) {
                put(element, rest, kept);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use greenroom_model::expr::Expr;

    use super::*;

    fn schema() -> TypeSchema {
        TypeSchema::new(
            "thing",
            "A thing",
            [
                ("name", Attribute::required(Type::String, "its name").replaces()),
                ("size", Attribute::optional(Type::Number, "its size").default(1)),
                ("tags", Attribute::optional(Type::set(Type::String), "its tags")),
                ("zone", Attribute::optional_computed(Type::String, "its zone")),
                ("id", Attribute::computed(Type::String, "its id")),
            ],
        )
    }

    fn address() -> Address {
        "default/thing.a[1]".parse().expect("an address")
    }

    fn object(entries: &[(&str, Value)]) -> Object {
        entries.iter().map(|(name, value)| ((*name).into(), value.clone())).collect()
    }

    #[test]
    fn a_new_object_has_its_computed_attributes_pending() {
        let config = object(&[("name", Value::from("x"))]);
        let planned = propose(&schema(), &address(), &Uid("0123456789".into()), None, &config);
        assert_eq!(format!("{:?}", planned.get("id").expect("id")), "pending(thing.a[1].id)");
        assert_eq!(planned.get("tags"), Some(&Value::Null));
    }

    #[test]
    fn what_the_provider_chose_is_kept_and_what_is_left_out_goes() {
        let prior = Value::from(object(&[
            ("name", Value::from("x")),
            ("tags", Value::list(["a"])),
            ("zone", Value::from("z1")),
            ("id", Value::from("i-1")),
        ]));
        let config = object(&[("name", Value::from("x"))]);
        let uid = Uid("0123456789".into());
        let planned = propose(&schema(), &address(), &uid, Some(&prior), &config);
        let found = difference(&schema(), &prior, &planned);
        let changed: Vec<_> = found.changed.iter().map(ToString::to_string).collect();
        assert_eq!(changed, ["tags"]);
        assert!(found.replace.is_empty());
    }

    #[test]
    fn the_order_in_a_set_is_no_difference() {
        let tags = |it: &[&str]| Value::list(it.iter().copied());
        let ty = Type::set(Type::String);
        assert_eq!(compare(&tags(&["a", "b"]), &tags(&["b", "a"]), &ty), Comparison::Equal);
        assert_eq!(compare(&tags(&["a"]), &tags(&["b", "a"]), &ty), Comparison::Different);
        let ty = Type::list(Type::String);
        assert_eq!(compare(&tags(&["a", "b"]), &tags(&["b", "a"]), &ty), Comparison::Different);
    }

    #[test]
    fn a_pending_argument_that_replaces_may_replace() {
        let prior = Value::from(object(&[("name", Value::from("x"))]));
        let pending = Value::pending(Expr::reference("other", ["b", "id"]));
        let planned = Value::from(object(&[("name", pending)]));
        let found = difference(&schema(), &prior, &planned);
        assert!(found.replace.is_empty());
        assert_eq!(found.may_replace.len(), 1);
    }

    #[test]
    fn derived_names_fit_and_differ_by_uid() {
        let a = derived_name(&address(), &Uid("aaaaaaaaaaaa".into()), 16);
        let b = derived_name(&address(), &Uid("bbbbbbbbbbbb".into()), 16);
        assert_eq!(a, "default-aaaaaaaa");
        assert_ne!(a, b);
        assert_eq!(
            derived_name(&address(), &Uid("aaaaaaaaaaaa".into()), 32),
            "default-a-1-aaaaaaaa"
        );
    }
}
