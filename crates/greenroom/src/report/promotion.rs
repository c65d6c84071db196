//! The page of a promotion: who got how much of the traffic when, what came of it, and what was
//! said.

mod chart;
mod course;
mod drawing;
mod series;
mod tables;
#[cfg(test)]
mod tests;

use greenroom_delivery::promotion::account::Account;
use greenroom_model::roster::Ending;
use maud::{Markup, html};

use super::page::{day, page};
use super::step::between;
use crate::view::words::{elapsed, short};
use course::Course;

/// The report of a promotion as a page.
pub(crate) fn promotion(account: &Account) -> String {
    let course = Course::of(account);
    let candidate = &account.chapter.candidate;
    let title = format!("{} {}: {candidate} {}", account.project, account.stage, ended(account).1);
    let main = html! {
        (chart::chart(account, &course))
        (tables::phases(&course))
        (tables::said(&course))
        (tables::operations(account, &course))
    };
    page(&title, &head(account, &course), &main, &account.written_by)
}

/// The class and the word for how it ended.
fn ended(account: &Account) -> (&'static str, &'static str) {
    match account.chapter.ending {
        Some(Ending::Promoted) => ("passed", "promoted"),
        Some(Ending::RolledBack) => ("failed", "rolled back"),
        None => ("unfinished", "open"),
    }
}

fn head(account: &Account, course: &Course<'_>) -> Markup {
    let chapter = &account.chapter;
    let (class, word) = ended(account);
    html! {
        header {
            p.project { (account.project) " " (account.stage) }
            h1 { "Promotion of " (chapter.candidate) }
            p.verdict {
                span.badge.(class) { (crate::report::page::sentence(word)) } " "
                @match &chapter.replaces {
                    Some(replaces) => { "in place of " (replaces) },
                    None => "with nothing before it",
                }
                @if let Some(verdict) = course.turned_back() {
                    ", because of " code { (verdict.gate) } ": " (verdict.evidence)
                }
            }
            dl.facts {
                div { dt { "Began" } dd { (day(course.begin)) } }
                div { dt { "Took" } dd { (elapsed(between(course.begin, course.end))) } }
                @if let Some(set) = &chapter.image_set {
                    div { dt { "Image set" } dd { code title=(set) { (short(&set.0)) } } }
                }
                div { dt { "Begun by" } dd { (chapter.by) } }
                @for (at, by) in course.others(&chapter.by) {
                    div { dt { "Gone on with" } dd { (by) ", " (day(at)) } }
                }
            }
        }
    }
}
