//! Client tokens, as AWS honours them and the servers do not: the same token with the same
//! parameters is the same answer, with others it is refused, and a second request waits for the
//! first (EC2 API Reference, "Ensuring idempotency").

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use super::answer::Answer;
use super::call::Call;

/// Account, region, action and token.
type Key = (String, String, String, String);

#[derive(Default)]
pub(crate) struct Tokens(Mutex<HashMap<Key, Known>>);

#[derive(Clone)]
struct Known {
    parameters: String,
    answer: Arc<OnceCell<Answer>>,
}

impl Tokens {
    /// Carries out a call unless its token was seen before.
    pub(crate) async fn once(
        &self,
        call: &Call,
        carry_out: impl Future<Output = Answer>,
    ) -> Answer {
        let Some(token) = call.parameters.get("ClientToken") else { return carry_out.await };
        let key = (call.account.clone(), call.region.clone(), call.action.clone(), token.clone());
        let parameters = format!("{:?}", call.parameters);
        let known = {
            let mut tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let new = || Known { parameters: parameters.clone(), answer: Arc::default() };
            tokens.entry(key.clone()).or_insert_with(new).clone()
        };
        if known.parameters != parameters {
            let message = "Arguments on this idempotent request are inconsistent with arguments \
                           used in previous request(s).";
            return Answer::error(&call.service, 400, "IdempotentParameterMismatch", message);
        }
        let answer = known.answer.get_or_init(|| carry_out).await.clone();
        // What was refused did not use the token up.
        if !answer.status.is_success() {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
        }
        answer
    }
}
