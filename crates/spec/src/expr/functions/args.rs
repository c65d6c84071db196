//! The arguments of a call, converted as they are asked for.

use std::borrow::Cow;

use greenroom_model::value::{Number, Object, Value};

use super::Function;
use crate::expr::convert::{self, Fault};

/// The arguments of one call; their number fits the function's parameters.
pub(in crate::expr) struct Args<'a> {
    function: &'static Function,
    values: &'a [Value],
}

impl<'a> Args<'a> {
    pub(in crate::expr) fn new(function: &'static Function, values: &'a [Value]) -> Args<'a> {
        Args { function, values }
    }

    /// All arguments from `at` on.
    pub(super) fn from(&self, at: usize) -> &'a [Value] {
        self.values.get(at..).unwrap_or_default()
    }

    /// The argument at `at`; null if it was not given.
    pub(super) fn value(&self, at: usize) -> &'a Value {
        static NULL: Value = Value::Null;
        self.values.get(at).unwrap_or(&NULL)
    }

    /// The argument at `at`, if it was given.
    pub(super) fn given(&self, at: usize) -> Option<&'a Value> {
        self.values.get(at)
    }

    pub(in crate::expr) fn text(&self, at: usize) -> Result<Cow<'a, str>, Fault> {
        convert::to_text(self.value(at)).map_err(|fault| self.about(at, fault))
    }

    pub(super) fn number(&self, at: usize) -> Result<Number, Fault> {
        convert::to_number(self.value(at)).map_err(|fault| self.about(at, fault))
    }

    pub(super) fn float(&self, at: usize) -> Result<f64, Fault> {
        self.number(at).map(Number::as_f64)
    }

    pub(super) fn integer(&self, at: usize) -> Result<i64, Fault> {
        let number = self.number(at)?;
        number.as_i64().ok_or_else(|| {
            self.about(at, Fault::new(format!("a whole number is needed, not {number}")))
        })
    }

    pub(super) fn truth(&self, at: usize) -> Result<bool, Fault> {
        convert::to_bool(self.value(at)).map_err(|fault| self.about(at, fault))
    }

    pub(super) fn list(&self, at: usize) -> Result<&'a [Value], Fault> {
        self.value(at).as_list().ok_or_else(|| self.wrong(at, "a list"))
    }

    pub(in crate::expr) fn object(&self, at: usize) -> Result<&'a Object, Fault> {
        self.value(at).as_object().ok_or_else(|| self.wrong(at, "an object"))
    }

    /// The elements of the list at `at`, as texts.
    pub(super) fn texts(&self, at: usize) -> Result<Vec<Cow<'a, str>>, Fault> {
        let texts = self.list(at)?.iter().map(convert::to_text);
        texts.collect::<Result<_, _>>().map_err(|fault| self.about(at, fault))
    }

    /// A fault that says which kind of value is needed at `at`.
    pub(super) fn wrong(&self, at: usize, wanted: &str) -> Fault {
        self.about(at, Fault::new(format!("{wanted} is needed, not {}", self.value(at).kind())))
    }

    /// A fault with the names of the function and its parameter before it.
    pub(super) fn about(&self, at: usize, fault: Fault) -> Fault {
        let name = self
            .function
            .parameter_names()
            .nth(at)
            .or_else(|| self.function.parameter_names().last());
        let name = name.unwrap_or_default().trim_end_matches(['?', '.']);
        Fault {
            message: format!("`{}` of `{}`: {}", name, self.function.name, fault.message),
            help: fault.help,
        }
    }

    /// A fault with the name of the function before it.
    pub(super) fn fault(&self, message: impl AsRef<str>) -> Fault {
        Fault::new(format!("`{}`: {}", self.function.name, message.as_ref()))
    }
}
