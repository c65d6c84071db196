//! Watching a builder until it has come to its end, and noting on it which one that is.
//!
//! Its tag is what counts from then on: AWS does not keep a console for ever.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use greenroom_provider::{Failure, FailureKind, Object};
use tokio::time::{Instant, sleep};

use super::console::{self, Said};
use super::{Progress, look};
use crate::aws::Aws;
use crate::error::{ApiError, at};
use crate::resource::{Condition, Seen, Sought, Tagging};
use crate::retag;
use crate::tags::{BUILDER, Tags};
use crate::types::instance;

/// How often to look.
const EVERY: Duration = Duration::from_secs(5);

/// How long AWS may take to post the console of an instance that has stopped: minutes, where it
/// does not give it at any time (EC2 User Guide, "Instance console output").
const POSTED: Duration = Duration::from_secs(5 * 60);

/// Waits until the instance has stopped, and decides whether it is provisioned.
///
/// # Errors
///
/// [`FailureKind::Broken`]: it is not, and never will be. Of others, the next look decides anew.
pub(super) async fn until_ended(
    aws: &Aws,
    object: &Object,
    patience: Duration,
) -> Result<(), Failure> {
    let began = Instant::now();
    loop {
        let seen = seen(aws, &object.id).await?;
        let state = seen.as_ref().and_then(instance::state).unwrap_or("not there");
        match seen.as_ref().map(|it| &it.condition) {
            Some(Condition::Ready | Condition::Broken(_)) => return Ok(()),
            Some(Condition::Going) => return Err(terminated(&object.id)),
            _ if state == "stopped" => return decide(aws, object).await,
            None if began.elapsed() > aws.pace.consistency() => return Ok(()),
            _ if began.elapsed() > patience => return Err(late(&object.id, patience, state)),
            _ => sleep(aws.pace.scaled(EVERY)).await,
        }
    }
}

async fn seen(aws: &Aws, id: &Arc<str>) -> Result<Option<Seen>, Failure> {
    Ok(look(aws, &Sought::Ids(vec![id.clone()])).await?.pop())
}

/// Notes what the console says of the end.
async fn decide(aws: &Aws, object: &Object) -> Result<(), Failure> {
    let (id, said) = (&object.id, listen(aws, object).await?);
    let progress = match said {
        Said::Provisioned => Progress::Provisioned,
        Said::Failed { .. } | Said::Nothing { .. } => Progress::Failed,
    };
    let note = Tags::from([(BUILDER.to_owned(), progress.word().to_owned())]);
    retag::apply(aws, Tagging::Ec2, id, note, Vec::new()).await?;
    match said {
        Said::Provisioned => Ok(()),
        Said::Failed { why, log } => Err(broken(id, &why, "the end of its log", &log)),
        Said::Nothing { tail } => {
            let why = "it stopped without a word, as one does that was shut down";
            Err(broken(id, why, "the end of its console", &tail))
        }
    }
}

/// What the console says, which may be posted a while after the stop.
async fn listen(aws: &Aws, object: &Object) -> Result<Said, Failure> {
    let until = Instant::now() + aws.pace.scaled(POSTED);
    loop {
        let said = console::read(&output(aws, &object.id).await?, object.uid.0.as_ref());
        if !matches!(said, Said::Nothing { .. }) || Instant::now() >= until {
            return Ok(said);
        }
        sleep(aws.pace.scaled(EVERY)).await;
    }
}

/// The console as it is now; as it was posted last, of instances that have no other.
async fn output(aws: &Aws, id: &str) -> Result<String, Failure> {
    let call = || aws.again.ec2.get_console_output().instance_id(id);
    let answer = call().latest(true).send().await.map_err(at("ec2:GetConsoleOutput"));
    let answer = match answer {
        Err(error) if has_only_posted(&error) => {
            call().send().await.map_err(at("ec2:GetConsoleOutput"))
        }
        answer => answer,
    };
    let bytes = STANDARD.decode(answer?.output.unwrap_or_default()).unwrap_or_default();
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn has_only_posted(error: &ApiError) -> bool {
    error.has_code("UnsupportedOperation")
}

fn broken(id: &str, why: &str, what: &str, lines: &str) -> Failure {
    let message = format!("`{id}` is not provisioned: {why}");
    let message = if lines.is_empty() { message } else { format!("{message}; {what}:\n{lines}") };
    Failure::new(FailureKind::Broken, message)
}

fn terminated(id: &str) -> Failure {
    let message = format!("`{id}` was terminated while it provisioned itself");
    Failure::new(FailureKind::Broken, message)
}

fn late(id: &str, patience: Duration, state: &str) -> Failure {
    let message = format!("`{id}` has not provisioned itself after {patience:?}: it is {state}");
    Failure::new(FailureKind::Unavailable, message)
        .help("it is left as it is, and shuts itself down in time; the next apply waits for it")
}
