//! A plan as text: grouped by scope, attribute by attribute, with one line that says it all.

mod promotion;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use greenroom_model::plan::{Asked, Next, Purpose, ReplaceOrder};

use super::attributes::{AttributeChange, Forces};
use super::{Counts, DriftView, Entry, EntryAction, OutputChange, PhaseView, PlanView, Seen};
use crate::palette::{Palette, Tone};
use crate::view::value::{Style, text as value_text};
use crate::view::words::{counted, number};

/// How many entries are shown of a phase, and how many attributes of an entry, unless all are.
const MOST_ENTRIES: usize = 100;
const MOST_ATTRIBUTES: usize = 60;
const MOST_DRIFT: usize = 50;
/// Names are aligned up to this width, so that one long name does not push all values away.
const WIDEST: usize = 48;
/// The phases of an ordinary plan, which need no heading.
const ORDINARY: [&str; 3] = ["apply", "gates", "destroy"];

pub(super) fn text(plan: &PlanView, palette: Palette) -> String {
    if plan.is_empty() {
        return no_changes(plan, palette);
    }
    let mut page = Page { out: String::new(), palette, verbose: plan.verbose };
    page.line(palette.paint(Tone::Strong, heading(plan)));
    page.drift(&plan.drift);
    match &plan.promotion {
        Some(promotion) => promotion::phases(&mut page, plan, promotion),
        None => page.phases(&plan.phases),
    }
    page.outputs(&plan.outputs);
    page.line("");
    page.line(if plan.changes_nothing() {
        only_records(plan)
    } else {
        palette.paint(Tone::Strong, summary(plan.counts))
    });
    page.out
}

fn no_changes(plan: &PlanView, palette: Palette) -> String {
    let state = match plan.purpose {
        Purpose::Destroy => "there is nothing to destroy",
        _ => "it is as the specs say",
    };
    format!("{} {}: {state}.\n", palette.paint(Tone::Good, "No changes."), plan.name)
}

/// The line for a plan that only writes into the state.
fn only_records(plan: &PlanView) -> String {
    let said = format!("what the specs now say of {}", counted(plan.records, "object"));
    let what = match (plan.drift.is_empty(), plan.records) {
        (_, 0) => "what changed outside".to_owned(),
        (true, _) => said,
        (false, _) => format!("what changed outside and {said}"),
    };
    format!("No changes to make; {what} is recorded by the next apply.")
}

fn heading(plan: &PlanView) -> String {
    if let Some(promotion) = &plan.promotion {
        return promotion::heading(plan, promotion);
    }
    match plan.purpose {
        Purpose::Apply => format!("Plan for {}", plan.name),
        Purpose::Destroy => format!("Plan to destroy {}", plan.name),
        Purpose::Promote => format!("Plan to promote in {}", plan.name),
        Purpose::Rollback => format!("Plan to roll back in {}", plan.name),
        Purpose::Abort => format!("Plan to give up the promotion in {}", plan.name),
        Purpose::Retire => format!("Plan to retire from {}", plan.name),
    }
}

/// The line that says it all.
pub(super) fn summary(counts: Counts) -> String {
    let Counts { add, change, replace, destroy, finish, read, gates } = counts;
    let mut text = format!(
        "Plan: {} to add, {} to change, {} to replace, {} to destroy",
        number(add),
        number(change),
        number(replace),
        number(destroy)
    );
    for (count, what) in [(finish, "to finish"), (read, "to read")] {
        if count > 0 {
            write!(text, ", {} {what}", number(count)).expect("a string takes everything");
        }
    }
    if gates > 0 {
        write!(text, ", {} to pass", counted(gates, "gate")).expect("a string takes everything");
    }
    text.push('.');
    text
}

struct Page {
    out: String,
    palette: Palette,
    verbose: bool,
}

impl Page {
    fn line(&mut self, text: impl AsRef<str>) {
        self.out.push_str(text.as_ref());
        self.out.push('\n');
    }

    fn title(&mut self, text: &str) {
        self.line("");
        self.line(self.palette.paint(Tone::Strong, text));
    }

    fn drift(&mut self, drift: &[DriftView]) {
        if drift.is_empty() {
            return;
        }
        self.title("Changed outside of Greenroom:");
        let shown = self.limit(MOST_DRIFT).min(drift.len());
        for it in &drift[..shown] {
            let seen = match &it.seen {
                Seen::Gone => "is gone".to_owned(),
                Seen::Failed(reason) => format!("failed: {reason}"),
                Seen::Changed => "changed".to_owned(),
            };
            let sign = self.palette.paint(Tone::Changed, "!");
            self.line(format!("  {sign} {} {seen}", it.address));
            if it.seen == Seen::Changed {
                let own = greenroom_engine::diff::instance_reference(&it.address).to_string();
                self.attributes(&it.attributes, &own, true);
            }
        }
        self.more(drift.len() - shown, "object");
    }

    fn phases(&mut self, phases: &[PhaseView]) {
        let named = phases.iter().any(|phase| !ORDINARY.contains(&&*phase.name));
        for phase in phases {
            self.phase(phase, named);
        }
    }

    fn phase(&mut self, phase: &PhaseView, named: bool) {
        if named {
            let follows = |next: &Next| match next {
                Next::Phase(name) => name.to_string(),
                Next::Done => "done".to_owned(),
                Next::RolledBack => "rolled back".to_owned(),
                Next::Halt => "halt".to_owned(),
            };
            let (pass, fail) = (follows(&phase.on_pass), follows(&phase.on_fail));
            self.title(&format!("Phase {} (then {pass}; if it fails, {fail})", phase.name));
        }
        self.entries(&phase.entries);
        for step in &phase.steps {
            self.line(format!("  * {}", step.0));
        }
        if !phase.gates.is_empty() {
            self.title("Gates:");
        }
        for gate in &phase.gates {
            let sign = self.palette.paint(Tone::Read, "?");
            let how = match gate.asked {
                Asked::Once => "",
                Asked::Watching => ", all the while",
                Asked::Hook => ", as a hook",
            };
            self.line(format!("  {sign} {}: {}{how}", gate.name, gate.question));
        }
    }

    fn entries(&mut self, entries: &[Entry]) {
        let shown = self.pick(entries);
        let mut scope = None;
        for (position, entry) in entries.iter().enumerate() {
            if !shown.contains(&position) {
                continue;
            }
            if scope != Some(&entry.address.scope) {
                scope = Some(&entry.address.scope);
                self.title(&format!("{}:", entry.address.scope));
            }
            self.entry(entry);
        }
        let hidden = entries.iter().enumerate().filter(|(position, _)| !shown.contains(position));
        self.hidden(hidden.map(|(_, entry)| entry));
    }

    /// The entries to show: of a long list those first that take something away.
    fn pick(&self, entries: &[Entry]) -> BTreeSet<usize> {
        let mut positions: Vec<usize> = (0..entries.len()).collect();
        positions.sort_by_key(|position| (entries[*position].action.rank(), *position));
        positions.into_iter().take(self.limit(MOST_ENTRIES)).collect()
    }

    fn hidden<'a>(&mut self, entries: impl Iterator<Item = &'a Entry>) {
        let mut counts: BTreeMap<(usize, &str), (&Entry, usize)> = BTreeMap::new();
        for entry in entries {
            let key = (entry.action.rank(), &*entry.address.block.kind);
            counts.entry(key).or_insert((entry, 0)).1 += 1;
        }
        if counts.is_empty() {
            return;
        }
        self.title("and, not shown (--verbose shows all):");
        for ((_, kind), (entry, count)) in counts {
            let sign = self.sign(entry.action);
            self.line(format!("{sign} {} {kind}", number(count)));
        }
    }

    fn entry(&mut self, entry: &Entry) {
        let sign = self.sign(entry.action);
        let id = match (entry.action, &entry.id) {
            (EntryAction::Delete | EntryAction::DeleteDeposed, Some(id)) => format!(" (id {id})"),
            _ => String::new(),
        };
        self.line(format!("{sign} {}{}{id}", entry.address.block, entry.address.key));
        for why in &entry.why {
            self.line(self.palette.paint(Tone::Faint, format!("      # {why}")));
        }
        let changes = !matches!(entry.action, EntryAction::Create | EntryAction::Read);
        self.attributes(&entry.attributes(), &entry.own(), changes);
    }

    fn sign(&self, action: EntryAction) -> String {
        let (sign, tone) = match action {
            EntryAction::Create => ("+", Tone::Good),
            EntryAction::Update => ("~", Tone::Changed),
            EntryAction::Replace(ReplaceOrder::DestroyFirst) => ("-/+", Tone::Bad),
            EntryAction::Replace(_) => ("+/-", Tone::Bad),
            EntryAction::Delete | EntryAction::DeleteDeposed => ("-", Tone::Bad),
            EntryAction::Complete => ("...", Tone::Changed),
            EntryAction::Read => ("<=", Tone::Read),
        };
        let padding = " ".repeat(5_usize.saturating_sub(sign.len()));
        format!("{padding}{}", self.palette.paint(tone, sign))
    }

    /// The attributes of an object that is there before and after (`changes`), or only after.
    fn attributes(&mut self, attributes: &[AttributeChange], own: &str, changes: bool) {
        let shown = self.limit(MOST_ATTRIBUTES).min(attributes.len());
        let names: Vec<String> = attributes[..shown].iter().map(|it| it.path.to_string()).collect();
        let width = width(&names);
        let style = Style { own: Some(own), full: self.verbose };
        for (name, attribute) in names.iter().zip(attributes) {
            let after = attribute.after.clone().unwrap_or_default();
            let mut line = format!("      {name:width$} = ");
            if changes {
                let before = attribute.before.clone().unwrap_or_default();
                write!(line, "{} -> ", value_text(&before, style)).expect("a string takes it");
            }
            line.push_str(&value_text(&after, style));
            line.push_str(&self.forces(attribute.forces));
            self.line(line);
        }
        self.more(attributes.len() - shown, "attribute");
    }

    fn forces(&self, forces: Forces) -> String {
        let remark = match forces {
            Forces::Nothing => return String::new(),
            Forces::Replacement => "# forces replacement",
            Forces::ReplacementIfDifferent => "# forces replacement if it differs",
        };
        format!("  {}", self.palette.paint(Tone::Bad, remark))
    }

    fn outputs(&mut self, outputs: &[OutputChange]) {
        if outputs.is_empty() {
            return;
        }
        self.title("Outputs:");
        let names: Vec<String> = outputs.iter().map(|it| it.name.clone()).collect();
        let width = width(&names);
        let style = Style { own: None, full: self.verbose };
        for output in outputs {
            let (sign, tone) = match (&output.before, &output.after) {
                (None, _) => ("+", Tone::Good),
                (_, None) => ("-", Tone::Bad),
                _ => ("~", Tone::Changed),
            };
            let before = output.before.as_ref().map(|value| value_text(value, style));
            let after = output.after.as_ref().map(|value| value_text(value, style));
            let values: Vec<String> = before.into_iter().chain(after).collect();
            let sign = self.palette.paint(tone, sign);
            self.line(format!("  {sign} {:width$} = {}", output.name, values.join(" -> ")));
        }
    }

    fn more(&mut self, count: usize, noun: &str) {
        if count > 0 {
            self.line(format!(
                "      … and {} (--verbose shows all)",
                counted(count, &format!("more {noun}"))
            ));
        }
    }

    fn limit(&self, most: usize) -> usize {
        if self.verbose { usize::MAX } else { most }
    }
}

fn width(names: &[String]) -> usize {
    names
        .iter()
        .map(|name| name.chars().count())
        .filter(|width| *width <= WIDEST)
        .max()
        .unwrap_or(0)
}
