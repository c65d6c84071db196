//! Spans of time as text: decimal seconds, exact to the nanosecond, such as `1.5s`.

use std::time::Duration;

use super::text::Text;
use crate::format::error::Misfit;

pub(crate) fn write(time: Duration) -> Text<'static> {
    let (seconds, nanoseconds) = (time.as_secs(), time.subsec_nanos());
    if nanoseconds == 0 {
        return Text::of(&format_args!("{seconds}s"));
    }
    let fraction = format!("{nanoseconds:09}");
    Text::of(&format_args!("{seconds}.{}s", fraction.trim_end_matches('0')))
}

pub(crate) fn read(text: &Text<'_>) -> Result<Duration, Misfit> {
    parse(text.as_str()).ok_or_else(|| Misfit::Time(text.as_str().to_owned()))
}

fn parse(text: &str) -> Option<Duration> {
    let number = text.strip_suffix('s')?;
    let (seconds, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let fits = digits(seconds) && digits(fraction) && fraction.len() <= 9;
    if !fits {
        return None;
    }
    Some(Duration::new(seconds.parse().ok()?, format!("{fraction:0<9}").parse().ok()?))
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_reads_back_to_the_nanosecond() {
        for (time, text) in [
            (Duration::ZERO, "0s"),
            (Duration::from_secs(300), "300s"),
            (Duration::from_millis(1500), "1.5s"),
            (Duration::new(0, 1), "0.000000001s"),
            (Duration::MAX, "18446744073709551615.999999999s"),
        ] {
            assert_eq!(write(time).as_str(), text);
            assert_eq!(read(&Text::from(text)).expect(text), time);
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "s",
            "5",
            "-1s",
            "+1s",
            "1.s",
            ".5s",
            "1.0000000001s",
            "1e3s",
            "18446744073709551616s",
        ] {
            assert!(read(&Text::from(text)).is_err(), "{text}");
        }
    }
}
