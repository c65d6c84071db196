//! The same `ClientToken` is the same creation; and finding instances by it.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Mutex as Gate;

use crate::call::{Call, Parameters};
use crate::reply::{Failure, Reply};
use crate::xml;

/// Region, action and token. The tokens of another action are others.
type Key = (String, String, String);

/// The creations of an account by their tokens.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    done: Mutex<BTreeMap<Key, Arc<Gate<Option<Done>>>>>,
}

#[derive(Debug)]
struct Done {
    parameters: Parameters,
    reply: Reply,
}

impl Tokens {
    /// Carries a call out, unless one with its token was: then answers what that was answered.
    /// While one is carried out, others with its token wait. What failed may be tried again.
    ///
    /// # Errors
    ///
    /// `IdempotentParameterMismatch` if the token was used with other parameters.
    pub(crate) async fn once(
        &self,
        call: &Call,
        carry_out: impl Future<Output = Result<Reply, Failure>>,
    ) -> Result<Reply, Failure> {
        let Some(token) = call.parameter("ClientToken").filter(|_| call.service == "ec2") else {
            return carry_out.await;
        };
        let gate = self.gate((call.region.clone(), call.action.clone(), token.to_owned()));
        let mut done = gate.lock().await;
        if let Some(done) = &*done {
            return if done.parameters == call.parameters {
                Ok(done.reply.clone())
            } else {
                Err(mismatch(token))
            };
        }
        let reply = carry_out.await?;
        if reply.status.is_success() {
            *done = Some(Done { parameters: call.parameters.clone(), reply: reply.clone() });
        }
        Ok(reply)
    }

    /// Says a filter by token, which the server does not know, as one by instance.
    pub(crate) fn resolve_filter(&self, call: &mut Call) {
        let named = |(_, value): &(&String, &String)| *value == "client-token";
        let filter =
            call.parameters.iter().find(named).and_then(|(key, _)| key.strip_suffix(".Name"));
        let Some(filter) = filter.filter(|_| call.is("ec2", "DescribeInstances")) else { return };
        let filter = filter.to_owned();
        let tokens = call.list(&format!("{filter}.Value"));
        let mut instances: Vec<String> =
            tokens.iter().flat_map(|token| self.instances(&call.region, token)).collect();
        if instances.is_empty() {
            // Without a value it would match all.
            instances.push("i-none".to_owned());
        }
        call.parameters.retain(|key, _| !key.starts_with(&format!("{filter}.")));
        call.parameters.insert(format!("{filter}.Name"), "instance-id".to_owned());
        for (number, instance) in (1..).zip(instances) {
            call.parameters.insert(format!("{filter}.Value.{number}"), instance);
        }
        call.write_form();
    }

    /// The instances that were launched with a token.
    fn instances(&self, region: &str, token: &str) -> Vec<String> {
        let gate = self.gate((region.to_owned(), "RunInstances".to_owned(), token.to_owned()));
        // While they are being launched there are none yet.
        let Ok(done) = gate.try_lock() else { return Vec::new() };
        let document = done.as_ref().and_then(|done| done.reply.document());
        document.map(|launched| xml::texts(&launched, "instanceId")).unwrap_or_default()
    }

    fn gate(&self, key: Key) -> Arc<Gate<Option<Done>>> {
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        done.entry(key).or_default().clone()
    }
}

fn mismatch(token: &str) -> Failure {
    let message = format!(
        "The client token {token} was used with parameters that differ from those of this request"
    );
    Failure::of_caller("IdempotentParameterMismatch", message)
}
