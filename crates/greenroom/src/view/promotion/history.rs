//! What became of each promotion of a stage.

use greenroom_model::gate::Verdict;
use greenroom_model::history::{Chapter, Happening, Page};
use greenroom_model::roster::Ending;
use serde_json::{Value as Json, json};

use super::{time, verdict};
use crate::palette::{Palette, Tone};
use crate::view::event::result;
use crate::view::words::short;
use crate::view::{Fields, Kind, Message, fields};

/// What became of each promotion of a stage.
pub(crate) struct HistoryView {
    pub(crate) stage: String,
    pub(crate) chapters: Vec<Chapter>,
}

impl Message for HistoryView {
    fn kind(&self) -> Kind {
        Kind::History
    }

    fn fields(&self) -> Fields {
        let chapters = self.chapters.iter().map(|it| {
            json!({
                "candidate": it.candidate.to_string(),
                "replaces": it.replaces.as_ref().map(ToString::to_string),
                "image_set": it.image_set.as_ref().map(ToString::to_string),
                "plan": it.plan.to_string(),
                "by": it.by,
                "ending": it.ending.map(ending),
                "pages": it.pages.iter().map(page).collect::<Vec<_>>(),
            })
        });
        fields(json!({ "stage": self.stage, "promotions": chapters.collect::<Vec<_>>() }))
    }

    fn text(&self, palette: Palette) -> String {
        if self.chapters.is_empty() {
            return format!("Nothing was promoted in {} yet.\n", self.stage);
        }
        let chapters = self.chapters.iter().rev().map(|it| chapter(it, palette));
        chapters.collect::<Vec<_>>().join("\n")
    }
}

fn chapter(chapter: &Chapter, palette: Palette) -> String {
    let Chapter { candidate, replaces, image_set, by, ending: ended, pages, .. } = chapter;
    let replaces = replaces.as_ref().map(|it| format!(", in place of {it}")).unwrap_or_default();
    let set = image_set.as_ref().map(|it| format!(", image set {}", short(&it.0)));
    let (tone, ended) = match ended {
        Some(Ending::Promoted) => (Tone::Good, "promoted"),
        Some(Ending::RolledBack) => (Tone::Bad, "rolled back"),
        None => (Tone::Changed, "open"),
    };
    let mut text = format!(
        "{} {}{replaces}{}\n  by {by}\n",
        palette.paint(Tone::Strong, candidate.as_str()),
        palette.paint(tone, ended),
        set.unwrap_or_default()
    );
    for Page { at, phase, what } in pages {
        let what = match what {
            Happening::Meant(weight) => format!("to have {} %", weight.percent()),
            Happening::Verified(weight) => format!("has {} %", weight.percent()),
            Happening::Said(Verdict { gate, result: verdict, evidence }) => {
                format!("{gate}: {}, {evidence}", result(*verdict))
            }
        };
        text += &format!("  {}  {phase}: {what}\n", time(*at));
    }
    text
}

fn page(page: &Page) -> Json {
    let what = match &page.what {
        Happening::Meant(weight) => json!({ "meant": weight.percent() }),
        Happening::Verified(weight) => json!({ "verified": weight.percent() }),
        Happening::Said(said) => json!({ "said": verdict(said) }),
    };
    json!({ "at": time(page.at), "phase": page.phase, "what": what })
}

fn ending(ending: Ending) -> &'static str {
    match ending {
        Ending::Promoted => "promoted",
        Ending::RolledBack => "rolled_back",
    }
}
