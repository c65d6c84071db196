//! The page of a promotion as a browser's parser sees it.

mod sample;

use greenroom_model::history::Happening;

use super::promotion;
use crate::report::parsed::{Element, Page, texts};
use sample::{HOSTILE, account, hostile, quick};

#[test]
fn the_head_says_who_took_over_from_whom_and_how_it_ended() {
    let root = Page::of(&promotion(&account())).root();
    let header = &root.all("header")[0];
    assert_eq!(texts(&header.all("h1")), ["Promotion of r2"]);
    let verdict = header.with_class("verdict")[0].text();
    assert!(verdict.starts_with("Rolled back in place of r1, because of errors: "), "{verdict}");
    assert!(header.text().contains("Gone on with"), "another process went on with it");
}

#[test]
fn the_page_needs_nothing_else() {
    let page = promotion(&account());
    for element in Page::of(&page).root().within() {
        assert!(!["script", "img", "iframe", "object"].contains(&element.name()));
        assert_eq!((element.attribute("src"), element.attribute("style")), (None, None));
    }
    assert!(!page.contains("http:") && !page.contains("https:") && !page.contains("@import"));
}

#[test]
fn each_phase_is_a_band_and_the_way_back_is_told_apart() {
    let root = Page::of(&promotion(&account())).root();
    let all = ["create", "ready", "weight-10", "weight-50", "prove", "roll-back"];
    assert_eq!(titles(&root.with_class("band")), all);
    assert_eq!(titles(&root.with_class("back")), ["prove", "roll-back"]);
}

#[test]
fn phases_that_begin_in_the_same_second_stand_in_their_order() {
    let root = Page::of(&promotion(&quick())).root();
    assert_eq!(titles(&root.with_class("band")), ["create", "admit", "weight-10"]);
}

/// The first part of the title of each.
fn titles(elements: &[Element]) -> Vec<String> {
    let title = |it: &Element| it.all("title")[0].text().split(',').next().unwrap().to_owned();
    elements.iter().map(title).collect()
}

#[test]
fn each_side_has_its_requests_and_errors_and_each_verdict_its_mark() {
    let root = Page::of(&promotion(&account())).root();
    // Two sides, each in two pieces: nobody looked in between.
    assert_eq!(root.with_class("requests").len(), 4);
    assert_eq!(root.with_class("errors").len(), 4);
    let said = account().chapter.pages;
    let said = said.iter().filter(|it| matches!(it.what, Happening::Said(_))).count();
    assert_eq!(root.with_class("verdict-mark").len(), said);
    let table = &root.with_id("said").expect("a heading");
    assert_eq!(table.text(), "What was said");
}

#[test]
fn a_promotion_that_nobody_here_watched_still_shows_its_course() {
    let mut unwatched = account();
    unwatched.lines.clear();
    let root = Page::of(&promotion(&unwatched)).root();
    assert_eq!(root.with_class("requests").len(), 0);
    assert!(!root.with_class("band").is_empty());
    assert_eq!(root.with_class("weight").len(), 1);
}

#[test]
fn names_and_evidence_from_outside_stay_text() {
    let root = Page::of(&promotion(&hostile())).root();
    assert!(root.all("script").is_empty() && root.all("b").is_empty());
    assert!(root.text().contains(HOSTILE));
}

/// Writes the page of the sample to the file that `GREENROOM_PAGE` names, to be looked at:
/// `chromium --headless --screenshot=page.png --window-size=1400,2000 page.html`.
#[test]
#[ignore = "for people with a browser"]
fn the_page_can_be_looked_at() {
    let file = std::env::var_os("GREENROOM_PAGE").expect("GREENROOM_PAGE names a file");
    std::fs::write(file, promotion(&account())).unwrap();
}
