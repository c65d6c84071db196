//! Guarded objects: what somebody else changed is not written over.

use greenroom_model::schema::TypeSchema;
use greenroom_model::value::{Value, differences};

use crate::failure::{Failure, FailureKind};
use crate::request::Object;

/// How many differences a message names at most.
const SHOWN: usize = 5;

/// Refuses to write over what somebody else changed of an object of a guarded type: `now` is what
/// is there, its own attributes are what is known of it. Only arguments are compared.
///
/// # Errors
///
/// [`FailureKind::Changed`] with each argument that differs, what was expected, and what is there.
pub fn refuse_changed(schema: &TypeSchema, object: &Object, now: &Value) -> Result<(), Failure> {
    let mut changes = Vec::new();
    for (name, _) in schema.attributes.iter().filter(|(_, it)| it.is_argument()) {
        let known = Value::object(object.attributes.get(name).map(|it| (name.clone(), it.clone())));
        let there = Value::object(now.get(name).map(|it| (name.clone(), it.clone())));
        changes.extend(differences(Some(&known), Some(&there)).iter().map(ToString::to_string));
    }
    if changes.is_empty() {
        return Ok(());
    }
    let more = match changes.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    changes.truncate(SHOWN);
    let message =
        format!("somebody else changed `{}`: {}{more}", object.address, changes.join(", "));
    Err(Failure::new(FailureKind::Changed, message).help("plan again: the plan shows it"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use greenroom_model::expr::Expr;
    use greenroom_model::identity::{EnvironmentKind, Lineage, Owner, Uid};
    use greenroom_model::schema::{Attribute, Type};

    use super::*;

    fn schema() -> TypeSchema {
        TypeSchema::new(
            "front",
            "",
            [
                ("shares", Attribute::required(Type::Any, "")),
                ("name", Attribute::optional(Type::String, "")),
                ("state", Attribute::computed(Type::String, "")),
            ],
        )
    }

    fn known(attributes: Value) -> Object {
        Object {
            kind: "front".into(),
            address: "front/front.http".parse().expect("an address"),
            uid: Uid("u".into()),
            id: "u".into(),
            attributes,
            owner: Arc::new(Owner {
                project: "shop".into(),
                stage: "production".into(),
                scope: "front".parse().expect("a scope"),
                lineage: Lineage("l".into()),
                kind: EnvironmentKind::Promoted,
                expires: None,
            }),
            timeout: None,
        }
    }

    fn front(weight: i64, name: Value, state: &str) -> Value {
        let share = Value::object([("id", Value::from("a")), ("weight", Value::from(weight))]);
        let shares = Value::list([share]);
        Value::object([("shares", shares), ("name", name), ("state", Value::from(state))])
    }

    #[test]
    fn what_differs_is_named_with_both_sides() {
        let object = known(front(25, Value::Null, "active"));
        let now = front(50, Value::from("x"), "stale");
        let failure = refuse_changed(&schema(), &object, &now).expect_err("changed");
        assert_eq!(failure.kind, FailureKind::Changed);
        assert_eq!(
            failure.message,
            "somebody else changed `front/front.http`: name: nothing expected, \"x\" found, \
             shares[0].weight: 25 expected, 50 found"
        );
    }

    #[test]
    fn what_only_the_provider_gives_is_not_compared() {
        let object = known(front(25, Value::Null, "active"));
        let stale = front(25, Value::Null, "stale");
        assert!(refuse_changed(&schema(), &object, &stale).is_ok());
    }

    #[test]
    fn a_secret_is_not_shown() {
        let secret = Value::sensitive(Value::from("old"), Expr::reference::<&str>("name", []));
        let object = known(front(1, secret, "active"));
        let now = front(1, Value::from("new"), "active");
        let failure = refuse_changed(&schema(), &object, &now).expect_err("changed");
        assert!(failure.message.ends_with("name: a secret expected, a secret found"), "{failure}");
    }
}
