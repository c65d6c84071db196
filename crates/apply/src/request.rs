//! What others ask of a promotion: to approve, to abort, to roll back.
//!
//! A request is an object in the state's store, left without its lease. Whoever holds the lease
//! finds it; if nobody does, the one who asks takes the lease and carries it out.

use bytes::Bytes;
use greenroom_model::address::Scope;
use greenroom_store::{NameError, Request, RequestName};
use serde::{Deserialize, Serialize};

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asking {
    /// To go on, in a phase that waits for it.
    Approve {
        /// The phase.
        phase: String,
    },
    /// To give up: whatever traffic the candidate has goes back.
    GiveUp,
}

/// A request about a promotion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The environment that is to take the traffic.
    pub candidate: String,
    /// What is asked.
    pub asking: Asking,
    /// By whom and when, for people.
    pub by: String,
}

#[derive(Serialize, Deserialize)]
struct Content {
    by: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    phase: Option<String>,
    candidate: String,
}

const APPROVE: &str = "approve";
const GIVE_UP: &str = "abort";

impl Asked {
    /// A request about the promotion of `candidate`.
    #[must_use]
    pub fn new(candidate: &Scope, asking: Asking, by: String) -> Asked {
        Asked { candidate: candidate.to_string(), asking, by }
    }

    /// The request as it is stored.
    ///
    /// # Errors
    ///
    /// [`NameError`] if no request can be named after its phase.
    pub fn request(&self) -> Result<Request, NameError> {
        let Asked { candidate, asking, by } = self;
        let (kind, about, phase) = match asking {
            Asking::Approve { phase } => {
                (APPROVE, format!("{candidate}-{phase}"), Some(phase.clone()))
            }
            Asking::GiveUp => (GIVE_UP, candidate.clone(), None),
        };
        let content = Content { by: by.clone(), phase, candidate: candidate.clone() };
        let payload = serde_json::to_vec(&content).expect("texts are JSON");
        Ok(Request { name: RequestName::new(kind, &about)?, payload: Bytes::from(payload) })
    }

    /// The request that was stored; `None` if it is none of these.
    #[must_use]
    pub fn of(request: &Request) -> Option<Asked> {
        let Content { by, phase, candidate } = serde_json::from_slice(&request.payload).ok()?;
        let asking = match (request.name.kind.as_str(), phase) {
            (APPROVE, Some(phase)) => Asking::Approve { phase },
            (GIVE_UP, _) => Asking::GiveUp,
            _ => return None,
        };
        Some(Asked { candidate, asking, by })
    }
}
