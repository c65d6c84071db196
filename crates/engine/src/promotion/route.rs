//! The route of a promotion: which weights the front is to give, one after the other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use greenroom_model::address::Scope;
use greenroom_model::plan::AtLimit;
use greenroom_model::roster::{Role, Roster, Weight};
use greenroom_spec::expr::{Key, Reference};
use greenroom_spec::node::Node;
use greenroom_spec::promotion::{Pause, Promotion};
use greenroom_spec::schemas::Schemas;
use greenroom_spec::template::{Block, Repetition, Template};

use crate::desired::Standing;
use crate::world::ENVIRONMENTS;

/// How a promotion is to go: what its stage declares, with what is left out filled in.
#[derive(Clone, Debug)]
pub struct Terms {
    /// How long the candidate runs beside the live one; `None` for not at all.
    pub soak: Option<Duration>,
    /// How much of the live traffic the candidate gets copies of meanwhile.
    pub mirror: Weight,
    /// How much of that must have been copied for the soak to prove anything.
    pub coverage: Weight,
    /// The weights on the way, rising, the last one 100, each with what comes after it.
    pub steps: Vec<(Weight, Option<Pause>)>,
    /// How long the gates go on at 100 %.
    pub watch: Option<Duration>,
    /// How long nothing new may come to the old side before it counts as drained.
    pub quiet: Duration,
    /// How long to wait for that.
    pub drain: Duration,
    /// What follows if it is not drained by then.
    pub at_limit: AtLimit,
    /// How long an environment that has no traffic any more is kept; `None` is without an end.
    pub retain: Option<Duration>,
    /// The gates to watch, by name.
    pub gates: Vec<Arc<str>>,
}

/// When a front is to know of a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// At weight 0, so that its health shows before it gets traffic.
    AtZero,
    /// With its first weight: what has weight 0 may get traffic all the same.
    WithFirstWeight,
}

/// Who takes the traffic over from whom.
#[derive(Clone, Debug)]
pub struct Route {
    /// The environment that is to take it.
    pub candidate: Scope,
    /// The environment that has it, if any.
    pub live: Option<Scope>,
    /// When the front is to know of the candidate.
    pub admission: Admission,
    /// The roster as it is.
    pub roster: Roster,
}

impl Terms {
    /// What a stage declares.
    #[must_use]
    pub fn of(declared: &Promotion) -> Terms {
        const QUIET: Duration = Duration::from_secs(5);
        const DRAIN: Duration = Duration::from_secs(10 * 60);
        let usual = declared.pause;
        let steps = declared.steps.iter();
        let steps = steps.filter_map(|it| Some((Weight::new(it.weight)?, it.pause.or(usual))));
        let mut steps: Vec<_> = steps.collect();
        if steps.last().is_none_or(|(weight, _)| *weight != Weight::FULL) {
            steps.push((Weight::FULL, usual));
        }
        let soak = declared.soak.as_ref();
        Terms {
            soak: soak.map(|it| it.time.value),
            mirror: soak.and_then(|it| Weight::new(it.mirror)).unwrap_or(Weight::ZERO),
            coverage: soak.and_then(|it| Weight::new(it.coverage)).unwrap_or(Weight::ZERO),
            steps,
            watch: declared.watch.as_ref().map(|it| it.value),
            quiet: declared.drain.quiet.as_ref().map_or(QUIET, |it| it.value),
            drain: declared.drain.limit.as_ref().map_or(DRAIN, |it| it.value),
            at_limit: declared.drain.at_limit,
            retain: declared.retain.as_ref().map(|it| it.value),
            gates: declared.gates.iter().map(|it| it.value.clone()).collect(),
        }
    }

    /// The shortest time from one weight to the next; `None` if there is but one, or people decide
    /// on all.
    #[must_use]
    pub fn shortest_pause(&self) -> Option<Duration> {
        let (_, before) = self.steps.split_last()?;
        let pauses = before.iter().filter_map(|(_, pause)| match pause {
            None => Some(Duration::ZERO),
            Some(Pause::For(time)) => Some(*time),
            Some(Pause::Approval) => None,
        });
        pauses.min()
    }

    /// For how long the candidate has all traffic at least before the old side is drained.
    #[must_use]
    pub fn at_full_weight(&self) -> Duration {
        let pause = match self.steps.last() {
            Some((_, Some(Pause::For(time)))) => *time,
            _ => Duration::ZERO,
        };
        pause + self.watch.unwrap_or_default()
    }

    /// The same for a rollback: all traffic at once, and nothing to soak.
    #[must_use]
    pub fn at_once(self) -> Terms {
        Terms { soak: None, steps: vec![(Weight::FULL, None)], watch: None, ..self }
    }
}

impl Admission {
    /// When `front` is to know of a candidate: at weight 0 if everything that shares traffic out
    /// gives none to who has none.
    #[must_use]
    pub fn of(front: &Template, schemas: &Schemas) -> Admission {
        let mut sharing = front.blocks.values().filter(|block| shares(block, front)).peekable();
        let admits = |block: &Block| {
            schemas.of_block(&block.name).is_some_and(|it| it.schema.admits_at_zero)
        };
        match sharing.peek().is_some() && sharing.all(admits) {
            true => Admission::AtZero,
            false => Admission::WithFirstWeight,
        }
    }
}

/// Whether what a block says depends on the environments behind the front.
fn shares(block: &Block, front: &Template) -> bool {
    let repetition = match &block.repetition {
        Repetition::Once => None,
        Repetition::Count(node) | Repetition::ForEach(node) => Some(node),
    };
    let mut open: Vec<&Node> = repetition.into_iter().chain([&block.arguments]).collect();
    let mut seen = BTreeSet::new();
    while let Some(node) = open.pop() {
        for Reference { root, path, .. } in node.references() {
            match (&*root, path.first()) {
                (ENVIRONMENTS, _) => return true,
                ("local", Some(Key::Key(name))) if seen.insert(name.clone()) => {
                    open.extend(front.locals.get(name));
                }
                _ => {}
            }
        }
    }
    false
}

impl Route {
    /// What the front is told of the environments before the promotion.
    #[must_use]
    pub fn before(&self) -> BTreeMap<Scope, Standing> {
        let entries = self.roster.entries.iter();
        entries
            .map(|(scope, it)| {
                let (role, weight, admitted) = (it.role, it.weight, it.admitted);
                (scope.clone(), Standing { role, weight, mirror: Weight::ZERO, admitted })
            })
            .collect()
    }

    /// The candidate at this weight, the live one with the rest. With all of it, the roles are
    /// those that they will have.
    #[must_use]
    pub fn at(&self, weight: Weight) -> BTreeMap<Scope, Standing> {
        let all = weight == Weight::FULL;
        let mut standings = self.before();
        if let Some(live) = self.live.as_ref().and_then(|it| standings.get_mut(it)) {
            live.weight = weight.rest();
            live.role = if all { Role::Retained } else { Role::Live };
        }
        let standing = Standing {
            role: if all { Role::Live } else { Role::Candidate },
            weight,
            mirror: Weight::ZERO,
            admitted: self.admits(weight),
        };
        standings.insert(self.candidate.clone(), standing);
        standings
    }

    /// Whether the front is to know of the candidate when it has this weight.
    #[must_use]
    pub fn admits(&self, weight: Weight) -> bool {
        weight > Weight::ZERO || self.admission == Admission::AtZero
    }

    /// The candidate without weight, and with copies of this much of the traffic.
    #[must_use]
    pub fn mirroring(&self, share: Weight) -> BTreeMap<Scope, Standing> {
        let mut standings = self.at(Weight::ZERO);
        if let Some(candidate) = standings.get_mut(&self.candidate) {
            candidate.mirror = share;
        }
        standings
    }

    /// The traffic where it was, and the candidate failed.
    #[must_use]
    pub fn given_up(&self) -> BTreeMap<Scope, Standing> {
        let mut standings = self.at(Weight::ZERO);
        if let Some(candidate) = standings.get_mut(&self.candidate) {
            candidate.role = Role::Failed;
        }
        standings
    }
}
