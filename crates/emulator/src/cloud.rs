//! A cloud of its own for a test.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::proxy::fault::{Rule, Weather};
use crate::proxy::log::Request;
use crate::proxy::{Listener, Proxy};
use crate::servers::Servers;

/// AWS on this machine, for as long as it is not dropped.
///
/// An access key of twelve digits is the account that a request works in, so that several states
/// of a test need not see each other. Nothing fails until it is told to.
pub struct Cloud {
    proxy: Arc<Proxy>,
    listener: Listener,
}

impl Cloud {
    /// Starts a cloud. Servers start when something is first asked of them.
    ///
    /// # Panics
    ///
    /// If there is no port to listen on.
    pub async fn start() -> Cloud {
        let proxy = Arc::new(Proxy::new(Servers::new()));
        let listener = Listener::start(proxy.clone()).await;
        Cloud { proxy, listener }
    }

    /// The URL of all its APIs.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.listener.port())
    }

    /// Everything that was asked since the log was last cleared, in the order of its arrival.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.proxy.log.all()
    }

    /// How often each action was asked, such as `ec2:DescribeInstances`.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for request in self.requests() {
            *counts.entry(request.name()).or_default() += 1;
        }
        counts
    }

    /// Forgets what was asked so far.
    pub fn clear_log(&self) {
        self.proxy.log.clear();
    }

    /// Has requests fail as a rule says; the first rule that fits a request counts.
    pub fn inject(&self, rule: Rule) {
        self.proxy.faults.add(rule);
    }

    /// Has all requests fail now and then, by seed. Rules go before.
    pub fn set_weather(&self, weather: Weather) {
        self.proxy.faults.set_weather(weather);
    }

    /// Fails the test if something was asked that the servers do not know.
    ///
    /// # Panics
    ///
    /// With the actions and the servers' reasons.
    pub fn assert_supported(&self) {
        let unknown: Vec<Request> =
            self.requests().into_iter().filter(|it| it.code == UNKNOWN).collect();
        assert!(unknown.is_empty(), "the emulators do not know: {unknown:#?}");
    }
}

/// The code of an answer to what a server does not know.
pub(crate) const UNKNOWN: &str = "EmulatorDoesNotKnow";
