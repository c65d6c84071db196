//! The plan of a promotion as text: who takes over, in which phases, and what follows a failure.

use std::collections::{BTreeMap, BTreeSet};

use greenroom_model::address::Scope;
use greenroom_model::plan::{Asked, Next, Purpose, Wait};
use greenroom_model::roster::{Placing, Role};

use super::Page;
use crate::palette::Tone;
use crate::view::plan::gate::{GateView, drained};
use crate::view::plan::promotion::{PromotionView, way};
use crate::view::plan::{Entry, EntryAction, PhaseView, PlanView};
use crate::view::words::{short, whole};

/// Where a phase's lines begin: behind its number and two spaces.
const INDENT: usize = 6;

pub(super) fn heading(plan: &PlanView, promotion: &PromotionView) -> String {
    let PromotionView { candidate, replaces, image_set, .. } = promotion;
    let set = image_set.as_deref().map(|it| format!(" (image set {})", short(it)));
    let set = set.unwrap_or_default();
    let replaces = replaces.as_ref().map(|it| format!(" in place of {it}")).unwrap_or_default();
    let verb = if plan.purpose == Purpose::Rollback { "Roll back to" } else { "Promote" };
    format!("{verb} {candidate}{set}{replaces} in {}", plan.name)
}

/// The phases of a promotion, in the order in which they follow each other.
pub(super) fn phases(page: &mut Page, plan: &PlanView, promotion: &PromotionView) {
    page.line(match promotion.shortest {
        Some(time) => format!("It waits at least {} on its way.", whole(time)),
        None => "It waits until it is approved.".to_owned(),
    });
    page.line("");
    let first = plan.phases.first().map(|it| Next::Phase(it.name.as_str().into()));
    let phases = way(&plan.phases, &first.unwrap_or(Next::Done));
    let width = phases.iter().map(|it| it.name.len()).max().unwrap_or_default();
    let mut told = BTreeSet::new();
    for (number, phase) in phases.iter().enumerate() {
        let mut lines = stands(phase, &promotion.candidate);
        let (in_short, in_full) = page.apart(&phase.entries);
        lines.extend(in_short.iter().map(|it| page.in_short(it)));
        lines.extend(phase.waits.iter().flat_map(waits));
        lines.extend(asks(&phase.gates, &mut told));
        page.numbered(number + 1, &format!("{:width$}", phase.name), &lines);
        if !in_full.is_empty() {
            page.entries(&in_full);
            page.line("");
        }
    }
    page.fallbacks(plan, &phases, &promotion.candidate);
}

impl Page {
    /// A phase: its number, its name, and lines below each other.
    fn numbered(&mut self, number: usize, name: &str, lines: &[String]) {
        let head = self.palette.paint(Tone::Strong, name);
        let first = lines.first().map(|it| format!("  {it}")).unwrap_or_default();
        self.line(format!("{number:>4}  {head}{first}").trim_end());
        for line in lines.iter().skip(1) {
            self.line(format!("{:1$}{line}", "", INDENT + name.len() + 2));
        }
    }

    /// What of a phase is told in a line each, and what in full. Objects of the front change again
    /// and again; what is made, replaced or removed is seen once.
    fn apart(&self, entries: &[Entry]) -> (Vec<Entry>, Vec<Entry>) {
        let is_short = |it: &Entry| {
            !self.verbose && it.action == EntryAction::Update && it.address.scope.is_front()
        };
        entries.iter().cloned().partition(is_short)
    }

    /// A change of the front; what is updated, by the arguments that change.
    fn in_short(&self, entry: &Entry) -> String {
        let sign = self.sign(entry.action);
        let sign = sign.trim_start();
        if entry.action != EntryAction::Update {
            return format!("{sign} {}", entry.address);
        }
        let attributes = entry.attributes();
        let roots = attributes.iter().map(|it| root(&it.path.to_string()));
        let roots: BTreeSet<String> = roots.collect();
        let roots: Vec<String> = roots.into_iter().collect();
        format!("{sign} {}: {}", entry.address, roots.join(", "))
    }

    fn fallbacks(&mut self, plan: &PlanView, phases: &[&PhaseView], candidate: &Scope) {
        let mut groups: Vec<(&Next, Vec<&str>)> = Vec::new();
        for phase in phases.iter().filter(|it| !it.gates.is_empty() || !it.waits.is_empty()) {
            match groups.last_mut() {
                Some((next, names)) if *next == &phase.on_fail => names.push(&phase.name),
                _ => groups.push((&phase.on_fail, vec![&phase.name])),
            }
        }
        self.title("If a gate says no, or somebody gives it up:");
        for (next, names) in groups {
            let names = match names.as_slice() {
                [first, _, .., last] => format!("{first} … {last}"),
                names => names.join(", "),
            };
            self.line(format!("  in {names}: {}", self.follows(plan, next, candidate)));
        }
        self.line(
            "  What fails otherwise halts it: everything stays, and the same command goes on.",
        );
    }

    /// What follows a failure, in a line.
    fn follows(&self, plan: &PlanView, next: &Next, candidate: &Scope) -> String {
        let phases = way(&plan.phases, next);
        if phases.is_empty() {
            return "it halts, and everything stays as it is".to_owned();
        }
        let told = phases.iter().map(|phase| {
            let gates = phase.gates.iter().map(|it| format!("{} passes, else it halts", it.name));
            let entries = phase.entries.iter().map(|it| self.in_short(it));
            let parts = stands(phase, candidate).into_iter().chain(entries).chain(gates);
            format!("{} ({})", phase.name, parts.collect::<Vec<_>>().join("; "))
        });
        told.collect::<Vec<_>>().join(", then ")
    }
}

/// What the environments are in a phase: one line, or none if nothing is new.
fn stands(phase: &PhaseView, candidate: &Scope) -> Vec<String> {
    let is_new = |it: &(&Scope, &Option<Placing>)| {
        it.1.is_none_or(|placing| placing.admitted || placing.role == Role::Failed)
    };
    let placed: BTreeMap<_, _> = phase.placings.iter().filter(is_new).collect();
    // The candidate first.
    let own = placed.iter().filter(|(scope, _)| **scope == candidate);
    let others = placed.iter().filter(|(scope, _)| **scope != candidate);
    let told = own.chain(others).map(|(scope, placing)| stand(scope, placing.as_ref(), candidate));
    let told: Vec<String> = told.collect();
    if told.is_empty() { told } else { vec![told.join(", ")] }
}

fn stand(scope: &Scope, placing: Option<&Placing>, candidate: &Scope) -> String {
    let Some(Placing { role, weight, retain, .. }) = placing else {
        return format!("{scope} forgotten");
    };
    let kept = retain.map(|it| format!(" for {}", whole(it))).unwrap_or_default();
    match role {
        Role::Live if scope == candidate => format!("{scope} live"),
        Role::Live | Role::Candidate => format!("{scope} {} %", weight.percent()),
        Role::Retained => format!("{scope} retained{kept}"),
        Role::Failed => format!("{scope} failed, kept{kept}"),
    }
}

fn waits(wait: &Wait) -> Vec<String> {
    match wait {
        Wait::For(time) => vec![format!("wait {}", whole(*time))],
        Wait::Approval => vec!["wait for approval".to_owned()],
        Wait::Drain(drain) => drained(drain),
    }
}

/// The gates of a phase: those that are new with what they ask, the others by name.
fn asks(gates: &[GateView], told: &mut BTreeSet<String>) -> Vec<String> {
    let mut lines = Vec::new();
    let mut known = Vec::new();
    for gate in gates {
        let verb = match gate.asked {
            Asked::Once => "ask",
            Asked::Watching => "watch",
            Asked::Hook => "run",
        };
        match told.insert(gate.name.clone()) {
            true => lines.push(format!("{verb} {}: {}", gate.name, gate.question)),
            false => known.push((verb, gate.name.as_str())),
        }
    }
    for verb in ["ask", "watch", "run"] {
        let names = known.iter().filter(|(its, _)| *its == verb).map(|(_, name)| *name);
        let names: Vec<&str> = names.collect();
        if !names.is_empty() {
            lines.push(format!("{verb} {}", names.join(", ")));
        }
    }
    lines
}

/// The argument that a path begins with.
fn root(path: &str) -> String {
    path.split(['.', '[']).next().unwrap_or_default().to_owned()
}
