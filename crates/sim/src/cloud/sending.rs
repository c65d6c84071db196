//! Calls that change something, and what becomes of them on their way.

use std::future::pending;
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use greenroom_model::address::Address;
use greenroom_provider::{Failure, FailureKind};
use tokio::sync::oneshot;
use tokio::time::sleep;

use super::types::RECORD;
use super::world::{Course, Request, SimObject};
use super::{CallKind, Cloud, Fault};
use crate::life::Moment;
use crate::tally::Trouble;

/// How long a slow deletion takes.
const SLOW: Duration = Duration::from_secs(5);

/// How long changes of records wait for others to go with them.
const TOGETHER: Duration = Duration::from_millis(20);

/// How long what is stuck takes: longer than anybody waits.
const STUCK: Duration = Duration::from_secs(5 * 60 * 60);

/// What happens to one call.
#[derive(Clone, Copy)]
struct Fate {
    fault: Option<Fault>,
    course: Course,
    latency: Duration,
}

/// A call on its way to the cloud, until it has arrived there: one request, or several that take
/// effect together.
type Sent = Arc<Mutex<Option<Vec<Request>>>>;

/// What becomes of the requests of a call.
type Answers = Vec<Result<Option<SimObject>, Failure>>;

/// The sender of a call. If it dies before the call has arrived, that may still arrive.
struct Sender<'c> {
    cloud: &'c Cloud,
    sent: Sent,
    course: Course,
}

/// Changes of records that are about to be sent together, with who waits for each.
pub(super) type Gathered = Vec<(Request, oneshot::Sender<Result<Option<SimObject>, Failure>>)>;

/// Counts a call as running as long as it lives.
struct Running<'c>(&'c Cloud);

impl Cloud {
    /// Sends a changing call; the object as it is then, if it is there.
    pub(super) async fn send(&self, request: Request) -> Result<Option<SimObject>, Failure> {
        if &*request.subject().0.block.kind == RECORD {
            return self.send_with_others(request).await;
        }
        self.send_together(vec![request]).await.pop().expect("one answer to one request")
    }

    /// Sends a change of a record, with those that it goes together with.
    async fn send_with_others(&self, request: Request) -> Result<Option<SimObject>, Failure> {
        let address = request.subject().0.clone();
        if let Some(company) = request.company() {
            company.assemble().await?;
        }
        let (answer, answered) = oneshot::channel();
        let is_first = {
            let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
            records.push((request, answer));
            records.len() == 1
        };
        if is_first {
            sleep(TOGETHER).await;
            let (requests, answers): (Vec<_>, Vec<_>) = self.gathered().into_iter().unzip();
            for (answer, done) in answers.into_iter().zip(self.send_together(requests).await) {
                // Who does not wait any longer need not know.
                let _ = answer.send(done);
            }
        }
        answered.await.unwrap_or_else(|_| Err(away(&address).unknown_effect()))
    }

    fn gathered(&self) -> Gathered {
        std::mem::take(&mut *self.records.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn send_together(&self, requests: Vec<Request>) -> Answers {
        let _running = self.run();
        let fate = self.fate(&requests);
        let sent = Arc::new(Mutex::new(Some(requests)));
        let _sender = Sender { cloud: self, sent: sent.clone(), course: fate.course };
        // On its way from here on, also while its sender stands still.
        match tokio::spawn(self.clone().arrive(sent, fate)).await {
            Ok(answers) => answers,
            Err(stopped) => resume_unwind(stopped.into_panic()),
        }
    }

    /// The way of a call to the cloud, and of its answer back.
    async fn arrive(self, sent: Sent, fate: Fate) -> Answers {
        let Fate { fault, course, latency } = fate;
        sleep(latency / 2).await;
        let Some(kind) = locked(&sent).as_ref().map(|it| it[0].kind()) else { return Vec::new() };
        if !self.life.passes(Moment::Before(kind)) {
            return pending().await;
        }
        let requests = locked(&sent).take().expect("a call arrives once");
        let all = |failure: &dyn Fn(&Address) -> Failure| -> Answers {
            requests.iter().map(|it| Err(failure(it.subject().0))).collect()
        };
        if self.inner().refuses(kind, fault) {
            return all(&|_| expired());
        }
        match fault {
            Some(Fault::Refused) => return all(&away),
            Some(Fault::LostBefore) => return all(&|it| away(it).unknown_effect()),
            Some(Fault::Late(delay)) => {
                let lost = all(&|it| away(it).unknown_effect());
                self.inner().world.later(requests, course, delay);
                return lost;
            }
            _ => {}
        }
        let mut done = self.carry_out(&requests, course);
        if fault == Some(Fault::Twice) && done.iter().all(Result::is_ok) {
            done = self.carry_out(&requests, course);
        }
        if !self.life.passes(Moment::After(kind)) {
            return pending().await;
        }
        sleep(latency / 2).await;
        match fault {
            Some(Fault::LostAfter) => all(&|it| away(it).unknown_effect()),
            _ => done,
        }
    }

    fn carry_out(&self, requests: &[Request], course: Course) -> Answers {
        let mut inner = self.inner();
        inner.world.advance();
        for request in requests {
            if let Some(id) = request.subject().1 {
                inner.meets(request.kind(), id);
            }
        }
        let done = inner.world.carry_out(requests, course);
        for (request, done) in requests.iter().zip(&done) {
            let kind = request.kind();
            match done {
                Ok(Some(object)) if kind == CallKind::Update => inner.others.undone(&object.id),
                Ok(_) => {}
                Err(failure) => match failure.kind {
                    FailureKind::Held => inner.hit(Trouble::Held, kind),
                    FailureKind::Stranger if kind == CallKind::Create => {
                        inner.hit(Trouble::NameTaken, kind);
                    }
                    _ => {}
                },
            }
        }
        done
    }

    /// What happens to a call with these requests; the first of them says by which luck.
    fn fate(&self, requests: &[Request]) -> Fate {
        let (kind, (address, id)) = (requests[0].kind(), requests[0].subject());
        let mut guard = self.inner();
        let inner = &mut *guard;
        inner.note(kind, address, id);
        let about = address.to_string();
        let planned = inner.planned.remove(&(kind, about.clone()));
        let place = inner.luck.visit(kind, about);
        let weather = &inner.weather;
        let by_chance = inner.luck.decide(&place, |chance| weather.change(kind, chance));
        // What takes effect together could not be told from somebody else's, and is sent once.
        let may_be = |it: &Fault| *it != Fault::Twice || requests.len() == 1;
        let fault = planned.or(by_chance).filter(may_be);
        if let Some(trouble) = fault.and_then(Fault::trouble) {
            inner.hit(trouble, kind);
        }
        let course = Course {
            start: if fault == Some(Fault::Stuck) { STUCK } else { inner.weather.start },
            fails: fault == Some(Fault::Broken),
            delete: match fault {
                Some(Fault::Slow) => SLOW,
                Some(Fault::Stuck) => STUCK,
                _ => Duration::ZERO,
            },
        };
        Fate { fault, course, latency: inner.latency(&place) }
    }

    fn run(&self) -> Running<'_> {
        let mut inner = self.inner();
        inner.running += 1;
        inner.most_running = inner.most_running.max(inner.running);
        Running(self)
    }
}

impl Request {
    pub(super) fn kind(&self) -> CallKind {
        match self {
            Request::Create(_) => CallKind::Create,
            Request::Import(_) => CallKind::Import,
            Request::Update(_) => CallKind::Update,
            Request::Delete(_) => CallKind::Delete,
        }
    }
}

impl Drop for Sender<'_> {
    fn drop(&mut self) {
        let Some(requests) = locked(&self.sent).take() else { return };
        let mut guard = self.cloud.inner();
        let inner = &mut *guard;
        let kind = requests[0].kind();
        let about = format!("{}, in flight", requests[0].subject().0);
        let place = inner.luck.visit(kind, about);
        let weather = &inner.weather;
        if let Some(Fault::Lands(delay)) = inner.luck.decide(&place, |it| weather.landing(it)) {
            inner.hit(Trouble::Late, kind);
            inner.world.later(requests, self.course, delay);
        }
    }
}

fn locked(sent: &Sent) -> MutexGuard<'_, Option<Vec<Request>>> {
    sent.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.inner().running -= 1;
    }
}

pub(super) fn expired() -> Failure {
    Failure::new(FailureKind::Credentials, "the credentials have expired").help("log in again")
}

pub(super) fn away(address: &Address) -> Failure {
    Failure::new(FailureKind::Unavailable, format!("the cloud did not answer for {address}"))
}
