//! What the files of a stage that promotes say.

use std::fs;
use std::io;
use std::path::Path;

use crate::chance::Chance;

/// What the stage's files say at some time.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Specs {
    pub(super) front: Front,
    /// Which image the next environment is made from.
    pub(super) image: u64,
    pub(super) terms: Terms,
}

/// What shares the traffic out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Front {
    /// One object, which gives nothing to who has weight 0.
    Balancer,
    /// A record for each environment, any of which may be given if all have weight 0.
    Records,
}

/// How the stage promotes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Terms {
    pub(super) soak: Option<u64>,
    pub(super) steps: Vec<u64>,
    /// Seconds from one weight to the next; `None` is until somebody approves.
    pub(super) pause: Option<u64>,
    pub(super) watch: Option<u64>,
    pub(super) at_limit: &'static str,
}

/// How long a drain waits, in seconds: longer than requests linger.
const DRAIN: u64 = 60;

const ENVIRONMENT: &str = r#"
[resource.sim_machine.web]
image = "${image.web.id}"

[resource.sim_group.web]
targets = ["${sim_machine.web.address}"]

[output.group]
value = "${sim_group.web.id}"

[gate.sound]
command = ["sound", "${environment.name}"]
"#;

const BALANCER: &str = r#"
[resource.sim_balancer.front]
groups = "${[for e in environments : { group = e.outputs.group, weight = e.weight, mirror = e.mirror }]}"

[output.url]
value = "${sim_balancer.front.url}"
"#;

const RECORDS: &str = r#"
[resource.sim_record.www]
for_each = "${{ for e in environments : e.name => e }}"
name     = "www"
group    = "${each.value.outputs.group}"
weight   = "${each.value.weight}"
"#;

impl Specs {
    pub(super) fn random(chance: &mut Chance) -> Specs {
        let front = if chance.percent(60) { Front::Balancer } else { Front::Records };
        Specs { front, image: 1, terms: Terms::random(chance) }
    }

    /// Writes the files into a folder.
    pub(super) fn write(&self, folder: &Path) -> io::Result<()> {
        fs::write(folder.join("environment.toml"), ENVIRONMENT)?;
        let front = if self.front == Front::Balancer { BALANCER } else { RECORDS };
        fs::write(folder.join("front.toml"), front)?;
        fs::write(folder.join("greenroom.toml"), self.project())
    }

    fn project(&self) -> String {
        let Terms { soak, steps, pause, watch, at_limit } = &self.terms;
        let time = |name: &str, seconds: &Option<u64>| {
            seconds.map_or_else(String::new, |it| format!("{name} = \"{it}s\"\n"))
        };
        let pause = pause.map_or("approval".to_owned(), |it| format!("{it}s"));
        format!(
            "[project]\nname = \"shop\"\n\
             [image.web]\nid = \"image-{}\"\n\
             [stage.production]\ntemplate = \"environment.toml\"\nfront = \"front.toml\"\n\
             [stage.production.promotion]\ngates = [\"sound\"]\nrequire = []\nsteps = {steps:?}\n\
             pause = \"{pause}\"\nretain = \"1h\"\n{}{}\
             drain = {{ quiet = \"5s\", limit = \"{DRAIN}s\", at_limit = \"{at_limit}\" }}\n",
            self.image,
            time("soak", soak),
            time("watch", watch),
        )
    }
}

impl Terms {
    /// Two weights, and nobody has to approve.
    pub(super) fn quick() -> Terms {
        Terms { soak: None, steps: vec![50, 100], pause: Some(60), watch: None, at_limit: "halt" }
    }

    pub(super) fn random(chance: &mut Chance) -> Terms {
        let some = |likely: u8, longest: u64, chance: &mut Chance| {
            let seconds = 1 + chance.below(longest);
            chance.percent(likely).then_some(seconds)
        };
        let steps: &[&[u64]] = &[&[100], &[50, 100], &[5, 25, 100], &[10, 20, 50, 100]];
        let at_limit: &&str = chance.pick(&["halt", "proceed", "roll_back"]);
        Terms {
            soak: some(40, 600, chance),
            steps: chance.pick(steps).to_vec(),
            pause: some(75, 300, chance),
            watch: some(50, 300, chance),
            at_limit,
        }
    }
}
