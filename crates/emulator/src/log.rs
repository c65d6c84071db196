//! What was asked, in the order of arrival, and what became of it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::call::{Call, Parameters};
use crate::reply::Reply;

/// One request that the cloud received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Its place in the order of arrival, over all accounts.
    pub seq: u64,
    /// The account of the caller.
    pub account: String,
    /// The region that it was signed for.
    pub region: String,
    /// The name under which the service signs: `ec2`, `elasticloadbalancing`, `route53`.
    pub service: String,
    /// What was asked for: `RunInstances`.
    pub action: String,
    /// Form fields as they are; other bodies flattened.
    pub parameters: Parameters,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is being worked on.
    Pending,
    /// It was answered.
    Answered {
        /// The status of HTTP.
        status: u16,
        /// The code of the error, if it was one.
        code: Option<String>,
    },
    /// The client got no whole answer.
    Lost {
        /// Whether it was carried out, with what AWS would have answered.
        effect: Option<u16>,
    },
}

impl Request {
    /// What it is called in counts and rules: `ec2:RunInstances`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}:{}", self.service, self.action)
    }
}

impl Outcome {
    /// The outcome of an answer that reaches the client.
    pub(crate) fn answered(reply: &Reply) -> Outcome {
        Outcome::Answered { status: reply.status.as_u16(), code: reply.code() }
    }
}

/// All requests by their numbers.
#[derive(Debug, Default)]
pub(crate) struct Log {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    next: u64,
    requests: BTreeMap<u64, Request>,
}

impl Log {
    /// Records a call that arrived.
    pub(crate) fn begin(&self, call: &Call) -> u64 {
        let mut inner = self.lock();
        let seq = inner.next;
        inner.next += 1;
        let request = Request {
            seq,
            account: call.account.clone(),
            region: call.region.clone(),
            service: call.service.clone(),
            action: call.action.clone(),
            parameters: call.parameters.clone(),
            outcome: Outcome::Pending,
        };
        inner.requests.insert(seq, request);
        seq
    }

    /// Records what became of it.
    pub(crate) fn end(&self, seq: u64, outcome: Outcome) {
        // Its account's log may have been cleared meanwhile.
        if let Some(request) = self.lock().requests.get_mut(&seq) {
            request.outcome = outcome;
        }
    }

    /// The requests of an account, or all.
    pub(crate) fn requests(&self, account: Option<&str>) -> Vec<Request> {
        let wanted = |request: &&Request| account.is_none_or(|account| request.account == account);
        self.lock().requests.values().filter(wanted).cloned().collect()
    }

    /// How many requests of each name an account made, or all did.
    pub(crate) fn counts(&self, account: Option<&str>) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for request in self.requests(account) {
            *counts.entry(request.name()).or_default() += 1;
        }
        counts
    }

    /// Forgets the requests of an account, or all.
    pub(crate) fn clear(&self, account: Option<&str>) {
        let other = |request: &Request| account.is_some_and(|account| request.account != account);
        self.lock().requests.retain(|_, request| other(request));
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
