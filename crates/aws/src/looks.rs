//! Looking at objects: one question an object, one call a batch.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::join_all;
use greenroom_model::identity::Lineage;
use greenroom_provider::coalesce::Answers;
use greenroom_provider::{Coalescer, Failure, Object};
use tokio::time::{Instant, sleep_until};

use crate::aws::{Aws, Pace};
use crate::resource::{Resource, Seen, Sought, Tagging};

/// The object that a look is about: whose it is, and its id.
pub(crate) type Wanted = (Lineage, Arc<str>);

/// The looks of one type.
pub(crate) struct Looks {
    resource: Arc<dyn Resource>,
    gathered: Coalescer<Wanted, Option<Arc<Seen>>>,
    pace: Pace,
    /// Whoever waits looks at the same instants, counted from here, so that looks are shared.
    began: Instant,
}

impl Looks {
    pub(crate) fn new(aws: Arc<Aws>, resource: Arc<dyn Resource>) -> Looks {
        let pace = aws.pace;
        let asked = resource.clone();
        let gathered = Coalescer::new(Pace::tick(), move |wanted| {
            answer(aws.clone(), asked.clone(), wanted).boxed()
        });
        Looks { resource, gathered, pace, began: Instant::now() }
    }

    /// The object as it is now; `None` if AWS does not speak of it.
    pub(crate) async fn one(&self, object: &Object) -> Result<Option<Arc<Seen>>, Failure> {
        self.gathered.one(wanted(object)).await
    }

    /// The objects as they are now. What is missing is looked for again for a while: AWS may not
    /// find everywhere what was just made.
    pub(crate) async fn all(&self, wanted: Vec<Wanted>) -> Vec<Result<Option<Arc<Seen>>, Failure>> {
        let mut answers = self.gathered.all(wanted.clone()).await;
        let until = Instant::now() + self.pace.second_look();
        let mut pause = self.pace.second_look() / 16;
        loop {
            let missing = |it: &Result<Option<Arc<Seen>>, Failure>| matches!(it, Ok(None));
            let at: Vec<usize> = (0..answers.len()).filter(|at| missing(&answers[*at])).collect();
            if at.is_empty() || Instant::now() >= until {
                return answers;
            }
            sleep_until((Instant::now() + pause).min(until)).await;
            pause *= 2;
            let again = at.iter().map(|at| wanted[*at].clone()).collect();
            for (at, answer) in at.into_iter().zip(self.gathered.all(again).await) {
                answers[at] = answer;
            }
        }
    }

    /// Lets time pass until the next look of all who wait for an object of this type.
    pub(crate) async fn pause(&self) {
        let every = self.pace.scaled(self.resource.poll()).max(Duration::from_millis(5));
        let past = self.began.elapsed().as_nanos() / every.as_nanos();
        let next = u32::try_from(past + 1).unwrap_or(u32::MAX);
        sleep_until(self.began + every.saturating_mul(next)).await;
    }
}

/// What to look for to see an object.
pub(crate) fn wanted(object: &Object) -> Wanted {
    (object.owner.lineage.clone(), object.id.clone())
}

/// Answers a batch: all objects of a state by its tag where that is fewer calls, others by id.
async fn answer(
    aws: Arc<Aws>,
    resource: Arc<dyn Resource>,
    wanted: Vec<Wanted>,
) -> Answers<Wanted, Option<Arc<Seen>>> {
    let mut found: BTreeMap<Arc<str>, Arc<Seen>> = BTreeMap::new();
    for lineage in crowded(&*resource, &wanted) {
        // What this look misses, or all if it fails, is looked up by id.
        for seen in resource.look(&aws, &Sought::Lineage(lineage)).await.unwrap_or_default() {
            found.insert(seen.id.clone(), Arc::new(seen));
        }
    }
    let missing: BTreeSet<&Arc<str>> =
        wanted.iter().map(|(_, id)| id).filter(|id| !found.contains_key(*id)).collect();
    let missing: Vec<Arc<str>> = missing.into_iter().cloned().collect();
    let batches = missing.chunks(resource.batch()).map(|ids| {
        let (aws, resource) = (&aws, &resource);
        async move { (ids, resource.look(aws, &Sought::Ids(ids.to_vec())).await) }
    });
    let mut failures: BTreeMap<Arc<str>, Failure> = BTreeMap::new();
    for (ids, answer) in join_all(batches).await {
        match answer {
            Ok(seen) => found.extend(seen.into_iter().flat_map(|it| by_ids(&*resource, it))),
            Err(failure) => failures.extend(ids.iter().map(|id| (id.clone(), failure.clone()))),
        }
    }
    let answer = |wanted: Wanted| {
        let answer = match (found.get(&wanted.1), failures.get(&wanted.1)) {
            (Some(seen), _) => Ok(Some(seen.clone())),
            (None, Some(failure)) => Err(failure.clone()),
            (None, None) => Ok(None),
        };
        (wanted, answer)
    };
    wanted.into_iter().map(answer).collect()
}

/// An object by all ids that it may be asked for by.
fn by_ids(resource: &dyn Resource, seen: Seen) -> Vec<(Arc<str>, Arc<Seen>)> {
    let ids = [vec![seen.id.clone()], resource.aliases(&seen)].concat();
    let seen = Arc::new(seen);
    ids.into_iter().map(|id| (id, seen.clone())).collect()
}

/// The states of which more objects are wanted than one look by ids can ask for.
fn crowded(resource: &dyn Resource, wanted: &[Wanted]) -> Vec<Lineage> {
    if resource.tagging() != Tagging::Ec2 {
        return Vec::new();
    }
    let mut objects: BTreeMap<&Lineage, usize> = BTreeMap::new();
    for (lineage, _) in wanted {
        *objects.entry(lineage).or_default() += 1;
    }
    let crowded = objects.into_iter().filter(|(_, count)| *count > resource.batch());
    crowded.map(|(lineage, _)| lineage.clone()).collect()
}
