//! From one kind of value to another.

use greenroom_model::value::{Object, Value};

use super::set::to_set;
use super::{Args, Function, Outcome, whole};
use crate::expr::convert;

pub(super) static TABLE: &[Function] = &[
    whole("tobool", "value", "The value as a bool.", |args| {
        nullable(args, |args| Ok(args.truth(0)?.into()))
    }),
    whole("tolist", "value", "The value as a list whose elements are of one kind.", |args| {
        nullable(args, |args| Ok(Value::from(convert::unify(args.list(0)?.to_vec())?)))
    }),
    whole("tomap", "value", "The value as a map whose values are of one kind.", |args| {
        nullable(args, to_map)
    }),
    whole("tonumber", "value", "The value as a number.", |args| {
        nullable(args, |args| Ok(Value::Number(args.number(0)?)))
    }),
    whole("toset", "value", "The elements of a list, sorted and without duplicates.", |args| {
        nullable(args, |args| Ok(Value::from(to_set(args.list(0)?.to_vec())?)))
    }),
    whole("tostring", "value", "The value as a string.", |args| {
        nullable(args, |args| Ok(args.text(0)?.into_owned().into()))
    }),
];

/// Null stays null.
fn nullable(args: &Args<'_>, convert: fn(&Args<'_>) -> Outcome) -> Outcome {
    if args.value(0).is_null() { Ok(Value::Null) } else { convert(args) }
}

fn to_map(args: &Args<'_>) -> Outcome {
    let object = args.object(0)?;
    let values = convert::unify(object.values().cloned().collect())?;
    Ok(Value::from(object.keys().cloned().zip(values).collect::<Object>()))
}
