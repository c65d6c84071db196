//! The functions, named and behaving as Terraform's, by family.
//!
//! A function is a row of a table; the text of its parameters is what arity
//! checks, messages and documentation are made of. `timestamp`, `uuid` and
//! `bcrypt` are absent on purpose: plans are compared by digest, so equal
//! inputs must give equal values.

mod args;
mod collection;
mod conversion;
mod date;
mod encoding;
mod file;
mod format;
mod hash;
mod network;
mod number;
mod pattern;
mod set;
mod string;
mod yaml;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use greenroom_model::value::Value;

use super::Scope;
use super::convert::Fault;

pub(super) use args::Args;
pub(super) use file::text_of;

/// The pseudo function that a mistake becomes in a residual.
pub(super) const ERROR: &str = "error";

/// The function that reads template files; those cannot use it themselves.
pub(super) const TEMPLATE_FILE: &str = "templatefile";

/// The function that marks a value.
pub(super) const SENSITIVE: &str = "sensitive";

/// What a function yields.
pub(super) type Outcome = Result<Value, Fault>;

/// A function that expressions can call.
pub struct Function {
    name: &'static str,
    /// `list, index`; optional ones end with `?`, a last one that repeats
    /// with `...`.
    parameters: &'static str,
    doc: &'static str,
    pub(super) blocks: Blocks,
    pub(super) run: Run,
}

/// What has to be known before a function can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Blocks {
    /// Anything pending inside an argument blocks it.
    Whole,
    /// Only an argument that is itself pending does.
    Partial,
    /// As partial, but the first argument is needed as a whole.
    FirstWhole,
    /// As partial, but so does an element of a list, however deep in lists.
    Lists,
}

impl Blocks {
    /// Whether a mark of one kind (`deep` finds it anywhere, `surface` on the
    /// value itself) touches what the function needs of argument `at`.
    pub(super) fn touched(
        self,
        at: usize,
        value: &Value,
        surface: fn(&Value) -> bool,
        deep: fn(&Value) -> bool,
    ) -> bool {
        match self {
            Blocks::Whole => deep(value),
            Blocks::FirstWhole if at == 0 => deep(value),
            Blocks::Partial | Blocks::FirstWhole => surface(value),
            Blocks::Lists => {
                surface(value)
                    || value.as_list().is_some_and(|list| {
                        list.iter().any(|element| self.touched(at, element, surface, deep))
                    })
            }
        }
    }

    /// Argument `at` without the marks that the function must not see.
    pub(super) fn opened(self, at: usize, value: &Value) -> Value {
        match self {
            Blocks::Partial => value.unmarked().clone(),
            Blocks::FirstWhole if at > 0 => value.unmarked().clone(),
            Blocks::Whole | Blocks::FirstWhole | Blocks::Lists => value.reveal(),
        }
    }
}

/// How a function runs.
#[derive(Clone, Copy)]
pub(super) enum Run {
    Plain(fn(&Args<'_>) -> Outcome),
    Files(fn(&Args<'_>, &dyn Scope) -> Outcome),
    Form(Form),
}

/// Functions that the evaluator itself carries out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Try,
    Can,
    Sensitive,
    Nonsensitive,
    TemplateFile,
}

impl Function {
    /// Whether it reads the project's files.
    #[must_use]
    pub fn reads_files(&self) -> bool {
        matches!(self.run, Run::Files(_) | Run::Form(Form::TemplateFile))
    }

    const fn new(
        blocks: Blocks,
        name: &'static str,
        parameters: &'static str,
        doc: &'static str,
        run: Run,
    ) -> Function {
        Function { name, parameters, doc, blocks, run }
    }

    /// What it is called.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// How it is called: `substr(string, offset, length)`. Optional parameters
    /// end with `?`, one that repeats ends with `...`.
    pub fn signature(&self) -> String {
        format!("{}({})", self.name, self.parameters)
    }

    /// What it does, in one line.
    pub fn doc(&self) -> &'static str {
        self.doc
    }

    /// The name, shared by all calls.
    pub(super) fn shared_name(&self) -> Arc<str> {
        INDEX.get(self.name).map_or_else(|| self.name.into(), |(name, _)| name.clone())
    }

    fn parameter_names(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.parameters.split(", ").filter(|name| !name.is_empty())
    }

    /// Checks a number of arguments; the last may stand for any number.
    pub(super) fn check_arity(&self, count: usize, expand: bool) -> Result<(), String> {
        let needed = self.parameter_names().filter(|name| !name.ends_with(['?', '.'])).count();
        let variadic = self.parameters.ends_with("...");
        let most = if variadic { usize::MAX } else { self.parameter_names().count() };
        // What is expanded may turn out empty.
        let fixed = if expand { count.saturating_sub(1) } else { count };
        if fixed <= most && (count >= needed || expand) {
            return Ok(());
        }
        let wanted = match (needed, most) {
            (needed, usize::MAX) => format!("at least {needed}"),
            (needed, most) if needed == most => needed.to_string(),
            (needed, most) => format!("{needed} to {most}"),
        };
        let noun = if wanted == "1" || wanted == "at least 1" { "argument" } else { "arguments" };
        Err(format!("`{}` takes {wanted} {noun}, not {count}", self.name))
    }
}

const fn whole(
    name: &'static str,
    parameters: &'static str,
    doc: &'static str,
    run: fn(&Args<'_>) -> Outcome,
) -> Function {
    Function::new(Blocks::Whole, name, parameters, doc, Run::Plain(run))
}

const fn partial(
    name: &'static str,
    parameters: &'static str,
    doc: &'static str,
    run: fn(&Args<'_>) -> Outcome,
) -> Function {
    Function::new(Blocks::Partial, name, parameters, doc, Run::Plain(run))
}

const fn files(
    name: &'static str,
    parameters: &'static str,
    doc: &'static str,
    run: fn(&Args<'_>, &dyn Scope) -> Outcome,
) -> Function {
    Function::new(Blocks::Whole, name, parameters, doc, Run::Files(run))
}

static FORMS: &[Function] = &[
    Function::new(
        Blocks::Partial,
        "can",
        "expression",
        "Whether the expression can be evaluated without an error.",
        Run::Form(Form::Can),
    ),
    Function::new(
        Blocks::Partial,
        "nonsensitive",
        "value",
        "The value without its sensitive mark.",
        Run::Form(Form::Nonsensitive),
    ),
    Function::new(
        Blocks::Whole,
        SENSITIVE,
        "value",
        "The value, marked so that it is never shown.",
        Run::Form(Form::Sensitive),
    ),
    Function::new(
        Blocks::Partial,
        TEMPLATE_FILE,
        "path, variables",
        "The text of a file as a template that sees the given variables.",
        Run::Form(Form::TemplateFile),
    ),
    Function::new(
        Blocks::Partial,
        "try",
        "expression, alternatives...",
        "The first of the expressions that can be evaluated without an error.",
        Run::Form(Form::Try),
    ),
];

static FAMILIES: [&[Function]; 12] = [
    string::TABLE,
    pattern::TABLE,
    collection::TABLE,
    set::TABLE,
    number::TABLE,
    conversion::TABLE,
    encoding::TABLE,
    hash::TABLE,
    network::TABLE,
    date::TABLE,
    file::TABLE,
    FORMS,
];

type Index = HashMap<&'static str, (Arc<str>, &'static Function)>;

static INDEX: LazyLock<Index> = LazyLock::new(|| {
    let functions = FAMILIES.iter().flat_map(|family| family.iter());
    functions.map(|function| (function.name, (Arc::from(function.name), function))).collect()
});

/// All functions, by name.
pub fn all() -> impl Iterator<Item = &'static Function> {
    let mut functions: Vec<_> = FAMILIES.iter().flat_map(|family| family.iter()).collect();
    functions.sort_by_key(|function| function.name);
    functions.into_iter()
}

/// The function called `name`.
pub fn find(name: &str) -> Option<&'static Function> {
    INDEX.get(name).map(|(_, function)| *function)
}

/// The function whose name is nearest to `name`, if any is near.
pub(super) fn near(name: &str) -> Option<&'static str> {
    let scored = all().map(|function| (strsim::jaro_winkler(function.name, name), function.name));
    let (likeness, near) = scored.max_by(|left, right| left.0.total_cmp(&right.0))?;
    (likeness > 0.8).then_some(near)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_is_taken_twice_and_every_row_is_documented() {
        let names: Vec<_> = all().map(Function::name).collect();
        assert!(names.windows(2).all(|pair| pair[0] < pair[1]), "{names:?}");
        for function in all() {
            assert!(function.doc.ends_with('.'), "{}", function.name);
            let mut optional =
                function.parameter_names().skip_while(|name| !name.ends_with(['?', '.']));
            assert!(optional.all(|name| name.ends_with(['?', '.'])), "{}", function.signature());
        }
    }

    #[test]
    fn arity_is_read_from_the_parameters() {
        let arity = |name: &str, count| find(name).expect(name).check_arity(count, false);
        assert!(arity("substr", 3).is_ok() && arity("substr", 2).is_err());
        assert!(arity("max", 1).is_ok() && arity("max", 0).is_err() && arity("max", 9).is_ok());
        assert!(
            arity("lookup", 2).is_ok() && arity("lookup", 3).is_ok() && arity("lookup", 4).is_err()
        );
        assert!(arity("concat", 0).is_ok());
        assert!(find("max").expect("max").check_arity(1, true).is_ok());
    }
}
