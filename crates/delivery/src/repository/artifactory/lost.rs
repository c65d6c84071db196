//! Answers that do not come, and those that are none.

use std::time::Duration;

use reqwest::{Response, StatusCode};
use tokio::time::timeout;

use crate::repository::error::{Effect, RepositoryError};

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Lost {
    #[error("nothing moved for {0:?}")]
    Still(Duration),
    #[error("there is no answer within {0:?}")]
    Late(Duration),
    #[error("the answer is {0}")]
    Status(StatusCode),
    /// Without its URL, which a redirection may have signed.
    #[error(transparent)]
    Http(reqwest::Error),
}

impl From<reqwest::Error> for Lost {
    fn from(error: reqwest::Error) -> Lost {
        Lost::Http(error.without_url())
    }
}

pub(super) async fn within<T>(
    limit: Duration,
    work: impl Future<Output = reqwest::Result<T>>,
) -> Result<T, Lost> {
    match timeout(limit, work).await {
        Ok(done) => done.map_err(Lost::from),
        Err(_) => Err(Lost::Late(limit)),
    }
}

pub(super) fn unanswered(place: &str, effect: Effect) -> impl FnOnce(Lost) -> RepositoryError {
    move |lost| RepositoryError::Unanswered {
        place: place.to_owned(),
        effect,
        source: Box::new(lost),
    }
}

/// The answer to a request that stores something.
pub(super) fn stored(
    answer: Result<Response, Lost>,
    place: &str,
) -> Result<Response, RepositoryError> {
    let answer = answer.map_err(|lost| {
        let is_unsent = matches!(&lost, Lost::Http(error) if error.is_connect());
        let effect = if is_unsent { Effect::None } else { Effect::Unknown };
        unanswered(place, effect)(lost)
    })?;
    settled(answer, place, Effect::Unknown)
}

/// An answer, unless another is to be expected from asking again.
pub(super) fn settled(
    answer: Response,
    place: &str,
    effect: Effect,
) -> Result<Response, RepositoryError> {
    let status = answer.status();
    let is_passing = status == StatusCode::TOO_MANY_REQUESTS
        || (status.is_server_error() && status != StatusCode::INSUFFICIENT_STORAGE);
    if is_passing {
        return Err(unanswered(place, effect)(Lost::Status(status)));
    }
    Ok(answer)
}
