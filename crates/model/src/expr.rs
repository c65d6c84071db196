//! Expressions, lowered: names of functions and of `for` variables are
//! resolved, and what is written in several ways has one form.
//!
//! The parser and the evaluator live in `spec`; this tree lies here because a
//! pending [`Value`] is one. Printed ([`Display`](std::fmt::Display)) it is HCL
//! text that parses back to the same tree, spans aside.

mod measure;
mod print;

use std::sync::Arc;

use crate::span::Span;
use crate::value::{Path, Step, Value};

use measure::Measure;

/// An expression with its place in the text it came from.
///
/// Equality ignores the places. Parts are shared, so cloning is cheap, and a
/// residual shares what evaluation did not change.
#[derive(Clone, Debug)]
pub struct Expr {
    node: Node,
    span: Span,
    measure: Measure,
}

/// What an expression is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// A value that is fully known and carries no mark.
    Literal(Value),
    /// `[a, b]`
    List(Vec<Arc<Expr>>),
    /// `{ (a) = b }`; keys are expressions, in the order written.
    Object(Vec<(Arc<Expr>, Arc<Expr>)>),
    /// `"text ${a}"`; always a string.
    Template(Vec<Part>),
    /// `var.name[0]`: a name from outside, and the way into it.
    Reference {
        /// The first name: `var`, `local`, `aws_vpc` …
        root: Arc<str>,
        /// What follows it.
        path: Vec<Selector>,
    },
    /// A variable of the `for` with this number.
    Variable {
        /// The number of its [`For`].
        binder: u32,
        /// The key (or index) rather than the value.
        key: bool,
    },
    /// `a.name[0]`, where `a` is no reference.
    Select {
        /// The expression that is looked into.
        of: Arc<Expr>,
        /// The way into it.
        path: Vec<Selector>,
    },
    /// `a[*].name`: the path applied to every element.
    Splat {
        /// The list (or single value, or null).
        of: Arc<Expr>,
        /// The way into each element.
        path: Vec<Selector>,
    },
    /// `!a`, `-a`
    Unary {
        /// The operator.
        operator: UnaryOperator,
        /// The operand.
        of: Arc<Expr>,
    },
    /// `a + b` and the like.
    Binary {
        /// The operator.
        operator: BinaryOperator,
        /// The left operand.
        left: Arc<Expr>,
        /// The right operand.
        right: Arc<Expr>,
    },
    /// `test ? then : otherwise`
    Conditional {
        /// What decides.
        test: Arc<Expr>,
        /// The value if it is true.
        then: Arc<Expr>,
        /// The value if it is false.
        otherwise: Arc<Expr>,
    },
    /// `[for …]` or `{for …}`
    For(Box<For>),
    /// `name(a, b...)`
    Call {
        /// The function.
        name: Arc<str>,
        /// Its arguments.
        arguments: Vec<Arc<Expr>>,
        /// Whether the last argument is a list that stands for the rest of them.
        expand: bool,
    },
}

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Text as it is.
    Text(Arc<str>),
    /// `${a}`
    Interpolation(Arc<Expr>),
}

/// One step of a traversal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selector {
    /// `.name`
    Attribute(Arc<str>),
    /// `[a]`
    Index(Arc<Expr>),
}

/// `[for k, v in over : value if test]` or `{for k, v in over : key => value... if test}`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct For {
    /// Identifies its variables; unique within the expression it was parsed in.
    pub binder: u32,
    /// Whether a name for the key was given.
    pub with_key: bool,
    /// The collection.
    pub over: Arc<Expr>,
    /// The key of each entry: present if an object is made.
    pub key: Option<Arc<Expr>>,
    /// The value of each element.
    pub value: Arc<Expr>,
    /// Which elements to keep; all without it.
    pub test: Option<Arc<Expr>>,
    /// Whether entries of one key are collected into lists (`...`).
    pub group: bool,
}

/// An operator before its operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOperator {
    /// `!`
    Not,
    /// `-`
    Negate,
}

/// An operator between its operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOperator {
    /// `||`
    Or,
    /// `&&`
    And,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Remainder,
}

impl Expr {
    /// Makes an expression.
    pub fn new(node: Node, span: Span) -> Expr {
        let measure = Measure::of(&node);
        Expr { node, span, measure }
    }

    /// Makes a literal. `value` must be fully known and unmarked.
    pub fn literal(value: Value, span: Span) -> Expr {
        debug_assert!(
            !value.has_pending() && !value.has_sensitive(),
            "a literal is known and plain: {value:?}"
        );
        Expr::new(Node::Literal(value), span)
    }

    /// Makes a reference without a place: `reference("aws_vpc", ["main", "id"])`.
    pub fn reference<N: Into<Arc<str>>>(
        root: impl Into<Arc<str>>,
        names: impl IntoIterator<Item = N>,
    ) -> Expr {
        let path = names.into_iter().map(|name| Selector::Attribute(name.into())).collect();
        Expr::new(Node::Reference { root: root.into(), path }, Span::default())
    }

    /// The expression for the part of `base` at `path`.
    pub fn part(base: &Arc<Expr>, path: &Path) -> Expr {
        let more = path.0.iter().map(|step| Selector::from_step(step, base.span)).collect();
        Expr::select(base.clone(), more, base.span)
    }

    /// Makes `of` followed by `more`; a reference becomes a longer one. `a["b"]` becomes `a.b`, as
    /// it does when it is parsed: what is written and read again is the same expression.
    pub fn select(of: Arc<Expr>, more: Vec<Selector>, span: Span) -> Expr {
        let more: Vec<Selector> = more.into_iter().map(Selector::named).collect();
        match of.node() {
            _ if more.is_empty() => Arc::unwrap_or_clone(of),
            Node::Reference { root, path } => {
                let path = path.iter().cloned().chain(more).collect();
                Expr::new(Node::Reference { root: root.clone(), path }, span)
            }
            Node::Select { of: inner, path } => {
                let path = path.iter().cloned().chain(more).collect();
                Expr::new(Node::Select { of: inner.clone(), path }, span)
            }
            _ => Expr::new(Node::Select { of, path: more }, span),
        }
    }

    /// What it is.
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// Where it stands in the text it came from.
    pub fn span(&self) -> Span {
        self.span
    }

    /// The literal value, if it is one.
    pub fn as_literal(&self) -> Option<&Value> {
        match &self.node {
            Node::Literal(value) => Some(value),
            _ => None,
        }
    }

    /// How many levels its text nests at most, at least 1.
    pub fn depth(&self) -> u32 {
        self.measure.depth
    }

    /// How many nodes it has, shared ones counted each time: what printing
    /// costs. Stops at `u32::MAX`.
    pub fn size(&self) -> u32 {
        self.measure.size
    }

    /// One more than the highest number of a `for` inside.
    pub fn binders(&self) -> u32 {
        self.measure.binders
    }
}

impl PartialEq for Expr {
    fn eq(&self, other: &Expr) -> bool {
        self.node == other.node
    }
}

impl Eq for Expr {}

impl Node {
    /// Calls `visit` with each direct part, in the order written.
    pub fn each_child<'a>(&'a self, visit: &mut dyn FnMut(&'a Arc<Expr>)) {
        match self {
            Node::Literal(_) | Node::Variable { .. } => {}
            Node::List(parts) | Node::Call { arguments: parts, .. } => parts.iter().for_each(visit),
            Node::Object(entries) => entries.iter().for_each(|(key, value)| {
                visit(key);
                visit(value);
            }),
            Node::Template(parts) => parts.iter().filter_map(Part::interpolation).for_each(visit),
            Node::Reference { path, .. } => path.iter().filter_map(Selector::index).for_each(visit),
            Node::Select { of, path } | Node::Splat { of, path } => {
                visit(of);
                path.iter().filter_map(Selector::index).for_each(visit);
            }
            Node::Unary { of, .. } => visit(of),
            Node::Binary { left, right, .. } => [left, right].into_iter().for_each(visit),
            Node::Conditional { test, then, otherwise } => {
                [test, then, otherwise].into_iter().for_each(visit)
            }
            Node::For(parts) => {
                [Some(&parts.over), parts.key.as_ref(), Some(&parts.value), parts.test.as_ref()]
                    .into_iter()
                    .flatten()
                    .for_each(visit);
            }
        }
    }

    /// The same node over other parts: `map` is called with each direct part.
    #[must_use]
    pub fn map_children(&self, map: &mut dyn FnMut(&Arc<Expr>) -> Arc<Expr>) -> Node {
        match self {
            Node::Literal(_) | Node::Variable { .. } => self.clone(),
            Node::List(parts) => Node::List(parts.iter().map(map).collect()),
            Node::Call { name, arguments, expand } => {
                let arguments = arguments.iter().map(map).collect();
                Node::Call { name: name.clone(), arguments, expand: *expand }
            }
            Node::Object(entries) => {
                Node::Object(entries.iter().map(|(key, value)| (map(key), map(value))).collect())
            }
            Node::Template(parts) => {
                Node::Template(parts.iter().map(|part| part.map(map)).collect())
            }
            Node::Reference { root, path } => {
                Node::Reference { root: root.clone(), path: map_path(path, map) }
            }
            Node::Select { of, path } => Node::Select { of: map(of), path: map_path(path, map) },
            Node::Splat { of, path } => Node::Splat { of: map(of), path: map_path(path, map) },
            Node::Unary { operator, of } => Node::Unary { operator: *operator, of: map(of) },
            Node::Binary { operator, left, right } => {
                Node::Binary { operator: *operator, left: map(left), right: map(right) }
            }
            Node::Conditional { test, then, otherwise } => {
                Node::Conditional { test: map(test), then: map(then), otherwise: map(otherwise) }
            }
            Node::For(parts) => Node::For(Box::new(For {
                over: map(&parts.over),
                key: parts.key.as_ref().map(&mut *map),
                value: map(&parts.value),
                test: parts.test.as_ref().map(&mut *map),
                ..**parts
            })),
        }
    }
}

fn map_path(path: &[Selector], map: &mut dyn FnMut(&Arc<Expr>) -> Arc<Expr>) -> Vec<Selector> {
    let mapped = path.iter().map(|selector| match selector {
        Selector::Attribute(name) => Selector::Attribute(name.clone()),
        Selector::Index(index) => Selector::Index(map(index)),
    });
    mapped.collect()
}

impl Part {
    fn map(&self, map: &mut dyn FnMut(&Arc<Expr>) -> Arc<Expr>) -> Part {
        match self {
            Part::Text(text) => Part::Text(text.clone()),
            Part::Interpolation(expr) => Part::Interpolation(map(expr)),
        }
    }

    fn interpolation(&self) -> Option<&Arc<Expr>> {
        match self {
            Part::Text(_) => None,
            Part::Interpolation(expr) => Some(expr),
        }
    }
}

impl Selector {
    /// The selector for one step into a value.
    pub fn from_step(step: &Step, span: Span) -> Selector {
        match step {
            Step::Key(key) => Selector::Attribute(key.clone()),
            Step::Index(index) => {
                let index = i64::try_from(*index).unwrap_or(i64::MAX);
                Selector::Index(Arc::new(Expr::literal(Value::from(index), span)))
            }
        }
    }

    /// The same by name, where the index is a text that is known.
    fn named(self) -> Selector {
        match &self {
            Selector::Index(index) => match index.as_literal() {
                Some(Value::String(key)) => Selector::Attribute(key.clone()),
                _ => self,
            },
            Selector::Attribute(_) => self,
        }
    }

    fn index(&self) -> Option<&Arc<Expr>> {
        match self {
            Selector::Attribute(_) => None,
            Selector::Index(expr) => Some(expr),
        }
    }
}
