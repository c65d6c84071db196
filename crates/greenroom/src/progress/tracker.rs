//! What goes on, and what is worth a line: a state machine over events and time.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use greenroom_apply::{About, Asking, Event};
use greenroom_model::gate::GateResult;
use greenroom_model::plan::{OperationId, OperationKind, Wait};
use greenroom_provider::WorldEffect;

use super::line::{Group, Line, LineKind, line, remark, trouble, verbs};
use crate::view::event::{Heartbeat, result};
use crate::view::words::{counted, elapsed, few, number};

/// A group of more operations than this is told by its counts.
const CROWD: usize = 50;
/// How many failures, and how many skipped operations, have lines of their own.
const MOST_FAILURES: usize = 20;
const MOST_SKIPPED: usize = 10;
/// How long nothing may be said while something goes on.
const SILENCE: Duration = Duration::from_millis(1900);
/// How often a crowd's counts are told.
const CROWD_PACE: Duration = Duration::from_secs(1);
/// How many running operations a heartbeat names.
const NAMED: usize = 4;

/// What goes on.
#[derive(Debug, Default)]
pub(super) struct Tracker {
    activity: Option<(String, Duration)>,
    totals: BTreeMap<Group, usize>,
    tallies: BTreeMap<Group, Tally>,
    running: BTreeMap<OperationId, Running>,
    operations: usize,
    done: usize,
    failures: usize,
    /// The reasons of failures that were told, with the first operation that had each.
    told: HashMap<(String, WorldEffect), String>,
    skipped: usize,
    /// When something was last said, and when the counts of crowds were.
    spoken: Duration,
    counted: Duration,
}

#[derive(Debug, Default)]
struct Tally {
    done: usize,
    failed: usize,
    /// Whether something happened since it was last told.
    fresh: bool,
}

#[derive(Debug)]
struct Running {
    text: String,
    group: Group,
    since: Duration,
}

impl Tracker {
    /// Says what the command is busy with, from `now` on.
    pub(super) fn busy(&mut self, with: String, now: Duration) {
        self.activity = Some((with, now));
        self.spoken = now;
    }

    /// Says how many operations of which group will come.
    pub(super) fn expect(&mut self, totals: BTreeMap<Group, usize>) {
        self.totals = totals;
    }

    /// What the command is busy with, and for how long.
    pub(super) fn activity(&self, now: Duration) -> Option<(String, Duration)> {
        let (what, since) = self.activity.as_ref()?;
        Some((what.clone(), now.saturating_sub(*since)))
    }

    /// The operations under way, the longest first.
    pub(super) fn running(&self, now: Duration) -> Vec<(String, Duration)> {
        let mut running: Vec<&Running> = self.running.values().collect();
        running.sort_by(|a, b| (a.since, &a.text).cmp(&(b.since, &b.text)));
        running.iter().map(|it| (it.text.clone(), now.saturating_sub(it.since))).collect()
    }

    /// How many operations are over.
    pub(super) fn done(&self) -> usize {
        self.done
    }

    /// How many operations there are.
    pub(super) fn operations(&self) -> usize {
        self.operations
    }

    /// Takes an event, and says what is worth a line now.
    pub(super) fn observe(&mut self, event: &Event, now: Duration) -> Vec<Line> {
        let lines = self.lines(event, now);
        if !lines.is_empty() {
            self.spoken = now;
        }
        lines
    }

    fn lines(&mut self, event: &Event, now: Duration) -> Vec<Line> {
        match event {
            Event::LeaseAwaited { holder } => remark(match holder {
                Some(holder) => format!(
                    "waiting for the lease that {holder} has not given back; if that process has \
                     ended, `greenroom state unlock` frees it at once"
                ),
                None => "waiting for the lease".to_owned(),
            }),
            Event::RescueTaken { outcomes, path } => remark(format!(
                "{} of an interrupted run, kept in {}: in the state now",
                counted(*outcomes, "outcome"),
                path.display()
            )),
            Event::Rescued { outcomes, kept } => remark(match kept {
                Ok(path) => format!(
                    "{} that the state's store did not take: kept in {}, the next command on this \
                     machine takes it in",
                    counted(*outcomes, "outcome"),
                    path.display()
                ),
                Err(reason) => format!(
                    "{} that the state's store did not take: not kept either ({reason}), the next \
                     command looks what became of it",
                    counted(*outcomes, "outcome")
                ),
            }),
            Event::Settling { intents } => remark(format!(
                "{} of an interrupted run are open; looking what became of them",
                counted(*intents, "effect")
            )),
            Event::Settled { address, found } => remark(format!("  {address}: {found}")),
            Event::Awaited { address, longest } => {
                remark(format!("  waiting up to {} for {address} to turn up", elapsed(*longest)))
            }
            Event::Refreshing { objects } => {
                self.busy(format!("reading {}", counted(*objects, "object")), now);
                Vec::new()
            }
            Event::Refreshed { .. } => {
                self.busy("planning".to_owned(), now);
                Vec::new()
            }
            Event::RunStarted { operations } => {
                (self.operations, self.activity) = (*operations, None);
                Vec::new()
            }
            Event::PhaseStarted { phase, operations, ahead } => {
                self.operations = self.done + ahead;
                match &**phase {
                    "apply" | "gates" | "destroy" => Vec::new(),
                    name => remark(format!("phase {name}: {}", counted(*operations, "operation"))),
                }
            }
            Event::Started(about) => self.started(about, now),
            Event::Accepted(_) => Vec::new(),
            Event::Completed { about, elapsed, unchanged } => {
                self.completed(about, *elapsed, *unchanged)
            }
            Event::Waiting(about, wait) => self.waiting(about, wait, now),
            Event::Asked { asked, heard } => remark(match (&asked.asking, heard) {
                (Asking::Approve { phase }, _) => {
                    format!("{} approves the phase {phase}", asked.by)
                }
                (Asking::GiveUp, true) => format!("{} gives the promotion up", asked.by),
                (Asking::GiveUp, false) => {
                    format!("{} asks to give up what cannot be given up now", asked.by)
                }
            }),
            Event::TurnedBack { verdict } => {
                self.running.clear();
                trouble(format!("turning back: {} says {}", verdict.gate, verdict.evidence))
            }
            Event::GateDecided { about, verdict, elapsed: time } => {
                if verdict.result != GateResult::Pass {
                    return Vec::new();
                }
                let known = self.running.contains_key(&about.id);
                self.end(about);
                let text = format!(
                    "  gate {}: {}, {} ({})",
                    verdict.gate,
                    result(verdict.result),
                    verdict.evidence,
                    elapsed(*time)
                );
                if known { line(LineKind::Done, text) } else { Vec::new() }
            }
            Event::Failed { about, message, effect, help, elapsed } => {
                self.failed(about, message, *effect, help.as_deref(), *elapsed)
            }
            Event::Skipped { about, because } => self.skip(about, because),
            Event::GivenUp { provider, message, skipped, .. } => {
                self.give_up(provider, message, skipped)
            }
            Event::Contradicted { about, attributes } => trouble(format!(
                "  {} came out otherwise than planned: {}",
                subject(about),
                few(attributes, NAMED)
            )),
            Event::Cancelling { running } => trouble(format!(
                "cancelling: nothing new is started, {} under way",
                counted(*running, "operation")
            )),
            Event::RunFinished { .. } => self.rest(now),
        }
    }

    fn waiting(&mut self, about: &About, wait: &Wait, now: Duration) -> Vec<Line> {
        let text = match wait {
            Wait::For(time) => format!("waiting {}", elapsed(*time)),
            Wait::Approval => format!("waiting for approval of the phase {}", about.id.phase),
            Wait::Drain(drain) => format!(
                "waiting until {} serves nothing, at most {}",
                drain.scope,
                elapsed(drain.limit)
            ),
        };
        let running = Running { text: text.clone(), group: group(about), since: now };
        self.running.insert(about.id.clone(), running);
        line(LineKind::Begin, format!("  {text}"))
    }

    fn started(&mut self, about: &About, now: Duration) -> Vec<Line> {
        let group = group(about);
        let crowded = self.is_crowded(&group);
        let text = format!("{} {}", verbs(about.kind).0, subject(about));
        if crowded {
            self.tallies.entry(group.clone()).or_default().fresh = true;
        }
        self.running.insert(about.id.clone(), Running { text: text.clone(), group, since: now });
        if crowded { Vec::new() } else { line(LineKind::Begin, format!("  {text}")) }
    }

    fn completed(&mut self, about: &About, time: Duration, unchanged: bool) -> Vec<Line> {
        // What the roster says is told by the phases.
        if about.kind == OperationKind::Mark {
            return Vec::new();
        }
        // A gate that passed, or a hook, was told already.
        if matches!(about.kind, OperationKind::Gate | OperationKind::Hook)
            && !self.running.contains_key(&about.id)
        {
            return Vec::new();
        }
        self.end(about);
        self.tallies.entry(group(about)).or_default().done += 1;
        if self.is_crowded(&group(about)) {
            return Vec::new();
        }
        let verb = if unchanged { "needs nothing:" } else { verbs(about.kind).1 };
        line(LineKind::Done, format!("  {verb} {} ({})", subject(about), elapsed(time)))
    }

    fn failed(
        &mut self,
        about: &About,
        message: &str,
        effect: WorldEffect,
        help: Option<&str>,
        time: Duration,
    ) -> Vec<Line> {
        self.end(about);
        self.tallies.entry(group(about)).or_default().failed += 1;
        self.failures += 1;
        if self.failures > MOST_FAILURES {
            return Vec::new();
        }
        let what = format!("{} {}", verbs(about.kind).0, subject(about));
        let mut text = format!("  failed after {}: {what}", elapsed(time));
        let reason = (message.to_owned(), effect);
        if let Some(first) = self.told.get(&reason) {
            text.push_str(&format!("\n    for the same reason as {first}"));
            return trouble(text);
        }
        self.told.insert(reason, what);
        text.push_str(&format!("\n    {message}"));
        // A gate only looks.
        if about.kind != OperationKind::Gate {
            text.push_str(&format!("\n    in the world: {effect}"));
        }
        if let Some(help) = help {
            text.push_str(&format!("\n    help: {help}"));
        }
        trouble(text)
    }

    fn skip(&mut self, about: &About, because: &OperationId) -> Vec<Line> {
        self.done += 1;
        self.skipped += 1;
        if self.skipped > MOST_SKIPPED {
            return Vec::new();
        }
        let what = format!("{} {}", verbs(about.kind).0, subject(about));
        trouble(format!("  skipped: {what}, because of {}", because.subject))
    }

    fn give_up(&mut self, provider: &str, message: &str, skipped: &[About]) -> Vec<Line> {
        self.done += skipped.len();
        let skipped = counted(skipped.len(), "operation");
        trouble(format!(
            "  skipped: {skipped}, as nothing more is sent to the provider `{provider}`: {message}"
        ))
    }

    fn end(&mut self, about: &About) {
        self.done += 1;
        let group = match self.running.remove(&about.id) {
            Some(running) => running.group,
            None => group(about),
        };
        self.tallies.entry(group).or_default().fresh = true;
    }

    fn is_crowded(&self, group: &Group) -> bool {
        self.totals.get(group).is_some_and(|total| *total > CROWD)
    }

    /// Says what time alone makes worth a line: the counts of crowds, or that it still goes on.
    pub(super) fn tick(&mut self, now: Duration) -> (Vec<Line>, Option<Heartbeat>) {
        let mut lines = Vec::new();
        if now.saturating_sub(self.counted) >= CROWD_PACE {
            lines = self.crowds(now);
        }
        if !lines.is_empty() {
            self.spoken = now;
            return (lines, None);
        }
        let busy = self.activity.is_some() || !self.running.is_empty();
        if !busy || now.saturating_sub(self.spoken) < SILENCE {
            return (Vec::new(), None);
        }
        self.spoken = now;
        (line(LineKind::Pulse, self.pulse(now)), Some(self.heartbeat(now)))
    }

    fn heartbeat(&self, now: Duration) -> Heartbeat {
        let activity = self.activity.as_ref().map(|(what, _)| what.clone());
        Heartbeat { activity, running: self.running(now) }
    }

    fn pulse(&self, now: Duration) -> String {
        if let Some((what, since)) = self.activity(now) {
            return format!("still {what} ({})", elapsed(since));
        }
        let running = self.running(now);
        let names = running.iter().map(|(what, since)| format!("{what} ({})", elapsed(*since)));
        let (done, all) = (number(self.done), number(self.operations));
        format!("still at work, {done} of {all} done: {}", few(names, NAMED))
    }

    /// The counts of the crowds in which something happened.
    fn crowds(&mut self, now: Duration) -> Vec<Line> {
        let mut lines = Vec::new();
        for (group, tally) in &mut self.tallies {
            let total = self.totals.get(group).copied().unwrap_or_default();
            if total <= CROWD || !std::mem::take(&mut tally.fresh) {
                continue;
            }
            let failed = match tally.failed {
                0 => String::new(),
                failed => format!(", {} failed", number(failed)),
            };
            let (name, done, total) = (group.text(), number(tally.done), number(total));
            let text = format!("  {name}: {done} of {total} done{failed}");
            lines.push(Line { kind: LineKind::Remark, text });
        }
        if !lines.is_empty() {
            self.counted = now;
        }
        lines
    }

    /// Comes to rest: the last counts, and what was left out.
    pub(super) fn rest(&mut self, now: Duration) -> Vec<Line> {
        let mut lines = self.crowds(now);
        let failures = std::mem::take(&mut self.failures).saturating_sub(MOST_FAILURES);
        let skipped = std::mem::take(&mut self.skipped).saturating_sub(MOST_SKIPPED);
        for (count, what) in [(failures, "failed"), (skipped, "skipped")] {
            if count > 0 {
                let text = format!("  and {} more {what}", number(count));
                lines.push(Line { kind: LineKind::Trouble, text });
            }
        }
        self.activity = None;
        self.running.clear();
        lines
    }
}

fn group(about: &About) -> Group {
    Group::of(about.kind, about.address.as_ref())
}

fn subject(about: &About) -> String {
    match &about.address {
        Some(address) => address.to_string(),
        None => about.id.subject.to_string(),
    }
}
