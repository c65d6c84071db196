//! The life of a simulated process, which can end between any two of its effects.

use std::fmt::Debug;
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::cloud::CallKind;
use crate::disk::EffectKind;

/// A process, as those see it whom it calls. Clones are the same process.
#[derive(Clone, Debug, Default)]
pub struct Life {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    course: Mutex<Course>,
    over: Notify,
}

#[derive(Debug, Default)]
struct Course {
    passed: u64,
    end: Option<End>,
    last: Option<Moment>,
}

/// When a process ends: the `nth` time, from 1, that it comes to such a moment.
#[derive(Clone, Copy, Debug)]
struct End {
    at: Option<Moment>,
    nth: u64,
}

/// A moment between two effects.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// A call has come to the cloud, and has had no effect.
    Before(CallKind),
    /// A call took effect, and is not answered.
    After(CallKind),
    /// Something is about to happen on the disk.
    Disk(EffectKind),
}

impl Life {
    /// A process that nothing ends.
    #[must_use]
    pub fn new() -> Life {
        Life::default()
    }

    /// Ends the process at the `nth` moment from now on, from 1; of those `at`, if that is given.
    pub fn end_at(&self, nth: u64, at: Option<Moment>) {
        let mut course = self.course();
        course.passed = 0;
        course.end = Some(End { at, nth });
    }

    /// Takes back what [`end_at`](Life::end_at) asked for.
    pub fn go_on(&self) {
        self.course().end = None;
    }

    /// The moment at which it ended.
    #[must_use]
    pub fn last_moment(&self) -> Option<Moment> {
        self.course().last
    }

    /// Comes to a moment; whether the process is alive after it.
    #[must_use]
    pub fn passes(&self, moment: Moment) -> bool {
        let mut course = self.course();
        if course.last.is_some() {
            return false;
        }
        let Some(end) = course.end.filter(|end| end.at.is_none_or(|at| at == moment)) else {
            return true;
        };
        course.passed += 1;
        if course.passed < end.nth {
            return true;
        }
        course.last = Some(moment);
        self.shared.over.notify_waiters();
        false
    }

    /// Comes to a moment, and never returns if the process ends there.
    pub async fn pass(&self, moment: Moment) {
        if !self.passes(moment) {
            pending::<()>().await;
        }
    }

    /// Whether it has ended.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.course().last.is_some()
    }

    /// Returns when it has ended.
    pub async fn over(&self) {
        let over = self.shared.over.notified();
        if !self.is_over() {
            over.await;
        }
    }

    fn course(&self) -> MutexGuard<'_, Course> {
        self.shared.course.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
