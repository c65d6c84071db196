//! Texts.

use greenroom_model::value::Value;
use unicode_segmentation::UnicodeSegmentation;

use super::format::{format, format_list};
use super::{Args, Function, Outcome, whole};
use crate::expr::convert;

pub(super) static TABLE: &[Function] = &[
    whole("chomp", "string", "The string without newlines at its end.", |args| {
        Ok(args.text(0)?.trim_end_matches(['\r', '\n']).into())
    }),
    whole("endswith", "string, suffix", "Whether the string ends with the suffix.", |args| {
        Ok(args.text(0)?.ends_with(&*args.text(1)?).into())
    }),
    whole(
        "format",
        "format, values...",
        "Text by a format with verbs such as `%s`, `%03d` or `%q`.",
        format,
    ),
    whole(
        "formatlist",
        "format, lists...",
        "One text by `format` per element of the lists.",
        format_list,
    ),
    whole(
        "indent",
        "spaces, string",
        "The string with spaces before every line but the first.",
        indent,
    ),
    whole(
        "join",
        "separator, lists...",
        "The elements of lists of strings, with the separator between them.",
        join,
    ),
    whole("lower", "string", "The string in lower case.", |args| {
        Ok(one_to_one(&args.text(0)?, char::to_lowercase).into())
    }),
    whole("split", "separator, string", "The list of strings between the separators.", split),
    whole("startswith", "string, prefix", "Whether the string starts with the prefix.", |args| {
        Ok(args.text(0)?.starts_with(&*args.text(1)?).into())
    }),
    whole("strcontains", "string, part", "Whether the part occurs in the string.", |args| {
        Ok(args.text(0)?.contains(&*args.text(1)?).into())
    }),
    whole("strrev", "string", "The characters of the string in reverse order.", |args| {
        Ok(args.text(0)?.graphemes(true).rev().collect::<String>().into())
    }),
    whole(
        "substr",
        "string, offset, length",
        "A part of the string, counted in characters; length -1 is the rest.",
        substr,
    ),
    whole("title", "string", "The string with the first letter of each word in upper case.", title),
    whole(
        "trim",
        "string, characters",
        "The string without the given characters at both ends.",
        |args| {
            let set = args.text(1)?;
            Ok(args.text(0)?.trim_matches(|c| set.contains(c)).into())
        },
    ),
    whole("trimprefix", "string, prefix", "The string without the prefix, if it has it.", |args| {
        let text = args.text(0)?;
        Ok(text.strip_prefix(&*args.text(1)?).unwrap_or(&text).into())
    }),
    whole("trimspace", "string", "The string without white space at both ends.", |args| {
        Ok(args.text(0)?.trim().into())
    }),
    whole("trimsuffix", "string, suffix", "The string without the suffix, if it has it.", |args| {
        let text = args.text(0)?;
        Ok(text.strip_suffix(&*args.text(1)?).unwrap_or(&text).into())
    }),
    whole("upper", "string", "The string in upper case.", |args| {
        Ok(one_to_one(&args.text(0)?, char::to_uppercase).into())
    }),
];

fn indent(args: &Args<'_>) -> Outcome {
    let count = usize::try_from(args.integer(0)?).ok().filter(|count| *count <= 1000);
    let count = count.ok_or_else(|| args.fault("spaces must be between 0 and 1000"))?;
    Ok(args.text(1)?.replace('\n', &format!("\n{}", " ".repeat(count))).into())
}

fn join(args: &Args<'_>) -> Outcome {
    let separator = args.text(0)?;
    if args.from(1).is_empty() {
        return Err(args.fault("at least one list is needed"));
    }
    let mut text = String::new();
    let mut first = true;
    for at in 1..=args.from(1).len() {
        for element in args.list(at)? {
            if !std::mem::take(&mut first) {
                text.push_str(&separator);
            }
            text.push_str(&convert::to_text(element).map_err(|fault| args.about(at, fault))?);
        }
    }
    Ok(text.into())
}

fn split(args: &Args<'_>) -> Outcome {
    let (separator, text) = (args.text(0)?, args.text(1)?);
    if separator.is_empty() {
        return Ok(Value::list(text.chars().map(String::from)));
    }
    Ok(Value::list(text.split(&*separator)))
}

fn substr(args: &Args<'_>) -> Outcome {
    let text = args.text(0)?;
    let (offset, length) = (args.integer(1)?, args.integer(2)?);
    let characters: Vec<&str> = text.graphemes(true).collect();
    let count = i64::try_from(characters.len()).unwrap_or(i64::MAX);
    let start = if offset < 0 { (count + offset.max(-count)).max(0) } else { offset.min(count) };
    let end = if length < 0 { count } else { start.saturating_add(length).min(count) };
    let range = usize::try_from(start).unwrap_or(0)..usize::try_from(end).unwrap_or(0);
    Ok(characters.get(range).unwrap_or_default().concat().into())
}

fn title(args: &Args<'_>) -> Outcome {
    let text = args.text(0)?;
    let mut result = String::with_capacity(text.len());
    let mut inside = false;
    for character in text.chars() {
        if inside {
            result.push(character)
        } else {
            result.extend(character.to_uppercase())
        }
        inside = character.is_alphanumeric() || character == '_';
    }
    Ok(result.into())
}

/// Maps each character to one, as Terraform does: `ß` stays as it is.
fn one_to_one<I: ExactSizeIterator<Item = char>>(text: &str, map: fn(char) -> I) -> String {
    let mapped = |character| {
        let mut mapped = map(character);
        if mapped.len() == 1 { mapped.next().unwrap_or(character) } else { character }
    };
    text.chars().map(mapped).collect()
}
