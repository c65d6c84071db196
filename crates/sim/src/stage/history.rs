//! Histories: what happens to a stage that promotes, as data that a seed decides.

use std::fmt;

use super::specs::{Front, Specs, Terms};
use crate::chance::Chance;
use crate::cloud::CallKind;
use crate::disk::EffectKind;
use crate::life::Moment;
use crate::script::{Crash, Sky, States};

/// What happens to one stage.
#[derive(Clone, Debug)]
pub struct History {
    /// Decides what is left to chance.
    pub seed: u64,
    /// Where the state is.
    pub(super) states: States,
    pub(super) specs: Specs,
    pub(super) steps: Vec<Step>,
    /// Whether all gates pass, whatever the seed says.
    pub(super) good: bool,
    /// How it is brought to its end.
    pub(super) end: End,
}

/// One command, and what happens meanwhile.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) number: u32,
    pub(super) sky: Sky,
    pub(super) bad_disk: bool,
    pub(super) command: Command,
    /// The terms from now on.
    pub(super) terms: Option<Terms>,
    /// When the machine stops.
    pub(super) crash: Option<Crash>,
    /// After how many milliseconds the process is killed.
    pub(super) killed: Option<u64>,
    /// What other processes do meanwhile, each after so many milliseconds.
    pub(super) others: Vec<(u64, Command)>,
    /// What somebody else does meanwhile to a machine, after so many milliseconds.
    pub(super) deeds: Vec<(u64, Deed)>,
}

/// What somebody types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// `promote`.
    Promote,
    /// `rollback`.
    Rollback,
    /// `abort`.
    Abort,
    /// `abort --replan`.
    Replan,
    /// `approve`.
    Approve,
    /// `retire`.
    Retire,
    /// `retire --expired`.
    RetireExpired,
    /// `plan`.
    Plan,
    /// `apply`.
    Apply,
    /// `destroy`.
    Destroy,
    /// `destroy --including-live`.
    DestroyLive,
}

/// What somebody else does.
#[derive(Clone, Copy, Debug)]
pub enum Deed {
    /// Removes the machine of the environment with this number.
    Kill(u32),
    /// Breaks it.
    BreakDown(u32),
    /// Changes it.
    Change(u32),
    /// Gives the first two environments behind a balancer these weights.
    Share(u8, u8),
    /// Removes what shares the traffic out: the balancer, or the record of the environment with
    /// this number.
    Unfront(u32),
}

/// How a history comes to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// What is open goes on.
    Promote,
    /// What is open is given up.
    Abort,
    /// The same.
    Rollback,
    /// All environments are bad first.
    BadFirst,
}

/// Moments at which a process dies more often than at others.
const MOMENTS: &[Moment] = &[
    Moment::Before(CallKind::Create),
    Moment::After(CallKind::Create),
    Moment::Before(CallKind::Update),
    Moment::After(CallKind::Update),
    Moment::Before(CallKind::Delete),
    Moment::After(CallKind::Delete),
    Moment::Before(CallKind::Verify),
    Moment::Before(CallKind::Traffic),
    Moment::Disk(EffectKind::Rename),
    Moment::Disk(EffectKind::Write),
    Moment::Disk(EffectKind::RemoveFile),
];

impl History {
    /// The history of a seed.
    #[must_use]
    pub fn of(seed: u64) -> History {
        let mut chance = Chance::at(seed, "a stage that promotes");
        let states = if chance.percent(25) { States::Bucket } else { States::Folder };
        let specs = Specs::random(&mut chance);
        let count = 5 + u32::try_from(chance.below(6)).unwrap_or(0);
        let steps = (1..=count).map(|number| step(number, &mut chance)).collect();
        let end =
            *chance.pick(&[End::Promote, End::Promote, End::Abort, End::Rollback, End::BadFirst]);
        History { seed, states, specs, steps, good: false, end }
    }
}

impl History {
    /// A second promotion, by records or a balancer, whose process ends at its `nth` effect; what
    /// is open then goes on or is given up.
    #[must_use]
    pub fn ending_at(nth: u64, seed: u64) -> History {
        let mut history = History::of(seed);
        history.specs.terms = Terms::quick();
        let power = seed.is_multiple_of(3).then_some(u32::try_from(nth).unwrap_or(0));
        let crash = Some(Crash { nth, at: None, power });
        history.steps = vec![
            Step::calm(1, Command::Promote),
            Step { crash, ..Step::calm(2, Command::Promote) },
        ];
        history
    }

    /// Commands one after the other on quiet days, of a stage in which all gates pass.
    #[must_use]
    pub fn calm(seed: u64, commands: &[Command]) -> History {
        let mut history = History { good: true, end: End::Promote, ..History::of(seed) };
        history.specs.terms = Terms::quick();
        history.steps = (1..).zip(commands).map(|(at, it)| Step::calm(at, *it)).collect();
        history
    }

    /// The same, behind a balancer.
    #[must_use]
    pub fn by_balancer(mut self) -> History {
        self.specs.front = Front::Balancer;
        self
    }

    /// Where the process of the step with this number ends after it has changed an object for the
    /// `nth` time, before it knows that it did.
    #[must_use]
    pub fn ending_after_update(mut self, number: u32, nth: u64) -> History {
        let at = Some(Moment::After(CallKind::Update));
        self.step(number).crash = Some(Crash { nth, at, power: None });
        self
    }

    /// Where somebody else does something in the first second of the step with this number.
    #[must_use]
    pub fn with(mut self, number: u32, deed: Deed) -> History {
        self.step(number).deeds.push((1, deed));
        self
    }

    fn step(&mut self, number: u32) -> &mut Step {
        self.steps.iter_mut().find(|it| it.number == number).expect("a step of this number")
    }
}

impl Step {
    fn calm(number: u32, command: Command) -> Step {
        Step {
            number,
            sky: Sky::Quiet,
            bad_disk: false,
            command,
            terms: None,
            crash: None,
            killed: None,
            others: Vec::new(),
            deeds: Vec::new(),
        }
    }
}

fn step(number: u32, chance: &mut Chance) -> Step {
    let command = if number == 1 { Command::Promote } else { command(chance) };
    let shifts = matches!(command, Command::Promote | Command::Rollback);
    let calm = number == 1 && chance.percent(60);
    let (crash, killed) = if calm { (None, None) } else { end_of(shifts, chance) };
    Step {
        number,
        sky: match chance.below(10) {
            _ if calm => Sky::Quiet,
            0..=5 => Sky::Quiet,
            6..=7 => Sky::Foggy,
            _ => Sky::Stormy,
        },
        bad_disk: !calm && chance.percent(8),
        command,
        terms: chance.percent(20).then(|| Terms::random(chance)),
        crash,
        killed,
        others: several(if shifts { 60 } else { 15 }, chance, other),
        deeds: several(if calm { 0 } else { 15 }, chance, deed),
    }
}

fn command(chance: &mut Chance) -> Command {
    match chance.below(100) {
        0..=49 => Command::Promote,
        50..=62 => Command::Rollback,
        63..=65 => Command::Abort,
        66..=67 => Command::Replan,
        68..=71 => Command::Approve,
        72..=79 => Command::Retire,
        80..=82 => Command::RetireExpired,
        83..=85 => Command::Plan,
        86..=94 => Command::Apply,
        95..=97 => Command::Destroy,
        _ => Command::DestroyLive,
    }
}

fn other(chance: &mut Chance) -> Command {
    const OTHERS: &[Command] = &[
        Command::Approve,
        Command::Approve,
        Command::Approve,
        Command::Abort,
        Command::Rollback,
        Command::Promote,
        Command::Apply,
        Command::Retire,
        Command::Plan,
    ];
    *chance.pick(OTHERS)
}

fn deed(chance: &mut Chance) -> Deed {
    let environment = 1 + u32::try_from(chance.below(4)).unwrap_or(0);
    match chance.below(4) {
        0 => Deed::Kill(environment),
        1 => Deed::BreakDown(environment),
        2 => Deed::Unfront(environment),
        _ => Deed::Change(environment),
    }
}

/// When a process ends before its work does: at some effect, or after some time.
fn end_of(shifts: bool, chance: &mut Chance) -> (Option<Crash>, Option<u64>) {
    let power = chance.percent(40).then(|| u32::try_from(chance.below(1 << 31)).unwrap_or(0));
    match chance.below(100) {
        0..=19 => {
            let at = *chance.pick(MOMENTS);
            (Some(Crash { nth: 1 + chance.below(3), at: Some(at), power }), None)
        }
        20..=49 => (Some(Crash { nth: 1 + chance.below(160), at: None, power }), None),
        50..=69 if shifts => (None, Some(chance.below(900_000))),
        _ => (None, None),
    }
}

fn several<T>(likely: u8, chance: &mut Chance, one: fn(&mut Chance) -> T) -> Vec<(u64, T)> {
    let count = if chance.percent(likely) { 1 + chance.below(4) } else { 0 };
    let timed = |_| {
        let longest = *chance.pick(&[2_000, 60_000, 900_000]);
        (chance.below(longest), one(chance))
    };
    (0..count).map(timed).collect()
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Step { number, sky, command, crash, killed, others, deeds, .. } = self;
        write!(f, "step {number}: {command:?}, {sky:?}")?;
        if let Some(crash) = crash {
            write!(f, ", stops at {crash:?}")?;
        }
        if let Some(after) = killed {
            write!(f, ", killed after {after} ms")?;
        }
        write!(f, "; others: {others:?} {deeds:?}")
    }
}
