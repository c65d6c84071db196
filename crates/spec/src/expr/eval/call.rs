//! Calls, and the functions that are forms of the evaluator.

use std::sync::Arc;

use greenroom_model::expr::{Expr, Node};
use greenroom_model::span::Span;
use greenroom_model::value::{Object, Value};

use super::close::close;
use super::residual::{expr_of, mark, pending};
use super::{Env, Frame, Machine, Problem, Variable, redacted};
use crate::expr::functions::{self, Args, ERROR, Form, Function, Run};
use crate::expr::parse;

impl Machine<'_> {
    pub(super) fn call(
        &self,
        name: &Arc<str>,
        arguments: &[Arc<Expr>],
        expand: bool,
        span: Span,
        env: Env<'_>,
    ) -> Result<Value, Problem> {
        let Some(function) = functions::find(name) else {
            return self.call_error(name, arguments, span, env);
        };
        match function.run {
            Run::Form(Form::Try) => self.call_try(name, arguments, span, env),
            Run::Form(Form::Can) => self.call_can(name, arguments, span, env),
            _ => {
                let values = arguments.iter().map(|argument| self.eval(argument, env));
                let values = values.collect::<Result<Vec<_>, _>>()?;
                match expand_last(values, expand, span)? {
                    Expanded::Values(values) => {
                        self.apply(function, name, arguments, &values, span, env)
                    }
                    Expanded::Pending(values) => pending(rebuild(name, &values, true, span), span),
                }
            }
        }
    }

    fn apply(
        &self,
        function: &'static Function,
        name: &Arc<str>,
        arguments: &[Arc<Expr>],
        values: &[Value],
        span: Span,
        env: Env<'_>,
    ) -> Result<Value, Problem> {
        function.check_arity(values.len(), false).map_err(|message| Problem::new(message, span))?;
        let touched = |surface, deep| {
            values
                .iter()
                .enumerate()
                .any(|(at, value)| function.blocks.touched(at, value, surface, deep))
        };
        let node = || rebuild(name, values, false, span);
        if touched(Value::is_pending, Value::has_pending) {
            return pending(node(), span);
        }
        match function.run {
            Run::Form(Form::Sensitive) => {
                return Self::call_sensitive(name, arguments, &values[0], span, env);
            }
            Run::Form(Form::Nonsensitive) => return Ok(values[0].reveal()),
            _ => {}
        }
        if !touched(Value::is_sensitive, Value::has_sensitive) {
            return self.run(function, values, span);
        }
        let open = values.iter().enumerate().map(|(at, value)| function.blocks.opened(at, value));
        let open: Vec<Value> = open.collect();
        mark(self.run(function, &open, span).map_err(redacted)?, node(), span)
    }

    fn run(
        &self,
        function: &'static Function,
        values: &[Value],
        span: Span,
    ) -> Result<Value, Problem> {
        match function.run {
            Run::Plain(run) => run(&Args::new(function, values)).map_err(|fault| fault.at(span)),
            Run::Files(run) => {
                run(&Args::new(function, values), self.scope).map_err(|fault| fault.at(span))
            }
            Run::Form(_) => self.call_templatefile(&Args::new(function, values), span),
        }
    }

    /// `error("…")` stands in residuals only.
    fn call_error(
        &self,
        name: &str,
        arguments: &[Arc<Expr>],
        span: Span,
        env: Env<'_>,
    ) -> Result<Value, Problem> {
        let message = match arguments {
            [message] if name == ERROR => self.eval(message, env)?.as_str().map(str::to_owned),
            _ => None,
        };
        Err(Problem::new(message.unwrap_or_else(|| format!("unknown function `{name}`")), span))
    }

    /// `try(a, b…)`: the first argument without a mistake. One that is pending
    /// may still turn out to be one, so from there on the rest is kept.
    fn call_try(
        &self,
        name: &Arc<str>,
        arguments: &[Arc<Expr>],
        span: Span,
        env: Env<'_>,
    ) -> Result<Value, Problem> {
        let mut last = Problem::new("`try` needs an argument", span);
        for (at, argument) in arguments.iter().enumerate() {
            match self.eval(argument, env) {
                Ok(value) if value.has_pending() => {
                    let rest = arguments[at + 1..].iter().map(|argument| self.maybe(argument, env));
                    let arguments = std::iter::once(expr_of(&value, span)).chain(rest).collect();
                    return pending(
                        Node::Call { name: name.clone(), arguments, expand: false },
                        span,
                    );
                }
                Ok(value) => return Ok(value),
                Err(problem) => last = problem,
            }
        }
        Err(last)
    }

    fn call_can(
        &self,
        name: &Arc<str>,
        arguments: &[Arc<Expr>],
        span: Span,
        env: Env<'_>,
    ) -> Result<Value, Problem> {
        let Some(argument) = arguments.first() else {
            return Err(Problem::new("`can` needs an argument", span));
        };
        match self.eval(argument, env) {
            Ok(value) if value.has_pending() => pending(rebuild(name, &[value], false, span), span),
            Ok(_) => Ok(Value::Bool(true)),
            Err(_) => Ok(Value::Bool(false)),
        }
    }

    /// The source of what `sensitive(a)` marks is the call as it is written:
    /// with `a` put in, the residual would hold the secret.
    fn call_sensitive(
        name: &Arc<str>,
        arguments: &[Arc<Expr>],
        value: &Value,
        span: Span,
        env: Env<'_>,
    ) -> Result<Value, Problem> {
        let arguments = arguments.iter().map(|argument| close(argument, env)).collect();
        mark(value.clone(), Node::Call { name: name.clone(), arguments, expand: false }, span)
    }

    fn call_templatefile(&self, args: &Args<'_>, span: Span) -> Result<Value, Problem> {
        let path = args.text(0).map_err(|fault| fault.at(span))?;
        let variables = args.object(1).map_err(|fault| fault.at(span))?;
        let text = functions::text_of(self.scope, &path).map_err(|fault| fault.at(span))?;
        self.fill(&path, &text, variables, span)
    }

    fn fill(
        &self,
        path: &str,
        text: &str,
        variables: &Object,
        span: Span,
    ) -> Result<Value, Problem> {
        let names: Vec<&str> = variables.keys().map(|name| &**name).collect();
        let values =
            variables.values().map(|value| Variable { key: Value::Null, value: value.clone() });
        let values: Vec<Variable> = values.collect();
        // Residuals in the variables may name binders around this call.
        let first = values
            .iter()
            .map(|variable| expr_of(&variable.value, span).binders())
            .max()
            .unwrap_or(0);
        let body = parse::parse_file(text, &names, first)
            .map_err(|mistakes| in_file(path, text, &mistakes, span))?;
        let frame = Frame { outer: None, first, over: None, variables: &values };
        self.eval(&body, Some(&frame)).map_err(|problem| Problem {
            message: format!("in `{path}`, line {}: {}", line(text, problem.span), problem.message),
            span,
            ..problem
        })
    }
}

fn in_file(path: &str, text: &str, mistakes: &[parse::Mistake], span: Span) -> Problem {
    let lines = mistakes
        .iter()
        .map(|mistake| format!("line {}: {}", line(text, mistake.span), mistake.message));
    Problem::new(format!("in `{path}`, {}", lines.collect::<Vec<_>>().join(", ")), span)
}

fn line(text: &str, span: Span) -> usize {
    text.get(..span.start as usize).map_or(1, |before| before.matches('\n').count() + 1)
}

fn rebuild(name: &Arc<str>, values: &[Value], expand: bool, span: Span) -> Node {
    let arguments = values.iter().map(|value| expr_of(value, span)).collect();
    Node::Call { name: name.clone(), arguments, expand }
}

enum Expanded {
    Values(Vec<Value>),
    /// The list to expand is pending.
    Pending(Vec<Value>),
}

fn expand_last(mut values: Vec<Value>, expand: bool, span: Span) -> Result<Expanded, Problem> {
    if !expand {
        return Ok(Expanded::Values(values));
    }
    match values.pop() {
        Some(Value::List(elements)) => {
            values.extend(elements.iter().cloned());
            Ok(Expanded::Values(values))
        }
        Some(Value::Sensitive(secret)) => {
            let Some(elements) = secret.value.as_list() else {
                return Err(not_a_list(&secret.value, span));
            };
            let steps = (0..elements.len()).map(super::Key::Index);
            let parts = steps
                .map(|step| Expr::part(&secret.source, &greenroom_model::value::Path(vec![step])));
            values.extend(
                elements
                    .iter()
                    .cloned()
                    .zip(parts)
                    .map(|(value, source)| Value::sensitive(value, source)),
            );
            Ok(Expanded::Values(values))
        }
        Some(residual @ Value::Pending(_)) => {
            values.push(residual);
            Ok(Expanded::Pending(values))
        }
        other => Err(not_a_list(&other.unwrap_or_default(), span)),
    }
}

fn not_a_list(value: &Value, span: Span) -> Problem {
    Problem::new(format!("only a list can be expanded with `...`, not {}", value.kind()), span)
}
