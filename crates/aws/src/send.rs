//! Sending calls that change the world.
//!
//! A call that was throttled, or that names something AWS does not know of yet, was not carried
//! out and is sent again. One whose answer is lost is not: whether it took effect, a look says.

use std::error::Error;
use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use tokio::time::{Instant, sleep};

use crate::aws::Pace;
use crate::error::{ApiError, Class, at};

/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Sends a call until AWS takes it up: as long as it is throttled, and for a while as long as it
/// names something that AWS does not find, which may be too fresh to be found everywhere.
///
/// # Errors
///
/// [`Class::Ambiguous`]: nobody can say whether it took effect.
pub(crate) async fn patiently<T, E, F>(
    pace: Pace,
    action: &'static str,
    send: impl Fn() -> F,
) -> Result<T, ApiError>
where
    F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    E: ProvideErrorMetadata + Error + 'static,
{
    patiently_if(pace, action, ApiError::is_not_found, send).await
}

/// As [`patiently`], where `too_fresh` says which errors may come of something being fresh.
///
/// # Errors
///
/// As [`patiently`].
pub(crate) async fn patiently_if<T, E, F>(
    pace: Pace,
    action: &'static str,
    too_fresh: impl Fn(&ApiError) -> bool,
    send: impl Fn() -> F,
) -> Result<T, ApiError>
where
    F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    E: ProvideErrorMetadata + Error + 'static,
{
    let began = Instant::now();
    let mut pause = pace.scaled(Duration::from_millis(500));
    loop {
        let error = match send().await.map_err(at(action)) {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let patience = match error.class {
            Class::Throttled => pace.throttled(),
            _ if too_fresh(&error) => pace.consistency(),
            _ => return Err(error),
        };
        if began.elapsed() + pause > patience {
            return Err(error);
        }
        tracing::debug!(action, code = error.code, "not taken up, sent again");
        sleep(pause).await;
        pause = (pause * 2).min(pace.scaled(LONGEST_PAUSE));
    }
}

/// What looks find of a call whose answer was lost: it may take effect late, so they go on for a
/// while.
pub(crate) async fn in_doubt<T, F>(pace: Pace, look: impl Fn() -> F) -> Option<T>
where
    F: Future<Output = Option<T>>,
{
    let until = Instant::now() + pace.doubt();
    loop {
        let found = look().await;
        if found.is_some() || Instant::now() >= until {
            return found;
        }
        sleep(pace.doubt() / 8).await;
    }
}
