//! The digest of a template: the same for all ways of writing the same thing.

use std::fmt::Write;

use greenroom_model::gate::{Detail, Gate, OnInconclusive, Pace, Probe};
use greenroom_model::identity::Digest;
use greenroom_model::schema::{Presence, Type};

use crate::node::{Node, NodeKind};
use crate::template::{
    Block, GateBlock, IgnoreChanges, LifecycleBlock, Output, Repetition, Template, Validation,
    Variable,
};

impl Template {
    /// The digest of what the template says.
    ///
    /// Comments, spaces, the order of keys, the kind of quotes and the layout of expressions make
    /// no difference; everything else does, descriptions included. Of a template with mistakes it
    /// says nothing.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut canonical = Canonical::default();
        canonical.template(self);
        Digest::of(canonical.text.as_bytes())
    }
}

/// The one way to write a template. Each part is `name(…)`, and text is quoted, so that no two
/// templates come out the same.
#[derive(Default)]
struct Canonical {
    text: String,
}

impl Canonical {
    fn template(&mut self, template: &Template) {
        let Template { file: _, kind, variables, locals, blocks, outputs, gates, hooks } = template;
        self.word(&format!("{kind:?}"));
        for (name, variable) in variables {
            self.part("variable", name, |it| it.variable(variable));
        }
        for (name, node) in locals {
            self.part("local", name, |it| it.node(node));
        }
        for (name, block) in blocks {
            self.part("block", &name.to_string(), |it| it.block(block));
        }
        for (name, output) in outputs {
            self.part("output", name, |it| it.output(output));
        }
        for (name, gate) in gates {
            self.part("gate", name, |it| it.gate(gate));
        }
        for (hook, gate) in hooks {
            self.part("hook", hook.as_str(), |it| it.gate(gate));
        }
    }

    fn variable(&mut self, variable: &Variable) {
        let Variable { at: _, ty, default, sensitive, description, validations } = variable;
        self.ty(ty);
        self.optional(default.as_ref(), Canonical::node);
        self.word(&sensitive.to_string());
        self.optional(description.as_deref(), Canonical::word);
        for Validation { condition, message } in validations {
            self.part("rule", &message.value, |it| it.node(condition));
        }
    }

    fn block(&mut self, block: &Block) {
        let Block {
            name: _,
            at: _,
            provider,
            repetition,
            depends_on,
            lifecycle,
            timeouts,
            arguments,
            known: _,
        } = block;
        self.word(provider);
        match repetition {
            Repetition::Once => {}
            Repetition::Count(node) => self.part("count", "", |it| it.node(node)),
            Repetition::ForEach(node) => self.part("for_each", "", |it| it.node(node)),
        }
        let mut depended: Vec<_> = depends_on.iter().map(|it| it.value.to_string()).collect();
        depended.sort();
        depended.iter().for_each(|name| self.part("depends_on", name, |_| {}));
        self.lifecycle(lifecycle);
        for (operation, duration) in timeouts {
            self.part("timeout", operation, |it| it.word(&format!("{duration:?}")));
        }
        self.node(arguments);
    }

    fn lifecycle(&mut self, lifecycle: &LifecycleBlock) {
        let LifecycleBlock {
            create_before_destroy,
            prevent_destroy,
            ignore_changes,
            replace_triggered_by,
        } = lifecycle;
        let first = create_before_destroy.as_ref().map(|flag| flag.value);
        self.word(&format!("{first:?} {prevent_destroy}"));
        match ignore_changes {
            IgnoreChanges::None => {}
            IgnoreChanges::All => self.word("all"),
            IgnoreChanges::Paths(paths) => {
                paths.iter().for_each(|path| self.part("ignore", &path.to_string(), |_| {}));
            }
        }
        replace_triggered_by.iter().for_each(|node| self.node(node));
    }

    fn output(&mut self, output: &Output) {
        let Output { at: _, value, sensitive, description } = output;
        self.node(value);
        self.word(&sensitive.to_string());
        self.optional(description.as_deref(), Canonical::word);
    }

    fn gate(&mut self, block: &GateBlock) {
        let GateBlock { at: _, asked_at: _, gate: Gate { probe, pace, on_inconclusive } } = block;
        match probe {
            Probe::Http { url, status, body } => {
                self.node(url);
                self.word(&status.to_string());
                self.optional(body.as_ref(), Canonical::node);
            }
            Probe::Tcp { endpoint } => self.part("tcp", "", |it| it.node(endpoint)),
            Probe::Command { argv } => {
                self.part("command", "", |it| argv.iter().for_each(|node| it.node(node)));
            }
            other => {
                for (name, detail) in other.details() {
                    self.part("probe", &name, |it| match detail {
                        Detail::Text(node) => it.node(node),
                        Detail::Fixed(value) => it.word(&value),
                    });
                }
            }
        }
        let Pace { initial_delay, interval, timeout, successes, failure_limit, deadline } = pace;
        self.word(&format!(
            "{initial_delay:?} {interval:?} {timeout:?} {successes} {failure_limit} {deadline:?}"
        ));
        if *on_inconclusive != OnInconclusive::default() {
            self.part("on_inconclusive", &format!("{on_inconclusive:?}"), |_| {});
        }
    }

    fn node(&mut self, node: &Node) {
        match &node.kind {
            NodeKind::Literal(value) => {
                self.part("literal", "", |it| it.word(&format!("{value:?}")))
            }
            NodeKind::Expression(expression) => {
                self.part("expression", &expression.expr.to_string(), |_| {});
            }
            NodeKind::Array(nodes) => {
                self.part("list", "", |it| nodes.iter().for_each(|node| it.node(node)));
            }
            NodeKind::Table(entries) => self.part("table", "", |it| {
                for (name, entry) in entries {
                    it.part("key", name, |it| it.node(&entry.value));
                }
            }),
            NodeKind::Invalid => self.part("invalid", "", |_| {}),
        }
    }

    fn ty(&mut self, ty: &Type) {
        match ty {
            Type::Any | Type::Bool | Type::Number | Type::String => self.word(&ty.to_string()),
            Type::List(element) => self.part("list", "", |it| it.ty(element)),
            Type::Set(element) => self.part("set", "", |it| it.ty(element)),
            Type::Map(element) => self.part("map", "", |it| it.ty(element)),
            Type::Object(fields) => self.part("object", "", |it| {
                for (name, field) in &**fields {
                    let optional = field.presence != Presence::Required;
                    it.part(if optional { "may" } else { "must" }, name, |it| it.ty(&field.ty));
                }
            }),
        }
    }

    fn part(&mut self, kind: &str, name: &str, inside: impl FnOnce(&mut Canonical)) {
        self.text.push_str(kind);
        self.word(name);
        self.text.push('(');
        inside(self);
        self.text.push(')');
    }

    fn optional<T: ?Sized>(&mut self, value: Option<&T>, write: impl FnOnce(&mut Canonical, &T)) {
        self.text.push('?');
        if let Some(value) = value {
            write(self, value);
        }
        self.text.push('.');
    }

    fn word(&mut self, text: &str) {
        write!(self.text, "{text:?}").expect("writing to a string cannot fail");
    }
}
