//! Arguments against a schema: their names, never their values' types.

use std::collections::BTreeMap;
use std::sync::Arc;

use greenroom_model::schema::{Attribute, Attributes, Presence, Type};

use crate::diagnostic::Diagnostic;
use crate::near;
use crate::node::{Entry, Node, NodeKind};
use crate::source::Place;

/// A check of arguments, and where it reports to.
pub(crate) struct Arguments<'a> {
    /// Whether keys may be lost, so that none is said to be missing.
    pub(crate) damaged: bool,
    /// Whether others may give what is missing here.
    pub(crate) partial: bool,
    /// What is wrong.
    pub(crate) diagnostics: &'a mut Vec<Diagnostic>,
}

impl Arguments<'_> {
    /// Checks the table `what`, which stands at `at`. `more` are names that are taken elsewhere,
    /// and may have been meant.
    pub(crate) fn check(
        &mut self,
        what: &str,
        at: Place,
        attributes: &Attributes,
        entries: &BTreeMap<Arc<str>, Entry>,
        more: &[&str],
    ) {
        for (name, entry) in entries {
            self.check_one(what, attributes, name, entry, more);
        }
        if self.damaged || self.partial {
            return;
        }
        for (name, _) in attributes.iter().filter(|(_, it)| it.presence == Presence::Required) {
            if !entries.contains_key(name) && !is_misspelt(name, attributes, entries) {
                self.report(
                    Diagnostic::error("spec::missing_argument", format!("{what} needs `{name}`"))
                        .at(at, format!("`{name}` is missing")),
                );
            }
        }
    }

    /// Checks one argument.
    pub(crate) fn check_one(
        &mut self,
        what: &str,
        attributes: &Attributes,
        name: &str,
        entry: &Entry,
        more: &[&str],
    ) {
        match attributes.get(name) {
            Some(attribute) if attribute.is_argument() => {
                self.value(&format!("`{name}` of {what}"), &attribute.ty, &entry.value);
            }
            Some(_) => self.report(
                Diagnostic::error(
                    "spec::computed_argument",
                    format!("`{name}` of {what} cannot be set"),
                )
                .at(entry.key, "only the provider gives it")
                .help("leave it out; expressions can read it"),
            ),
            None => self.report(
                Diagnostic::error(
                    "spec::unknown_argument",
                    format!("unknown argument `{name}` in {what}"),
                )
                .at(entry.key, "not known here")
                .maybe_help(near::suggestion(
                    name,
                    arguments(attributes).chain(more.iter().copied()),
                )),
            ),
        }
    }

    pub(crate) fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    fn value(&mut self, what: &str, ty: &Type, node: &Node) {
        match (ty, &node.kind) {
            (Type::Object(fields), NodeKind::Table(entries)) => {
                self.check(what, node.at, fields, entries, &[]);
            }
            (Type::List(element) | Type::Set(element), NodeKind::Array(nodes)) => {
                nodes.iter().for_each(|node| self.value(what, element, node));
            }
            // Where tables may repeat, one alone is accepted.
            (Type::List(element) | Type::Set(element), NodeKind::Table(_)) => {
                self.value(what, element, node);
            }
            (Type::Map(element), NodeKind::Table(entries)) => {
                entries.values().for_each(|entry| self.value(what, element, &entry.value));
            }
            _ => {}
        }
    }
}

/// Whether a missing argument is there under a name that is almost its own, which is said anyway.
fn is_misspelt(name: &str, attributes: &Attributes, entries: &BTreeMap<Arc<str>, Entry>) -> bool {
    let missing = |name: &str| !entries.contains_key(name);
    let candidates = || arguments(attributes).filter(|name| missing(name));
    let unknown = entries.keys().filter(|key| !attributes.contains_key(*key));
    unknown.into_iter().any(|key| near::nearest(key, candidates()) == Some(name))
}

fn arguments(attributes: &Attributes) -> impl Iterator<Item = &str> {
    attributes.iter().filter(|(_, it): &(_, &Attribute)| it.is_argument()).map(|(name, _)| &**name)
}
