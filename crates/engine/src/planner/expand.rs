//! From blocks to instances: `count` and `for_each`.

use std::sync::Arc;

use greenroom_model::address::InstanceKey;
use greenroom_model::value::{Object, Value};
use greenroom_spec::diagnostic::Diagnostic;
use greenroom_spec::expr::references;
use greenroom_spec::node::Node;
use greenroom_spec::template::Repetition;

use super::{Asks, Item, Look, Planner, Work};
use crate::world::{Each, Expansion, Frame, NodeId, Record, UNKNOWN, names_in, reference_text};

/// More instances of one block than this are taken for a mistake.
const MOST_INSTANCES: i64 = 1_000_000;

impl Planner {
    pub(super) fn expand(&mut self, block: u32, asks: &mut Asks) {
        let scope = self.world.blocks[block as usize].scope;
        let repetition = self.world.template_block(block).repetition.clone();
        let node = match &repetition {
            Repetition::Once => return self.expanded(block, Keys::Once),
            Repetition::Count(node) | Repetition::ForEach(node) => node,
        };
        let provider = self.world.template_block(block).provider.clone();
        let frame = Frame::new(&self.world, scope, None).of_provider(&provider);
        let value = frame.evaluate_filled(node);
        let reads = frame.take_reads();
        let Record { missing, diagnostics, .. } = frame.finish();
        if !missing.is_empty() {
            return self.wait(Work::Expand(block), missing, asks);
        }
        self.diagnostics.extend(diagnostics);
        self.world.blocks[block as usize].repetition_reads = reads.into_iter().collect();
        let keys = match repetition {
            Repetition::Count(_) => count_of(&value),
            _ => entries_of(&value),
        };
        match keys {
            Ok(keys) => self.expanded(block, keys),
            Err(problem) => {
                self.report_unknown_keys(node, &value, problem);
                self.expanded(block, Keys::Unknown);
            }
        }
    }

    fn expanded(&mut self, block: u32, keys: Keys) {
        let expansion = match keys {
            Keys::Unknown => Expansion::Unknown,
            Keys::Once => Expansion::Once(self.instance(block, InstanceKey::Only, Each::Once)),
            Keys::Count(count) => Expansion::Count(
                (0..count)
                    .map(|at| self.instance(block, InstanceKey::Index(at), Each::Count(at)))
                    .collect(),
            ),
            Keys::Entries(entries) => Expansion::ForEach(
                entries
                    .into_iter()
                    .map(|(key, value)| {
                        let each = Each::Entry { key: key.clone(), value };
                        let at = self.instance(block, InstanceKey::Name(key.clone()), each);
                        (key, at)
                    })
                    .collect(),
            ),
        };
        self.world.blocks[block as usize].expansion = Some(expansion);
        self.arrived(&NodeId::Block(block));
    }

    fn instance(&mut self, block: u32, key: InstanceKey, each: Each) -> u32 {
        let number = self.world.add_instance(block, key, each);
        self.items.push(Item::default());
        self.queue.push_back(Work::Configure(number));
        number
    }

    fn report_unknown_keys(&mut self, node: &Node, value: &Value, problem: KeyProblem) {
        let KeyProblem { message, pending } = problem;
        if pending {
            let Value::Pending(residual) = value.unmarked() else { return };
            let names = names_in(residual);
            let outside = self.input.look == Look::SpecsOnly
                && names.iter().any(|name| matches!(&**name, "data" | "var"));
            if names.contains(UNKNOWN) || outside {
                return;
            }
            let named: Vec<String> =
                references(residual).iter().map(|it| format!("`{}`", reference_text(it))).collect();
            self.diagnostics.push(
                Diagnostic::error("plan::unknown_keys", message)
                    .at(node.at, format!("depends on {}", named.join(", ")))
                    .help("names and number of instances must be known at plan: use values that the configuration sets, such as variables or literals"),
            );
        } else {
            self.diagnostics
                .push(Diagnostic::error("plan::keys", message).at(node.at, "evaluated here"));
        }
    }
}

enum Keys {
    Once,
    Count(u32),
    Entries(Vec<(Arc<str>, Value)>),
    Unknown,
}

struct KeyProblem {
    message: String,
    pending: bool,
}

impl KeyProblem {
    fn wrong(message: String) -> KeyProblem {
        KeyProblem { message, pending: false }
    }
}

fn count_of(value: &Value) -> Result<Keys, KeyProblem> {
    if value.is_sensitive() {
        return Err(KeyProblem::wrong(
            "`count` cannot be a secret: addresses would show it".into(),
        ));
    }
    let text = value.as_str().and_then(|text| text.parse::<i64>().ok());
    match value.as_i64().or(text) {
        Some(count) if (0..=MOST_INSTANCES).contains(&count) => {
            Ok(Keys::Count(u32::try_from(count).unwrap_or(u32::MAX)))
        }
        Some(count) => Err(KeyProblem::wrong(format!(
            "`count` is {count}; it must lie between 0 and {MOST_INSTANCES}"
        ))),
        None if value.is_pending() => {
            Err(KeyProblem { message: "`count` is known only after apply".into(), pending: true })
        }
        None => Err(KeyProblem::wrong(format!(
            "`count` must be a whole number, found {}",
            value.kind()
        ))),
    }
}

fn entries_of(value: &Value) -> Result<Keys, KeyProblem> {
    match value {
        Value::Pending(_) => Err(KeyProblem {
            message: "the keys of `for_each` are known only after apply".into(),
            pending: true,
        }),
        Value::Sensitive(_) => {
            Err(KeyProblem::wrong("`for_each` cannot be a secret: addresses would show it".into()))
        }
        Value::Object(entries) => Ok(Keys::Entries(object_entries(entries))),
        Value::List(elements) => {
            let keys: Option<Vec<_>> = elements.iter().map(set_entry).collect();
            match keys {
                Some(keys) if is_set(&keys) => Ok(Keys::Entries(keys)),
                Some(_) => Err(KeyProblem::wrong("`for_each` has an element twice".into())),
                None => Err(KeyProblem::wrong(
                    "`for_each` takes a table or a set of strings that are known at plan".into(),
                )),
            }
        }
        other => Err(KeyProblem::wrong(format!(
            "`for_each` takes a table or a set of strings, found {}",
            other.kind()
        ))),
    }
}

fn object_entries(entries: &Object) -> Vec<(Arc<str>, Value)> {
    entries.iter().map(|(key, value)| (key.clone(), value.clone())).collect()
}

fn set_entry(element: &Value) -> Option<(Arc<str>, Value)> {
    match element {
        Value::String(text) => Some((text.clone(), element.clone())),
        _ => None,
    }
}

fn is_set(keys: &[(Arc<str>, Value)]) -> bool {
    let unique: std::collections::BTreeSet<_> = keys.iter().map(|(key, _)| key).collect();
    unique.len() == keys.len()
}
