//! What all pages are made of: one file that needs no other, no network and no script.

use jiff::Timestamp;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::scale::Tick;
use super::step::between;
use crate::view::words::elapsed;

/// What a page may load: nothing, whatever a name in it tries. Its own style is part of it, and so
/// is an empty icon, without which a browser would ask for one.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

const STYLE: &str = include_str!("style.css");

/// A page.
pub(super) fn page(title: &str, head: &Markup, main: &Markup, written_by: &str) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                link rel="icon" href="data:,";
                style { (PreEscaped(STYLE)) }
            }
            body {
                (head)
                main { (main) }
                footer { "Written by " (written_by) "." }
            }
        }
    };
    page.into_string()
}

/// A text that begins as a sentence does.
pub(super) fn sentence(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
}

/// A day and the time of it.
pub(super) fn day(at: Timestamp) -> Markup {
    html! { time datetime=(at) { (at.strftime("%-d %B %Y, %H:%M:%S UTC")) } }
}

/// A moment by the time since `begin`, or on the clock if it was before.
pub(super) fn moment(at: Timestamp, begin: Timestamp) -> Markup {
    let clock = at.strftime("%H:%M:%S UTC");
    html! {
        time datetime=(at) title=(clock) {
            @if at < begin { (clock) } @else { "+" (elapsed(between(begin, at))) }
        }
    }
}

/// Something that may be wider than the page, in a box that scrolls by itself, by keys as well.
pub(super) fn wide(label: &str, content: &Markup) -> Markup {
    html! { div.wide role="region" aria-label=(label) tabindex="0" { (content) } }
}

/// The lines behind all rows, and the hatching of whatever failed.
pub(super) fn grid(ticks: &[Tick]) -> Markup {
    html! {
        svg.grid width="100%" height="100%" aria-hidden="true" {
            defs {
                pattern #hatching width="6" height="6" patternUnits="userSpaceOnUse"
                    patternTransform="rotate(45)" {
                    rect.ground width="6" height="6" {}
                    rect.stripe width="2" height="6" {}
                }
            }
            @for tick in ticks {
                @let at = percent(tick.at);
                line x1=(at) x2=(at) y1="0" y2="100%" {}
            }
        }
    }
}

/// The times below which everything lies; `label` says of what.
pub(super) fn axis(ticks: &[Tick], label: &str) -> Markup {
    html! {
        svg.axis width="100%" height="24" role="img" aria-label=(label) {
            @for tick in ticks {
                text x=(percent(tick.at)) y="16" text-anchor=(anchor(tick.at)) { (tick.label) }
            }
        }
    }
}

/// Labels at the edges stay within the picture.
pub(super) fn anchor(at: f64) -> &'static str {
    match at {
        ..1.0 => "start",
        95.0.. => "end",
        _ => "middle",
    }
}

/// A place in the width.
pub(super) fn percent(hundredths: f64) -> String {
    format!("{hundredths:.3}%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_begin_with_a_capital() {
        assert_eq!(["", "a gate", "élan", "`x`"].map(sentence), ["", "A gate", "Élan", "`x`"]);
    }
}
