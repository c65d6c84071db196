//! Numbers in evidence.

/// A count, its digits in groups of three: `4,210`.
pub(super) fn count(number: u64) -> String {
    grouped(&number.to_string())
}

/// A number with at most four digits that matter: `0.021`, `2.1`, `4,210`.
pub(super) fn figure(number: f64) -> String {
    if !number.is_finite() || number == 0.0 || number.abs() < 1e-9 {
        return number.to_string();
    }
    // Between -9 and 308: it is finite, and not that small.
    #[allow(clippy::cast_possible_truncation)]
    let magnitude = number.abs().log10().floor() as i32;
    let decimals = usize::try_from(3 - magnitude).unwrap_or(0);
    let text = format!("{number:.decimals$}");
    match text.split_once('.') {
        None => grouped(&text),
        Some((whole, fraction)) => match fraction.trim_end_matches('0') {
            "" => grouped(whole),
            fraction => format!("{}.{fraction}", grouped(whole)),
        },
    }
}

fn grouped(digits: &str) -> String {
    let (sign, digits) = digits.split_at(usize::from(digits.starts_with('-')));
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|group| std::str::from_utf8(group).expect("digits are ASCII"))
        .collect();
    format!("{sign}{}", groups.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_grouped() {
        let shown = [0.0, 1.0, 0.021_234_9, 2.1, 4210.0, -1_234_567.8, 99.999_9, f64::INFINITY];
        let shown = shown.map(figure).join(" ");
        assert_eq!(shown, "0 1 0.02123 2.1 4,210 -1,234,568 100 inf");
        assert_eq!(count(1_000_000), "1,000,000");
    }
}
