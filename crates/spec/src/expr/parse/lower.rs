//! From `hcl-edit`'s tree to ours: one form for each meaning, names resolved.

use std::ops::Range;
use std::sync::Arc;

use greenroom_model::expr::{BinaryOperator, Expr, For, Node, Selector, UnaryOperator};
use greenroom_model::span::Span;
use greenroom_model::value::{Number, Value};
use hcl_edit::Span as _;
use hcl_edit::expr::{self as hcl, Expression, ObjectKey, TraversalOperator};

use super::Mistake;
use crate::expr::functions;

/// What kind of text is lowered.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A string of a spec.
    Spec,
    /// Text that we printed, where `error(…)` is a function.
    Residual,
    /// A template file: it sees its own variables only.
    File,
}

/// The state of lowering one text.
pub(super) struct Lowering<'a> {
    text: &'a str,
    kind: Kind,
    variables: Vec<(Arc<str>, u32, bool)>,
    next_binder: u32,
    mistakes: Vec<Mistake>,
}

impl<'a> Lowering<'a> {
    /// Starts with `names` as variables of the binders from `first_binder` on.
    pub(super) fn new(
        text: &'a str,
        kind: Kind,
        names: &[&str],
        first_binder: u32,
    ) -> Lowering<'a> {
        let binders = first_binder..;
        let variables: Vec<_> = names
            .iter()
            .zip(binders)
            .map(|(name, binder)| (Arc::from(*name), binder, false))
            .collect();
        let next_binder = first_binder + u32::try_from(variables.len()).unwrap_or(u32::MAX);
        Lowering { text, kind, variables, next_binder, mistakes: Vec::new() }
    }

    /// `expr`, unless mistakes were found.
    pub(super) fn finish(self, expr: Expr) -> Result<Expr, Vec<Mistake>> {
        if self.mistakes.is_empty() { Ok(expr) } else { Err(self.mistakes) }
    }

    pub(super) fn expression(&mut self, expression: &Expression) -> Arc<Expr> {
        let span = self.span(expression.span());
        match expression {
            Expression::Null(_) => literal(Value::Null, span),
            Expression::Bool(truth) => literal(Value::Bool(*truth.value()), span),
            Expression::Number(number) => self.number(number.value(), span),
            Expression::String(text) => literal(Value::from(text.as_str()), span),
            Expression::Array(array) => self.array(array, span),
            Expression::Object(object) => self.object(object, span),
            Expression::StringTemplate(template) => self.quoted(template, span),
            Expression::HeredocTemplate(heredoc) => self.template(&heredoc.template, span),
            Expression::Parenthesis(inner) => self.expression(inner.inner()),
            Expression::Variable(name) => self.name(name.as_str(), Vec::new(), span),
            Expression::Conditional(conditional) => self.conditional(conditional, span),
            Expression::FuncCall(call) => self.call(call, span),
            Expression::Traversal(traversal) => self.traversal(traversal, span),
            Expression::UnaryOp(operation) => self.unary(operation, span),
            Expression::BinaryOp(operation) => self.binary(operation, span),
            Expression::ForExpr(comprehension) => self.comprehension(comprehension, span),
        }
    }

    /// The span of a node, safe to slice with.
    pub(super) fn span(&self, range: Option<Range<usize>>) -> Span {
        let range = range.unwrap_or(0..self.text.len());
        if self.text.get(range.clone()).is_some() {
            Span::of(range)
        } else {
            Span::of(0..self.text.len())
        }
    }

    fn mistake(
        &mut self,
        span: Span,
        message: impl Into<String>,
        help: Option<String>,
    ) -> Arc<Expr> {
        self.mistakes.push(Mistake { message: message.into(), help, span });
        literal(Value::Null, span)
    }

    fn number(&mut self, number: &hcl_edit::Number, span: Span) -> Arc<Expr> {
        if let Some(integer) = number.as_i64() {
            return literal(Value::from(integer), span);
        }
        match Number::try_from(number.as_f64().unwrap_or(f64::NAN)) {
            Ok(number) => literal(Value::Number(number), span),
            Err(_) => self.mistake(span, "this number is too large", None),
        }
    }

    fn array(&mut self, array: &hcl::Array, span: Span) -> Arc<Expr> {
        let elements: Vec<_> = array.iter().map(|element| self.expression(element)).collect();
        let known: Option<Vec<Value>> =
            elements.iter().map(|element| element.as_literal().cloned()).collect();
        match known {
            Some(values) => literal(Value::from(values), span),
            None => node(Node::List(elements), span),
        }
    }

    fn object(&mut self, object: &hcl::Object, span: Span) -> Arc<Expr> {
        let entries = object
            .iter()
            .map(|(key, value)| (self.key(key), self.expression(value.expr())))
            .collect();
        node(Node::Object(entries), span)
    }

    fn key(&mut self, key: &ObjectKey) -> Arc<Expr> {
        let span = self.span(key.span());
        match key {
            ObjectKey::Ident(name) => literal(Value::from(name.as_str()), span),
            ObjectKey::Expression(Expression::Traversal(traversal)) => {
                let span = self.span(traversal.span());
                let help = format!("write `({})`", &self.text[span.range()]);
                self.mistake(span, "a key that is computed stands in parentheses", Some(help))
            }
            ObjectKey::Expression(expression) => self.expression(expression),
        }
    }

    fn conditional(&mut self, conditional: &hcl::Conditional, span: Span) -> Arc<Expr> {
        let test = self.expression(&conditional.cond_expr);
        let then = self.expression(&conditional.true_expr);
        let otherwise = self.expression(&conditional.false_expr);
        node(Node::Conditional { test, then, otherwise }, span)
    }

    fn unary(&mut self, operation: &hcl::UnaryOp, span: Span) -> Arc<Expr> {
        let of = self.expression(&operation.expr);
        let operator = match *operation.operator.value() {
            hcl::UnaryOperator::Not => UnaryOperator::Not,
            hcl::UnaryOperator::Neg => UnaryOperator::Negate,
        };
        node(Node::Unary { operator, of }, span)
    }

    fn binary(&mut self, operation: &hcl::BinaryOp, span: Span) -> Arc<Expr> {
        let left = self.expression(&operation.lhs_expr);
        let right = self.expression(&operation.rhs_expr);
        node(Node::Binary { operator: operator(*operation.operator.value()), left, right }, span)
    }

    fn call(&mut self, call: &hcl::FuncCall, span: Span) -> Arc<Expr> {
        if call.name.is_namespaced() {
            return self.mistake(span, "functions have no namespaces here", None);
        }
        let name = call.name.name.as_str();
        let name_span = self.span(call.name.name.span());
        let arguments: Vec<_> =
            call.args.iter().map(|argument| self.expression(argument)).collect();
        let expand = call.args.expand_final();
        match functions::find(name) {
            Some(_) if self.kind == Kind::File && name == functions::TEMPLATE_FILE => {
                self.mistake(name_span, "a template file cannot read another one", None)
            }
            // What the file's variables hold would stand in residuals.
            Some(_) if self.kind == Kind::File && name == functions::SENSITIVE => self.mistake(
                name_span,
                "a template file cannot use `sensitive`",
                Some("mark what it is given".to_owned()),
            ),
            Some(function) => {
                if let Err(message) = function.check_arity(arguments.len(), expand) {
                    return self.mistake(span, message, Some(function.signature()));
                }
                node(Node::Call { name: function.shared_name(), arguments, expand }, span)
            }
            None if self.kind == Kind::Residual && name == functions::ERROR => {
                node(Node::Call { name: functions::ERROR.into(), arguments, expand }, span)
            }
            None => {
                let help = functions::near(name).map(|near| format!("did you mean `{near}`?"));
                self.mistake(name_span, format!("unknown function `{name}`"), help)
            }
        }
    }

    /// A variable of a `for`, or else a reference.
    fn name(&mut self, name: &str, path: Vec<Selector>, span: Span) -> Arc<Expr> {
        match self.variables.iter().rev().find(|(known, ..)| **known == *name) {
            Some((_, binder, key)) => {
                let variable = node(Node::Variable { binder: *binder, key: *key }, span);
                Arc::new(Expr::select(variable, path, span))
            }
            None if self.kind == Kind::File => {
                self.mistake(span, format!("the template was given no variable `{name}`"), None)
            }
            None => node(Node::Reference { root: name.into(), path }, span),
        }
    }

    /// `a.b[0][*].c`: selectors up to a splat belong to what stands before it,
    /// those behind it to each element. An attribute splat (`.*`) ends at the
    /// first index, a full one (`[*]`) at the end or the next splat.
    fn traversal(&mut self, traversal: &hcl::Traversal, span: Span) -> Arc<Expr> {
        let mut operators = traversal.operators.iter().peekable();
        let mut path = Vec::new();
        while let Some(operator) = operators.next_if(|operator| !is_splat(operator.value())) {
            path.push(self.selector(operator.value()));
        }
        let mut expr = match &traversal.expr {
            Expression::Variable(name) => self.name(name.as_str(), path, span),
            other => {
                let of = self.expression(other);
                Arc::new(Expr::select(of, path, span))
            }
        };
        while let Some(splat) = operators.next() {
            let full = matches!(splat.value(), TraversalOperator::FullSplat(_));
            let belongs = |operator: &TraversalOperator| {
                matches!(operator, TraversalOperator::GetAttr(_)) || (full && !is_splat(operator))
            };
            let mut each = Vec::new();
            while let Some(operator) = operators.next_if(|operator| belongs(operator.value())) {
                each.push(self.selector(operator.value()));
            }
            expr = node(Node::Splat { of: expr, path: each }, span);
            let mut after = Vec::new();
            while let Some(operator) = operators.next_if(|operator| !is_splat(operator.value())) {
                after.push(self.selector(operator.value()));
            }
            expr = Arc::new(Expr::select(expr, after, span));
        }
        expr
    }

    fn selector(&mut self, operator: &TraversalOperator) -> Selector {
        match operator {
            TraversalOperator::GetAttr(name) => Selector::Attribute(name.as_str().into()),
            TraversalOperator::Index(index) => {
                let index = self.expression(index);
                // `a["b"]` and `a.b` are the same.
                match index.as_literal() {
                    Some(Value::String(key)) => Selector::Attribute(key.clone()),
                    _ => Selector::Index(index),
                }
            }
            TraversalOperator::LegacyIndex(index) => {
                let index = i64::try_from(*index.value()).unwrap_or(i64::MAX);
                Selector::Index(literal(Value::from(index), Span::default()))
            }
            TraversalOperator::AttrSplat(_) | TraversalOperator::FullSplat(_) => {
                unreachable!("splats are taken out before")
            }
        }
    }

    fn comprehension(&mut self, parts: &hcl::ForExpr, span: Span) -> Arc<Expr> {
        let over = self.expression(&parts.intro.collection_expr);
        let key_name = parts.intro.key_var.as_ref().map(|name| name.as_str());
        self.bind(key_name, parts.intro.value_var.as_str(), |lowering, binder| {
            let key = parts.key_expr.as_ref().map(|key| lowering.expression(key));
            let value = lowering.expression(&parts.value_expr);
            let test = parts.cond.as_ref().map(|test| lowering.expression(&test.expr));
            let with_key = key_name.is_some();
            node(
                Node::For(Box::new(For {
                    binder,
                    with_key,
                    over,
                    key,
                    value,
                    test,
                    group: parts.grouping,
                })),
                span,
            )
        })
    }

    /// Runs `body` with the variables of a new `for`.
    pub(super) fn bind<T>(
        &mut self,
        key: Option<&str>,
        value: &str,
        body: impl FnOnce(&mut Self, u32) -> T,
    ) -> T {
        let binder = self.next_binder;
        self.next_binder += 1;
        let outside = self.variables.len();
        self.variables.extend(key.map(|name| (Arc::from(name), binder, true)));
        self.variables.push((Arc::from(value), binder, false));
        let result = body(self, binder);
        self.variables.truncate(outside);
        result
    }
}

pub(super) fn node(node: Node, span: Span) -> Arc<Expr> {
    Arc::new(Expr::new(node, span))
}

pub(super) fn literal(value: Value, span: Span) -> Arc<Expr> {
    Arc::new(Expr::literal(value, span))
}

fn is_splat(operator: &TraversalOperator) -> bool {
    matches!(operator, TraversalOperator::AttrSplat(_) | TraversalOperator::FullSplat(_))
}

fn operator(operator: hcl::BinaryOperator) -> BinaryOperator {
    match operator {
        hcl::BinaryOperator::Or => BinaryOperator::Or,
        hcl::BinaryOperator::And => BinaryOperator::And,
        hcl::BinaryOperator::Eq => BinaryOperator::Equal,
        hcl::BinaryOperator::NotEq => BinaryOperator::NotEqual,
        hcl::BinaryOperator::Less => BinaryOperator::Less,
        hcl::BinaryOperator::LessEq => BinaryOperator::LessOrEqual,
        hcl::BinaryOperator::Greater => BinaryOperator::Greater,
        hcl::BinaryOperator::GreaterEq => BinaryOperator::GreaterOrEqual,
        hcl::BinaryOperator::Plus => BinaryOperator::Add,
        hcl::BinaryOperator::Minus => BinaryOperator::Subtract,
        hcl::BinaryOperator::Mul => BinaryOperator::Multiply,
        hcl::BinaryOperator::Div => BinaryOperator::Divide,
        hcl::BinaryOperator::Mod => BinaryOperator::Remainder,
    }
}
