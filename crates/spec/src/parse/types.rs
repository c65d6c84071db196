//! The types of variables, as Terraform writes them: `list(object({ port = number }))`.

use std::sync::Arc;

use greenroom_model::schema::{Attribute, Attributes, Type};

/// Nesting beyond this is refused, so that reading a type never exhausts the stack.
const DEEPEST: usize = 32;

/// Reads a type.
///
/// # Errors
///
/// What is wrong, in a sentence that names the part.
pub(super) fn parse(text: &str) -> Result<Type, String> {
    let mut reader = TypeReader { rest: text.trim_start(), depth: 0 };
    let ty = reader.ty()?;
    match reader.rest {
        "" => Ok(ty),
        rest => Err(format!("`{rest}` follows the type")),
    }
}

struct TypeReader<'a> {
    rest: &'a str,
    depth: usize,
}

impl<'a> TypeReader<'a> {
    fn ty(&mut self) -> Result<Type, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("the type is nested too deeply".to_owned());
        }
        let ty = match self.word() {
            "string" => Type::String,
            "number" => Type::Number,
            "bool" => Type::Bool,
            "any" => Type::Any,
            "list" => Type::list(self.element()?),
            "set" => Type::set(self.element()?),
            "map" => Type::map(self.element()?),
            "object" => Type::Object(Arc::new(self.fields()?)),
            "" => return Err("a type is missing".to_owned()),
            word => return Err(format!("`{word}` is not a type")),
        };
        self.depth -= 1;
        Ok(ty)
    }

    /// `(TYPE)`; left out, any.
    fn element(&mut self) -> Result<Type, String> {
        if !self.accept('(') {
            return Ok(Type::Any);
        }
        let ty = self.ty()?;
        self.expect(')').map(|()| ty)
    }

    /// `({ name = TYPE, … })`
    fn fields(&mut self) -> Result<Attributes, String> {
        self.expect('(')?;
        self.expect('{')?;
        let mut fields = Attributes::new();
        while !self.accept('}') {
            let name: Arc<str> = self.word().into();
            if name.is_empty() {
                return Err("the name of a field is missing".to_owned());
            }
            if !self.accept('=') {
                self.expect(':')?;
            }
            if fields.insert(name.clone(), self.field()?).is_some() {
                return Err(format!("the field `{name}` is there twice"));
            }
            self.accept(',');
        }
        self.expect(')').map(|()| fields)
    }

    /// `TYPE` or `optional(TYPE)`
    fn field(&mut self) -> Result<Attribute, String> {
        let Some(rest) = self.rest.strip_prefix("optional") else {
            return Ok(Attribute::required(self.ty()?, ""));
        };
        self.rest = rest.trim_start();
        self.expect('(')?;
        let ty = self.ty()?;
        self.expect(')').map(|()| Attribute::optional(ty, ""))
    }

    fn word(&mut self) -> &'a str {
        let belongs = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
        let (word, rest) =
            self.rest.split_at(self.rest.find(|c| !belongs(c)).unwrap_or(self.rest.len()));
        self.rest = rest.trim_start();
        word
    }

    fn accept(&mut self, sign: char) -> bool {
        let Some(rest) = self.rest.strip_prefix(sign) else { return false };
        self.rest = rest.trim_start();
        true
    }

    fn expect(&mut self, sign: char) -> Result<(), String> {
        if self.accept(sign) { Ok(()) } else { Err(format!("`{sign}` is missing")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terraforms_type_texts_are_read() {
        assert_eq!(parse("string"), Ok(Type::String));
        assert_eq!(parse(" list( map(number) ) "), Ok(Type::list(Type::map(Type::Number))));
        assert_eq!(parse("set"), Ok(Type::set(Type::Any)));
        let object = Type::object([
            ("a", Attribute::required(Type::String, "")),
            ("b", Attribute::optional(Type::list(Type::Bool), "")),
        ]);
        assert_eq!(parse("object({a=string, b = optional(list(bool)) })"), Ok(object));
    }

    #[test]
    fn what_is_no_type_is_named() {
        assert_eq!(parse("strng"), Err("`strng` is not a type".to_owned()));
        assert_eq!(parse("list(string"), Err("`)` is missing".to_owned()));
        assert_eq!(parse("string x"), Err("`x` follows the type".to_owned()));
        assert_eq!(parse("object({a=string,a=bool})"), Err("the field `a` is there twice".into()));
        assert!(parse("").is_err() && parse(&"list(".repeat(99)).is_err());
    }
}
