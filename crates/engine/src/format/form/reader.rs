//! From forms to plain data: texts that occur often are shared.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use greenroom_model::address::{Address, AddressError, BlockName, InstanceKey, Scope};
use greenroom_model::expr::Expr;
use greenroom_model::plan::OperationId;
use greenroom_model::state::{Extra, Reads};
use greenroom_model::value::{Object, Value};
use greenroom_spec::expr::parse_expression;

use super::json::{EXPRESSION, Json};
use super::marks;
use super::reads::ReadsForm;
use super::text::Text;
use crate::format::error::Misfit;

/// Remembers what one document has held so far, so that equal texts are one.
#[derive(Default)]
pub(crate) struct Reader {
    texts: HashSet<Arc<str>>,
    scopes: HashMap<Arc<str>, Scope>,
    blocks: HashMap<Arc<str>, BlockName>,
    reads: Arc<Reads>,
}

impl Reader {
    /// The text for good, shared with all that are equal.
    pub(crate) fn share(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.texts.get(text) {
            return known.clone();
        }
        let text: Arc<str> = text.into();
        self.texts.insert(text.clone());
        text
    }

    pub(crate) fn scope(&mut self, text: &str) -> Result<Scope, Misfit> {
        if let Some(known) = self.scopes.get(text) {
            return Ok(known.clone());
        }
        let scope: Scope = text.parse()?;
        self.scopes.insert(text.into(), scope.clone());
        Ok(scope)
    }

    pub(crate) fn address(&mut self, text: &str) -> Result<Address, Misfit> {
        let form = || AddressError::Form { text: text.to_owned() };
        let (scope, rest) = text.split_once('/').ok_or_else(form)?;
        let (block, key) = self.place(rest)?;
        Ok(Address { scope: self.scope(scope)?, block, key })
    }

    /// Reads an address without its scope: `aws_instance.web[0]`.
    pub(crate) fn place(&mut self, text: &str) -> Result<(BlockName, InstanceKey), Misfit> {
        let (block, key) = text.split_at(text.find('[').unwrap_or(text.len()));
        Ok((self.block(block)?, key.parse()?))
    }

    fn block(&mut self, text: &str) -> Result<BlockName, Misfit> {
        if let Some(known) = self.blocks.get(text) {
            return Ok(known.clone());
        }
        let BlockName { mode, kind, name } = text.parse()?;
        let block = BlockName { mode, kind: self.share(&kind), name: self.share(&name) };
        self.blocks.insert(text.into(), block.clone());
        Ok(block)
    }

    pub(crate) fn operation(&mut self, text: &str) -> Result<OperationId, Misfit> {
        let id: OperationId = text.parse()?;
        Ok(OperationId { phase: self.share(&id.phase), ..id })
    }

    /// What a configuration read; equal ones that follow each other are one.
    pub(crate) fn reads(&mut self, form: ReadsForm<'_>) -> Result<Arc<Reads>, Misfit> {
        let found = match form {
            ReadsForm::Given(reads) => reads.clone(),
            ReadsForm::Found(found) => found
                .into_iter()
                .map(|(text, strength)| Ok((self.address(text.as_str())?, strength)))
                .collect::<Result<Reads, Misfit>>()?,
        };
        if *self.reads != found {
            self.reads = Arc::new(found);
        }
        Ok(self.reads.clone())
    }

    /// A value without marks.
    pub(crate) fn value(&mut self, json: Json<'_>) -> Result<Value, Misfit> {
        Ok(match json {
            Json::Given(value, _) => value.clone(),
            Json::Null => Value::Null,
            Json::Bool(truth) => Value::Bool(truth),
            Json::Number(number) => Value::Number(number),
            Json::Text(text) => Value::String(text.keep()),
            Json::List(elements) => {
                let elements = elements.into_iter().map(|element| self.value(element));
                Value::from(elements.collect::<Result<Vec<_>, _>>()?)
            }
            Json::Object(fields) => self.object(fields)?,
        })
    }

    /// A value with the marks at `paths`, whose references start with `base`.
    pub(crate) fn marked(
        &mut self,
        json: Json<'_>,
        paths: &[Text<'_>],
        base: impl FnOnce() -> Arc<Expr>,
    ) -> Result<Value, Misfit> {
        let value = self.value(json)?;
        if paths.is_empty() { Ok(value) } else { marks::put(value, paths, &base()) }
    }

    /// Values by name, none of them marked.
    pub(crate) fn values(&mut self, map: BTreeMap<Text<'_>, Json<'_>>) -> Result<Object, Misfit> {
        map.into_iter().map(|(name, it)| Ok((self.share(name.as_str()), self.value(it)?))).collect()
    }

    /// Fields that are not known, as they are.
    pub(crate) fn extra(&mut self, fields: Vec<(Text<'_>, Json<'_>)>) -> Extra {
        if fields.is_empty() { None } else { Some(Box::new(self.foreign_fields(fields))) }
    }

    fn object(&mut self, mut fields: Vec<(Text<'_>, Json<'_>)>) -> Result<Value, Misfit> {
        let tag = match &fields[..] {
            [(key, _)] => key.as_str().strip_prefix('$').map(str::to_owned),
            _ => None,
        };
        match (tag, fields.pop()) {
            (Some(key), Some((_, value))) if key.starts_with('$') => {
                Ok(Value::object([(self.share(&key), self.value(value)?)]))
            }
            (Some(_), Some((key, Json::Text(text)))) if key.as_str() == EXPRESSION => {
                residual(text.as_str()).map(Value::pending)
            }
            (Some(_), Some((key, _))) => Err(Misfit::Tag(key.as_str().to_owned())),
            (_, last) => {
                let mut object = Object::new();
                for (key, value) in fields.into_iter().chain(last) {
                    object.insert(self.share(key.as_str()), self.value(value)?);
                }
                Ok(Value::from(object))
            }
        }
    }

    fn foreign(&mut self, json: Json<'_>) -> Value {
        match json {
            Json::Given(value, _) => value.clone(),
            Json::Null => Value::Null,
            Json::Bool(truth) => Value::Bool(truth),
            Json::Number(number) => Value::Number(number),
            Json::Text(text) => Value::String(text.keep()),
            Json::List(elements) => {
                Value::list(elements.into_iter().map(|element| self.foreign(element)))
            }
            Json::Object(fields) => Value::from(self.foreign_fields(fields)),
        }
    }

    fn foreign_fields(&mut self, fields: Vec<(Text<'_>, Json<'_>)>) -> Object {
        fields.into_iter().map(|(key, it)| (self.share(key.as_str()), self.foreign(it))).collect()
    }
}

/// Reads an expression from its text.
pub(crate) fn residual(text: &str) -> Result<Expr, Misfit> {
    parse_expression(text).map_err(|mistakes| Misfit::Expression {
        text: text.to_owned(),
        mistake: mistakes.first().map(ToString::to_string).unwrap_or_default(),
    })
}
