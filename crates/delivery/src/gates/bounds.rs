//! Numbers against their bounds.

use greenroom_model::gate::Bounds;

use super::Look;
use super::figures::figure;

/// What `values`, of which there is at least one, say about the bounds. `what` names them.
pub(super) fn judge(what: &str, values: &[f64], bounds: Bounds) -> Look {
    let evidence = format!("{what} {}{}", seen(values), wanted(bounds, ""));
    if values.iter().any(|it| breaks(*it, bounds)) {
        Look::fail(evidence)
    } else if values.iter().any(|it| it.is_nan()) {
        Look::inconclusive(evidence)
    } else {
        Look::pass(evidence)
    }
}

/// Whether a number is out of bounds; one that is none is not.
pub(super) fn breaks(value: f64, Bounds { max, min }: Bounds) -> bool {
    max.is_some_and(|max| value > max.as_f64()) || min.is_some_and(|min| value < min.as_f64())
}

/// What is asked for, as it follows on what was seen: `, at most 1 %`.
pub(super) fn wanted(Bounds { max, min }: Bounds, unit: &str) -> String {
    let bound = |word: &str, it: greenroom_model::value::Number| {
        format!(", {word} {}{unit}", figure(it.as_f64()))
    };
    let least = min.map(|min| bound("at least", min)).unwrap_or_default();
    least + &max.map(|max| bound("at most", max)).unwrap_or_default()
}

fn seen(values: &[f64]) -> String {
    match values {
        [one] => format!("is {}", figure(*one)),
        several => {
            let least = several.iter().copied().fold(f64::NAN, f64::min);
            let greatest = several.iter().copied().fold(f64::NAN, f64::max);
            let nan = if several.iter().any(|it| it.is_nan()) { " and NaN" } else { "" };
            let (least, greatest) = (figure(least), figure(greatest));
            format!("has {} samples from {least} to {greatest}{nan}", several.len())
        }
    }
}
