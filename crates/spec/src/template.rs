//! Templates: what a front's or an environment's file says.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use greenroom_model::address::BlockName;
use greenroom_model::gate::{Gate, Hook};
use greenroom_model::schema::Type;
use greenroom_model::value::Path;

use crate::node::Node;
use crate::source::{FileId, Located, Place};

/// One template file.
#[derive(Clone, Debug)]
pub struct Template {
    /// The file.
    pub file: FileId,
    /// Whose desired state it is.
    pub kind: TemplateKind,
    /// `[variable.NAME]`.
    pub variables: BTreeMap<Arc<str>, Variable>,
    /// `[local]`.
    pub locals: BTreeMap<Arc<str>, Node>,
    /// `[resource.TYPE.NAME]` and `[data.TYPE.NAME]`.
    pub blocks: BTreeMap<BlockName, Block>,
    /// `[output.NAME]`.
    pub outputs: BTreeMap<Arc<str>, Output>,
    /// `[gate.NAME]`.
    pub gates: BTreeMap<Arc<str>, GateBlock>,
    /// `[hook.NAME]`: commands that must succeed, once. A front has none.
    pub hooks: BTreeMap<Hook, GateBlock>,
}

/// Whose desired state a template is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TemplateKind {
    /// An environment's.
    Environment,
    /// A front's: it also sees `environments`.
    Front,
}

/// A variable of a template.
#[derive(Clone, Debug)]
pub struct Variable {
    /// Where it is declared.
    pub at: Place,
    /// Its type.
    pub ty: Type,
    /// Its value where none is given; never an expression.
    pub default: Option<Node>,
    /// Whether its value is secret.
    pub sensitive: bool,
    /// One sentence for people.
    pub description: Option<Arc<str>>,
    /// What must be true of it.
    pub validations: Vec<Validation>,
}

/// A rule for a variable's value.
#[derive(Clone, Debug)]
pub struct Validation {
    /// An expression over the variable alone.
    pub condition: Node,
    /// What to say if it is not true.
    pub message: Located<Arc<str>>,
}

/// A resource or data source.
#[derive(Clone, Debug)]
pub struct Block {
    /// Its name.
    pub name: BlockName,
    /// Where it starts.
    pub at: Place,
    /// The provider configuration.
    pub provider: Arc<str>,
    /// How often it occurs.
    pub repetition: Repetition,
    /// Blocks that it waits for without reading them.
    pub depends_on: Vec<Located<BlockName>>,
    /// How its objects are replaced and compared.
    pub lifecycle: LifecycleBlock,
    /// How long a create, update, delete or read may take.
    pub timeouts: BTreeMap<Arc<str>, Duration>,
    /// Its arguments: a table node, checked for names but not for types.
    pub arguments: Node,
    /// Whether the type is known; an unknown one is already reported and takes no part.
    pub known: bool,
}

/// How often a block occurs.
#[derive(Clone, Debug)]
pub enum Repetition {
    /// Once.
    Once,
    /// As often as `count` says.
    Count(Node),
    /// For each entry of `for_each`.
    ForEach(Node),
}

/// `lifecycle`, as Terraform has it.
#[derive(Clone, Debug, Default)]
pub struct LifecycleBlock {
    /// The replacement is made before the old object goes.
    pub create_before_destroy: Option<Located<bool>>,
    /// Deleting it is refused.
    pub prevent_destroy: bool,
    /// Arguments whose difference does not count.
    pub ignore_changes: IgnoreChanges,
    /// Blocks or attributes whose change replaces it: expressions that are references.
    pub replace_triggered_by: Vec<Node>,
}

/// Arguments whose difference does not count.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum IgnoreChanges {
    /// None.
    #[default]
    None,
    /// These.
    Paths(Vec<Path>),
    /// `"all"`.
    All,
}

/// An output.
#[derive(Clone, Debug)]
pub struct Output {
    /// Where it is declared.
    pub at: Place,
    /// Its value.
    pub value: Node,
    /// Whether it is never shown.
    pub sensitive: bool,
    /// One sentence for people.
    pub description: Option<Arc<str>>,
}

/// A gate.
#[derive(Clone, Debug)]
pub struct GateBlock {
    /// Where it is declared.
    pub at: Place,
    /// Where its question stands.
    pub asked_at: Place,
    /// What it asks.
    pub gate: Gate<Node>,
}
