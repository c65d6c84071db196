//! The history of a promoted stage.

use greenroom_model::history::{Chapter, Happening, Page};
use greenroom_model::identity::Digest;
use greenroom_model::roster::{Ending, Weight};
use serde::{Deserialize, Serialize};

use super::roster::VerdictForm;
use super::{Reader, Text};
use crate::format::error::Misfit;

/// The form of [`Chapter`].
#[derive(Serialize, Deserialize)]
pub(crate) struct ChapterForm<'a> {
    #[serde(borrow)]
    candidate: Text<'a>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    replaces: Option<Text<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    image_set: Option<Text<'a>>,
    #[serde(borrow)]
    plan: Text<'a>,
    #[serde(borrow)]
    by: Text<'a>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ending: Option<Ending>,
    #[serde(borrow)]
    pages: Vec<PageForm<'a>>,
}

/// The form of [`Page`].
#[derive(Serialize, Deserialize)]
struct PageForm<'a> {
    at: i64,
    #[serde(borrow)]
    phase: Text<'a>,
    #[serde(borrow)]
    what: HappeningForm<'a>,
}

/// The form of [`Happening`].
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum HappeningForm<'a> {
    Meant(u8),
    Verified(u8),
    #[serde(borrow)]
    Said(VerdictForm<'a>),
}

impl<'a> ChapterForm<'a> {
    pub(crate) fn of(chapter: &'a Chapter) -> ChapterForm<'a> {
        let Chapter { candidate, replaces, image_set, plan, by, ending, pages } = chapter;
        ChapterForm {
            candidate: candidate.as_str().into(),
            replaces: replaces.as_ref().map(|it| it.as_str().into()),
            image_set: image_set.as_ref().map(|it| Text::from(&it.0)),
            plan: Text::from(&plan.0),
            by: by.into(),
            ending: *ending,
            pages: pages.iter().map(PageForm::of).collect(),
        }
    }

    pub(crate) fn read(self, reader: &mut Reader) -> Result<Chapter, Misfit> {
        Ok(Chapter {
            candidate: reader.scope(self.candidate.as_str())?,
            replaces: self.replaces.map(|it| reader.scope(it.as_str())).transpose()?,
            image_set: self.image_set.map(|it| Digest(it.keep())),
            plan: Digest(self.plan.keep()),
            by: self.by.keep(),
            ending: self.ending,
            pages: self.pages.into_iter().map(|it| it.read(reader)).collect::<Result<_, _>>()?,
        })
    }
}

impl<'a> PageForm<'a> {
    fn of(page: &'a Page) -> PageForm<'a> {
        let Page { at, phase, what } = page;
        PageForm {
            at: *at,
            phase: phase.into(),
            what: match what {
                Happening::Meant(weight) => HappeningForm::Meant(weight.percent()),
                Happening::Verified(weight) => HappeningForm::Verified(weight.percent()),
                Happening::Said(verdict) => HappeningForm::Said(VerdictForm::of(verdict)),
            },
        }
    }

    fn read(self, reader: &mut Reader) -> Result<Page, Misfit> {
        let weight = |percent| Weight::new(percent).ok_or(Misfit::Weight(percent));
        Ok(Page {
            at: self.at,
            phase: reader.share(self.phase.as_str()),
            what: match self.what {
                HappeningForm::Meant(percent) => Happening::Meant(weight(percent)?),
                HappeningForm::Verified(percent) => Happening::Verified(weight(percent)?),
                HappeningForm::Said(verdict) => Happening::Said(verdict.read()),
            },
        })
    }
}
