//! The world of expressions: demand-driven evaluation over blocks, instances, locals and outputs.
//!
//! An evaluation sees what is planned so far. What it asks for and is not planned yet is *missing*:
//! it counts as pending, is recorded, and the evaluation is done again when it is there. What an
//! evaluation reads is recorded too; those reads are the edges of the graph. Front and
//! environments are one world, so only instances can form a cycle.

mod environments;
mod frame;
mod names;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use greenroom_model::address::{Address, BlockName, InstanceKey, Scope};
use greenroom_model::expr::Expr;
use greenroom_model::span::Span;
use greenroom_model::value::Value;
use greenroom_spec::diagnostic::Diagnostic;
use greenroom_spec::expr::sensitive;
use greenroom_spec::node::{Node, NodeKind};
use greenroom_spec::source::Place;
use greenroom_spec::template::Block;

use crate::desired::Desired;
use crate::planner::Look;

pub(crate) use environments::ENVIRONMENTS;
pub(crate) use frame::{Each, Evaluated, Frame};
pub(crate) use names::{names_in, reference_text};

/// Everything that can be referred to while planning.
pub(crate) struct World {
    pub(crate) desired: Arc<Desired>,
    pub(crate) look: Look,
    pub(crate) scopes: Vec<ScopeWorld>,
    pub(crate) blocks: Vec<BlockNode>,
    pub(crate) instances: Vec<InstanceNode>,
    pub(crate) files: Files,
}

/// What is known of the project's files.
#[derive(Default)]
pub(crate) struct Files {
    pub(crate) contents: BTreeMap<Arc<str>, Result<Arc<[u8]>, String>>,
    pub(crate) list: Option<Vec<Arc<str>>>,
    /// Which of them an evaluation has read, by the scope that it was in.
    pub(crate) read: RefCell<BTreeSet<(u32, Arc<str>)>>,
}

/// One scope with its names.
pub(crate) struct ScopeWorld {
    pub(crate) scope: Scope,
    blocks: HashMap<BlockName, u32>,
    locals: RefCell<HashMap<Arc<str>, Memo>>,
    outputs: RefCell<HashMap<Arc<str>, Memo>>,
}

/// A local or an output that was looked at.
enum Memo {
    /// Its evaluation is on the stack.
    Evaluating,
    /// Its value, with the instances that it read.
    Done { value: Value, reads: Arc<BTreeSet<u32>> },
}

/// A block in one scope.
pub(crate) struct BlockNode {
    pub(crate) scope: u32,
    pub(crate) name: BlockName,
    pub(crate) expansion: Option<Expansion>,
    /// What `count` or `for_each` read: every instance's `each` may be made of it.
    pub(crate) repetition_reads: Vec<u32>,
    /// What the block as a whole is worth, once all its instances are planned.
    whole: RefCell<Option<Value>>,
}

/// The instances of a block.
pub(crate) enum Expansion {
    /// The only one.
    Once(u32),
    /// By position.
    Count(Vec<u32>),
    /// By key.
    ForEach(BTreeMap<Arc<str>, u32>),
    /// Not known, which is a mistake that is reported, or a `validate` without values.
    Unknown,
}

/// One instance.
pub(crate) struct InstanceNode {
    pub(crate) block: u32,
    pub(crate) address: Address,
    pub(crate) each: Each,
    /// All attributes as they will be; `None` until planned.
    pub(crate) planned: Option<Value>,
}

/// Something that an evaluation can wait for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum NodeId {
    Block(u32),
    Instance(u32),
    File(Arc<str>),
    FileList,
}

/// What an evaluation recorded.
#[derive(Default)]
pub(crate) struct Record {
    /// The instances whose attributes it read.
    pub(crate) reads: BTreeSet<u32>,
    /// What was not there yet, with the place that asked for it.
    pub(crate) missing: BTreeMap<NodeId, Place>,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

impl World {
    pub(crate) fn new(desired: Arc<Desired>, look: Look) -> World {
        let mut scopes = Vec::new();
        let mut blocks = Vec::new();
        for (scope, wanted) in &desired.scopes {
            let number = index(scopes.len());
            let mut names = HashMap::new();
            for block in wanted.template.blocks.values() {
                names.insert(block.name.clone(), index(blocks.len()));
                blocks.push(BlockNode {
                    scope: number,
                    name: block.name.clone(),
                    // An unknown type is reported already; references to it are pending.
                    expansion: (!block.known).then_some(Expansion::Unknown),
                    repetition_reads: Vec::new(),
                    whole: RefCell::new(None),
                });
            }
            scopes.push(ScopeWorld {
                scope: scope.clone(),
                blocks: names,
                locals: RefCell::default(),
                outputs: RefCell::default(),
            });
        }
        World { desired, look, scopes, blocks, instances: Vec::new(), files: Files::default() }
    }

    /// The block as the template has it.
    pub(crate) fn template_block(&self, block: u32) -> &Block {
        self.block_in(&self.desired, block)
    }

    /// The same, borrowed from `desired` (these specs) and not from the world.
    pub(crate) fn block_in<'d>(&self, desired: &'d Desired, block: u32) -> &'d Block {
        let node = &self.blocks[block as usize];
        let scope = &self.scopes[node.scope as usize].scope;
        &desired.scopes[scope].template.blocks[&node.name]
    }

    /// Adds an instance of a block.
    pub(crate) fn add_instance(&mut self, block: u32, key: InstanceKey, each: Each) -> u32 {
        let node = &self.blocks[block as usize];
        let scope = self.scopes[node.scope as usize].scope.clone();
        let address = Address { scope, block: node.name.clone(), key };
        let number = index(self.instances.len());
        self.instances.push(InstanceNode { block, address, each, planned: None });
        number
    }

    /// The instances of a block, none before it is expanded.
    pub(crate) fn instances_of(&self, block: u32) -> Vec<u32> {
        match &self.blocks[block as usize].expansion {
            None | Some(Expansion::Unknown) => Vec::new(),
            Some(Expansion::Once(only)) => vec![*only],
            Some(Expansion::Count(all)) => all.clone(),
            Some(Expansion::ForEach(all)) => all.values().copied().collect(),
        }
    }

    /// The block that a name refers to in a scope.
    pub(crate) fn block_named(&self, scope: u32, name: &BlockName) -> Option<u32> {
        self.scopes[scope as usize].blocks.get(name).copied()
    }

    /// An output's value with the instances that it reads; `Err` holds what is missing.
    pub(crate) fn output(
        &self,
        scope: u32,
        name: &Arc<str>,
    ) -> Option<Evaluated<(Value, Arc<BTreeSet<u32>>)>> {
        let world = &self.scopes[scope as usize];
        let template = &self.desired.scopes[&world.scope].template;
        let output = template.outputs.get(name)?;
        let evaluated = self.memoised(scope, &world.outputs, name, &output.value);
        Some(evaluated.map(|(value, reads)| {
            let is_secret = output.sensitive && !value.is_null();
            (if is_secret { sensitive(value, Span::default()) } else { value }, reads)
        }))
    }

    /// A local's value with the instances that it reads.
    pub(crate) fn local(
        &self,
        scope: u32,
        name: &Arc<str>,
    ) -> Option<Evaluated<(Value, Arc<BTreeSet<u32>>)>> {
        let world = &self.scopes[scope as usize];
        let node = self.desired.scopes[&world.scope].template.locals.get(name)?;
        Some(self.memoised(scope, &world.locals, name, node))
    }

    fn memoised(
        &self,
        scope: u32,
        memos: &RefCell<HashMap<Arc<str>, Memo>>,
        name: &Arc<str>,
        node: &Node,
    ) -> Evaluated<(Value, Arc<BTreeSet<u32>>)> {
        match memos.borrow().get(name) {
            Some(Memo::Done { value, reads }) => {
                return Evaluated::plain((value.clone(), reads.clone()));
            }
            // The spec reports cycles of locals; of outputs, the instances between them do.
            Some(Memo::Evaluating) => {
                return Evaluated::plain((unknown(), Arc::default()));
            }
            None => {}
        }
        memos.borrow_mut().insert(name.clone(), Memo::Evaluating);
        let frame = Frame::new(self, scope, None);
        let value = frame.evaluate_filled(node);
        let record = frame.finish();
        memos.borrow_mut().remove(name);
        let reads = Arc::new(record.reads);
        if record.missing.is_empty() {
            let done = Memo::Done { value: value.clone(), reads: reads.clone() };
            memos.borrow_mut().insert(name.clone(), done);
        }
        Evaluated {
            value: (value, reads),
            missing: record.missing,
            diagnostics: record.diagnostics,
        }
    }
}

pub(crate) fn index(length: usize) -> u32 {
    u32::try_from(length).expect("fewer nodes than u32 can count")
}

/// What stands for a value whose mistake is already reported.
pub(crate) fn unknown() -> Value {
    Value::pending(Expr::reference::<Arc<str>>(UNKNOWN, []))
}

/// The root of references that stand for a mistake already reported.
pub(crate) const UNKNOWN: &str = "unknown";

/// The place of the part of a node that a path leads to, or of the nearest part above it.
pub(crate) fn place_in(node: &Node, path: &[greenroom_model::value::Step]) -> Place {
    use greenroom_model::value::Step;
    match (path.split_first(), &node.kind) {
        (Some((Step::Key(key), rest)), NodeKind::Table(entries)) => {
            entries.get(key).map_or(node.at, |entry| place_in(&entry.value, rest))
        }
        (Some((Step::Index(index), rest)), NodeKind::Array(elements)) => {
            elements.get(*index).map_or(node.at, |element| place_in(element, rest))
        }
        // One table stands for a list of one.
        (Some((Step::Index(0), rest)), NodeKind::Table(_)) => place_in(node, rest),
        _ => node.at,
    }
}
