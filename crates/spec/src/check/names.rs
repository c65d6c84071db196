//! What is wrong with one reference, as far as its template and the schemas can tell.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use greenroom_model::address::{BlockName, Mode};

use super::nodes::Spot;
use crate::diagnostic::Diagnostic;
use crate::expr::{Key, Reference};
use crate::near;
use crate::schemas::Schemas;
use crate::source::Place;
use crate::template::{Repetition, Template, TemplateKind};

/// Roots that are no resource types.
const ROOTS: [&str; 8] = ["var", "local", "image", "front", "environment", "data", "count", "each"];

/// All names that a template declares.
pub(super) struct Names<'a> {
    kind: TemplateKind,
    variables: BTreeSet<Arc<str>>,
    locals: BTreeSet<Arc<str>>,
    blocks: BTreeMap<BlockName, bool>,
    schemas: &'a Schemas,
    damaged: bool,
}

/// A mistake at a reference, without its place.
struct Wrong {
    code: &'static str,
    message: String,
    label: &'static str,
    help: Option<String>,
}

impl<'a> Names<'a> {
    pub(super) fn of(template: &Template, schemas: &'a Schemas, damaged: bool) -> Names<'a> {
        let repeats = |repetition: &Repetition| !matches!(repetition, Repetition::Once);
        let blocks = template.blocks.iter();
        Names {
            kind: template.kind,
            variables: template.variables.keys().cloned().collect(),
            locals: template.locals.keys().cloned().collect(),
            blocks: blocks.map(|(name, it)| (name.clone(), repeats(&it.repetition))).collect(),
            schemas,
            damaged,
        }
    }

    /// What is wrong with `reference`, which stands at `place`.
    pub(super) fn mistake(
        &self,
        reference: &Reference,
        spot: &Spot,
        place: Place,
    ) -> Option<Diagnostic> {
        let wrong = self.examine(reference, spot)?;
        let diagnostic = Diagnostic::error(wrong.code, wrong.message).at(place, wrong.label);
        Some(diagnostic.maybe_help(wrong.help))
    }

    /// Whether the block is declared; nothing can be said of a damaged file.
    pub(super) fn undeclared(&self, block: &BlockName, place: Place) -> Option<Diagnostic> {
        let wrong = self.block(block, &[])?;
        let diagnostic = Diagnostic::error(wrong.code, wrong.message).at(place, wrong.label);
        Some(diagnostic.maybe_help(wrong.help))
    }

    fn examine(&self, reference: &Reference, spot: &Spot) -> Option<Wrong> {
        if let Spot::Rule(variable) = spot
            && !(&*reference.root == "var" && first(reference).is_none_or(|it| it == &**variable))
        {
            return Some(Wrong {
                code: "spec::rule_scope",
                message: format!("the rule for `{variable}` refers to something else"),
                label: "not the variable",
                help: Some(format!("a rule sees `var.{variable}` alone")),
            });
        }
        match &*reference.root {
            "var" => self.declared("variable", "var", &self.variables, reference),
            "local" => self.declared("local", "local", &self.locals, reference),
            "count" if *spot != Spot::Counted => Some(only_within("count", "`count`")),
            "count" => field("count", &["index"], reference),
            "each" if *spot != Spot::PerEach => Some(only_within("each", "`for_each`")),
            "each" => field("each", &["key", "value"], reference),
            "environment" => self.environment(reference),
            "environments" => {
                (self.kind == TemplateKind::Environment).then(|| hidden("environments"))
            }
            "front" => (self.kind == TemplateKind::Front).then(own_outputs),
            "image" => None,
            "data" => self.data(reference),
            kind => self.resource(kind, reference),
        }
    }

    fn declared(
        &self,
        what: &str,
        root: &str,
        names: &BTreeSet<Arc<str>>,
        reference: &Reference,
    ) -> Option<Wrong> {
        let name = first(reference).filter(|_| !self.damaged)?;
        if names.contains(name) {
            return None;
        }
        let near = near::nearest(name, names.iter().map(|name| &**name));
        Some(Wrong {
            code: "spec::unknown_reference",
            message: format!("{what} `{name}` is not declared"),
            label: "not declared",
            help: near.map(|near| format!("did you mean `{root}.{near}`?")).or_else(|| {
                Some(match root {
                    "local" => format!("declare it in `[local]`: `{name} = …`"),
                    _ => format!("declare it: `[{what}.{name}]`"),
                })
            }),
        })
    }

    fn environment(&self, reference: &Reference) -> Option<Wrong> {
        match first(reference)? {
            name @ ("role" | "weight") if self.kind == TemplateKind::Environment => {
                Some(hidden(&format!("environment.{name}")))
            }
            _ => field("environment", &["name", "stage"], reference),
        }
    }

    fn data(&self, reference: &Reference) -> Option<Wrong> {
        let [Key::Key(kind), Key::Key(name), rest @ ..] = &*reference.path else { return None };
        self.block(&BlockName::data(kind.clone(), name.clone()), rest)
    }

    fn resource(&self, kind: &str, reference: &Reference) -> Option<Wrong> {
        let of_kind = |block: &BlockName| block.mode == Mode::Managed && &*block.kind == kind;
        let is_type =
            self.schemas.find(Mode::Managed, kind).is_some() || self.blocks.keys().any(of_kind);
        match &*reference.path {
            [Key::Key(name), rest @ ..] if is_type => {
                self.block(&BlockName::managed(kind, name.clone()), rest)
            }
            _ if is_type || self.damaged => None,
            _ => Some(self.unknown_root(kind)),
        }
    }

    fn unknown_root(&self, root: &str) -> Wrong {
        let kinds = self.blocks.keys().filter(|block| block.mode == Mode::Managed);
        let front = (self.kind == TemplateKind::Front).then_some("environments");
        let roots = ROOTS.into_iter().chain(front).chain(kinds.map(|block| &*block.kind));
        let near = near::nearest(root, roots)
            .or_else(|| near::nearest(root, self.schemas.kinds(Mode::Managed)));
        Wrong {
            code: "spec::unknown_reference",
            message: format!("nothing is called `{root}`"),
            label: "not known here",
            help: near.map(|near| format!("did you mean `{near}`?")),
        }
    }

    fn block(&self, block: &BlockName, rest: &[Key]) -> Option<Wrong> {
        match self.blocks.get(block) {
            Some(repeats) => self.attribute(block, if *repeats { rest.get(1..)? } else { rest }),
            None if self.damaged => None,
            None => Some(self.no_block(block)),
        }
    }

    fn no_block(&self, block: &BlockName) -> Wrong {
        let section = match block.mode {
            Mode::Managed => "resource",
            Mode::Data => "data",
        };
        let declared: Vec<String> = self.blocks.keys().map(BlockName::to_string).collect();
        let near = near::nearest(&block.to_string(), declared.iter().map(String::as_str));
        Wrong {
            code: "spec::unknown_reference",
            message: format!("`{block}` is not declared"),
            label: "not declared",
            help: Some(match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("declare it: `[{section}.{}.{}]`", block.kind, block.name),
            }),
        }
    }

    fn attribute(&self, block: &BlockName, rest: &[Key]) -> Option<Wrong> {
        let attributes = &self.schemas.of_block(block)?.schema.attributes;
        let Key::Key(name) = rest.first()? else { return None };
        if attributes.contains_key(name) {
            return None;
        }
        Some(Wrong {
            code: "spec::unknown_attribute",
            message: format!("`{}` has no attribute `{name}`", block.kind),
            label: "no such attribute",
            help: near::suggestion(name, attributes.keys().map(|name| &**name)),
        })
    }
}

fn first(reference: &Reference) -> Option<&str> {
    match reference.path.first()? {
        Key::Key(name) => Some(name),
        Key::Index(_) => None,
    }
}

/// A field of a root that has these alone.
fn field(root: &str, known: &[&str], reference: &Reference) -> Option<Wrong> {
    let name = first(reference).filter(|name| !known.contains(name))?;
    let known: Vec<String> = known.iter().map(|known| format!("`{root}.{known}`")).collect();
    Some(Wrong {
        code: "spec::unknown_reference",
        message: format!("`{root}` has no `{name}`"),
        label: "not known here",
        help: Some(format!("known here: {}", known.join(", "))),
    })
}

fn only_within(root: &str, argument: &str) -> Wrong {
    Wrong {
        code: "spec::no_repetition",
        message: format!("`{root}` is used where nothing is repeated"),
        label: "not known here",
        help: Some(format!("it exists in the arguments of a block with {argument}")),
    }
}

fn hidden(name: &str) -> Wrong {
    Wrong {
        code: "spec::hidden_reference",
        message: format!("an environment cannot see `{name}`"),
        label: "hidden from environments",
        help: Some(
            "an environment must not know whether it has traffic; decide it in the front's template"
                .to_owned(),
        ),
    }
}

fn own_outputs() -> Wrong {
    Wrong {
        code: "spec::hidden_reference",
        message: "a front cannot see `front`".to_owned(),
        label: "its own outputs",
        help: Some("refer to the resource itself, or to a local".to_owned()),
    }
}
