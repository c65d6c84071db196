//! The page: one file that needs no other, no network and no script.

mod attention;
mod details;
mod overview;
mod parts;
mod scale;
#[cfg(test)]
mod tests;
mod timeline;

use greenroom_delivery::record::Pipeline;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::step::between;
use super::verdict::{Verdict, tally};
use crate::view::words::elapsed;
use parts::{badge, day};

/// What the page may load: nothing, whatever a name in it tries. Its own style is part of it, and so
/// is an empty icon, without which a browser would ask for one.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

const STYLE: &str = include_str!("html/style.css");

/// The report of `pipeline` as a page.
pub(crate) fn html(pipeline: &Pipeline) -> String {
    let verdict = Verdict::of_pipeline(pipeline);
    let title = format!("{} {}: {}", pipeline.project, pipeline.name, verdict.word());
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
                (head(pipeline, verdict))
                main {
                    (attention::attention(pipeline))
                    (timeline::timeline(pipeline))
                    (overview::overview(pipeline))
                    (details::details(pipeline))
                }
                footer { "Written by " (pipeline.written_by) "." }
            }
        }
    };
    page.into_string()
}

fn head(pipeline: &Pipeline, verdict: Verdict) -> Markup {
    html! {
        header {
            p.project { (pipeline.project) }
            h1 { "Pipeline " (pipeline.name) }
            p.verdict { (badge(verdict)) " " (tally(pipeline)) }
            dl.facts {
                @if let Some(ended) = pipeline.ended {
                    div { dt { "Took" } dd { (elapsed(between(pipeline.started, ended))) } }
                }
                div { dt { "Began" } dd { (day(pipeline.started)) } }
                div {
                    dt { "Ended" }
                    dd {
                        @match pipeline.ended {
                            Some(ended) => (day(ended)),
                            None => "not before this was written",
                        }
                    }
                }
            }
        }
    }
}
