//! Numbers.

use greenroom_model::value::{Number, Value};

use super::{Args, Function, Outcome, whole};
use crate::expr::convert::{self, Fault};

pub(super) static TABLE: &[Function] = &[
    whole("abs", "number", "The number without its sign.", |args| {
        let number = args.number(0)?;
        if number >= Number::from(0) {
            Ok(number.into())
        } else {
            finite(-number.as_f64(), number.as_i64().and_then(i64::checked_neg))
        }
    }),
    whole("ceil", "number", "The nearest whole number that is not less.", |args| {
        round(args, f64::ceil)
    }),
    whole("floor", "number", "The nearest whole number that is not greater.", |args| {
        round(args, f64::floor)
    }),
    whole("log", "number, base", "The logarithm of the number to the base.", |args| {
        finite(args.float(0)?.ln() / args.float(1)?.ln(), None)
    }),
    whole("max", "number, numbers...", "The greatest of the numbers.", |args| {
        extreme(args, |left, right| left.max(right))
    }),
    whole("min", "number, numbers...", "The least of the numbers.", |args| {
        extreme(args, |left, right| left.min(right))
    }),
    whole(
        "parseint",
        "string, base",
        "The whole number that the string is in the base, 2 to 62.",
        parse_int,
    ),
    whole("pow", "number, exponent", "The number to the power of the exponent.", pow),
    whole("signum", "number", "-1, 0 or 1: the sign of the number.", |args| {
        Ok(Value::from(match args.number(0)?.cmp(&Number::from(0)) {
            std::cmp::Ordering::Less => -1,
            std::cmp::Ordering::Equal => 0,
            std::cmp::Ordering::Greater => 1,
        }))
    }),
    whole("sum", "list", "The sum of the numbers in the list, which must not be empty.", sum),
];

fn finite(float: f64, integer: Option<i64>) -> Outcome {
    match integer {
        Some(integer) => Ok(Value::from(integer)),
        None => Ok(Value::Number(Number::try_from(float)?)),
    }
}

fn round(args: &Args<'_>, rounded: fn(f64) -> f64) -> Outcome {
    let number = args.number(0)?;
    finite(rounded(number.as_f64()), number.as_i64())
}

fn extreme(args: &Args<'_>, better: fn(Number, Number) -> Number) -> Outcome {
    let first = args.number(0)?;
    let rest = (1..args.from(0).len()).map(|at| args.number(at));
    let best =
        rest.into_iter().try_fold(first, |best, number| Ok::<_, Fault>(better(best, number?)))?;
    Ok(best.into())
}

fn pow(args: &Args<'_>) -> Outcome {
    let (base, exponent) = (args.number(0)?, args.number(1)?);
    let exact = base
        .as_i64()
        .zip(exponent.as_i64())
        .and_then(|(base, exponent)| base.checked_pow(u32::try_from(exponent).ok()?));
    finite(base.as_f64().powf(exponent.as_f64()), exact)
}

fn sum(args: &Args<'_>) -> Outcome {
    let list = args.list(0)?;
    if list.is_empty() {
        return Err(args.fault("the list is empty"));
    }
    let numbers = list.iter().map(convert::to_number);
    let numbers: Vec<Number> =
        numbers.collect::<Result<_, _>>().map_err(|fault| args.about(0, fault))?;
    let exact = numbers.iter().try_fold(0_i64, |sum, number| sum.checked_add(number.as_i64()?));
    finite(numbers.iter().map(|number| number.as_f64()).sum(), exact)
}

fn parse_int(args: &Args<'_>) -> Outcome {
    let (text, base) = (args.text(0)?, args.integer(1)?);
    if !matches!(args.value(0), Value::String(_)) {
        return Err(args.wrong(0, "a string"));
    }
    let base = i128::from(base);
    if !(2..=62).contains(&base) {
        return Err(args.fault("the base must be between 2 and 62"));
    }
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(&text)),
    };
    let magnitude = digits.chars().try_fold(0_i128, |sum, digit| {
        let value = digit_value(digit, base).filter(|value| *value < base)?;
        sum.checked_mul(base)?.checked_add(value)
    });
    match magnitude.filter(|_| !digits.is_empty()) {
        Some(magnitude) => {
            let signed = if negative { -magnitude } else { magnitude };
            finite(signed as f64, i64::try_from(signed).ok())
        }
        None => Err(args.fault(format!("`{text}` is no whole number in base {base}"))),
    }
}

/// Up to base 36 upper and lower case are the same; above, lower case comes first.
fn digit_value(digit: char, base: i128) -> Option<i128> {
    let code = i128::from(u32::from(digit));
    match digit {
        '0'..='9' => Some(code - i128::from(b'0')),
        'a'..='z' => Some(code - i128::from(b'a') + 10),
        'A'..='Z' if base <= 36 => Some(code - i128::from(b'A') + 10),
        'A'..='Z' => Some(code - i128::from(b'A') + 36),
        _ => None,
    }
}
