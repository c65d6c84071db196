//! `format` and `formatlist`, with the verbs of Terraform.

use greenroom_model::value::{Number, Value};

use super::encoding::json_encode;
use super::{Args, Outcome};
use crate::expr::convert::{self, Fault};

pub(super) fn format(args: &Args<'_>) -> Outcome {
    let text = apply(&args.text(0)?, args.from(1)).map_err(|message| args.fault(message))?;
    Ok(text.into())
}

/// Lists run in step; anything else stays the same for each of their elements.
pub(super) fn format_list(args: &Args<'_>) -> Outcome {
    let pattern = args.text(0)?;
    let values = args.from(1);
    let mut lengths = values.iter().filter_map(|value| value.as_list().map(<[Value]>::len));
    let rows = lengths.next().unwrap_or(1);
    if lengths.any(|length| length != rows) {
        return Err(args.fault("the lists are not equally long"));
    }
    let text = |row: usize| {
        let of_row =
            values.iter().map(|value| value.as_list().map_or(value, |list| &list[row]).clone());
        apply(&pattern, &of_row.collect::<Vec<_>>()).map_err(|message| args.fault(message))
    };
    Ok(Value::from(
        (0..rows).map(|row| text(row).map(Value::from)).collect::<Result<Vec<_>, Fault>>()?,
    ))
}

/// One verb with what stands between it and its `%`.
#[derive(Default)]
struct Verb {
    minus: bool,
    plus: bool,
    space: bool,
    zero: bool,
    sharp: bool,
    width: usize,
    precision: Option<usize>,
    index: Option<usize>,
    letter: char,
}

/// The widest output of one verb, so that no width exhausts memory.
const WIDEST: usize = 1024;

fn apply(pattern: &str, values: &[Value]) -> Result<String, String> {
    let mut text = String::new();
    let mut rest = pattern;
    let mut next = 0;
    let mut highest = 0;
    let mut indexed = false;
    while let Some((before, after)) = rest.split_once('%') {
        text.push_str(before);
        if let Some(after) = after.strip_prefix('%') {
            text.push('%');
            rest = after;
            continue;
        }
        let (verb, after) = parse_verb(after)?;
        rest = after;
        indexed |= verb.index.is_some();
        let at = verb.index.unwrap_or(next);
        next = at + 1;
        highest = highest.max(next);
        let value = values
            .get(at)
            .ok_or_else(|| format!("there is no value {} for `%{}`", at + 1, verb.letter))?;
        text.push_str(&padded(&verb, &render(&verb, value)?));
    }
    if highest < values.len() && !indexed {
        return Err(format!("{} values for {highest} verbs", values.len()));
    }
    text.push_str(rest);
    Ok(text)
}

fn parse_verb(text: &str) -> Result<(Verb, &str), String> {
    let mut verb = Verb::default();
    let mut rest = text;
    while let Some(flag) = rest.chars().next().filter(|flag| "-+ 0#".contains(*flag)) {
        match flag {
            '-' => verb.minus = true,
            '+' => verb.plus = true,
            ' ' => verb.space = true,
            '0' => verb.zero = true,
            _ => verb.sharp = true,
        }
        rest = &rest[1..];
    }
    let (width, after) = digits(rest)?;
    verb.width = width.unwrap_or(0);
    rest = after;
    if let Some(after) = rest.strip_prefix('.') {
        let (precision, after) = digits(after)?;
        verb.precision = Some(precision.unwrap_or(0));
        rest = after;
    }
    if let Some(after) = rest.strip_prefix('[') {
        let (index, after) = digits(after)?;
        let index =
            index.and_then(|index| index.checked_sub(1)).ok_or("values are counted from 1")?;
        verb.index = Some(index);
        rest = after.strip_prefix(']').ok_or("a `[` is not closed")?;
    }
    verb.letter = rest.chars().next().ok_or("a `%` ends the format; write `%%` for itself")?;
    let rest = &rest[verb.letter.len_utf8()..];
    Ok((verb, rest))
}

fn digits(text: &str) -> Result<(Option<usize>, &str), String> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    if digits.is_empty() {
        return Ok((None, rest));
    }
    let number = digits.parse().ok().filter(|number| *number <= WIDEST);
    number
        .map(|number| (Some(number), rest))
        .ok_or_else(|| format!("{digits} is more than {WIDEST}"))
}

fn render(verb: &Verb, value: &Value) -> Result<String, String> {
    let plain = |fault: Fault| format!("for `%{}`, {}", verb.letter, fault.message);
    match verb.letter {
        'v' => match value {
            Value::String(text) if !verb.sharp => Ok(text.to_string()),
            Value::Number(number) => Ok(signed(verb, number.to_string())),
            other => json_encode(other).map_err(plain),
        },
        't' => convert::to_bool(value).map(|truth| truth.to_string()).map_err(plain),
        's' => Ok(cut(verb, &convert::to_text(value).map_err(plain)?)),
        'q' => Ok(quoted(&cut(verb, &convert::to_text(value).map_err(plain)?))),
        'd' | 'b' | 'o' | 'x' | 'X' => integer(verb, value).map_err(plain),
        'f' | 'F' | 'e' | 'E' | 'g' | 'G' => {
            let number = convert::to_number(value).map_err(plain)?;
            Ok(signed(verb, float(verb, number)))
        }
        other => {
            Err(format!("`%{other}` is no verb; there are %v %s %q %t %d %b %o %x %X %f %e %g"))
        }
    }
}

/// A text in Go's quotes; close enough to JSON's, but `<` and `>` stay.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

fn cut(verb: &Verb, text: &str) -> String {
    use unicode_segmentation::UnicodeSegmentation;
    match verb.precision {
        Some(length) => text.graphemes(true).take(length).collect(),
        None => text.to_owned(),
    }
}

fn integer(verb: &Verb, value: &Value) -> Result<String, Fault> {
    // A text under `%x` shows its bytes.
    if let (Value::String(text), 'x' | 'X') = (value, verb.letter) {
        let lower: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
        return Ok(if verb.letter == 'X' { lower.to_uppercase() } else { lower });
    }
    let number = convert::to_number(value)?;
    if !number.is_whole() {
        return Err(Fault::new(format!("a whole number is needed, not {number}")));
    }
    let whole = number.as_i64().map_or(number.as_f64() as i128, i128::from);
    let magnitude = whole.unsigned_abs();
    let digits = match verb.letter {
        'b' => format!("{magnitude:b}"),
        'o' => format!("{magnitude:o}"),
        'x' => format!("{magnitude:x}"),
        'X' => format!("{magnitude:X}"),
        _ => magnitude.to_string(),
    };
    let prefix = match verb.letter {
        _ if !verb.sharp => "",
        'x' => "0x",
        'X' => "0X",
        'o' => "0",
        'b' => "0b",
        _ => "",
    };
    let digits = format!("{prefix}{digits}");
    Ok(signed(verb, if whole < 0 { format!("-{digits}") } else { digits }))
}

fn float(verb: &Verb, number: Number) -> String {
    let value = number.as_f64();
    match verb.letter {
        'f' | 'F' => format!("{value:.*}", verb.precision.unwrap_or(6)),
        'e' => exponent(format!("{value:.*e}", verb.precision.unwrap_or(6))),
        'E' => exponent(format!("{value:.*e}", verb.precision.unwrap_or(6))).to_uppercase(),
        upper => {
            let text = general(value, verb.precision);
            if upper == 'G' { text.to_uppercase() } else { text }
        }
    }
}

/// Go writes exponents with a sign and at least two digits.
fn exponent(text: String) -> String {
    let Some((mantissa, exponent)) = text.split_once('e') else { return text };
    let (sign, digits) = match exponent.strip_prefix('-') {
        Some(digits) => ('-', digits),
        None => ('+', exponent),
    };
    format!("{mantissa}e{sign}{digits:0>2}")
}

/// The shorter of plain digits and an exponent, as `%g` chooses.
fn general(value: f64, precision: Option<usize>) -> String {
    let shortest = match precision {
        Some(digits) => format!("{value:.*e}", digits.saturating_sub(1)),
        None => format!("{value:e}"),
    };
    let Some((mantissa, power)) = shortest.split_once('e') else { return shortest };
    let power: i32 = power.parse().unwrap_or(0);
    let limit = precision.map_or(21, |digits| i32::try_from(digits.max(1)).unwrap_or(i32::MAX));
    let mantissa = if mantissa.contains('.') {
        mantissa.trim_end_matches('0').trim_end_matches('.')
    } else {
        mantissa
    };
    if power < -4 || power >= limit {
        return exponent(format!("{mantissa}e{power}"));
    }
    let rounded: f64 = format!("{mantissa}e{power}").parse().unwrap_or(value);
    rounded.to_string()
}

fn signed(verb: &Verb, digits: String) -> String {
    match digits.starts_with('-') {
        false if verb.plus => format!("+{digits}"),
        false if verb.space => format!(" {digits}"),
        _ => digits,
    }
}

fn padded(verb: &Verb, text: &str) -> String {
    let length = text.chars().count();
    let missing = verb.width.saturating_sub(length);
    if verb.minus {
        return format!("{text}{}", " ".repeat(missing));
    }
    if !verb.zero {
        return format!("{}{text}", " ".repeat(missing));
    }
    // Zeros stand behind the sign.
    let sign = text.len() - text.trim_start_matches(['-', '+', ' ']).len();
    let sign = if "dfFeEgGboxXv".contains(verb.letter) { sign } else { 0 };
    format!("{}{}{}", &text[..sign], "0".repeat(missing), &text[sign..])
}
