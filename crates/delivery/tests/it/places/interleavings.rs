//! Many processes, each of which reads, decides and writes at any time, and may die at any.

use std::collections::BTreeSet;

use greenroom_delivery::places::{Decision, Entry, Limits, Line, Me, Standing, decide};
use greenroom_store::StateName;
use jiff::Timestamp;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::{limits, me};

/// How long a look of a process that lives takes at most, in seconds.
const SLOWEST: i64 = 20;

#[derive(Clone, Debug)]
enum Event {
    /// A process does the next thing it has to do.
    Acts(usize),
    Dies(usize),
    /// Seconds pass.
    Passes(i64),
    /// What the dead have left up is removed.
    Reaped,
}

/// What a process does next.
#[derive(Clone, Debug)]
enum Step {
    ReadLedger,
    ListStates(Ledger),
    Decide(Ledger, Vec<StateName>),
    Write(Ledger, Line, Decision),
    MakeState,
    SayTaken,
    RemoveState,
    Nothing,
}

#[derive(Clone, Debug, Default)]
struct Ledger {
    version: u64,
    line: Line,
}

struct Process {
    me: Me,
    lives: bool,
    step: Step,
    /// When it last came to the end of a look, or renewed its reservation.
    looked: i64,
}

struct World {
    limits: Limits,
    ledger: Ledger,
    listed: BTreeSet<StateName>,
    processes: Vec<Process>,
    now: i64,
}

impl World {
    fn new(limits: Limits, wanted: &[(bool, u8)]) -> World {
        let process = |(nth, (is_it, environment)): (usize, &(bool, u8))| {
            let stage = if *is_it { "it" } else { "perf" };
            let me = me(&format!("{stage}/e{environment}"), &nth.to_string());
            Process { me, lives: true, step: Step::ReadLedger, looked: 0 }
        };
        let processes = wanted.iter().enumerate().map(process).collect();
        World { limits, ledger: Ledger::default(), listed: BTreeSet::new(), processes, now: 0 }
    }

    fn happens(&mut self, event: &Event) {
        match event {
            Event::Acts(nth) => self.acts(nth % self.processes.len()),
            Event::Dies(nth) => {
                let nth = nth % self.processes.len();
                self.processes[nth].lives = false;
            }
            Event::Passes(seconds) => self.passes(*seconds),
            Event::Reaped => {
                let has = |it: &&Process| matches!(it.step, Step::SayTaken | Step::RemoveState);
                let kept = self.living().filter(has).map(|it| it.me.state.clone());
                let kept: BTreeSet<_> = kept.collect();
                self.listed.retain(|state| kept.contains(state));
            }
        }
        self.keeps_the_limits();
    }

    fn living(&self) -> impl Iterator<Item = &Process> {
        self.processes.iter().filter(|process| process.lives)
    }

    /// Time passes in which who lives never stands still for long.
    fn passes(&mut self, seconds: i64) {
        self.now += seconds;
        for nth in 0..self.processes.len() {
            if self.now - self.processes[nth].looked < SLOWEST {
                continue;
            }
            match self.processes[nth].step {
                Step::MakeState | Step::SayTaken => self.renews(nth),
                Step::RemoveState | Step::Nothing => {}
                // The look that it is in the middle of, and one whole look.
                _ => (0..8).for_each(|_| {
                    if self.waits(nth) {
                        self.acts(nth);
                    }
                }),
            }
        }
    }

    fn waits(&self, nth: usize) -> bool {
        use Step::{Decide, ListStates, ReadLedger, Write};
        matches!(self.processes[nth].step, ReadLedger | ListStates(_) | Decide(..) | Write(..))
    }

    /// As the task does that a place has.
    fn renews(&mut self, nth: usize) {
        if self.processes[nth].lives {
            self.says(nth, |entry, now| entry.renewed = now);
            self.processes[nth].looked = self.now;
        }
    }

    /// Changes the entry of a process, if there is one.
    fn says(&mut self, nth: usize, change: impl Fn(&mut Entry, Timestamp)) {
        let ticket = &self.processes[nth].me.ticket;
        let mut entries = self.ledger.line.entries.iter_mut();
        if let Some(entry) = entries.find(|it| it.who.ticket == *ticket) {
            change(entry, Timestamp::from_second(self.now).unwrap());
            self.ledger.version += 1;
        }
    }

    fn acts(&mut self, nth: usize) {
        let Process { me, lives: true, step, .. } = &self.processes[nth] else { return };
        let me = me.clone();
        let next = match step.clone() {
            Step::ReadLedger => Step::ListStates(self.ledger.clone()),
            Step::ListStates(seen) => Step::Decide(seen, self.listed.iter().cloned().collect()),
            Step::Decide(seen, listed) => {
                let now = Timestamp::from_second(self.now).unwrap();
                let (line, decision) = decide(&seen.line, &listed, &me, &self.limits, now);
                Step::Write(seen, line, decision)
            }
            Step::Write(seen, line, decision) => self.writes(&me, &seen, line, &decision),
            Step::MakeState if self.listed.insert(me.state.clone()) => Step::SayTaken,
            // Somebody else has the lease of that state.
            Step::MakeState | Step::Nothing => Step::Nothing,
            Step::SayTaken => {
                self.says(nth, |entry, _| entry.standing = Standing::Taken);
                Step::RemoveState
            }
            Step::RemoveState => {
                self.listed.remove(&me.state);
                Step::Nothing
            }
        };
        let process = &mut self.processes[nth];
        if matches!(process.step, Step::Write(..)) {
            process.looked = self.now;
        }
        process.step = next;
    }

    fn writes(&mut self, me: &Me, seen: &Ledger, line: Line, decision: &Decision) -> Step {
        if line != seen.line {
            if self.ledger.version != seen.version {
                return Step::ReadLedger;
            }
            self.ledger = Ledger { version: seen.version + 1, line };
        }
        match decision {
            Decision::Go => {
                self.keeps_the_order(me, &seen.line);
                Step::MakeState
            }
            Decision::Listed => Step::Nothing,
            Decision::Wait(_) => Step::ReadLedger,
        }
    }

    /// Who has a place, or may take one that it was given.
    fn holders(&self) -> BTreeSet<&StateName> {
        let going = self.living().filter(|it| matches!(it.step, Step::MakeState));
        self.listed.iter().chain(going.map(|it| &it.me.state)).collect()
    }

    fn keeps_the_limits(&self) {
        let holders = self.holders();
        for (stage, most) in &self.limits.stages {
            let held = holders.iter().filter(|state| state.stage == *stage).count();
            assert!(held <= *most as usize, "{held} in stage {stage}: {holders:?}");
        }
        let most = self.limits.project.map_or(usize::MAX, |most| most as usize);
        assert!(holders.len() <= most, "{holders:?}");
    }

    /// There is room for all of its stage who came before, as no limit holds for them that does not
    /// for it; unless its environment has a place already. Who wants the same has one place in line.
    fn keeps_the_order(&self, me: &Me, seen: &Line) {
        let mut holders = self.holders();
        let has_a_place =
            |entry: &Entry| entry.who.state == me.state && entry.standing == Standing::Reserved;
        if !holders.insert(&me.state) || seen.entries.iter().any(has_a_place) {
            return;
        }
        let before = seen.entries.iter().take_while(|entry| entry.who.state != me.state);
        let lives = |ticket: &str| self.living().any(|process| process.me.ticket == ticket);
        for entry in before {
            let who = &entry.who;
            if entry.standing == Standing::Waiting && lives(&who.ticket) {
                holders.extend((who.state.stage == me.state.stage).then_some(&who.state));
            }
        }
        let in_stage = holders.iter().filter(|state| state.stage == me.state.stage).count();
        let of_stage = self.limits.stages.get(&me.state.stage);
        assert!(of_stage.is_none_or(|most| in_stage <= *most as usize), "{me:?} overtakes");
        let most = self.limits.project.map_or(usize::MAX, |most| most as usize);
        assert!(holders.len() <= most, "{me:?} overtakes");
    }

    /// Nobody dies any more, and what the dead have left is removed; whether all who live have
    /// been where they wanted to.
    fn ends(&mut self) -> bool {
        for _ in 0..150 {
            self.happens(&Event::Passes(2));
            self.happens(&Event::Reaped);
            for nth in 0..self.processes.len() {
                (0..4).for_each(|_| self.happens(&Event::Acts(nth)));
            }
        }
        self.living().all(|process| matches!(process.step, Step::Nothing))
    }
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        20 => any::<usize>().prop_map(Event::Acts),
        1 => any::<usize>().prop_map(Event::Dies),
        4 => (0..6_i64).prop_map(Event::Passes),
        1 => Just(Event::Reaped),
    ]
}

fn some_limits() -> impl Strategy<Value = Limits> {
    let most = || prop::option::of(1..4_u32);
    (most(), most(), 1..4_u32).prop_map(|(project, perf, it)| {
        let perf = perf.map(|most| ("perf", most));
        limits(project, &[Some(("it", it)), perf].into_iter().flatten().collect::<Vec<_>>())
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1_000,
        rng_seed: RngSeed::Fixed(17),
        ..ProptestConfig::default()
    })]

    #[test]
    fn limits_and_order_are_kept_and_everybody_who_lives_goes_in_the_end(
        limits in some_limits(),
        wanted in prop::collection::vec((any::<bool>(), 0..5_u8), 2..9),
        events in prop::collection::vec(event(), 0..250),
    ) {
        let mut world = World::new(limits, &wanted);
        events.iter().for_each(|event| world.happens(event));
        prop_assert!(world.ends(), "{:?}", world.ledger);
    }
}
