//! The life of a simulated process, which can end between any two of its effects, or stand still.

use std::fmt::Debug;
use std::future::{pending, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use tokio::sync::Notify;

use crate::cloud::CallKind;
use crate::disk::EffectKind;
use crate::objects::RequestKind;

/// A process, as those see it whom it calls. Clones are the same process.
#[derive(Clone, Debug, Default)]
pub struct Life {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    course: Mutex<Course>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Course {
    passed: u64,
    halt: Option<Halt>,
    pulse: Pulse,
    halted: Option<(Moment, Pulse)>,
}

/// Whether a process does anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Pulse {
    #[default]
    Awake,
    Frozen,
    Over,
}

/// What becomes of a process the `nth` time, from 1, that it comes to such a moment.
#[derive(Clone, Copy, Debug)]
struct Halt {
    at: Option<Moment>,
    nth: u64,
    to: Pulse,
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
    /// A request is about to be sent to the object storage.
    Request(RequestKind),
    /// A request to the object storage is answered, and the answer not read.
    Answer(RequestKind),
}

impl Life {
    /// A process that nothing ends.
    #[must_use]
    pub fn new() -> Life {
        Life::default()
    }

    /// Ends the process at the `nth` moment from now on, from 1; of those `at`, if that is given.
    pub fn end_at(&self, nth: u64, at: Option<Moment>) {
        self.halt_at(Halt { at, nth, to: Pulse::Over });
    }

    /// Lets the process stand still from the `nth` moment on, from 1; of those `at`, if that is
    /// given.
    pub fn freeze_at(&self, nth: u64, at: Option<Moment>) {
        self.halt_at(Halt { at, nth, to: Pulse::Frozen });
    }

    /// Ends the process now.
    pub fn end(&self) {
        self.turn(Pulse::Over);
    }

    /// Lets the process stand still now.
    pub fn freeze(&self) {
        self.turn(Pulse::Frozen);
    }

    /// Lets the process go on, if it stands still.
    pub fn go_on(&self) {
        self.turn(Pulse::Awake);
    }

    /// The moment at which it ended, if it came to its end at one.
    #[must_use]
    pub fn last_moment(&self) -> Option<Moment> {
        self.course().halted.filter(|it| it.1 == Pulse::Over).map(|it| it.0)
    }

    /// The moment from which on it stood still, if it did.
    #[must_use]
    pub fn frozen_at(&self) -> Option<Moment> {
        self.course().halted.filter(|it| it.1 == Pulse::Frozen).map(|it| it.0)
    }

    /// Comes to a moment; whether the process is alive after it.
    #[must_use]
    pub fn passes(&self, moment: Moment) -> bool {
        let mut course = self.course();
        if course.pulse == Pulse::Over {
            return false;
        }
        let Some(halt) = course.halt.filter(|halt| halt.at.is_none_or(|at| at == moment)) else {
            return true;
        };
        course.passed += 1;
        if course.passed < halt.nth {
            return true;
        }
        course.halt = None;
        course.pulse = halt.to;
        course.halted = Some((moment, halt.to));
        self.shared.changed.notify_waiters();
        halt.to != Pulse::Over
    }

    /// Comes to a moment, and returns as soon as the process is awake after it: never, if it ends
    /// there.
    pub async fn pass(&self, moment: Moment) {
        if !self.passes(moment) {
            pending::<()>().await;
        }
        self.awake().await;
    }

    /// Does `work` as long as the process is awake.
    pub async fn live<F: Future>(&self, work: F) -> F::Output {
        let mut work = pin!(work);
        loop {
            self.awake().await;
            let done = poll_fn(|context| {
                if !self.is_awake() {
                    return Poll::Ready(None);
                }
                work.as_mut().poll(context).map(Some)
            });
            if let Some(done) = done.await {
                return done;
            }
        }
    }

    /// Returns when the process is awake.
    pub async fn awake(&self) {
        self.until(Pulse::Awake).await;
    }

    /// Returns when the process stands still.
    pub async fn frozen(&self) {
        self.until(Pulse::Frozen).await;
    }

    /// Returns when it has ended.
    pub async fn over(&self) {
        self.until(Pulse::Over).await;
    }

    /// Whether it has ended.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.course().pulse == Pulse::Over
    }

    fn is_awake(&self) -> bool {
        self.course().pulse == Pulse::Awake
    }

    async fn until(&self, pulse: Pulse) {
        loop {
            let changed = self.shared.changed.notified();
            if self.course().pulse == pulse {
                return;
            }
            changed.await;
        }
    }

    fn halt_at(&self, halt: Halt) {
        let mut course = self.course();
        course.passed = 0;
        course.halt = Some(halt);
    }

    /// What is over stays so.
    fn turn(&self, pulse: Pulse) {
        let mut course = self.course();
        if course.pulse != Pulse::Over {
            course.pulse = pulse;
        }
        self.shared.changed.notify_waiters();
    }

    fn course(&self) -> MutexGuard<'_, Course> {
        self.shared.course.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
