//! Random specs, and random changes of them.

use std::fmt::Write;

use greenroom_model::address::Address;
use greenroom_model::value::{Object, Value};
use serde::{Deserialize, Serialize};

use crate::chance::Chance;

/// A template in the making: resources in the order of their making. Each refers only to earlier
/// ones, so that there is no cycle.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Spec {
    /// The resources.
    pub resources: Vec<Resource>,
}

/// One resource.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resource {
    /// Its number, which is its name.
    pub number: u64,
    /// What it is.
    #[serde(flatten)]
    pub kind: Kind,
}

/// What a resource is; references name others by their number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Kind {
    /// A network.
    Network {
        /// Its place among the networks.
        third: u64,
    },
    /// A machine.
    Machine {
        /// What it runs.
        image: u64,
        /// Whether a data source says what that is.
        by_data: bool,
        /// How large it is.
        size: u64,
        /// Where it stands.
        network: Option<u64>,
        /// The machines that it knows.
        peers: Vec<u64>,
        /// Whether its replacement is made before it goes.
        first: bool,
    },
    /// A group of machines.
    Group {
        /// A name that it must have; nothing refers to it then.
        name: Option<u64>,
        /// Where it sends.
        port: u64,
        /// Its machines.
        targets: Vec<u64>,
    },
    /// What takes requests to a group.
    Listener {
        /// The group.
        group: u64,
        /// Where it listens.
        port: u64,
    },
}

impl Spec {
    /// A spec of `fewest` to twice as many resources, numbered from `next` on.
    pub(super) fn random(fewest: u64, next: &mut u64, chance: &mut Chance) -> Spec {
        let mut spec = Spec::default();
        for _ in 0..fewest + chance.below(fewest + 1) {
            spec.add(next, chance);
        }
        spec
    }

    /// Changes some of it: what is there, what is new, what goes.
    pub(super) fn change(&mut self, next: &mut u64, chance: &mut Chance) {
        for _ in 0..2 + chance.below(5) {
            match chance.below(10) {
                0..=1 if self.resources.len() > 3 => self.remove_any(chance),
                2 if self.resources.len() < 20 => self.add(next, chance),
                _ if self.resources.is_empty() => self.add(next, chance),
                _ => self.edit(chance),
            }
        }
    }

    /// Adds a resource that could be imported, and returns its number.
    pub(super) fn add_importable(&mut self, next: &mut u64, chance: &mut Chance) -> u64 {
        let kind = if chance.percent(50) {
            Kind::Network { third: chance.below(200) }
        } else {
            let (image, size) = (chance.below(3), chance.below(3));
            let (network, peers) = (None, Vec::new());
            Kind::Machine { image, by_data: false, size, network, peers, first: false }
        };
        self.push(next, kind)
    }

    /// The addresses of all resources in an environment.
    pub fn addresses(&self, environment: &str) -> Vec<String> {
        self.resources.iter().map(|it| it.address(environment)).collect()
    }

    /// The resource with this number.
    #[must_use]
    pub fn resource(&self, number: u64) -> Option<&Resource> {
        self.resources.iter().find(|it| it.number == number)
    }

    /// The spec without a resource, and without what cannot be without it.
    #[must_use]
    pub fn without(mut self, gone: u64) -> Spec {
        let needs = |kind: &Kind| matches!(kind, Kind::Listener { group, .. } if *group == gone);
        self.resources.retain(|it| it.number != gone && !needs(&it.kind));
        for Resource { kind, .. } in &mut self.resources {
            match kind {
                Kind::Machine { network, peers, .. } => {
                    network.take_if(|it| *it == gone);
                    peers.retain(|it| *it != gone);
                }
                Kind::Group { targets, .. } => targets.retain(|it| *it != gone),
                Kind::Network { .. } | Kind::Listener { .. } => {}
            }
        }
        self
    }

    /// The template of an environment.
    ///
    /// # Panics
    ///
    /// Never: text can be written to.
    #[must_use]
    pub fn template(&self, environment: &str) -> String {
        let mut text = String::new();
        for resource in &self.resources {
            resource.write(environment, &mut text).expect("text can be written to");
        }
        text
    }

    fn push(&mut self, next: &mut u64, kind: Kind) -> u64 {
        let number = *next;
        *next += 1;
        self.resources.push(Resource { number, kind });
        number
    }

    fn add(&mut self, next: &mut u64, chance: &mut Chance) {
        let before = self.resources.len();
        let groups = self.groups(before);
        let kind = match chance.below(10) {
            0..=1 => Kind::Network { third: chance.below(200) },
            2..=6 => Kind::Machine {
                image: chance.below(3),
                by_data: chance.percent(30),
                size: chance.below(3),
                network: self.a_network(before, chance),
                peers: self.some_machines(before, chance),
                first: chance.percent(25),
            },
            7 if !groups.is_empty() => {
                Kind::Listener { group: *chance.pick(&groups), port: chance.below(3) }
            }
            _ => Kind::Group {
                name: chance.percent(40).then(|| chance.below(3)),
                port: chance.below(3),
                targets: self.some_machines(before, chance),
            },
        };
        self.push(next, kind);
    }

    fn edit(&mut self, chance: &mut Chance) {
        let at = usize::try_from(chance.below(self.resources.len() as u64)).unwrap_or(0);
        let (network, machines) = (self.a_network(at, chance), self.some_machines(at, chance));
        let groups = self.groups(at);
        let number = chance.below(3);
        match &mut self.resources[at].kind {
            Kind::Network { third } => *third = chance.below(200),
            Kind::Machine { image, size, network: own, peers, .. } => match chance.below(8) {
                0 => *image = number,
                1..=5 => *size = number,
                6 => *own = network,
                _ => *peers = machines,
            },
            Kind::Group { name: Some(name), .. } if chance.percent(30) => *name = number,
            Kind::Group { port, targets, .. } => match chance.below(3) {
                0 => *port = number,
                _ => *targets = machines,
            },
            Kind::Listener { group, port } => match chance.below(2) {
                0 => *group = *chance.pick(&groups),
                _ => *port = number,
            },
        }
    }

    fn remove_any(&mut self, chance: &mut Chance) {
        let gone = chance.pick(&self.resources).number;
        *self = std::mem::take(self).without(gone);
    }

    fn numbers(&self, before: usize, is: impl Fn(&Kind) -> bool) -> Vec<u64> {
        let earlier = self.resources.iter().take(before);
        earlier.filter(|it| is(&it.kind)).map(|it| it.number).collect()
    }

    /// Groups that may be replaced while something refers to them.
    fn groups(&self, before: usize) -> Vec<u64> {
        self.numbers(before, |it| matches!(it, Kind::Group { name: None, .. }))
    }

    fn a_network(&self, before: usize, chance: &mut Chance) -> Option<u64> {
        let networks = self.numbers(before, |it| matches!(it, Kind::Network { .. }));
        (!networks.is_empty() && chance.percent(70)).then(|| *chance.pick(&networks))
    }

    fn some_machines(&self, before: usize, chance: &mut Chance) -> Vec<u64> {
        let machines = self.numbers(before, |it| matches!(it, Kind::Machine { .. }));
        machines.into_iter().filter(|_| chance.percent(25)).collect()
    }
}

impl Resource {
    /// Its address in an environment.
    #[must_use]
    pub fn address(&self, environment: &str) -> String {
        format!("{environment}/{}.r{}", self.type_name(), self.number)
    }

    /// The object that somebody else could have made for it: where it stands, and what it is like.
    ///
    /// # Panics
    ///
    /// Never: the address is sound.
    #[must_use]
    pub fn by_hand(&self) -> (Address, Object) {
        let text = |name: &str, value: String| (name.into(), Value::from(value));
        let attributes: Object = match &self.kind {
            Kind::Network { third } => [text("cidr", cidr(*third))].into_iter().collect(),
            Kind::Machine { image, size, .. } => {
                let given = [text("image", format!("i{image}")), text("size", format!("s{size}"))];
                let address = text("address", format!("10.1.0.{}", self.number));
                given.into_iter().chain([address]).collect()
            }
            Kind::Group { .. } | Kind::Listener { .. } => Object::new(),
        };
        (self.address("hand").parse().expect("a sound address"), attributes)
    }

    fn type_name(&self) -> &'static str {
        match self.kind {
            Kind::Network { .. } => "sim_network",
            Kind::Machine { .. } => "sim_machine",
            Kind::Group { .. } => "sim_group",
            Kind::Listener { .. } => "sim_listener",
        }
    }

    fn write(&self, environment: &str, text: &mut String) -> std::fmt::Result {
        let (kind, number) = (self.type_name(), self.number);
        if let Kind::Machine { image, by_data: true, .. } = &self.kind {
            writeln!(text, "[data.sim_image.r{number}]\nname = \"i{image}\"")?;
        }
        writeln!(text, "[resource.{kind}.r{number}]")?;
        match &self.kind {
            Kind::Network { third } => writeln!(text, "cidr = \"{}\"", cidr(*third))?,
            Kind::Machine { image, by_data, size, network, peers, first } => {
                match by_data {
                    true => writeln!(text, "image = \"${{data.sim_image.r{number}.id}}\"")?,
                    false => writeln!(text, "image = \"i{image}\"")?,
                }
                writeln!(text, "size = \"s{size}\"\npeers = [{}]", addresses(peers))?;
                if let Some(network) = network {
                    writeln!(text, "network_id = \"${{sim_network.r{network}.id}}\"")?;
                }
                if *first {
                    writeln!(text, "lifecycle = {{ create_before_destroy = true }}")?;
                }
            }
            Kind::Group { name, port, targets } => {
                if let Some(name) = name {
                    writeln!(text, "name = \"{}\"", group_name(environment, number, *name))?;
                }
                writeln!(text, "port = {port}\ntargets = [{}]", addresses(targets))?;
            }
            Kind::Listener { group, port } => {
                writeln!(text, "group = \"${{sim_group.r{group}.id}}\"\nport = {port}")?;
            }
        }
        writeln!(text, "[output.r{number}]\nvalue = \"${{{kind}.r{number}.id}}\"")
    }
}

/// The name that a group must have, where it must have one.
#[must_use]
pub fn group_name(environment: &str, number: u64, name: u64) -> String {
    format!("{environment}-{number}-{name}")
}

fn cidr(third: u64) -> String {
    format!("10.{third}.0.0/16")
}

fn addresses(machines: &[u64]) -> String {
    let list = machines.iter().map(|it| format!("\"${{sim_machine.r{it}.address}}\""));
    list.collect::<Vec<_>>().join(", ")
}
