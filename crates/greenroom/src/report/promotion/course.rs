//! The course of a promotion, put together from what the state keeps and what was seen.

use greenroom_delivery::promotion::account::{Account, Line, Sample};
use greenroom_delivery::record::Operation;
use greenroom_model::gate::{GateResult, Verdict};
use greenroom_model::history::{Happening, Page};
use jiff::Timestamp;

use crate::report::scale::Scale;

/// A promotion over time.
pub(super) struct Course<'a> {
    pub(super) begin: Timestamp,
    pub(super) end: Timestamp,
    /// The phases in order.
    pub(super) phases: Vec<Band<'a>>,
    /// What gates and people said.
    pub(super) said: Vec<Said<'a>>,
    /// The weight of the candidate: as it was meant, and as it was seen.
    pub(super) meant: Vec<(Timestamp, u8)>,
    pub(super) verified: Vec<(Timestamp, u8)>,
    pub(super) samples: Vec<&'a Sample>,
    pub(super) operations: Vec<&'a Operation>,
    processes: Vec<(Timestamp, &'a str)>,
}

/// A phase.
pub(super) struct Band<'a> {
    pub(super) name: &'a str,
    pub(super) started: Timestamp,
    pub(super) ended: Timestamp,
    /// Whether it leads back to where everything was before.
    pub(super) back: bool,
}

/// Something that was said.
pub(super) struct Said<'a> {
    pub(super) at: Timestamp,
    pub(super) phase: &'a str,
    pub(super) verdict: &'a Verdict,
}

impl<'a> Course<'a> {
    pub(super) fn of(account: &'a Account) -> Course<'a> {
        let pages = || account.chapter.pages.iter();
        let said: Vec<Said<'_>> = pages().filter_map(said).collect();
        let begins = begins(account);
        let times = || begins.iter().map(|it| it.0).chain(account.lines.iter().map(time));
        let begin = times().min().unwrap_or_default();
        let end = times().max().unwrap_or(begin);
        let no = said.iter().find(|it| it.verdict.result == GateResult::Fail).map(|it| it.at);
        let samples = account.lines.iter().filter_map(|it| match it {
            Line::Sample(sample) => Some(sample),
            _ => None,
        });
        let operations = account.lines.iter().filter_map(|it| match it {
            Line::Operation(operation) => Some(operation),
            _ => None,
        });
        let processes = account.lines.iter().filter_map(|it| match it {
            Line::Began { at, by, .. } => Some((*at, by.as_str())),
            _ => None,
        });
        let mut operations: Vec<_> = operations.collect();
        operations.sort_by_key(|it| it.started);
        Course {
            phases: bands(&begins, end, no),
            said,
            meant: pages().filter_map(|it| weight(it, true)).collect(),
            verified: pages().filter_map(|it| weight(it, false)).collect(),
            samples: samples.collect(),
            operations,
            processes: processes.collect(),
            begin,
            end,
        }
    }

    pub(super) fn scale(&self) -> Scale {
        Scale::new(self.begin, self.end)
    }

    /// What led back, if anything did.
    pub(super) fn turned_back(&self) -> Option<&'a Verdict> {
        let refused = self.said.iter().find(|it| it.verdict.result == GateResult::Fail);
        refused.map(|it| it.verdict)
    }

    /// The processes that went on with what another one began.
    pub(super) fn others(&self, first: &str) -> impl Iterator<Item = (Timestamp, &'a str)> {
        let others = self.processes.iter().filter(move |(_, by)| *by != first).copied();
        others.collect::<Vec<_>>().into_iter()
    }
}

/// What is told of phases, in order, and when. The state keeps whole seconds: what the account says
/// of the same second is more exact.
fn begins(account: &Account) -> Vec<(Timestamp, &str)> {
    let seen: Vec<(Timestamp, &str)> = account.lines.iter().filter_map(phase).collect();
    let is_seen = |(kept, name): &(Timestamp, &str)| {
        seen.iter().any(|(at, it)| it == name && at.as_second() == kept.as_second())
    };
    let kept = account.chapter.pages.iter().map(|it| (second(it.at), &*it.phase));
    let mut begins: Vec<_> = kept.filter(|it| !is_seen(it)).collect();
    begins.extend(&seen);
    begins.sort_by_key(|(at, _)| *at);
    begins
}

/// The phases, from when each began until the next one did.
fn bands<'a>(
    begins: &[(Timestamp, &'a str)],
    end: Timestamp,
    no: Option<Timestamp>,
) -> Vec<Band<'a>> {
    let mut bands: Vec<Band<'_>> = Vec::new();
    for (at, name) in begins {
        // What is told of a phase may be a second older, or newer, than its beginning.
        if bands.iter().any(|it| it.name == *name) {
            continue;
        }
        if let Some(last) = bands.last_mut() {
            last.ended = *at;
        }
        // What was said belongs to the phase that it was said in.
        let back = no.is_some_and(|no| no <= *at) && !bands.is_empty();
        bands.push(Band { name, started: *at, ended: end, back });
    }
    bands
}

fn said(page: &Page) -> Option<Said<'_>> {
    match &page.what {
        Happening::Said(verdict) => Some(Said { at: second(page.at), phase: &page.phase, verdict }),
        _ => None,
    }
}

fn weight(page: &Page, meant: bool) -> Option<(Timestamp, u8)> {
    match &page.what {
        Happening::Meant(weight) if meant => Some((second(page.at), weight.percent())),
        Happening::Verified(weight) if !meant => Some((second(page.at), weight.percent())),
        _ => None,
    }
}

fn phase(line: &Line) -> Option<(Timestamp, &str)> {
    match line {
        Line::Phase { at, name } => Some((*at, name)),
        _ => None,
    }
}

fn time(line: &Line) -> Timestamp {
    match line {
        Line::Began { at, .. } | Line::Phase { at, .. } | Line::Ended { at } => *at,
        Line::Sample(sample) => sample.at,
        Line::Operation(operation) => operation.ended,
    }
}

fn second(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or_default()
}
