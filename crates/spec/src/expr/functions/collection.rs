//! Lists and objects.

use std::collections::BTreeMap;
use std::sync::Arc;

use greenroom_model::value::{Number, Object, Value};
use unicode_segmentation::UnicodeSegmentation;

use super::{Args, Blocks, Function, Outcome, Run, partial, whole};
use crate::expr::convert::{self, Fault};

pub(super) static TABLE: &[Function] = &[
    whole("alltrue", "list", "Whether all elements are true.", |args| {
        Ok((!truths(args)?.contains(&false)).into())
    }),
    whole("anytrue", "list", "Whether any element is true.", |args| {
        Ok(truths(args)?.contains(&true).into())
    }),
    whole("chunklist", "list, size", "The list cut into lists of the size.", chunk_list),
    partial(
        "coalesce",
        "values...",
        "The first value that is neither null nor an empty string.",
        coalesce,
    ),
    partial("coalescelist", "lists...", "The first list that is not empty.", coalesce_list),
    whole("compact", "list", "The list of strings without those that are null or empty.", compact),
    partial("concat", "lists...", "The elements of all lists, one list after the other.", concat),
    whole("contains", "list, value", "Whether the value is an element of the list.", |args| {
        Ok(args.list(0)?.contains(args.value(1)).into())
    }),
    whole("distinct", "list", "The list without elements that occurred before.", distinct),
    partial(
        "element",
        "list, index",
        "The element at the index, which wraps around at the end.",
        element,
    ),
    Function::new(
        Blocks::Lists,
        "flatten",
        "list",
        "The list with the elements of lists inside it in their place.",
        Run::Plain(|args| {
            let mut flat = Vec::new();
            flatten(args.list(0)?, &mut flat);
            Ok(Value::from(flat))
        }),
    ),
    whole("index", "list, value", "The position of the value in the list.", |args| {
        let at = args.list(0)?.iter().position(|element| element == args.value(1));
        let at = at.and_then(|at| i64::try_from(at).ok());
        at.map(Value::from).ok_or_else(|| args.fault("the value is not in the list"))
    }),
    partial("keys", "map", "The keys of the map, sorted.", |args| {
        Ok(Value::list(args.object(0)?.keys().cloned()))
    }),
    partial(
        "length",
        "value",
        "How many elements a list or map has, or characters a string.",
        length,
    ),
    partial(
        "lookup",
        "map, key, default?",
        "The value of the key, or the default if it is missing.",
        lookup,
    ),
    whole(
        "matchkeys",
        "values, keys, wanted",
        "The values whose key, at the same position, is among the wanted ones.",
        match_keys,
    ),
    partial("merge", "maps...", "The entries of all maps; later ones win.", merge),
    partial("one", "list", "The only element of the list, or null if it is empty.", |args| {
        match args.list(0)? {
            [] => Ok(Value::Null),
            [only] => Ok(only.clone()),
            more => Err(args.fault(format!("the list has {} elements", more.len()))),
        }
    }),
    whole(
        "range",
        "start_or_limit, limit?, step?",
        "The numbers from the start to before the limit.",
        range,
    ),
    partial("reverse", "list", "The list in reverse order.", |args| {
        Ok(Value::list(args.list(0)?.iter().rev().cloned()))
    }),
    partial("slice", "list, start, end", "The elements from the start to before the end.", slice),
    whole("sort", "list", "The strings of the list in order.", |args| {
        let mut texts = args.texts(0)?;
        texts.sort();
        Ok(Value::list(texts.into_iter().map(|text| Value::from(&*text))))
    }),
    whole(
        "transpose",
        "map",
        "A map from each string in the lists of a map to the keys of those lists.",
        transpose,
    ),
    partial("values", "map", "The values of the map, in the order of their keys.", |args| {
        Ok(Value::list(args.object(0)?.values().cloned()))
    }),
    Function::new(
        Blocks::FirstWhole,
        "zipmap",
        "keys, values",
        "A map from each key to the value at the same position.",
        Run::Plain(zip_map),
    ),
];

/// The truth of each element; null is not true.
fn truths(args: &Args<'_>) -> Result<Vec<bool>, Fault> {
    let truth =
        |element: &Value| if element.is_null() { Ok(false) } else { convert::to_bool(element) };
    args.list(0)?.iter().map(truth).collect::<Result<_, _>>().map_err(|fault| args.about(0, fault))
}

fn chunk_list(args: &Args<'_>) -> Outcome {
    let (list, size) = (args.list(0)?, size(args, 1)?);
    if list.is_empty() {
        return Ok(Value::from(Vec::new()));
    }
    let size = if size == 0 { list.len() } else { size };
    Ok(Value::list(list.chunks(size).map(|chunk| Value::from(chunk.to_vec()))))
}

fn coalesce(args: &Args<'_>) -> Outcome {
    let values = args.from(0);
    let found = values.iter().position(|value| !value.is_null() && value.as_str() != Some(""));
    let at = found.ok_or_else(|| args.fault("every value is null or an empty string"))?;
    let chosen = &values[at];
    let beside_text = values.iter().any(|value| matches!(value, Value::String(_)));
    match chosen {
        Value::Number(_) | Value::Bool(_) if beside_text => {
            Ok(convert::to_text(chosen)?.into_owned().into())
        }
        plain => Ok(plain.clone()),
    }
}

fn coalesce_list(args: &Args<'_>) -> Outcome {
    for at in 0..args.from(0).len() {
        if !args.value(at).is_null() && !args.list(at)?.is_empty() {
            return Ok(args.value(at).clone());
        }
    }
    Err(args.fault("every list is null or empty"))
}

fn compact(args: &Args<'_>) -> Outcome {
    let kept = args.list(0)?.iter().filter(|element| !element.is_null());
    let texts = kept
        .map(convert::to_text)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|fault| args.about(0, fault))?;
    Ok(Value::list(
        texts.into_iter().filter(|text| !text.is_empty()).map(|text| Value::from(&*text)),
    ))
}

fn concat(args: &Args<'_>) -> Outcome {
    if args.from(0).is_empty() {
        return Err(args.fault("at least one list is needed"));
    }
    let lists = (0..args.from(0).len()).map(|at| args.list(at)).collect::<Result<Vec<_>, _>>()?;
    Ok(Value::from(lists.concat()))
}

fn distinct(args: &Args<'_>) -> Outcome {
    let mut kept: Vec<Value> = Vec::new();
    for element in convert::unify(args.list(0)?.to_vec())? {
        if !kept.contains(&element) {
            kept.push(element);
        }
    }
    Ok(Value::from(kept))
}

fn element(args: &Args<'_>) -> Outcome {
    let (list, index) = (args.list(0)?, args.integer(1)?);
    let index = usize::try_from(index).map_err(|_| args.fault(format!("{index} is negative")))?;
    let at = index.checked_rem(list.len());
    let found = at.and_then(|at| list.get(at)).cloned();
    found.ok_or_else(|| args.fault("the list is empty"))
}

fn flatten(list: &[Value], flat: &mut Vec<Value>) {
    for element in list {
        match element {
            Value::List(inner) => flatten(inner, flat),
            other => flat.push(other.clone()),
        }
    }
}

fn length(args: &Args<'_>) -> Outcome {
    let length = match args.value(0) {
        Value::List(elements) => elements.len(),
        Value::Object(attributes) => attributes.len(),
        Value::String(text) => text.graphemes(true).count(),
        _ => return Err(args.wrong(0, "a list, map or string")),
    };
    Ok(Value::from(i64::try_from(length).unwrap_or(i64::MAX)))
}

fn lookup(args: &Args<'_>) -> Outcome {
    let key = args.text(1)?;
    match (args.object(0)?.get(&*key), args.given(2)) {
        (Some(value), _) => Ok(value.clone()),
        (None, Some(default)) => Ok(default.clone()),
        (None, None) => Err(args.fault(format!("the map has no key `{key}`"))),
    }
}

fn match_keys(args: &Args<'_>) -> Outcome {
    let (values, keys, wanted) = (args.list(0)?, args.list(1)?, args.list(2)?);
    if values.len() != keys.len() {
        return Err(args.fault("there must be as many values as keys"));
    }
    let pairs = values.iter().zip(keys).filter(|(_, key)| wanted.contains(key));
    Ok(Value::list(pairs.map(|(value, _)| value.clone())))
}

fn merge(args: &Args<'_>) -> Outcome {
    let mut merged = Object::new();
    for at in 0..args.from(0).len() {
        if !args.value(at).is_null() {
            let entries = args.object(at)?.iter();
            merged.extend(entries.map(|(name, value)| (name.clone(), value.clone())));
        }
    }
    Ok(Value::from(merged))
}

/// The most numbers that `range` makes, as in Terraform.
const MOST: usize = 1024;

fn range(args: &Args<'_>) -> Outcome {
    let zero = Number::from(0);
    let (start, limit) = match args.from(0) {
        [_] => (zero, args.number(0)?),
        _ => (args.number(0)?, args.number(1)?),
    };
    let down = limit < start;
    let step = if args.given(2).is_some() {
        args.number(2)?
    } else {
        Number::from(if down { -1 } else { 1 })
    };
    if step == zero || (step < zero) != down && start != limit {
        return Err(args.fault("the step does not lead from the start to the limit"));
    }
    let mut numbers = Vec::new();
    let mut current = start;
    while if down { current > limit } else { current < limit } {
        if numbers.len() == MOST {
            return Err(args.fault(format!("more than {MOST} numbers")));
        }
        numbers.push(Value::Number(current));
        let exact = current
            .as_i64()
            .zip(step.as_i64())
            .and_then(|(current, step)| current.checked_add(step));
        current = match exact {
            Some(next) => Number::from(next),
            None => Number::try_from(current.as_f64() + step.as_f64())?,
        };
    }
    Ok(Value::from(numbers))
}

fn slice(args: &Args<'_>) -> Outcome {
    let (list, start, end) = (args.list(0)?, size(args, 1)?, size(args, 2)?);
    let part = list.get(start..end);
    part.map(|part| Value::from(part.to_vec())).ok_or_else(|| {
        args.fault(format!("from {start} to {end} is no part of a list of {}", list.len()))
    })
}

fn size(args: &Args<'_>, at: usize) -> Result<usize, Fault> {
    let number = args.integer(at)?;
    usize::try_from(number).map_err(|_| args.about(at, Fault::new(format!("{number} is negative"))))
}

fn transpose(args: &Args<'_>) -> Outcome {
    let mut turned: BTreeMap<Arc<str>, Vec<Value>> = BTreeMap::new();
    for (name, list) in args.object(0)? {
        let list = list.as_list().ok_or_else(|| args.wrong(0, "a map of lists of strings"))?;
        for element in list {
            let key = convert::to_text(element).map_err(|fault| args.about(0, fault))?;
            turned.entry(key.into()).or_default().push(Value::String(name.clone()));
        }
    }
    Ok(Value::object(turned.into_iter().map(|(key, names)| (key, Value::from(names)))))
}

fn zip_map(args: &Args<'_>) -> Outcome {
    let (keys, values) = (args.texts(0)?, args.list(1)?);
    if keys.len() != values.len() {
        return Err(args.fault(format!(
            "there are {} keys and {} values",
            keys.len(),
            values.len()
        )));
    }
    Ok(Value::object(keys.into_iter().zip(values.iter().cloned())))
}
