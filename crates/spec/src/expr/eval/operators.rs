//! Unary and binary operators, and the conditional.

use greenroom_model::expr::{BinaryOperator, Expr, Node, UnaryOperator};
use greenroom_model::span::Span;
use greenroom_model::value::{Number, Value};

use super::residual::{error, expr_of, mark, pending};
use super::{Env, Machine, Problem, redacted};
use crate::expr::convert::{self, Fault};

impl Machine<'_> {
    pub(super) fn unary(
        &self,
        operator: UnaryOperator,
        of: &Expr,
        span: Span,
        env: Env<'_>,
    ) -> Result<Value, Problem> {
        let value = self.eval(of, env)?;
        let node = |value: &Value| Node::Unary { operator, of: expr_of(value, span) };
        if value.has_pending() {
            return pending(node(&value), span);
        }
        let result = unary(operator, &value).map_err(|fault| fault.at(span))?;
        if value.is_sensitive() { mark(result, node(&value), span) } else { Ok(result) }
    }

    pub(super) fn binary(
        &self,
        operator: BinaryOperator,
        left: &Expr,
        right: &Expr,
        span: Span,
        env: Env<'_>,
    ) -> Result<Value, Problem> {
        let left_value = self.eval(left, env)?;
        if matches!(operator, BinaryOperator::And | BinaryOperator::Or) {
            return self.logical(operator, left_value, right, span, env);
        }
        let right_value = self.eval(right, env)?;
        operate(operator, &left_value, &right_value, span)
    }

    /// `&&` and `||`: the right side is evaluated only if the left one leaves
    /// it open.
    fn logical(
        &self,
        operator: BinaryOperator,
        left: Value,
        right: &Expr,
        span: Span,
        env: Env<'_>,
    ) -> Result<Value, Problem> {
        if left.is_pending() {
            let node = Node::Binary {
                operator,
                left: expr_of(&left, span),
                right: self.maybe(right, env),
            };
            return pending(node, span);
        }
        let decided = truth(&left, span)?;
        if decided == (operator == BinaryOperator::Or) {
            let node = || Node::Binary {
                operator,
                left: expr_of(&left, span),
                right: self.maybe(right, env),
            };
            return if left.is_sensitive() {
                mark(Value::Bool(decided), node(), span)
            } else {
                Ok(Value::Bool(decided))
            };
        }
        let right = self.eval(right, env)?;
        let node = |right: &Value| Node::Binary {
            operator,
            left: expr_of(&left, span),
            right: expr_of(right, span),
        };
        if right.is_pending() {
            return pending(node(&right), span);
        }
        let result = Value::Bool(truth(&right, span)?);
        if left.is_sensitive() || right.is_sensitive() {
            mark(result, node(&right), span)
        } else {
            Ok(result)
        }
    }

    pub(super) fn conditional(
        &self,
        [test, then, otherwise]: [&Expr; 3],
        span: Span,
        env: Env<'_>,
    ) -> Result<Value, Problem> {
        let decider = self.eval(test, env)?;
        if decider.is_pending() {
            return self.undecided(&decider, then, otherwise, span, env);
        }
        let taken = if truth(&decider, test.span())? { then } else { otherwise };
        let value = self.eval(taken, env)?;
        if !decider.is_sensitive() {
            return Ok(value);
        }
        let [then, otherwise] = [then, otherwise].map(|branch| self.maybe(branch, env));
        mark(value, Node::Conditional { test: expr_of(&decider, span), then, otherwise }, span)
    }

    fn undecided(
        &self,
        test: &Value,
        then: &Expr,
        otherwise: &Expr,
        span: Span,
        env: Env<'_>,
    ) -> Result<Value, Problem> {
        let branch = |result: &Result<Value, Problem>| match result {
            Ok(value) => expr_of(value, span),
            Err(problem) => error(problem),
        };
        match (self.eval(then, env), self.eval(otherwise, env)) {
            (Err(problem), Err(_)) => Err(problem),
            (Ok(same), Ok(other)) if same == other && !same.has_sensitive() => Ok(same),
            (then, otherwise) => {
                let [then, otherwise] = [branch(&then), branch(&otherwise)];
                pending(Node::Conditional { test: expr_of(test, span), then, otherwise }, span)
            }
        }
    }
}

/// The truth value of a known value, marked or not.
pub(super) fn truth(value: &Value, span: Span) -> Result<bool, Problem> {
    convert::to_bool(value).map_err(|fault| fault.at(span))
}

fn operate(
    operator: BinaryOperator,
    left: &Value,
    right: &Value,
    span: Span,
) -> Result<Value, Problem> {
    let node = || Node::Binary { operator, left: expr_of(left, span), right: expr_of(right, span) };
    if left.has_pending() || right.has_pending() {
        return pending(node(), span);
    }
    let fault = |fault: Fault| fault.at(span);
    if left.has_sensitive() || right.has_sensitive() {
        let result =
            binary(operator, &left.reveal(), &right.reveal()).map_err(fault).map_err(redacted)?;
        return mark(result, node(), span);
    }
    binary(operator, left, right).map_err(fault)
}

fn unary(operator: UnaryOperator, value: &Value) -> Result<Value, Fault> {
    match operator {
        UnaryOperator::Not => Ok(Value::Bool(!convert::to_bool(value)?)),
        UnaryOperator::Negate => subtract(Number::from(0), convert::to_number(value)?),
    }
}

fn binary(operator: BinaryOperator, left: &Value, right: &Value) -> Result<Value, Fault> {
    match operator {
        BinaryOperator::Equal => return Ok(Value::Bool(left == right)),
        BinaryOperator::NotEqual => return Ok(Value::Bool(left != right)),
        _ => {}
    }
    let (left, right) = (convert::to_number(left)?, convert::to_number(right)?);
    match operator {
        BinaryOperator::Less => Ok(Value::Bool(left < right)),
        BinaryOperator::LessOrEqual => Ok(Value::Bool(left <= right)),
        BinaryOperator::Greater => Ok(Value::Bool(left > right)),
        BinaryOperator::GreaterOrEqual => Ok(Value::Bool(left >= right)),
        BinaryOperator::Add => exact(left, right, i64::checked_add, |left, right| left + right),
        BinaryOperator::Subtract => subtract(left, right),
        BinaryOperator::Multiply => {
            exact(left, right, i64::checked_mul, |left, right| left * right)
        }
        BinaryOperator::Divide | BinaryOperator::Remainder if right == Number::from(0) => {
            Err(Fault::new("division by zero"))
        }
        BinaryOperator::Divide => exact(left, right, divide_evenly, |left, right| left / right),
        BinaryOperator::Remainder => {
            exact(left, right, i64::checked_rem, |left, right| left % right)
        }
        BinaryOperator::And
        | BinaryOperator::Or
        | BinaryOperator::Equal
        | BinaryOperator::NotEqual => {
            unreachable!("decided before")
        }
    }
}

fn subtract(left: Number, right: Number) -> Result<Value, Fault> {
    exact(left, right, i64::checked_sub, |left, right| left - right)
}

fn divide_evenly(left: i64, right: i64) -> Option<i64> {
    (left.checked_rem(right)? == 0).then(|| left / right)
}

/// Calculates with integers if possible, else with floating point.
fn exact(
    left: Number,
    right: Number,
    integers: fn(i64, i64) -> Option<i64>,
    floats: fn(f64, f64) -> f64,
) -> Result<Value, Fault> {
    if let (Some(left), Some(right)) = (left.as_i64(), right.as_i64())
        && let Some(result) = integers(left, right)
    {
        return Ok(Value::from(result));
    }
    Ok(Value::Number(Number::try_from(floats(left.as_f64(), right.as_f64()))?))
}
