//! Marks beside values: which parts are secret, and the references that stand for them.

use std::collections::BTreeMap;
use std::sync::Arc;

use greenroom_model::address::{self, Address, BlockName, InstanceKey};
use greenroom_model::expr::{Expr, Node, Selector};
use greenroom_model::span::Span;
use greenroom_model::value::{Path, Step, Value, mark_sensitive, sensitive_paths};

use super::json::{Json, Mode};
use super::text::Text;
use crate::format::error::Misfit;

/// Where the references of a scope's secret outputs start.
pub(crate) const OUTPUTS: &str = "output";

/// Where the references of secret answers start.
pub(crate) const ANSWER: &str = "answer";

/// The reference by which expressions in the address's scope name its object:
/// `aws_instance.web[0]`, `data.aws_ami.base`.
#[must_use]
pub fn reference_to(block: &BlockName, key: &InstanceKey) -> Arc<Expr> {
    let BlockName { kind, name, .. } = block;
    let name = Selector::Attribute(name.clone());
    let (root, mut path) = if block.mode == address::Mode::Data {
        ("data".into(), vec![Selector::Attribute(kind.clone()), name])
    } else {
        (kind.clone(), vec![name])
    };
    path.extend(match key {
        InstanceKey::Only => None,
        InstanceKey::Index(index) => {
            Some(Selector::from_step(&Step::Index(*index as usize), Span::default()))
        }
        InstanceKey::Name(name) => Some(Selector::Attribute(name.clone())),
    });
    Arc::new(Expr::new(Node::Reference { root, path }, Span::default()))
}

/// Makes each mark in the attributes of the object at `address` refer to that object.
///
/// An outcome in a journal does not know its address, and what a provider gave back may carry
/// the marks of the configuration; in a state, a secret is the object's own.
#[must_use]
pub fn claim(attributes: Value, address: &Address) -> Value {
    if !attributes.has_sensitive() {
        return attributes;
    }
    let paths = sensitive_paths(&attributes);
    let base = reference_to(&address.block, &address.key);
    mark_sensitive(attributes.reveal(), &paths, &base)
}

/// The paths of the marks in `value`, for the field beside it.
pub(crate) fn of(value: &Value) -> Vec<Text<'static>> {
    if !value.has_sensitive() {
        return Vec::new();
    }
    sensitive_paths(value).iter().map(Text::of).collect()
}

/// Puts the marks at `paths` on `value`.
pub(crate) fn put(value: Value, paths: &[Text<'_>], base: &Arc<Expr>) -> Result<Value, Misfit> {
    let paths: Vec<Path> = paths.iter().map(|it| it.as_str().parse()).collect::<Result<_, _>>()?;
    Ok(mark_sensitive(value, &paths, base))
}

/// Values by name, to be written.
pub(crate) fn values(map: &BTreeMap<Arc<str>, Value>, mode: Mode) -> BTreeMap<Text<'_>, Json<'_>> {
    map.iter().map(|(name, value)| (name.into(), Json::Given(value, mode))).collect()
}

/// The paths of the marks in a map, each starting with the name.
pub(crate) fn of_map(map: &BTreeMap<Arc<str>, Value>) -> Vec<Text<'static>> {
    let marked = map.iter().filter(|(_, value)| value.has_sensitive());
    let paths = marked.flat_map(|(name, value)| {
        sensitive_paths(value).into_iter().map(|path| {
            let steps = std::iter::once(Step::Key(name.clone())).chain(path.0).collect();
            Text::of(&Path(steps))
        })
    });
    paths.collect()
}

/// Puts the marks at `paths` on a map; the references start with `root`.
pub(crate) fn put_map(
    map: BTreeMap<Arc<str>, Value>,
    paths: &[Text<'_>],
    root: &str,
) -> Result<BTreeMap<Arc<str>, Value>, Misfit> {
    if paths.is_empty() {
        return Ok(map);
    }
    match put(Value::from(map), paths, &self::root(root))? {
        Value::Object(map) => Ok(Arc::unwrap_or_clone(map)),
        // The empty path marks the map itself.
        _ => Err(Misfit::Mark(root.to_owned())),
    }
}

/// The reference that is `name` alone, with which others start.
pub(crate) fn root(name: &str) -> Arc<Expr> {
    Arc::new(Expr::reference::<Arc<str>>(name, []))
}

/// Where the references of an object start that the document does not name; [`claim`] corrects
/// them when the object is known.
pub(crate) fn unplaced() -> Arc<Expr> {
    root("self")
}
