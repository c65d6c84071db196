//! Numbers and times in words.

use std::collections::BTreeMap;
use std::time::Duration;

use greenroom_delivery::matrix;
use serde_json::Value as Json;

/// A count with its noun: `1 mistake`, `2,000 mistakes`.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", number(count))
}

/// A number with its thousands apart.
pub(crate) fn number(count: usize) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// How long something took: `0.4s`, `12s`, `3m 20s`.
pub(crate) fn elapsed(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..10 => format!("{:.1}s", time.as_secs_f64()),
        10..60 => format!("{seconds}s"),
        60..3600 => format!("{}m {}s", seconds / 60, seconds % 60),
        _ => format!("{}h {}m", seconds / 3600, seconds % 3600 / 60),
    }
}

/// A time that was chosen, in its largest units: `30s`, `1m 30s`, `2h`. What is less than a second
/// counts only where it is all there is.
pub(crate) fn whole(time: Duration) -> String {
    let seconds = time.as_secs();
    let units = [(seconds / 3600, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")];
    let units = units.into_iter().filter(|(count, _)| *count > 0);
    let said: Vec<String> = units.map(|(count, unit)| format!("{count}{unit}")).collect();
    match said.is_empty() {
        true if time.is_zero() => "0".to_owned(),
        true => elapsed(time),
        false => said.join(" "),
    }
}

/// The first digits of a digest, by which people know it.
pub(crate) fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}

/// A stage with the values of a combination of its matrix: `performance (size=2)`.
pub(crate) fn combined(stage: &str, matrix: &BTreeMap<String, Json>) -> String {
    let values: Vec<String> =
        matrix.iter().map(|(name, value)| format!("{name}={}", matrix::text(value))).collect();
    match values.is_empty() {
        true => stage.to_owned(),
        false => format!("{stage} ({})", values.join(", ")),
    }
}

/// The first of `items`, and how many more there are: `a, b and 3 more`.
pub(crate) fn few<T: ToString>(items: impl IntoIterator<Item = T>, shown: usize) -> String {
    let items: Vec<T> = items.into_iter().collect();
    let first: Vec<String> = items.iter().take(shown).map(ToString::to_string).collect();
    match items.len().saturating_sub(shown) {
        0 => first.join(", "),
        more => format!("{} and {} more", first.join(", "), number(more)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_read_well() {
        assert_eq!(counted(1, "mistake"), "1 mistake");
        assert_eq!(counted(0, "mistake"), "0 mistakes");
        assert_eq!(number(1_234_567), "1,234,567");
        assert_eq!(number(999), "999");
    }

    #[test]
    fn times_read_well() {
        let shown = |seconds: f64| elapsed(Duration::from_secs_f64(seconds));
        assert_eq!(
            [0.04, 9.94, 12.6, 200.0, 7260.0].map(shown),
            ["0.0s", "9.9s", "12s", "3m 20s", "2h 1m"]
        );
    }

    #[test]
    fn chosen_times_have_no_more_units_than_they_need() {
        let shown = |milliseconds| whole(Duration::from_millis(milliseconds));
        assert_eq!(
            [0, 200, 8_000, 90_000, 7_200_000].map(shown),
            ["0", "0.2s", "8s", "1m 30s", "2h"]
        );
    }

    #[test]
    fn long_lists_are_cut() {
        assert_eq!(few(["a", "b", "c"], 3), "a, b, c");
        assert_eq!(few(["a", "b", "c"], 1), "a and 2 more");
    }
}
