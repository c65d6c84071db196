//! Random specs, and random changes of them.

use std::fmt::Write;

use greenroom_sim::cloud::Chance;

/// One resource; references name others by their number.
#[derive(Clone, Debug)]
enum Kind {
    Network { third: u64 },
    Machine { image: u64, size: u64, network: Option<u64>, peers: Vec<u64>, first: bool },
    Group { port: u64, targets: Vec<u64> },
    Listener { group: u64, port: u64 },
}

/// A template in the making: resources by their number, in the order of their making. Each refers
/// only to earlier ones, so that there is no cycle.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spec {
    resources: Vec<(u64, Kind)>,
    next: u64,
}

impl Spec {
    pub(crate) fn random(chance: &mut Chance) -> Spec {
        let mut spec = Spec::default();
        for _ in 0..5 + chance.below(26) {
            spec.add(chance);
        }
        spec
    }

    /// Changes some of it: what is there, what is new, what goes.
    pub(crate) fn change(&mut self, chance: &mut Chance) {
        for _ in 0..1 + chance.below(6) {
            match chance.below(10) {
                0..=2 if self.resources.len() > 3 => self.remove(chance),
                3..=4 if self.resources.len() < 30 => self.add(chance),
                _ => self.edit(chance),
            }
        }
    }

    pub(crate) fn addresses(&self) -> Vec<String> {
        let name = |(number, kind): &(u64, Kind)| format!("pr/{}.r{number}", kind_name(kind));
        self.resources.iter().map(name).collect()
    }

    pub(crate) fn template(&self) -> String {
        let mut text = String::new();
        for (number, kind) in &self.resources {
            writeln!(text, "[resource.{}.r{number}]", kind_name(kind)).unwrap();
            let addresses = |of: &[u64]| {
                let list = of.iter().map(|it| format!("\"${{sim_machine.r{it}.address}}\""));
                list.collect::<Vec<_>>().join(", ")
            };
            match kind {
                Kind::Network { third } => writeln!(text, "cidr = \"10.{third}.0.0/16\"").unwrap(),
                Kind::Machine { image, size, network, peers, first } => {
                    writeln!(text, "image = \"i{image}\"\nsize = \"s{size}\"").unwrap();
                    writeln!(text, "peers = [{}]", addresses(peers)).unwrap();
                    if let Some(network) = network {
                        writeln!(text, "network_id = \"${{sim_network.r{network}.id}}\"").unwrap();
                    }
                    if *first {
                        writeln!(text, "lifecycle = {{ create_before_destroy = true }}").unwrap();
                    }
                }
                Kind::Group { port, targets } => {
                    writeln!(text, "port = {port}\ntargets = [{}]", addresses(targets)).unwrap();
                }
                Kind::Listener { group, port } => {
                    writeln!(text, "group = \"${{sim_group.r{group}.id}}\"\nport = {port}")
                        .unwrap();
                }
            }
        }
        for (number, kind) in &self.resources {
            writeln!(text, "[output.r{number}]\nvalue = \"${{{}.r{number}.id}}\"", kind_name(kind))
                .unwrap();
        }
        text
    }

    fn add(&mut self, chance: &mut Chance) {
        let groups = self.numbers(usize::MAX, |it| matches!(it, Kind::Group { .. }));
        let before = self.resources.len();
        let kind = match chance.below(10) {
            0..=1 => Kind::Network { third: chance.below(200) },
            2..=6 => Kind::Machine {
                image: chance.below(3),
                size: chance.below(3),
                network: self.a_network(before, chance),
                peers: self.some_machines(before, chance),
                first: chance.percent(25),
            },
            7 if !groups.is_empty() => {
                Kind::Listener { group: pick(&groups, chance), port: chance.below(3) }
            }
            _ => Kind::Group { port: chance.below(3), targets: self.some_machines(before, chance) },
        };
        self.resources.push((self.next, kind));
        self.next += 1;
    }

    fn edit(&mut self, chance: &mut Chance) {
        let at = usize::try_from(chance.below(self.resources.len() as u64)).unwrap();
        let (network, machines) = (self.a_network(at, chance), self.some_machines(at, chance));
        let all_groups = self.numbers(at, |it| matches!(it, Kind::Group { .. }));
        let number = chance.below(3);
        match &mut self.resources[at].1 {
            Kind::Network { third } => *third = chance.below(200),
            Kind::Machine { image, size, network: own, peers, .. } => match chance.below(4) {
                0 => *image = number,
                1 => *size = number,
                2 => *own = network,
                _ => *peers = machines,
            },
            Kind::Group { port, targets } => match chance.below(2) {
                0 => *port = number,
                _ => *targets = machines,
            },
            Kind::Listener { group, port } => match chance.below(2) {
                0 => *group = pick(&all_groups, chance),
                _ => *port = number,
            },
        }
    }

    /// Removes a resource, with what cannot be without it.
    fn remove(&mut self, chance: &mut Chance) {
        let at = usize::try_from(chance.below(self.resources.len() as u64)).unwrap();
        let (gone, _) = self.resources.remove(at);
        self.resources
            .retain(|(_, kind)| !matches!(kind, Kind::Listener { group, .. } if *group == gone));
        for (_, kind) in &mut self.resources {
            match kind {
                Kind::Machine { network, peers, .. } => {
                    network.take_if(|it| *it == gone);
                    peers.retain(|it| *it != gone);
                }
                Kind::Group { targets, .. } => targets.retain(|it| *it != gone),
                Kind::Network { .. } | Kind::Listener { .. } => {}
            }
        }
    }

    fn numbers(&self, before: usize, is: impl Fn(&Kind) -> bool) -> Vec<u64> {
        let earlier = self.resources.iter().take(before);
        earlier.filter(|(_, kind)| is(kind)).map(|(number, _)| *number).collect()
    }

    fn a_network(&self, before: usize, chance: &mut Chance) -> Option<u64> {
        let networks = self.numbers(before, |it| matches!(it, Kind::Network { .. }));
        (!networks.is_empty() && chance.percent(70)).then(|| pick(&networks, chance))
    }

    fn some_machines(&self, before: usize, chance: &mut Chance) -> Vec<u64> {
        let machines = self.numbers(before, |it| matches!(it, Kind::Machine { .. }));
        machines.into_iter().filter(|_| chance.percent(25)).collect()
    }
}

fn kind_name(kind: &Kind) -> &'static str {
    match kind {
        Kind::Network { .. } => "sim_network",
        Kind::Machine { .. } => "sim_machine",
        Kind::Group { .. } => "sim_group",
        Kind::Listener { .. } => "sim_listener",
    }
}

fn pick(from: &[u64], chance: &mut Chance) -> u64 {
    from[usize::try_from(chance.below(from.len() as u64)).unwrap()]
}
