//! Regular expressions, and replacing.

use greenroom_model::value::Value;
use regex::{Captures, Regex, RegexBuilder};

use super::{Args, Function, Outcome, whole};
use crate::expr::convert::Fault;

pub(super) static TABLE: &[Function] = &[
    whole(
        "regex",
        "pattern, string",
        "The first match; its groups as a list or object, if there are any.",
        |args| {
            let regex = compile(args, &args.text(0)?)?;
            let text = args.text(1)?;
            let found =
                regex.captures(&text).ok_or_else(|| args.fault("the pattern does not match"))?;
            groups(args, &regex, &found)
        },
    ),
    whole("regexall", "pattern, string", "All matches, each as `regex` gives it.", |args| {
        let regex = compile(args, &args.text(0)?)?;
        let text = args.text(1)?;
        let matches = regex.captures_iter(&text).map(|found| groups(args, &regex, &found));
        Ok(Value::from(matches.collect::<Result<Vec<_>, _>>()?))
    }),
    whole(
        "replace",
        "string, part, replacement",
        "The string with every part replaced; `/…/` is a pattern.",
        replace,
    ),
];

/// The largest compiled pattern, in bytes.
const LARGEST: usize = 4 << 20;

fn compile(args: &Args<'_>, pattern: &str) -> Result<Regex, Fault> {
    let built = RegexBuilder::new(pattern).size_limit(LARGEST).build();
    built.map_err(|error| {
        let reason = error.to_string();
        let reason = reason.lines().last().unwrap_or_default().trim_start_matches("error: ");
        args.fault(format!("`{pattern}` is no valid pattern: {reason}"))
    })
}

fn groups(args: &Args<'_>, regex: &Regex, found: &Captures<'_>) -> Outcome {
    let names: Vec<Option<&str>> = regex.capture_names().skip(1).collect();
    let group = |at: usize| Value::from(found.get(at).map(|group| group.as_str()));
    if names.is_empty() {
        return Ok(group(0));
    }
    let named: Vec<&str> = names.iter().flatten().copied().collect();
    if named.is_empty() {
        return Ok(Value::list((1..=names.len()).map(group)));
    }
    if named.len() < names.len() {
        return Err(args.fault("groups with and without names cannot be mixed"));
    }
    Ok(Value::object(named.into_iter().zip((1..).map(group))))
}

fn replace(args: &Args<'_>) -> Outcome {
    let (text, part, replacement) = (args.text(0)?, args.text(1)?, args.text(2)?);
    let pattern = part.strip_prefix('/').and_then(|rest| rest.strip_suffix('/'));
    match pattern {
        Some(pattern) => {
            Ok(compile(args, pattern)?.replace_all(&text, &*replacement).into_owned().into())
        }
        None => Ok(text.replace(&*part, &replacement).into()),
    }
}
