//! What was asked, and what came of it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Delivery;
use super::call::Call;

/// A request that was made.
#[derive(Clone, Debug)]
pub struct Request {
    /// The account it worked in.
    pub account: String,
    /// Its service, such as `ec2`.
    pub service: String,
    /// Its action, such as `RunInstances`.
    pub action: String,
    /// The fields of its form.
    pub parameters: BTreeMap<String, String>,
    /// The status of the answer; 0 while there is none, or if the client got none.
    pub status: u16,
    /// The code of an error.
    pub code: String,
}

impl Request {
    /// Service and action, such as `ec2:RunInstances`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}:{}", self.service, self.action)
    }
}

#[derive(Default)]
pub(crate) struct Log(Mutex<Requests>);

#[derive(Default)]
struct Requests {
    /// How many were cleared.
    cleared: usize,
    kept: Vec<Request>,
}

impl Log {
    fn lock(&self) -> MutexGuard<'_, Requests> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a call down, and returns its number.
    pub(crate) fn arrived(&self, call: &Call) -> usize {
        let mut requests = self.lock();
        requests.kept.push(Request {
            account: call.account.clone(),
            service: call.service.clone(),
            action: call.action.clone(),
            parameters: call.parameters.clone(),
            status: 0,
            code: String::new(),
        });
        requests.cleared + requests.kept.len() - 1
    }

    pub(crate) fn answered(&self, number: usize, delivery: &Delivery) {
        let Delivery::Whole(answer) = delivery else { return };
        let mut requests = self.lock();
        let at = number.checked_sub(requests.cleared);
        if let Some(request) = at.and_then(|at| requests.kept.get_mut(at)) {
            request.status = answer.status.as_u16();
            request.code = answer.code();
        }
    }

    pub(crate) fn all(&self) -> Vec<Request> {
        self.lock().kept.clone()
    }

    pub(crate) fn clear(&self) {
        let mut requests = self.lock();
        requests.cleared += requests.kept.len();
        requests.kept.clear();
    }
}
