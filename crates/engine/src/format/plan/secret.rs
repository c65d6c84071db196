//! What a plan says of a secret variable's value: a digest that recognises it.

use std::sync::Arc;

use greenroom_model::address::Scope;
use greenroom_model::expr::Expr;
use greenroom_model::identity::Lineage;
use greenroom_model::value::Value;

use crate::format::error::Misfit;
use crate::format::form::inputs::VARIABLES;
use crate::format::form::json::{DIGEST, Json, Mode};
use crate::format::form::{Reader, Text};

/// How a sealed value starts; 64 hexadecimal digits follow.
const SEAL: &str = "keyed-blake3:";

/// What separates these keys from those of every other use of the hash.
const CONTEXT: &str = "greenroom plan format 1, digest of a sensitive variable";

/// The value of a sensitive variable as a plan holds it: a marked text with a keyed digest of it.
///
/// The key is derived from lineage, scope and name, so equal secrets of two states or two variables
/// do not look equal. Two values are equal if and only if what this makes of them is, so apply seals
/// what it is given and compares. It is no protection for a secret that can be guessed: keep plan
/// files as private as states.
#[must_use]
pub fn seal(lineage: &Lineage, scope: &Scope, variable: &Arc<str>, value: &Value) -> Value {
    sealed(&keyed_digest(lineage, scope, variable, value), variable)
}

fn keyed_digest(lineage: &Lineage, scope: &Scope, variable: &str, value: &Value) -> String {
    let place = format!("{lineage}\0{scope}\0{variable}");
    let key = blake3::derive_key(CONTEXT, place.as_bytes());
    let plain = serde_json::to_vec(&Json::Given(value, Mode::Kept))
        .expect("values have text keys, and a vector takes every byte");
    blake3::keyed_hash(&key, &plain).to_hex().to_string()
}

fn sealed(digest: &str, variable: &Arc<str>) -> Value {
    let source = Expr::reference(VARIABLES, [variable.clone()]);
    Value::sensitive(Value::from(format!("{SEAL}{digest}")), source)
}

/// The digest of a sealed value.
fn digest(value: &Value) -> Option<&str> {
    value.as_str()?.strip_prefix(SEAL).filter(|digest| is_digest(digest))
}

fn is_digest(text: &str) -> bool {
    let hexadecimal = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.len() == 64 && text.bytes().all(hexadecimal)
}

/// The form of a variable. One that is sensitive and not yet sealed is sealed here.
pub(super) fn write<'a>(
    lineage: &Lineage,
    scope: &Scope,
    name: &'a Arc<str>,
    value: &'a Value,
) -> Json<'a> {
    if !value.has_sensitive() {
        return Json::Given(value, Mode::Referred);
    }
    let known = if value.is_sensitive() { digest(value) } else { None };
    let digest = known.map_or_else(|| keyed_digest(lineage, scope, name, value), str::to_owned);
    Json::Object(vec![(DIGEST.into(), Json::Text(Text::of(&digest)))])
}

/// Reads a variable; one that is sensitive comes back sealed.
pub(super) fn read(name: &Arc<str>, json: Json<'_>, reader: &mut Reader) -> Result<Value, Misfit> {
    let Json::Object(fields) = &json else { return reader.value(json) };
    match &fields[..] {
        [(key, Json::Text(digest))] if key.as_str() == DIGEST && is_digest(digest.as_str()) => {
            Ok(sealed(digest.as_str(), name))
        }
        _ => reader.value(json),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed_at(scope: &str, variable: &str, value: &str) -> Value {
        let lineage = Lineage("00".into());
        let scope = scope.parse().expect("a scope");
        let secret = Value::sensitive(value.into(), Expr::reference("var", [variable]));
        seal(&lineage, &scope, &variable.into(), &secret)
    }

    #[test]
    fn equal_secrets_of_one_variable_are_recognised() {
        assert_eq!(sealed_at("front", "a", "s3cret"), sealed_at("front", "a", "s3cret"));
        assert_ne!(sealed_at("front", "a", "s3cret"), sealed_at("front", "a", "other"));
    }

    #[test]
    fn equal_secrets_of_two_places_do_not_look_equal() {
        assert_ne!(sealed_at("front", "a", "s3cret"), sealed_at("front", "b", "s3cret"));
        assert_ne!(sealed_at("front", "a", "s3cret"), sealed_at("r1", "a", "s3cret"));
    }

    #[test]
    fn what_is_sealed_holds_a_digest_and_not_the_value() {
        let sealed = sealed_at("front", "a", "s3cret");
        assert_eq!(digest(&sealed).map(str::len), Some(64));
        assert!(sealed.is_sensitive());
    }
}
