//! Clients that go on asking while weights move, and which environment answered them.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread;

use serde_json::Value;

use crate::http::Client;

/// The section in which nothing is counted: weights are on their way.
pub(super) const BETWEEN: usize = 0;

/// Traffic that goes on, counted by section and by the environment that answered.
#[derive(Debug, Default)]
pub(super) struct Load {
    sent: AtomicU64,
    section: AtomicUsize,
    over: AtomicBool,
    answers: Mutex<BTreeMap<(usize, String), u64>>,
    failures: Mutex<Vec<String>>,
}

impl Load {
    /// Sends requests from `clients` at once while `work` is done; every other client opens a
    /// connection for each request, and some ask for slow answers.
    pub(super) fn during<T>(&self, url: &str, clients: usize, work: impl FnOnce() -> T) -> T {
        thread::scope(|scope| {
            for client in 0..clients {
                scope.spawn(move || self.serve(url, client));
            }
            let over = Over(&self.over);
            let done = work();
            drop(over);
            done
        })
    }

    fn serve(&self, url: &str, client: usize) {
        let keep = client.is_multiple_of(2);
        let mut http = Client::new(url, keep);
        while !self.over.load(Ordering::Relaxed) {
            let number = self.sent.fetch_add(1, Ordering::Relaxed);
            let before = self.section.load(Ordering::SeqCst);
            // Slow answers say no name: they only have to come.
            let path = if number.is_multiple_of(500) { "/slow?ms=100" } else { "/" };
            match http.get(path) {
                Ok(answer) if answer.status == 200 => self.answered(before, &answer.body),
                other => {
                    self.failures.lock().expect("no panic").push(format!("{other:?}"));
                    http = Client::new(url, keep);
                }
            }
        }
    }

    fn answered(&self, before: usize, body: &str) {
        let after = self.section.load(Ordering::SeqCst);
        let body: Value = serde_json::from_str(body).expect("JSON");
        let Some(environment) = body["environment"].as_str() else { return };
        let section = if before == after { after } else { BETWEEN };
        let key = (section, environment.to_owned());
        *self.answers.lock().expect("no panic").entry(key).or_default() += 1;
    }

    /// Counts in another section from now on.
    pub(super) fn enter(&self, section: usize) {
        self.section.store(section, Ordering::SeqCst);
    }

    /// How many requests were sent.
    pub(super) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// The answers of a section: how many, and how many of them from `environment`.
    pub(super) fn share(&self, section: usize, environment: &str) -> (u64, u64) {
        let answers = self.answers.lock().expect("no panic");
        let of_section = || answers.iter().filter(|((it, _), _)| *it == section);
        let all = of_section().map(|(_, count)| count).sum();
        let own = of_section().filter(|((_, it), _)| it == environment).map(|(_, count)| count);
        (all, own.sum())
    }

    /// Asserts that every request was answered well.
    pub(super) fn assert_no_failures(&self) {
        let failures = self.failures.lock().expect("no panic");
        assert!(failures.is_empty(), "{} failed: {:?}", failures.len(), failures.first());
    }
}

/// Ends the traffic, also if the work beside it panics.
struct Over<'l>(&'l AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
