//! From a seed to its script.

use std::collections::BTreeMap;

use super::{
    Command, Crash, Deed, ENVIRONMENTS, Freeze, Kind, Resource, Script, Sky, Spec, States, Step,
    What, group_name,
};
use crate::chance::Chance;
use crate::cloud::CallKind;
use crate::disk::EffectKind;
use crate::life::Moment;
use crate::objects::RequestKind;

/// How many of a hundred scripts have their states on object storage.
const IN_BUCKETS: u8 = 33;

/// Moments that are rarely come to, and so are asked for by name; the rarest more often.
const RARE: &[Moment] = &[
    Moment::Before(CallKind::Update),
    Moment::Before(CallKind::Update),
    Moment::Before(CallKind::Update),
    Moment::After(CallKind::Update),
    Moment::After(CallKind::Update),
    Moment::Before(CallKind::Delete),
    Moment::After(CallKind::Delete),
    Moment::Before(CallKind::Find),
    Moment::Before(CallKind::ReadData),
    Moment::Before(CallKind::Read),
    Moment::Before(CallKind::Gone),
    Moment::Before(CallKind::Gone),
    Moment::Before(CallKind::Gone),
    Moment::Before(CallKind::Gone),
    Moment::Disk(EffectKind::Rename),
    Moment::Disk(EffectKind::Create),
    Moment::Disk(EffectKind::CreateDir),
    Moment::Disk(EffectKind::CreateDir),
    Moment::Disk(EffectKind::SetLen),
    Moment::Disk(EffectKind::Lock),
    Moment::Disk(EffectKind::SyncDir),
];

/// Those of imports.
const OF_IMPORTS: &[Moment] = &[Moment::Before(CallKind::Import), Moment::After(CallKind::Import)];

/// Those of states that go.
const OF_DESTROYS: &[Moment] = &[
    Moment::Disk(EffectKind::RemoveFile),
    Moment::Disk(EffectKind::RemoveDir),
    Moment::Disk(EffectKind::RemoveDir),
    Moment::Disk(EffectKind::RemoveDir),
    Moment::Disk(EffectKind::RemoveDir),
    Moment::Disk(EffectKind::RemoveDir),
    Moment::Disk(EffectKind::Rename),
];

/// Those of states on object storage, and those that are worth most there.
const OF_BUCKETS: &[Moment] = &[
    Moment::Before(CallKind::Create),
    Moment::After(CallKind::Create),
    Moment::Before(CallKind::Update),
    Moment::After(CallKind::Update),
    Moment::Before(CallKind::Delete),
    Moment::After(CallKind::Delete),
    Moment::Before(CallKind::Find),
    Moment::Before(CallKind::Gone),
    Moment::Request(RequestKind::Get),
    Moment::Request(RequestKind::List),
    Moment::Request(RequestKind::List),
    Moment::Request(RequestKind::Create),
    Moment::Answer(RequestKind::Create),
    Moment::Request(RequestKind::Update),
    Moment::Answer(RequestKind::Update),
    Moment::Request(RequestKind::Delete),
    Moment::Answer(RequestKind::Delete),
];

impl Script {
    /// The script of a seed.
    #[must_use]
    pub fn of(seed: u64) -> Script {
        let in_bucket = Chance::at(seed, "states").percent(IN_BUCKETS);
        let states = if in_bucket { States::Bucket } else { States::Folder };
        let mut author = Author {
            chance: Chance::new(seed ^ 0x005e_ed00),
            states,
            next: 1,
            specs: BTreeMap::new(),
            saved: None,
            torn: None,
        };
        let steps = 6 + u32::try_from(author.chance.below(5)).unwrap_or(0);
        let steps = (1..=steps).map(|number| author.step(number)).collect();
        Script { seed, states, steps, mishaps: None }
    }
}

struct Author {
    chance: Chance,
    states: States,
    /// The number of the next resource.
    next: u64,
    /// What is wanted, by environment.
    specs: BTreeMap<&'static str, Spec>,
    /// The environment of the step before, if a plan was saved in it.
    saved: Option<&'static str>,
    /// The environment of the step before, if the power went while its journal was written.
    torn: Option<&'static str>,
}

impl Author {
    fn step(&mut self, number: u32) -> Step {
        let torn = self.torn.take();
        let first = torn.or(self.saved).unwrap_or_else(|| *self.chance.pick(&ENVIRONMENTS));
        let mut commands = BTreeMap::from([(first.to_owned(), self.command(first))]);
        let other = if first == ENVIRONMENTS[0] { ENVIRONMENTS[1] } else { ENVIRONMENTS[0] };
        let is_alone = matches!(commands[first], Command::Converge);
        if !is_alone && self.chance.percent(25) {
            let command = Command::Apply(self.changed(other));
            commands.insert(other.to_owned(), command);
        }
        let deeds = if is_alone { Vec::new() } else { self.deeds(first) };
        let freeze = if is_alone { None } else { self.freeze() };
        let crash = match self.states {
            _ if is_alone || freeze.is_some() => None,
            States::Folder => self.crash(&commands[first], torn.is_some()),
            States::Bucket => self.crash_beside_bucket(),
        };
        self.torn = crash.filter(Crash::tears).map(|_| first);
        let destroys = matches!(commands[first], Command::Destroy);
        let chance = &mut self.chance;
        Step {
            number,
            sky: match chance.below(10) {
                0..=2 => Sky::Quiet,
                3..=4 => Sky::Foggy,
                _ => Sky::Stormy,
            },
            bad_disk: chance.percent(if torn.is_some() || destroys { 65 } else { 10 }),
            rival: chance.percent(15).then(|| chance.below(3000)),
            crash,
            freeze,
            deeds,
            commands,
        }
    }

    fn command(&mut self, environment: &'static str) -> Command {
        let was_saved = self.saved.take().is_some();
        match self.chance.below(100) {
            _ if !self.specs.contains_key(environment) => Command::Apply(self.changed(environment)),
            0..=74 if was_saved => Command::ApplySaved,
            0..=36 => Command::Apply(self.changed(environment)),
            37..=48 => Command::Apply(self.spec(environment)),
            49..=52 => Command::Plan(self.changed(environment)),
            53..=63 => {
                self.saved = Some(environment);
                Command::Save(self.changed(environment))
            }
            64..=67 => Command::ApplySaved,
            68..=81 => {
                let mut spec = self.spec(environment);
                let number = spec.add_importable(&mut self.next, &mut self.chance);
                self.specs.insert(environment, spec.clone());
                Command::Import { spec, number }
            }
            82..=93 => {
                self.specs.remove(environment);
                Command::Destroy
            }
            _ => Command::Converge,
        }
    }

    fn spec(&mut self, environment: &'static str) -> Spec {
        let (next, chance) = (&mut self.next, &mut self.chance);
        self.specs.entry(environment).or_insert_with(|| Spec::random(5, next, chance)).clone()
    }

    fn changed(&mut self, environment: &'static str) -> Spec {
        let is_new = !self.specs.contains_key(environment);
        let mut spec = self.spec(environment);
        if !is_new {
            spec.change(&mut self.next, &mut self.chance);
            self.specs.insert(environment, spec.clone());
        }
        spec
    }

    fn crash(&mut self, command: &Command, is_torn: bool) -> Option<Crash> {
        let chance = &mut self.chance;
        let rare = match command {
            Command::Import { .. } => OF_IMPORTS,
            Command::Destroy => OF_DESTROYS,
            _ => RARE,
        };
        let crash = match chance.below(100) {
            _ if is_torn && chance.percent(95) => (1, Some(Moment::Disk(EffectKind::SetLen))),
            0..=27 => (1 + chance.below(2), Some(*chance.pick(rare))),
            28..=41 => (2 + chance.below(12), Some(Moment::Disk(EffectKind::Sync))),
            42..=56 => (1 + chance.below(90), None),
            57..=95 if rare == OF_DESTROYS => (1 + chance.below(2), Some(*chance.pick(rare))),
            _ => return None,
        };
        let power = power(chance);
        Some(Crash { nth: crash.0, at: crash.1, power })
    }

    fn crash_beside_bucket(&mut self) -> Option<Crash> {
        let chance = &mut self.chance;
        if chance.percent(40) {
            return None;
        }
        let (nth, at) = moment(chance);
        Some(Crash { nth, at, power: power(chance) })
    }

    /// Who stands still with a state in a folder keeps others out: there is nothing to see.
    fn freeze(&mut self) -> Option<Freeze> {
        let chance = &mut self.chance;
        if self.states == States::Folder || !chance.percent(20) {
            return None;
        }
        let (nth, at) = moment(chance);
        let longest = *chance.pick(&[40, 100, 400]);
        Some(Freeze { nth, at, seconds: chance.below(longest), seizes: chance.percent(25) })
    }

    fn deeds(&mut self, environment: &'static str) -> Vec<Deed> {
        let resources = self.specs.get(environment).map(|it| it.resources.clone());
        let resources = resources.unwrap_or_default();
        let chance = &mut self.chance;
        let is_met = !resources.is_empty() && chance.percent(70);
        let count = if is_met { 1 + chance.below(4) } else { 0 };
        let deed = |_| {
            let longest = *chance.pick(&[500, 500, 1000, 5000]);
            let after = chance.below(longest);
            let what = what(environment, &resources, chance);
            Deed { after, what }
        };
        (0..count).map(deed).collect()
    }
}

/// Which of the moments of a process with states on object storage.
fn moment(chance: &mut Chance) -> (u64, Option<Moment>) {
    match chance.percent(65) {
        true => (1 + chance.below(4), Some(*chance.pick(OF_BUCKETS))),
        false => (1 + chance.below(90), None),
    }
}

fn power(chance: &mut Chance) -> Option<u32> {
    chance.percent(50).then(|| u32::try_from(chance.below(1 << 31)).unwrap_or(0))
}

fn what(environment: &str, resources: &[Resource], chance: &mut Chance) -> What {
    let resource = chance.pick(resources);
    let address = resource.address(environment);
    match chance.below(20) {
        0..=4 => What::Kill(address),
        5..=10 => What::BreakDown(address),
        11..=15 => What::Take(address),
        _ => match &resource.kind {
            Kind::Network { .. } => What::Hold(address),
            Kind::Machine { .. } => What::Change(address, "size".into()),
            Kind::Listener { .. } => What::Change(address, "port".into()),
            Kind::Group { name: Some(name), .. } => {
                What::Name(group_name(environment, resource.number, *name))
            }
            Kind::Group { name: None, .. } => What::Hold(address),
        },
    }
}
