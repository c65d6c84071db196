//! Variables: which value wins, its type, and the rules it must pass.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use greenroom_model::address::Scope;
use greenroom_model::expr::Expr;
use greenroom_model::schema::Type;
use greenroom_model::span::Span;
use greenroom_model::value::{Object, Step, Value};
use greenroom_spec::diagnostic::Diagnostic;
use greenroom_spec::expr::{Key, NoScope, Problem, Scope as Names, evaluate, parse_expression};
use greenroom_spec::node::{Node, NodeKind};
use greenroom_spec::project::Stage;
use greenroom_spec::template::{Template, Variable};

use super::{Given, GivenVariable, Missing, ResolveRequest, literal};
use crate::convert::convert;
use crate::world::unknown;

type Values = BTreeMap<Arc<str>, Value>;

/// The values of each scope's variables.
pub(super) fn assign(
    request: &ResolveRequest<'_>,
    stage: &Stage,
    templates: &[(Scope, &Arc<Template>)],
    diagnostics: &mut Vec<Diagnostic>,
) -> BTreeMap<Scope, Values> {
    report_undeclared(request, stage, templates, diagnostics);
    let mut reported = BTreeSet::new();
    templates
        .iter()
        .map(|(scope, template)| {
            let values = template
                .variables
                .iter()
                .map(|(name, variable)| {
                    // Both templates may declare it; a mistake in its value is one mistake.
                    let mut found = Vec::new();
                    let value = value(request, stage, name, variable, &mut found);
                    found.retain(|it| reported.insert(format!("{it}{:?}", it.labels)));
                    diagnostics.append(&mut found);
                    (name.clone(), value)
                })
                .collect();
            (scope.clone(), values)
        })
        .collect()
}

fn report_undeclared(
    request: &ResolveRequest<'_>,
    stage: &Stage,
    templates: &[(Scope, &Arc<Template>)],
    diagnostics: &mut Vec<Diagnostic>,
) {
    let declared: BTreeSet<&str> =
        templates.iter().flat_map(|(_, it)| it.variables.keys().map(|name| &**name)).collect();
    let help = |name: &str| match greenroom_spec::near::nearest(name, declared.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("declare it: [variable.{name}]"),
    };
    for (name, node) in stage.variables.iter().filter(|(name, _)| !declared.contains(&***name)) {
        diagnostics.push(
            Diagnostic::error(
                "resolve::undeclared_variable",
                format!("no template of this stage declares the variable `{name}`"),
            )
            .at(node.at, "given here")
            .help(help(name)),
        );
    }
    // A value from the environment may be meant for another stage.
    let given = request.given.iter().filter(|it| !it.origin.starts_with("GREENROOM_VAR_"));
    for GivenVariable { name, origin, .. } in given.filter(|it| !declared.contains(&*it.name)) {
        diagnostics.push(
            Diagnostic::error(
                "resolve::undeclared_variable",
                format!("no template of this stage declares the variable `{name}` ({origin})"),
            )
            .help(help(name)),
        );
    }
}

fn value(
    request: &ResolveRequest<'_>,
    stage: &Stage,
    name: &Arc<str>,
    variable: &Variable,
    diagnostics: &mut Vec<Diagnostic>,
) -> Value {
    let given = request.given.iter().rev().find(|it| *it.name == **name);
    let from_stage = stage.variables.get(name);
    let (raw, at, origin) = match (given, from_stage, &variable.default) {
        (Some(given), _, _) => match read(given, &variable.ty) {
            Ok(value) => (value, variable.at, given.origin.as_str()),
            Err(problem) => {
                diagnostics.push(
                    Diagnostic::error(
                        "resolve::variable",
                        format!("the variable `{name}` ({}): {problem}", given.origin),
                    )
                    .at(variable.at, "declared here"),
                );
                return unknown();
            }
        },
        (None, Some(node), _) => (literal(node, diagnostics), node.at, "the stage"),
        (None, None, Some(default)) => (literal(default, diagnostics), default.at, "its default"),
        (None, None, None) => return without_value(request, name, variable, diagnostics),
    };
    let mut mismatches = Vec::new();
    let converted = convert(&raw, &variable.ty, &mut mismatches);
    for mismatch in &mismatches {
        diagnostics.push(
            Diagnostic::error(
                "resolve::variable",
                format!("the variable `{name}` ({origin}): {}", mismatch.message),
            )
            .at(at, format!("must be {}", variable.ty)),
        );
    }
    if !mismatches.is_empty() {
        return unknown();
    }
    validate(name, variable, &converted, at, diagnostics);
    if variable.sensitive && !converted.is_null() {
        return Value::sensitive(converted, Expr::reference("var", [name.clone()]));
    }
    converted
}

fn without_value(
    request: &ResolveRequest<'_>,
    name: &Arc<str>,
    variable: &Variable,
    diagnostics: &mut Vec<Diagnostic>,
) -> Value {
    if request.missing == Missing::Pending {
        return Value::pending(Expr::reference("var", [name.clone()]));
    }
    diagnostics.push(
        Diagnostic::error("resolve::missing_variable", format!("the variable `{name}` has no value"))
            .at(variable.at, "declared here, without a default")
            .help(format!("give one: --var {name}=…, GREENROOM_VAR_{name}, --var-file, or `variables` of the stage")),
    );
    unknown()
}

/// Reads text as the type asks: a string as it is, everything else as an expression.
fn read(given: &GivenVariable, ty: &Type) -> Result<Value, String> {
    let text = match &given.value {
        Given::Value(value) => return Ok(value.clone()),
        Given::Text(text) => text,
    };
    match ty {
        Type::String | Type::Any => Ok(Value::from(text.as_str())),
        Type::Bool | Type::Number => Ok(Value::from(text.trim())),
        _ => {
            let expr = parse_expression(text).map_err(|mistakes| {
                let first = mistakes.into_iter().next().map(|it| it.message);
                format!("`{text}` is no {ty}: {}", first.unwrap_or_default())
            })?;
            evaluate(&expr, &NoScope).map_err(|problem| problem.message)
        }
    }
}

/// Checks a value against the variable's rules; each rule sees the variable alone.
fn validate(
    name: &Arc<str>,
    variable: &Variable,
    value: &Value,
    at: greenroom_spec::source::Place,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let names = OnlyVariable { name, value };
    for rule in &variable.validations {
        let NodeKind::Expression(expression) = &rule.condition.kind else { continue };
        let problem = match evaluate(&expression.expr, &names) {
            Ok(result) if result.as_bool() == Some(true) || result.is_pending() => continue,
            Ok(_) => Diagnostic::error(
                "resolve::validation",
                format!("the variable `{name}`: {}", rule.message.value),
            )
            .at(at, "this value")
            .at(rule.condition.at, "must be true"),
            Err(problem) => broken_rule(name, &rule.condition, problem),
        };
        diagnostics.push(problem);
    }
}

fn broken_rule(name: &Arc<str>, condition: &Node, problem: Problem) -> Diagnostic {
    Diagnostic::error(
        "resolve::validation",
        format!("a rule of the variable `{name}` cannot be evaluated: {}", problem.message),
    )
    .at(condition.place_of(problem.span), "in this rule")
    .maybe_help(problem.help)
}

struct OnlyVariable<'a> {
    name: &'a Arc<str>,
    value: &'a Value,
}

impl Names for OnlyVariable<'_> {
    fn resolve(
        &self,
        root: &str,
        path: &[Key],
        span: Span,
    ) -> Result<Option<(Value, usize)>, Problem> {
        match (root, path) {
            ("var", [Step::Key(name), ..]) if name == self.name => {
                Ok(Some((self.value.clone(), 1)))
            }
            ("var", []) => {
                Ok(Some((Value::from(Object::from([(self.name.clone(), self.value.clone())])), 0)))
            }
            _ => Err(Problem::new(format!("a rule sees only `var.{}`", self.name), span)),
        }
    }
}
