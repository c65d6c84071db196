//! Shrinking: what it takes for a script to fail.
//!
//! Nothing is left to chance any more, so that steps, mishaps, crashes, deeds and resources can be
//! left out one by one, as long as the rest still fails.

use std::collections::BTreeSet;

use crate::cloud::{self, CallKind};
use crate::disk::{self, EffectKind};
use crate::mishap::Mishap;
use crate::objects::{self, RequestKind};
use crate::play::{Flaw, Violation, play};
use crate::script::{Mishaps, Script, Sky, Step};

/// A script that fails, and how.
#[derive(Clone, Debug)]
pub struct Shrunk {
    /// The script.
    pub script: Script,
    /// What it violates.
    pub violation: Violation,
}

/// How many plays it may take.
const PLAYS: usize = 3000;

/// Cuts a script down to what it takes to fail; `None` if it does not fail.
#[must_use]
pub fn shrink(script: &Script, flaw: Option<Flaw>) -> Option<Shrunk> {
    let played = play(script, flaw);
    let violation = played.violation?;
    let mut cutter = Cutter { least: Shrunk { script: script.clone(), violation }, flaw, plays: 0 };
    // If what went wrong is not all that it takes, the seed is kept as it is.
    if cutter.accepts(Script { mishaps: Some(played.mishaps), ..script.clone() }) {
        while cutter.pass() {}
    }
    Some(cutter.least)
}

struct Cutter {
    least: Shrunk,
    flaw: Option<Flaw>,
    plays: usize,
}

impl Cutter {
    /// Takes a script for the least one if it violates the same rule.
    fn accepts(&mut self, script: Script) -> bool {
        if self.plays >= PLAYS {
            return false;
        }
        self.plays += 1;
        let rule = self.least.violation.rule;
        let violated = play(&script, self.flaw).violation.filter(|it| it.rule == rule);
        let fails = violated.is_some();
        if let Some(violation) = violated {
            self.least = Shrunk { script, violation };
        }
        fails
    }

    /// Tries to leave out everything once; whether anything could be.
    fn pass(&mut self) -> bool {
        let before = self.least.script.clone();
        self.cut(|it| &it.steps, |it, steps| it.steps = steps);
        self.cut(calls, |it, calls| mishaps(it).calls = calls);
        self.cut(effects, |it, effects| mishaps(it).effects = effects);
        self.cut(requests, |it, requests| mishaps(it).requests = requests);
        for at in 0..self.least.script.steps.len() {
            self.simplify(at);
        }
        self.fewer_resources();
        self.least.script != before
    }

    /// Leaves out parts of a list: halves first, then ever smaller ones.
    fn cut<T: Clone>(
        &mut self,
        get: impl Fn(&Script) -> &Vec<T>,
        set: impl Fn(&mut Script, Vec<T>),
    ) {
        let mut size = get(&self.least.script).len().div_ceil(2);
        while size > 0 {
            let mut start = 0;
            while start < get(&self.least.script).len() {
                let mut rest = get(&self.least.script).clone();
                rest.drain(start..(start + size).min(rest.len()));
                let mut script = self.least.script.clone();
                set(&mut script, rest);
                if !self.accepts(script) {
                    start += size;
                }
            }
            size /= 2;
        }
    }

    /// Leaves out what happens beside a step's commands, and one of two commands.
    fn simplify(&mut self, at: usize) {
        let simpler: [fn(&mut Step); 6] = [
            |step| step.crash = None,
            |step| step.freeze = None,
            |step| step.rival = None,
            |step| step.sky = Sky::Quiet,
            |step| _ = step.commands.pop_first(),
            |step| _ = step.commands.pop_last(),
        ];
        for simplify in simpler {
            let mut script = self.least.script.clone();
            simplify(&mut script.steps[at]);
            if script != self.least.script && !script.steps[at].commands.is_empty() {
                self.accepts(script);
            }
        }
        self.cut(|it| &it.steps[at].deeds, |it, deeds| it.steps[at].deeds = deeds);
    }

    fn fewer_resources(&mut self) {
        for number in numbers(&self.least.script) {
            let mut script = self.least.script.clone();
            let commands = script.steps.iter_mut().flat_map(|it| it.commands.values_mut());
            for spec in commands.filter_map(|it| it.spec_mut()) {
                *spec = std::mem::take(spec).without(number);
            }
            self.accepts(script);
        }
    }
}

fn numbers(script: &Script) -> BTreeSet<u64> {
    let commands = script.steps.iter().flat_map(|it| it.commands.values());
    let specs = commands.filter_map(|it| it.spec());
    specs.flat_map(|it| &it.resources).map(|it| it.number).collect()
}

fn mishaps(script: &mut Script) -> &mut Mishaps {
    script.mishaps.get_or_insert_default()
}

const NONE: &Mishaps = &Mishaps { calls: Vec::new(), effects: Vec::new(), requests: Vec::new() };

fn calls(script: &Script) -> &Vec<Mishap<CallKind, cloud::Fault>> {
    &script.mishaps.as_ref().unwrap_or(NONE).calls
}

fn effects(script: &Script) -> &Vec<Mishap<EffectKind, disk::Fault>> {
    &script.mishaps.as_ref().unwrap_or(NONE).effects
}

fn requests(script: &Script) -> &Vec<Mishap<RequestKind, objects::Fault>> {
    &script.mishaps.as_ref().unwrap_or(NONE).requests
}
