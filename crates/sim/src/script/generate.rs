//! From a seed to its script.

use std::collections::BTreeMap;

use super::{Command, Crash, Deed, ENVIRONMENTS, Kind, Resource, Script, Sky, Spec, Step, What, group_name};
use crate::chance::Chance;
use crate::cloud::CallKind;
use crate::disk::EffectKind;
use crate::life::Moment;

/// Moments that are rarely come to, and so are asked for by name.
const RARE: &[Moment] = &[
    Moment::Before(CallKind::Import),
    Moment::After(CallKind::Import),
    Moment::Before(CallKind::Update),
    Moment::After(CallKind::Update),
    Moment::Before(CallKind::Delete),
    Moment::After(CallKind::Delete),
    Moment::Before(CallKind::Find),
    Moment::Before(CallKind::ReadData),
    Moment::Before(CallKind::Read),
    Moment::Before(CallKind::Gone),
    Moment::Disk(EffectKind::Rename),
    Moment::Disk(EffectKind::RemoveFile),
    Moment::Disk(EffectKind::RemoveDir),
    Moment::Disk(EffectKind::CreateDir),
    Moment::Disk(EffectKind::SetLen),
    Moment::Disk(EffectKind::SyncDir),
];

impl Script {
    /// The script of a seed.
    #[must_use]
    pub fn of(seed: u64) -> Script {
        let mut author = Author {
            chance: Chance::new(seed ^ 0x005e_ed00),
            next: 1,
            specs: BTreeMap::new(),
        };
        let steps = 4 + u32::try_from(author.chance.below(4)).unwrap_or(0);
        let steps = (1..=steps).map(|number| author.step(number)).collect();
        Script { seed, steps, mishaps: None }
    }
}

struct Author {
    chance: Chance,
    /// The number of the next resource.
    next: u64,
    /// What is wanted, by environment.
    specs: BTreeMap<&'static str, Spec>,
}

impl Author {
    fn step(&mut self, number: u32) -> Step {
        let first = *self.chance.pick(&ENVIRONMENTS);
        let mut commands = BTreeMap::from([(first.to_owned(), self.command(first))]);
        let other = if first == ENVIRONMENTS[0] { ENVIRONMENTS[1] } else { ENVIRONMENTS[0] };
        let is_alone = matches!(commands[first], Command::Converge);
        if !is_alone && self.chance.percent(25) {
            let command = Command::Apply(self.changed(other));
            commands.insert(other.to_owned(), command);
        }
        let deeds = if is_alone { Vec::new() } else { self.deeds(first) };
        let chance = &mut self.chance;
        Step {
            number,
            sky: match chance.below(10) {
                0..=2 => Sky::Quiet,
                3..=4 => Sky::Foggy,
                _ => Sky::Stormy,
            },
            bad_disk: chance.percent(12),
            rival: chance.percent(15).then(|| chance.below(3000)),
            crash: if is_alone { None } else { self.crash() },
            deeds,
            commands,
        }
    }

    fn command(&mut self, environment: &'static str) -> Command {
        match self.chance.below(100) {
            _ if !self.specs.contains_key(environment) => Command::Apply(self.changed(environment)),
            0..=34 => Command::Apply(self.changed(environment)),
            35..=48 => Command::Apply(self.spec(environment)),
            49..=52 => Command::Plan(self.changed(environment)),
            53..=60 => Command::Save(self.changed(environment)),
            61..=75 => Command::ApplySaved,
            76..=84 => {
                let mut spec = self.spec(environment);
                let number = spec.add_importable(&mut self.next, &mut self.chance);
                self.specs.insert(environment, spec.clone());
                Command::Import { spec, number }
            }
            85..=91 => {
                self.specs.remove(environment);
                Command::Destroy
            }
            _ => Command::Converge,
        }
    }

    fn spec(&mut self, environment: &'static str) -> Spec {
        let (next, chance) = (&mut self.next, &mut self.chance);
        self.specs.entry(environment).or_insert_with(|| Spec::random(4, next, chance)).clone()
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

    fn crash(&mut self) -> Option<Crash> {
        let chance = &mut self.chance;
        if !chance.percent(55) {
            return None;
        }
        let power = chance.percent(50).then(|| u32::try_from(chance.below(1 << 31)).unwrap_or(0));
        Some(match chance.percent(30) {
            true => Crash { nth: 1 + chance.below(3), at: Some(*chance.pick(RARE)), power },
            false => Crash { nth: 1 + chance.below(90), at: None, power },
        })
    }

    fn deeds(&mut self, environment: &'static str) -> Vec<Deed> {
        let resources = self.specs.get(environment).map(|it| it.resources.clone());
        let resources = resources.unwrap_or_default();
        let chance = &mut self.chance;
        let count = if chance.percent(50) { 1 + chance.below(3) } else { 0 };
        let deed = |_| {
            let after = chance.below(4000);
            let what = what(environment, &resources, chance)?;
            Some(Deed { after, what })
        };
        (0..count).filter_map(deed).collect()
    }
}

fn what(environment: &str, resources: &[Resource], chance: &mut Chance) -> Option<What> {
    if resources.is_empty() || chance.percent(8) {
        return Some(What::Expire(100 + chance.below(2000)));
    }
    let resource = chance.pick(resources);
    let address = resource.address(environment);
    Some(match chance.below(10) {
        0..=2 => What::Kill(address),
        3 => What::BreakDown(address),
        4..=5 => What::Take(address),
        _ => match &resource.kind {
            Kind::Network { .. } => What::Hold(address),
            Kind::Machine { .. } => What::Change(address, "size".into()),
            Kind::Listener { .. } => What::Change(address, "port".into()),
            Kind::Group { name: Some(name), .. } => {
                What::Name(group_name(environment, resource.number, *name))
            }
            Kind::Group { name: None, .. } => What::Hold(address),
        },
    })
}
