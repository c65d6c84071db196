//! The page of a pipeline.

mod attention;
mod details;
mod overview;
mod parts;
#[cfg(test)]
mod tests;
mod timeline;

use greenroom_delivery::record::Pipeline;
use maud::{Markup, html};

use super::page::{day, page};
use super::step::between;
use super::verdict::{Verdict, tally};
use crate::view::words::elapsed;
use parts::badge;

/// The report of `pipeline` as a page.
pub(crate) fn html(pipeline: &Pipeline) -> String {
    let verdict = Verdict::of_pipeline(pipeline);
    let title = format!("{} {}: {}", pipeline.project, pipeline.name, verdict.word());
    let main = html! {
        (attention::attention(pipeline))
        (timeline::timeline(pipeline))
        (overview::overview(pipeline))
        (details::details(pipeline))
    };
    page(&title, &head(pipeline, verdict), &main, &pipeline.written_by)
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
