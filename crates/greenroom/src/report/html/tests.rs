//! The page as a browser's parser sees it.

use greenroom_delivery::record::{Pipeline, Standing};

use super::html;
use crate::report::parsed::{Element, Page, texts};
use crate::report::sample;

const HOSTILE: &str = "<script>alert(1)</script>\"'&<b x=";

/// The page of `pipeline`, parsed.
fn page(pipeline: &Pipeline) -> Page {
    Page::of(&html(pipeline))
}

#[test]
fn the_head_says_what_came_of_it_and_when() {
    let root = page(&sample::pipeline()).root();
    assert_eq!(root.all("title")[0].text(), "shop b4127: failed");
    assert_eq!(texts(&root.all("h1")), ["Pipeline b4127"]);
    let header = root.all("header").remove(0);
    let verdict = &header.with_class("verdict")[0];
    assert_eq!(verdict.text(), "✕ Failed 4 of 6 jobs passed, 1 failed, 1 skipped");
    let times: Vec<_> = header.all("time").iter().map(|it| it.attribute("datetime")).collect();
    assert_eq!(times[0].as_deref(), Some("2026-03-05T14:02:11Z"));
    assert_eq!(times.len(), 2);
}

#[test]
fn the_page_needs_nothing_else() {
    let root = page(&sample::pipeline()).root();
    for element in root.within() {
        assert!(!["script", "img", "iframe", "object"].contains(&element.name()));
        assert_eq!(element.attribute("src"), None);
        // A policy that forbids styles at elements, as servers of artifacts like to, changes nothing.
        assert_eq!(element.attribute("style"), None);
        if let Some(link) = element.attribute("href") {
            assert!(["#", "./", "data:,"].iter().any(|it| link.starts_with(it)), "{link}");
        }
    }
    let page = html(&sample::pipeline());
    assert!(!page.contains("http:") && !page.contains("https:") && !page.contains("@import"));
}

#[test]
fn every_link_within_the_page_leads_somewhere_and_no_name_is_used_twice() {
    let root = page(&sample::pipeline()).root();
    let mut ids: Vec<_> = root.within().iter().filter_map(|it| it.attribute("id")).collect();
    let links = root.within().into_iter().flat_map(|it| {
        let named = it.attribute("aria-labelledby");
        let linked = it.attribute("href");
        linked.and_then(|it| it.strip_prefix('#').map(str::to_owned)).into_iter().chain(named)
    });
    let links: Vec<_> = links.collect();
    assert!(links.len() > 12);
    assert!(links.iter().all(|link| ids.contains(link)), "{links:?} among {ids:?}");
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), count);
}

#[test]
fn each_table_has_a_caption_and_each_section_a_heading() {
    let root = page(&sample::pipeline()).root();
    let tables = root.all("table");
    assert!(tables.len() > 6);
    assert!(tables.iter().all(|table| table.all("caption").len() == 1));
    let sections = root.all("section");
    assert_eq!(sections.len(), 5);
    assert!(sections.iter().all(|section| section.all("h2").len() == 1));
}

#[test]
fn the_timeline_has_a_row_for_each_job_and_a_bar_for_each_step_and_operation() {
    let pipeline = sample::pipeline();
    let root = page(&pipeline).root();
    let rows = root.with_class("chart")[0].all("li");
    assert_eq!(rows.len(), pipeline.jobs.len());
    let drawn: Vec<_> = rows
        .iter()
        .map(|row| (row.all("svg").len().saturating_sub(1), row.all("g").len()))
        .collect();
    // Reused, build, integration, two of performance, skipped.
    assert_eq!(drawn, [(0, 0), (2, 0), (3, 40), (3, 40), (4, 40), (0, 0)]);
    assert_eq!(texts(&rows[4].with_class("mark")), ["✕", "✕"]);
}

#[test]
fn jobs_that_ran_at_the_same_time_overlap_in_the_timeline() {
    let root = page(&sample::pipeline()).root();
    let rows = root.with_class("chart")[0].all("li");
    let extent = |row: &Element| {
        let edges = |name| {
            let lines = row.with_class("between");
            let edge: Option<String> = lines[0].attribute(name);
            edge.unwrap().trim_end_matches('%').parse::<f64>().unwrap()
        };
        (edges("x1"), edges("x2"))
    };
    let (build, integration, performance) = (extent(&rows[1]), extent(&rows[2]), extent(&rows[3]));
    assert!(build.1 <= integration.0, "{build:?} is needed by {integration:?}");
    assert!(integration.0 < performance.1 && performance.0 < integration.1);
}

#[test]
fn a_job_tells_its_values_its_errors_its_log_and_how_to_remove_what_it_left() {
    let root = page(&sample::pipeline()).root();
    let job = root.with_id("job-5").unwrap();
    let text = job.text();
    for part in ["A command failed.", "size = large", "b4127-performance-large", "sha256:7d2f"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let links: Vec<_> = job.all("a").iter().filter_map(|it| it.attribute("href")).collect();
    assert_eq!(links, ["./logs/b4127-performance-large.log"]);
    let quoted = texts(&job.all("pre"));
    assert_eq!(quoted[0], "greenroom down performance --env b4127-performance-large --yes");
    assert_eq!(quoted[1], "it ended with exit status 99");
    assert!(quoted[2].contains("DependencyViolation"));
}

#[test]
fn a_skipped_job_says_why() {
    let root = page(&sample::pipeline()).root();
    let text = root.with_id("job-6").unwrap().text();
    assert!(text.contains("Performance failed, which it needs."), "{text}");
}

#[test]
fn nothing_asks_for_attention_when_all_passed() {
    let mut pipeline = sample::pipeline();
    pipeline.jobs.retain(|job| job.standing == Standing::Passed);
    let root = page(&pipeline).root();
    assert!(root.with_class("attention").is_empty());
    assert!(root.with_class("mark").is_empty());
}

#[test]
fn a_pipeline_that_has_just_begun_is_shown() {
    let mut pipeline = sample::pipeline();
    pipeline.ended = None;
    for job in &mut pipeline.jobs {
        (job.standing, job.run) = (Standing::Waiting, None);
    }
    let root = page(&pipeline).root();
    assert_eq!(root.all("title")[0].text(), "shop b4127: unfinished");
    assert_eq!(root.with_class("chart")[0].all("li").len(), pipeline.jobs.len());
}

#[test]
fn names_and_errors_from_outside_stay_text() {
    let usual = page(&sample::pipeline()).root();
    let root = page(&hostile()).root();
    let shape = |root: &Element| -> Vec<(String, Vec<String>)> {
        root.within().iter().map(|it| (it.name().to_owned(), it.attributes())).collect()
    };
    let elements = |root: &Element| -> Vec<(String, Vec<String>)> {
        shape(root).into_iter().filter(|(name, _)| !name.is_empty()).collect()
    };
    assert_eq!(elements(&root), elements(&usual));
    assert!(texts(&root.all("h3"))[4].starts_with(HOSTILE));
}

/// The sample with hostile text wherever text comes from outside.
fn hostile() -> Pipeline {
    let mut pipeline = sample::pipeline();
    let hostile = || HOSTILE.to_owned();
    (pipeline.project, pipeline.name, pipeline.written_by) = (hostile(), hostile(), hostile());
    for job in &mut pipeline.jobs {
        (job.name, job.stage) = (hostile(), hostile());
        job.needs.iter_mut().for_each(|it| *it = hostile());
        job.reason = job.reason.as_ref().map(|_| hostile());
        job.log = job.log.as_ref().map(|_| HOSTILE.into());
        job.matrix = job.matrix.keys().map(|_| (hostile(), HOSTILE.into())).collect();
        let Some(run) = &mut job.run else { continue };
        run.environment = run.environment.as_ref().map(|_| hostile());
        run.image_set = run.image_set.as_ref().map(|_| hostile());
        run.remains = run.remains.as_ref().map(|_| hostile());
        for part in run.up.iter_mut().chain(&mut run.down) {
            part.error = part.error.as_ref().map(|_| hostile());
        }
        run.commands.iter_mut().for_each(|it| it.text = hostile());
        for operation in &mut run.operations {
            operation.what = hostile();
            operation.error = operation.error.as_ref().map(|_| hostile());
        }
    }
    pipeline
}

/// Writes the page of the sample to the file that `GREENROOM_PAGE` names, to be looked at:
/// `chromium --headless --screenshot=page.png --window-size=1400,3000 page.html`.
#[test]
#[ignore = "for people with a browser"]
fn the_page_can_be_looked_at() {
    let file = std::env::var_os("GREENROOM_PAGE").expect("GREENROOM_PAGE names a file");
    std::fs::write(file, html(&sample::pipeline())).unwrap();
}
