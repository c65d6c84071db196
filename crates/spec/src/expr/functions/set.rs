//! Sets: lists that are sorted and hold nothing twice.

use std::cmp::Ordering;

use greenroom_model::value::Value;

use super::{Args, Function, Outcome, whole};
use crate::expr::convert::{self, Fault};

pub(super) static TABLE: &[Function] = &[
    whole("setintersection", "set, sets...", "What is in all of the sets.", |args| {
        combine(args, |mut left, right| {
            left.retain(|element| right.contains(element));
            left
        })
    }),
    whole("setproduct", "sets...", "All lists with one element of each set.", product),
    whole("setsubtract", "set, other", "What is in the set and not in the other.", |args| {
        combine(args, |mut left, right| {
            left.retain(|element| !right.contains(element));
            left
        })
    }),
    whole("setunion", "set, sets...", "What is in any of the sets.", |args| {
        combine(args, |mut left, right| {
            left.extend(right);
            left
        })
    }),
];

/// Sorts, and removes duplicates, after making all elements be of one kind.
pub(super) fn to_set(values: Vec<Value>) -> Result<Vec<Value>, Fault> {
    let mut values = convert::unify(values)?;
    values.sort_by(compare);
    values.dedup();
    Ok(values)
}

fn combine(args: &Args<'_>, both: fn(Vec<Value>, Vec<Value>) -> Vec<Value>) -> Outcome {
    let sets = (0..args.from(0).len()).map(|at| to_set(args.list(at)?.to_vec()));
    let sets = same_kind(sets.collect::<Result<Vec<_>, _>>()?)?;
    let all = sets.into_iter().reduce(both).unwrap_or_default();
    Ok(Value::from(to_set(all)?))
}

/// Numbers in one set and strings in another: all become strings.
fn same_kind(sets: Vec<Vec<Value>>) -> Result<Vec<Vec<Value>>, Fault> {
    let mut unified = convert::unify(sets.concat())?.into_iter();
    Ok(sets.iter().map(|set| unified.by_ref().take(set.len()).collect()).collect())
}

/// The most lists that `setproduct` makes.
const MOST: usize = 1_000_000;

fn product(args: &Args<'_>) -> Outcome {
    let count = args.from(0).len();
    if count < 2 {
        return Err(args.fault("at least two sets are needed"));
    }
    let lists = (0..count).map(|at| args.list(at)).collect::<Result<Vec<_>, _>>()?;
    let size = lists.iter().try_fold(1_usize, |size, list| size.checked_mul(list.len()));
    if size.is_none_or(|size| size > MOST) {
        return Err(args.fault(format!("the result has more than {MOST} elements")));
    }
    let mut rows: Vec<Vec<Value>> = vec![Vec::new()];
    for list in lists {
        let longer = |row: &Vec<Value>| {
            let row = row.clone();
            list.iter().map(move |element| row.iter().cloned().chain([element.clone()]).collect())
        };
        rows = rows.iter().flat_map(longer).collect();
    }
    Ok(Value::list(rows))
}

/// The order of a set: kinds apart, texts by bytes, numbers by size.
fn compare(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        (Value::Number(left), Value::Number(right)) => left.cmp(right),
        (Value::String(left), Value::String(right)) => left.cmp(right),
        (Value::List(left), Value::List(right)) => compare_all(left.iter(), right.iter()),
        (Value::Object(left), Value::Object(right)) => {
            left.keys().cmp(right.keys()).then_with(|| compare_all(left.values(), right.values()))
        }
        (left, right) => rank(left).cmp(&rank(right)),
    }
}

fn compare_all<'a>(
    mut left: impl Iterator<Item = &'a Value>,
    mut right: impl Iterator<Item = &'a Value>,
) -> Ordering {
    loop {
        match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(left), Some(right)) => match compare(left, right) {
                Ordering::Equal => {}
                unequal => return unequal,
            },
        }
    }
}

fn rank(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        Value::String(_) => 3,
        Value::List(_) => 4,
        Value::Object(_) => 5,
        Value::Sensitive(_) | Value::Pending(_) => 6,
    }
}
