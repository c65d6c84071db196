//! A promotion to test its page with: errors at half of the traffic lead back, and a second process
//! goes on where the first one was killed.

use std::collections::BTreeMap;

use greenroom_delivery::promotion::account::{Account, Line, Sample, Side};
use greenroom_delivery::record::Operation;
use greenroom_model::gate::{GateResult, Verdict};
use greenroom_model::history::{Chapter, Happening, Page};
use greenroom_model::identity::Digest;
use greenroom_model::roster::{Ending, Weight};
use jiff::Timestamp;

pub(super) const HOSTILE: &str = "<script>alert(1)</script>\"'&<b x=";

/// When it began: seconds since the epoch.
const START: i64 = 1_772_719_331;

/// The phases with the second in which each began, and the weight that it gives the candidate.
const PHASES: [(&str, i64, u8); 6] = [
    ("create", 0, 0),
    ("ready", 14, 0),
    ("weight-10", 20, 10),
    ("weight-50", 140, 50),
    ("prove", 198, 50),
    ("roll-back", 200, 0),
];
const END: i64 = 204;
/// Nobody looks from here until another process goes on.
const KILLED: i64 = 90;
const RESUMED: i64 = 118;

pub(super) fn account() -> Account {
    Account {
        project: "shop".to_owned(),
        stage: "production".to_owned(),
        written_by: "greenroom 0.1.0".to_owned(),
        chapter: Chapter {
            candidate: "r2".parse().unwrap(),
            replaces: Some("r1".parse().unwrap()),
            image_set: Some(Digest::of(b"images")),
            plan: Digest::of(b"plan"),
            by: "ann on build-7 (greenroom promote production)".into(),
            ending: Some(Ending::RolledBack),
            pages: pages(),
        },
        lines: lines(),
    }
}

/// The same with hostile text wherever text comes from outside.
pub(super) fn hostile() -> Account {
    let mut account = account();
    (account.project, account.stage) = (HOSTILE.to_owned(), HOSTILE.to_owned());
    account.chapter.by = HOSTILE.into();
    for page in &mut account.chapter.pages {
        page.phase = HOSTILE.into();
        if let Happening::Said(verdict) = &mut page.what {
            (verdict.gate, verdict.evidence) = (HOSTILE.to_owned(), HOSTILE.to_owned());
        }
    }
    for line in &mut account.lines {
        match line {
            Line::Began { by, .. } => *by = HOSTILE.to_owned(),
            Line::Phase { name, .. } => *name = HOSTILE.to_owned(),
            Line::Operation(operation) => operation.what = HOSTILE.to_owned(),
            Line::Sample(sample) => {
                let sides = std::mem::take(&mut sample.sides).into_values();
                sample.sides = sides.map(|side| (HOSTILE.to_owned(), side)).collect();
            }
            Line::Ended { .. } => {}
        }
    }
    account
}

/// A promotion whose phases all begin in the same second; the state keeps no weight of one of them.
pub(super) fn quick() -> Account {
    let page =
        |name: &str| Page { at: START, phase: name.into(), what: Happening::Meant(Weight::ZERO) };
    let phase = |(name, millisecond): (&str, i64)| Line::Phase {
        at: Timestamp::from_millisecond(START * 1000 + millisecond).unwrap(),
        name: name.to_owned(),
    };
    let mut quick = account();
    quick.chapter.pages = ["create", "weight-10"].map(page).into();
    quick.lines = [("create", 100), ("admit", 400), ("weight-10", 700)].map(phase).into();
    quick
}

fn pages() -> Vec<Page> {
    let mut pages = Vec::new();
    let mut page = |at: i64, phase: &str, what| {
        pages.push(Page { at: START + at, phase: phase.into(), what });
    };
    for (name, at, weight) in PHASES {
        let weight = Weight::new(weight).unwrap();
        page(at, name, Happening::Meant(weight));
        page(at + 1, name, Happening::Verified(weight));
    }
    let passed = "8 of 8 looks passed";
    page(19, "ready", said("sound", GateResult::Pass, passed));
    page(139, "weight-10", said("sound", GateResult::Pass, passed));
    page(139, "weight-10", said("errors", GateResult::Pass, "0.0 % of 1,204 requests failed"));
    page(198, "weight-50", said("errors", GateResult::Fail, "7.3 % of 611 requests failed"));
    page(200, "prove", said("sound", GateResult::Pass, "1 of 1 looks passed"));
    pages.sort_by_key(|it| it.at);
    pages
}

fn said(gate: &str, result: GateResult, evidence: &str) -> Happening {
    Happening::Said(Verdict { gate: gate.to_owned(), result, evidence: evidence.to_owned() })
}

fn lines() -> Vec<Line> {
    let mut lines = vec![
        Line::began(at(0), "ann on build-7 (greenroom promote production)".to_owned()),
        Line::began(at(RESUMED), "ann on build-9 (greenroom promote production)".to_owned()),
    ];
    let phases =
        PHASES.map(|(name, second, _)| Line::Phase { at: at(second), name: name.to_owned() });
    lines.extend(phases);
    let watched = (1..END).filter(|second| !(KILLED..RESUMED).contains(second));
    lines.extend(watched.map(|second| Line::Sample(sample(second))));
    let operations = [
        ("create r2/local_instance.web", 0, 12),
        ("create r2/local_target_group.web", 0, 2),
        ("update front/local_listener.http", 20, 21),
        ("update front/local_listener.http", 140, 141),
        ("update front/local_listener.http", 200, 201),
    ];
    lines.extend(operations.map(|(what, started, ended)| {
        Line::Operation(Operation {
            what: what.to_owned(),
            started: at(started),
            ended: at(ended),
            error: None,
        })
    }));
    lines.push(Line::Ended { at: at(END) });
    lines
}

fn sample(second: i64) -> Sample {
    let weight = PHASES.iter().rev().find(|(_, begun, _)| *begun <= second).map_or(0, |it| it.2);
    // Traffic that swells and ebbs.
    let all = 60 + (second % 23) * 2;
    let to = i64::from(weight) * all / 100;
    let errors = if weight == 50 { to / 12 } else { 0 };
    let sides = [
        ("r1".to_owned(), side(100 - weight, all - to, 0)),
        ("r2".to_owned(), side(weight, to, errors)),
    ];
    // The first look of a process has nothing to compare with.
    let is_first = second == 1 || second == RESUMED;
    let sides = sides.map(|(name, side)| match is_first {
        true => (name, Side { seconds: None, requests: None, errors: None, ..side }),
        false => (name, side),
    });
    Sample { at: at(second), sides: BTreeMap::from(sides) }
}

fn side(weight: u8, requests: i64, errors: i64) -> Side {
    let count = |count: i64| u64::try_from(count).ok();
    Side {
        meant: weight,
        verified: weight,
        seconds: Some(1.0),
        requests: count(requests),
        errors: count(errors),
        open: Some(2),
        healthy: Some(2),
        other: Some(0),
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(START + second).unwrap()
}
