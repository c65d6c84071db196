//! One evaluation: an expression's view of the world, and what it recorded.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use greenroom_model::address::{BlockName, Mode};
use greenroom_model::expr::Expr;
use greenroom_model::span::Span;
use greenroom_model::value::{Object, Step, Value};
use greenroom_spec::diagnostic::Diagnostic;
use greenroom_spec::expr::{Key, Problem, Scope, evaluate};
use greenroom_spec::node::{Node, NodeKind};
use greenroom_spec::source::Place;
use greenroom_spec::template::TemplateKind;

use super::environments::rebased;
use super::{Expansion, NodeId, Record, World, unknown};
use crate::diff::instance_reference;
use crate::late;
use crate::planner::Look;

/// A value with what its evaluation found missing or wrong.
pub(crate) struct Evaluated<T> {
    pub(crate) value: T,
    pub(crate) missing: BTreeMap<NodeId, Place>,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

impl<T> Evaluated<T> {
    pub(crate) fn plain(value: T) -> Evaluated<T> {
        Evaluated { value, missing: BTreeMap::new(), diagnostics: Vec::new() }
    }

    pub(super) fn map<U>(self, change: impl FnOnce(T) -> U) -> Evaluated<U> {
        Evaluated {
            value: change(self.value),
            missing: self.missing,
            diagnostics: self.diagnostics,
        }
    }
}

/// What `count` and `each` mean in an instance.
#[derive(Clone, Debug)]
pub(crate) enum Each {
    Once,
    Count(u32),
    Entry { key: Arc<str>, value: Value },
}

/// One evaluation in one scope.
pub(crate) struct Frame<'w> {
    pub(super) world: &'w World,
    pub(super) scope: u32,
    each: Option<&'w Each>,
    /// The provider configuration of the block that is evaluated.
    provider: Option<Arc<str>>,
    record: RefCell<Record>,
    /// The node that is being evaluated, so that spans become places.
    node: Cell<Option<&'w Node>>,
}

impl<'w> Frame<'w> {
    pub(crate) fn new(world: &'w World, scope: u32, each: Option<&'w Each>) -> Frame<'w> {
        let (record, node) = (RefCell::default(), Cell::new(None));
        Frame { world, scope, each, provider: None, record, node }
    }

    /// For a block of this provider configuration.
    pub(crate) fn of_provider(self, configuration: &Arc<str>) -> Frame<'w> {
        Frame { provider: Some(configuration.clone()), ..self }
    }

    pub(crate) fn finish(self) -> Record {
        self.record.into_inner()
    }

    /// Takes the reads recorded since the last time.
    pub(crate) fn take_reads(&self) -> BTreeSet<u32> {
        std::mem::take(&mut self.record.borrow_mut().reads)
    }

    /// Evaluates a node; outputs of environments are filled in where the value needs them.
    pub(crate) fn evaluate_filled(&self, node: &'w Node) -> Value {
        let value = self.evaluate(node);
        self.fill(value, node)
    }

    /// Evaluates a node. Mistakes are recorded, and what they leave open is pending.
    pub(crate) fn evaluate(&self, node: &'w Node) -> Value {
        match &node.kind {
            NodeKind::Literal(value) => value.clone(),
            NodeKind::Invalid => unknown(),
            NodeKind::Array(elements) => {
                elements.iter().map(|it| self.evaluate(it)).collect::<Vec<Value>>().into()
            }
            NodeKind::Table(entries) => {
                let entries =
                    entries.iter().map(|(name, it)| (name.clone(), self.evaluate(&it.value)));
                Value::from(entries.collect::<Object>())
            }
            NodeKind::Expression(expression) => self.expression(&expression.expr, node),
        }
    }

    pub(super) fn expression(&self, expr: &Expr, node: &'w Node) -> Value {
        let outer = self.node.replace(Some(node));
        let result = evaluate(expr, self);
        self.node.set(outer);
        if let (Ok(value), Look::World) = (&result, self.world.look) {
            self.report_late(value, node);
        }
        result.unwrap_or_else(|problem| {
            self.report(
                Diagnostic::error("plan::expression", problem.message)
                    .at(node.place_of(problem.span), "in this expression")
                    .maybe_help(problem.help),
            );
            unknown()
        })
    }

    /// Reports what apply could not evaluate, now that somebody can still change it.
    fn report_late(&self, value: &Value, node: &Node) {
        let Some(late) = late::in_pending(value) else { return };
        self.report(
            Diagnostic::error(
                "plan::late",
                format!("`{late}` cannot be evaluated at apply, and the rest is known only then"),
            )
            .at(node.at, "in this value")
            .help("files and names of the template are read at plan: keep them apart from what is known after apply"),
        );
    }

    pub(crate) fn report(&self, diagnostic: Diagnostic) {
        self.record.borrow_mut().diagnostics.push(diagnostic);
    }

    pub(super) fn miss(&self, node: NodeId, span: Span) {
        if let Some(place) = self.place(span) {
            self.record.borrow_mut().missing.entry(node).or_insert(place);
        }
    }

    fn place(&self, span: Span) -> Option<Place> {
        self.node.get().map(|node| node.place_of(span))
    }

    pub(super) fn read(&self, instances: impl IntoIterator<Item = u32>) {
        self.record.borrow_mut().reads.extend(instances);
    }

    /// Takes what another evaluation, of a local or an output, found.
    pub(super) fn include(
        &self,
        evaluated: Evaluated<(Value, Arc<BTreeSet<u32>>)>,
        span: Span,
    ) -> Value {
        let (value, reads) = evaluated.value;
        self.read(reads.iter().copied());
        let mut record = self.record.borrow_mut();
        for (node, place) in evaluated.missing {
            // The reader's own place says more about a cycle than the local's.
            let place = self.node.get().map_or(place, |node| node.place_of(span));
            record.missing.entry(node).or_insert(place);
        }
        record.diagnostics.extend(evaluated.diagnostics);
        value
    }

    fn variable(&self, path: &[Key], span: Span) -> Result<Option<(Value, usize)>, Problem> {
        let scope = &self.world.scopes[self.scope as usize].scope;
        let wanted = &self.world.desired.scopes[scope];
        let name = first_name("var", path, span)?;
        match wanted.variables.get(name) {
            Some(value) => Ok(Some((value.clone(), 1))),
            // Declared without a value is reported where values are given; undeclared, by the spec.
            None => Ok(Some((unknown(), path.len()))),
        }
    }

    fn local(&self, path: &[Key], span: Span) -> Result<Option<(Value, usize)>, Problem> {
        let name = first_name("local", path, span)?;
        match self.world.local(self.scope, name) {
            Some(evaluated) => Ok(Some((self.include(evaluated, span), 1))),
            None => Ok(Some((unknown(), path.len()))),
        }
    }

    fn image(&self, path: &[Key], span: Span) -> Result<Option<(Value, usize)>, Problem> {
        let name = first_name("image", path, span)?;
        let scope = &self.world.scopes[self.scope as usize].scope;
        let Some(image) = self.world.desired.scopes[scope].images.get(name) else {
            // Where only the specs are looked at, it may still be baked.
            if self.world.look == Look::SpecsOnly {
                return Ok(Some((unknown(), path.len())));
            }
            return Err(Problem::new(format!("image `{name}` has no id"), span)
                .with_help(format!("bake it, or name one: --image {name}=ID")));
        };
        let id = match &self.provider {
            Some(configuration) => image.id_for(configuration).ok_or_else(|| {
                let message = format!("image `{name}` is not where `{configuration}` is");
                Problem::new(message, span).with_help("`regions` of the image has it copied")
            })?,
            None => &image.id,
        };
        let digest = image.digest.as_ref().map(|it| Value::from(it.0.clone()));
        let entries = [("id", Value::from(id.clone())), ("digest", digest.unwrap_or_default())];
        Ok(Some((Value::object(entries), 1)))
    }

    fn environment(&self) -> Value {
        let world = self.world;
        let name = match &world.desired.environment {
            Some(name) => Some(name),
            None => Some(&world.scopes[self.scope as usize].scope).filter(|it| !it.is_front()),
        };
        let mut entries = vec![("stage", Value::from(world.desired.stage.clone()))];
        entries.extend(name.map(|name| ("name", Value::from(name.as_str()))));
        Value::object(entries)
    }

    /// The front's outputs, as an environment sees them.
    fn front(&self, path: &[Key], span: Span) -> Result<Option<(Value, usize)>, Problem> {
        let name = first_name("front", path, span)?;
        let Some(front) = self.world.scopes.iter().position(|it| it.scope.is_front()) else {
            return Err(Problem::new("this stage has no front", span)
                .with_help("set `front` in the stage, or leave `front` out of the template"));
        };
        match self.world.output(super::index(front), name) {
            Some(evaluated) => {
                let value = self.include(evaluated, span);
                let base = Arc::new(Expr::reference("front", [name.clone()]));
                Ok(Some((rebased(&value, &base), 1)))
            }
            None => Err(Problem::new(format!("the front has no output `{name}`"), span)),
        }
    }

    fn each(
        &self,
        root: &str,
        path: &[Key],
        span: Span,
    ) -> Result<Option<(Value, usize)>, Problem> {
        let name = first_name(root, path, span)?;
        match (root, &**name, self.each) {
            ("count", "index", Some(Each::Count(index))) => Ok(Some((Value::from(*index), 1))),
            ("each", "key", Some(Each::Entry { key, .. })) => {
                Ok(Some((Value::from(key.clone()), 1)))
            }
            ("each", "value", Some(Each::Entry { value, .. })) => Ok(Some((value.clone(), 1))),
            _ => Err(Problem::new(format!("`{root}.{name}` means nothing here"), span)),
        }
    }

    /// An instance's attributes, or those of all instances of a block.
    fn instances(
        &self,
        block: BlockName,
        path: &[Key],
        consumed: usize,
        span: Span,
    ) -> Result<Option<(Value, usize)>, Problem> {
        let Some(number) = self.world.block_named(self.scope, &block) else {
            return Ok(Some((unknown(), path.len())));
        };
        let key = path.get(consumed);
        match (&self.world.blocks[number as usize].expansion, key) {
            (None, _) => {
                self.miss(NodeId::Block(number), span);
                Ok(None)
            }
            (Some(Expansion::Unknown), _) => Ok(Some((unknown(), path.len()))),
            (Some(Expansion::Once(only)), _) => {
                Ok(self.instance(*only, span).map(|it| (it, consumed)))
            }
            (Some(Expansion::Count(all)), Some(Step::Index(index))) => match all.get(*index) {
                Some(one) => Ok(self.instance(*one, span).map(|it| (it, consumed + 1))),
                None => Err(missing_instance(&block, &format!("[{index}]"), all.len(), span)),
            },
            (Some(Expansion::ForEach(all)), Some(Step::Key(key))) => match all.get(key) {
                Some(one) => Ok(self.instance(*one, span).map(|it| (it, consumed + 1))),
                None => Err(missing_instance(&block, &format!("[\"{key}\"]"), all.len(), span)),
            },
            (Some(Expansion::Count(_) | Expansion::ForEach(_)), _) => {
                Ok(self.whole(number, span).map(|it| (it, consumed)))
            }
        }
    }

    /// One instance's attributes; `None` if it is not planned yet.
    fn instance(&self, number: u32, span: Span) -> Option<Value> {
        self.read([number]);
        let planned = self.world.instances[number as usize].planned.clone();
        if planned.is_none() {
            self.miss(NodeId::Instance(number), span);
        }
        planned
    }

    /// All instances of a block as a list or an object. Instances that are not planned yet are
    /// pending elements, so that `length` and the like need not wait for them.
    fn whole(&self, block: u32, span: Span) -> Option<Value> {
        let node = &self.world.blocks[block as usize];
        let members = self.world.instances_of(block);
        self.read(members.iter().copied());
        if let Some(whole) = &*node.whole.borrow() {
            return Some(whole.clone());
        }
        let missing =
            members.iter().filter(|it| self.world.instances[**it as usize].planned.is_none());
        let mut complete = true;
        for number in missing {
            complete = false;
            self.miss(NodeId::Instance(*number), span);
        }
        let value_of = |number: &u32| {
            let instance = &self.world.instances[*number as usize];
            instance
                .planned
                .clone()
                .unwrap_or_else(|| Value::pending(instance_reference(&instance.address)))
        };
        let whole = match &node.expansion {
            Some(Expansion::ForEach(all)) => {
                Value::object(all.iter().map(|(key, number)| (key.clone(), value_of(number))))
            }
            _ => Value::list(members.iter().map(value_of)),
        };
        if complete {
            *node.whole.borrow_mut() = Some(whole.clone());
        }
        Some(whole)
    }
}

impl Scope for Frame<'_> {
    fn resolve(
        &self,
        root: &str,
        path: &[Key],
        span: Span,
    ) -> Result<Option<(Value, usize)>, Problem> {
        match root {
            "var" => self.variable(path, span),
            "local" => self.local(path, span),
            "image" => self.image(path, span),
            "front" => self.front(path, span),
            "environment" => Ok(Some((self.environment(), 0))),
            "environments" if self.is_front() => Ok(self.environments(path)),
            "count" | "each" => self.each(root, path, span),
            super::UNKNOWN => Ok(None),
            "data" => match path {
                [Step::Key(kind), Step::Key(name), ..] => {
                    self.instances(BlockName::data(kind.clone(), name.clone()), path, 2, span)
                }
                _ => Err(Problem::new("`data` needs a type and a name", span)),
            },
            kind => match path {
                [Step::Key(name), ..] => {
                    let block =
                        BlockName { mode: Mode::Managed, kind: kind.into(), name: name.clone() };
                    self.instances(block, path, 1, span)
                }
                _ => Err(Problem::new(format!("`{kind}` needs a name"), span)),
            },
        }
    }

    fn file(&self, path: &str) -> Result<Arc<[u8]>, Problem> {
        match self.world.files.contents.get(path) {
            Some(Ok(content)) => {
                self.world.files.read.borrow_mut().insert((self.scope, path.into()));
                Ok(content.clone())
            }
            Some(Err(reason)) => Err(Problem::new(reason.clone(), Span::default())),
            None => {
                self.miss(NodeId::File(path.into()), Span::default());
                Err(Problem::new(format!("`{path}` is not read yet"), Span::default()))
            }
        }
    }

    fn files(&self) -> Result<Vec<Arc<str>>, Problem> {
        match &self.world.files.list {
            Some(files) => Ok(files.clone()),
            None => {
                self.miss(NodeId::FileList, Span::default());
                Err(Problem::new("the project's files are not listed yet", Span::default()))
            }
        }
    }
}

impl Frame<'_> {
    pub(super) fn is_front(&self) -> bool {
        let scope = &self.world.scopes[self.scope as usize].scope;
        self.world.desired.scopes[scope].template.kind == TemplateKind::Front
    }
}

fn first_name<'p>(root: &str, path: &'p [Key], span: Span) -> Result<&'p Arc<str>, Problem> {
    match path.first() {
        Some(Step::Key(name)) => Ok(name),
        _ => Err(Problem::new(format!("`{root}` needs a name behind it"), span)),
    }
}

fn missing_instance(block: &BlockName, key: &str, count: usize, span: Span) -> Problem {
    let message = format!("`{block}` has no instance {key}");
    let help = match count {
        0 => "it has no instances at all".to_owned(),
        1 => "it has one instance".to_owned(),
        count => format!("it has {count} instances"),
    };
    Problem::new(message, span).with_help(help)
}
