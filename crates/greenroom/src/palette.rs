//! How text may look: colours, which only ever repeat what it says, and characters to draw with.

use std::fmt::Display;

use anstyle::{AnsiColor, Effects, Style};

/// What a piece of text is, for its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// As it is.
    Plain,
    /// Something appears, or went well.
    Good,
    /// Something changes, or deserves a look.
    Changed,
    /// Something goes away, or went wrong.
    Bad,
    /// Something is only read.
    Read,
    /// A heading.
    Strong,
    /// What may be passed over.
    Faint,
}

/// What one stream understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Palette {
    coloured: bool,
    unicode: bool,
}

impl Palette {
    /// Text without any colour, with all characters.
    pub(crate) const PLAIN: Palette = Palette { coloured: false, unicode: true };

    /// With colours or without, with all characters or with ASCII alone.
    pub(crate) fn new(coloured: bool, unicode: bool) -> Palette {
        Palette { coloured, unicode }
    }

    /// Whether lines may be drawn with more than ASCII.
    pub(crate) fn is_unicode(self) -> bool {
        self.unicode
    }

    /// Whether there is colour.
    pub(crate) fn is_coloured(self) -> bool {
        self.coloured
    }

    /// `text` in a tone.
    pub(crate) fn paint(self, tone: Tone, text: impl Display) -> String {
        let style = style(tone);
        if self.coloured && tone != Tone::Plain {
            format!("{style}{text}{style:#}")
        } else {
            text.to_string()
        }
    }
}

fn style(tone: Tone) -> Style {
    let colour = |colour: AnsiColor| colour.on_default();
    match tone {
        Tone::Plain => Style::new(),
        Tone::Good => colour(AnsiColor::Green),
        Tone::Changed => colour(AnsiColor::Yellow),
        Tone::Bad => colour(AnsiColor::Red),
        Tone::Read => colour(AnsiColor::Cyan),
        Tone::Strong => Style::new().effects(Effects::BOLD),
        Tone::Faint => Style::new().effects(Effects::DIMMED),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_colour_the_text_is_as_it_is() {
        assert_eq!(Palette::PLAIN.paint(Tone::Bad, "gone"), "gone");
    }

    #[test]
    fn colour_is_put_around_the_text_and_taken_back() {
        assert_eq!(Palette::new(true, true).paint(Tone::Bad, "gone"), "\u{1b}[31mgone\u{1b}[0m");
    }
}
