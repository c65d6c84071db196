//! Dates and times. There is no clock: every time comes in as an argument.

use greenroom_model::value::Value;
use jiff::fmt::strtime;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp, Zoned};

use super::{Args, Function, whole};
use crate::expr::convert::Fault;

pub(super) static TABLE: &[Function] = &[
    whole(
        "formatdate",
        "format, timestamp",
        "The time in a format such as `YYYY-MM-DD hh:mm:ss`.",
        |args| {
            let time = time(args, 1)?;
            let formatted =
                format_date(&args.text(0)?, &time).map_err(|message| args.fault(message))?;
            Ok(formatted.into())
        },
    ),
    whole(
        "timeadd",
        "timestamp, duration",
        "The time plus a duration such as `1h30m` or `-10m`.",
        |args| {
            let time = time(args, 0)?;
            let duration = parse_duration(&args.text(1)?);
            let duration = duration
                .ok_or_else(|| args.about(1, Fault::new("a duration such as `1h30m` is needed")))?;
            let sum =
                time.checked_add(duration).map_err(|_| args.fault("the result is out of range"))?;
            Ok(rfc3339(&sum).into())
        },
    ),
    whole(
        "timecmp",
        "timestamp, other",
        "-1, 0 or 1: whether the time is before, at or after the other.",
        |args| {
            let order = time(args, 0)?.timestamp().cmp(&time(args, 1)?.timestamp());
            Ok(Value::from(order as i32))
        },
    ),
];

/// The time at `at`, in the offset that it is written with.
fn time(args: &Args<'_>, at: usize) -> Result<Zoned, Fault> {
    let text = args.text(at)?;
    let read = || {
        let timestamp: Timestamp = text.parse().ok()?;
        // The `T` and a `Z` or offset behind it are required.
        let clock = text.split_once('T')?.1;
        let offset = match clock.find(['Z', '+', '-'])? {
            sign if clock[sign..] == *"Z" => Offset::UTC,
            sign => parse_offset(&clock[sign..])?,
        };
        Some(timestamp.to_zoned(TimeZone::fixed(offset)))
    };
    read().ok_or_else(|| {
        args.about(at, Fault::new(format!("`{text}` is no time such as `2026-01-31T12:00:00Z`")))
    })
}

/// `+02:00`
fn parse_offset(text: &str) -> Option<Offset> {
    let (hours, minutes) = text.get(1..)?.split_once(':')?;
    let seconds = hours.parse::<i32>().ok()? * 3600 + minutes.parse::<i32>().ok()? * 60;
    Offset::from_seconds(if text.starts_with('-') { -seconds } else { seconds }).ok()
}

fn rfc3339(time: &Zoned) -> String {
    let date = time.strftime("%Y-%m-%dT%H:%M:%S");
    match time.offset() {
        Offset::UTC => format!("{date}Z"),
        _ => format!("{date}{}", time.strftime("%:z")),
    }
}

/// Go's durations: decimal numbers with units, with a sign before them all.
fn parse_duration(text: &str) -> Option<SignedDuration> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(SignedDuration::ZERO);
    }
    let mut total = SignedDuration::ZERO;
    while !rest.is_empty() || total.is_zero() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(end);
        let unit_end = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_end);
        let nanoseconds = number.parse::<f64>().ok()? * unit_nanoseconds(unit)?;
        total = total.checked_add(SignedDuration::try_from_secs_f64(nanoseconds / 1e9).ok()?)?;
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
    Some(if negative { -total } else { total })
}

fn unit_nanoseconds(unit: &str) -> Option<f64> {
    Some(match unit {
        "ns" => 1.0,
        "us" | "µs" | "μs" => 1e3,
        "ms" => 1e6,
        "s" => 1e9,
        "m" => 60e9,
        "h" => 3600e9,
        _ => return None,
    })
}

fn format_date(format: &str, time: &Zoned) -> Result<String, String> {
    let mut text = String::new();
    let mut rest = format;
    while let Some(first) = rest.chars().next() {
        if let Some(quoted) = rest.strip_prefix('\'') {
            rest = unquote(quoted, &mut text)?;
            continue;
        }
        let length = rest.find(|c| c != first).unwrap_or(rest.len());
        let (token, after) = rest.split_at(length);
        if first.is_ascii_alphabetic() {
            text.push_str(&field(token, time)?);
        } else {
            text.push_str(token);
        }
        rest = after;
    }
    Ok(text)
}

/// Appends text up to the closing quote; two quotes are one. Returns the rest.
fn unquote<'a>(mut quoted: &'a str, text: &mut String) -> Result<&'a str, String> {
    loop {
        let end = quoted.find('\'').ok_or("a quote is not closed")?;
        text.push_str(&quoted[..end]);
        match quoted[end + 1..].strip_prefix('\'') {
            Some(after) => {
                text.push('\'');
                quoted = after;
            }
            None => return Ok(&quoted[end + 1..]),
        }
    }
}

fn field(token: &str, time: &Zoned) -> Result<String, String> {
    let format = match token {
        "YYYY" => "%Y",
        "YY" => "%y",
        "MMMM" => "%B",
        "MMM" => "%b",
        "MM" => "%m",
        "M" => "%-m",
        "DD" => "%d",
        "D" => "%-d",
        "EEEE" => "%A",
        "EEE" => "%a",
        "hh" => "%H",
        "h" => "%-H",
        "HH" => "%I",
        "H" => "%-I",
        "AA" => "%p",
        "aa" => "%P",
        "mm" => "%M",
        "m" => "%-M",
        "ss" => "%S",
        "s" => "%-S",
        "ZZZZZ" => "%:z",
        "ZZZZ" => "%z",
        "ZZZ" if time.offset() == Offset::UTC => return Ok("UTC".to_owned()),
        "ZZZ" => "%z",
        "Z" if time.offset() == Offset::UTC => return Ok("Z".to_owned()),
        "Z" => "%:z",
        other => return Err(format!("`{other}` is no part of a date format")),
    };
    strtime::format(format, time).map_err(|error| error.to_string())
}
