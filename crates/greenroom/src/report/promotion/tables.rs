//! The same in figures, and in words.

use greenroom_delivery::promotion::account::Account;
use maud::{Markup, html};

use super::chart::sign;
use super::course::Course;
use crate::report::page::{moment, wide};
use crate::report::step::between;
use crate::view::event::result;
use crate::view::words::{counted, elapsed};

/// The phases, with when each began and how long it took.
pub(super) fn phases(course: &Course<'_>) -> Markup {
    let table = html! {
        table {
            caption { "Phases, with the time since the promotion began" }
            (columns(&["Phase"], &["Began", "Took"]))
            tbody {
                @for band in &course.phases {
                    tr {
                        th scope="row" { (band.name) }
                        td.figure { (moment(band.started, course.begin)) }
                        td.figure { (elapsed(between(band.started, band.ended))) }
                    }
                }
            }
        }
    };
    section("phases", "Phases", &table)
}

/// What gates and people said, with what they saw.
pub(super) fn said(course: &Course<'_>) -> Markup {
    let table = html! {
        table {
            caption { "What gates and people said, with what they saw" }
            (columns(&["Gate", "Said", "Evidence", "Phase"], &["When"]))
            tbody {
                @for it in &course.said {
                    @let (class, sign) = sign(it.verdict.result);
                    tr {
                        th scope="row" { code { (it.verdict.gate) } }
                        td { span.(class) { (sign) " " (result(it.verdict.result)) } }
                        td { (it.verdict.evidence) }
                        td { (it.phase) }
                        td.figure { (moment(it.at, course.begin)) }
                    }
                }
            }
        }
    };
    html! { @if !course.said.is_empty() { (section("said", "What was said", &table)) } }
}

/// What was done.
pub(super) fn operations(account: &Account, course: &Course<'_>) -> Markup {
    let table = html! {
        table {
            caption { "Operations of the promotion of " (account.chapter.candidate) ", in the order in which they began" }
            (columns(&["Operation"], &["Began", "Took"]))
            tbody {
                @for operation in &course.operations {
                    tr {
                        th scope="row" {
                            code { (operation.what) }
                            @if let Some(error) = &operation.error { div.failed { "✕ " (error) } }
                        }
                        td.figure { (moment(operation.started, course.begin)) }
                        td.figure { (elapsed(between(operation.started, operation.ended))) }
                    }
                }
            }
        }
    };
    html! {
        @if !course.operations.is_empty() {
            section aria-labelledby="operations" {
                h2 #operations { "Operations" }
                details {
                    summary { (counted(course.operations.len(), "operation")) }
                    (wide("Operations", &table))
                }
            }
        }
    }
}

fn section(id: &str, title: &str, table: &Markup) -> Markup {
    html! {
        section aria-labelledby=(id) {
            h2 id=(id) { (title) }
            (wide(title, table))
        }
    }
}

fn columns(texts: &[&str], figures: &[&str]) -> Markup {
    html! {
        thead {
            tr {
                @for title in texts { th scope="col" { (title) } }
                @for title in figures { th.figure scope="col" { (title) } }
            }
        }
    }
}
