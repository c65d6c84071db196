//! Watching a promotion while this process carries it out, for its account.

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use greenroom_apply::{Event, Observer, Workbench};
use greenroom_model::address::Scope;
use greenroom_model::plan::OperationKind;
use greenroom_model::state::State;
use greenroom_store::StateName;
use jiff::Timestamp;
use tokio::time::{Instant, sleep_until};

use super::account::{AccountFolder, Line, Sample, Side};
use super::looks::{Looks, Seen};
use crate::record::Operation;
use crate::run::{Over, what_of};

/// The time between two looks, for as long as that does not make too many of them.
const LOOK: Duration = Duration::from_secs(1);
/// Looks get rarer when there have been this many at the first pace.
const MANY: u32 = 1800;

/// Notes what happens, and passes every event on.
pub struct Witness {
    next: Arc<dyn Observer>,
    noted: Mutex<Vec<Line>>,
    /// Whether the state is another one since it was last read.
    moved: AtomicBool,
}

impl Observer for Witness {
    fn observe(&self, event: &Event) {
        let line = line(event, Timestamp::now());
        self.noted.lock().unwrap_or_else(PoisonError::into_inner).extend(line);
        if changes_roster(event) {
            self.moved.store(true, Relaxed);
        }
        self.next.observe(event);
    }
}

impl Witness {
    /// One that passes events on to `next`.
    #[must_use]
    pub fn before(next: Arc<dyn Observer>) -> Arc<Witness> {
        Arc::new(Witness { next, noted: Mutex::default(), moved: AtomicBool::new(true) })
    }

    /// Does `work`, and looks at the environments of a state meanwhile. The world is not to wait for
    /// an account of it: what cannot be seen is left out, and what cannot be written as well.
    ///
    /// # Errors
    ///
    /// With what `work` came to: why some of the account could not be written.
    pub async fn attend<T>(
        &self,
        folder: &mut AccountFolder,
        workbench: &Workbench,
        name: &StateName,
        by: String,
        work: impl Future<Output = T>,
    ) -> (T, io::Result<()>) {
        let mut kept = folder.append(&[Line::began(Timestamp::now(), by)]);
        let done = tokio::select! {
            done = work => done,
            never = self.look_on(folder, &mut kept, workbench, name) => match never {},
        };
        let mut last = self.take();
        last.push(Line::Ended { at: Timestamp::now() });
        kept = kept.and(folder.append(&last));
        (done, kept)
    }

    async fn look_on(
        &self,
        folder: &mut AccountFolder,
        kept: &mut io::Result<()>,
        workbench: &Workbench,
        name: &StateName,
    ) -> std::convert::Infallible {
        let (began, mut looks, mut state) = (Instant::now(), Looks::default(), None);
        loop {
            if self.moved.swap(false, Relaxed) {
                state = workbench.view(name).await.ok().and_then(|it| it.state).or(state);
            }
            if let Some(state) = &state {
                let seen = looks.look(workbench, state).await;
                self.note(Line::Sample(sample(state, &seen, Timestamp::now())));
            }
            let appended = folder.append(&self.take());
            if kept.is_ok() {
                *kept = appended;
            }
            sleep_until(Instant::now() + LOOK.max(began.elapsed() / MANY)).await;
        }
    }

    fn note(&self, line: Line) {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    fn take(&self) -> Vec<Line> {
        std::mem::take(&mut self.noted.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn changes_roster(event: &Event) -> bool {
    match event {
        Event::PhaseStarted { .. } => true,
        Event::Completed { about, .. } => about.kind == OperationKind::Mark,
        _ => false,
    }
}

fn line(event: &Event, now: Timestamp) -> Option<Line> {
    if let Event::PhaseStarted { phase, .. } = event {
        return Some(Line::Phase { at: now, name: phase.to_string() });
    }
    let Over { about, elapsed, error } =
        Over::of(event).filter(|it| it.about.kind != OperationKind::Mark)?;
    let started = now.saturating_sub(elapsed).unwrap_or(now);
    Some(Line::Operation(Operation { what: what_of(about), started, ended: now, error }))
}

fn sample(state: &State, seen: &BTreeMap<Scope, Seen>, at: Timestamp) -> Sample {
    let entries = state.roster.iter().flat_map(|it| &it.entries);
    let sides = entries.map(|(scope, entry)| {
        let Seen { health, open, since } = seen.get(scope).cloned().unwrap_or_default();
        let side = Side {
            meant: entry.weight.percent(),
            verified: entry.verified.percent(),
            seconds: since.as_ref().map(|it| it.time.as_secs_f64()),
            requests: since.as_ref().and_then(|it| it.requests),
            errors: since.as_ref().and_then(|it| it.errors),
            open,
            healthy: health.map(|it| it.healthy),
            other: health.map(|it| it.unhealthy + it.unknown),
        };
        (scope.to_string(), side)
    });
    Sample { at, sides: sides.collect() }
}
