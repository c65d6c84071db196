//! What is queued for the one who writes a state, and what of it is written together.

use bytes::Bytes;
use tokio::sync::oneshot;

use crate::broken::Broken;
use crate::error::StoreError;
use crate::name::StateName;
use crate::payload::check_payload;
use crate::position::{Sequence, Serial};
use crate::ticket::{Answer, Ticket};

/// One thing for the writer to do.
pub(crate) enum Command {
    Append(Group),
    Fold { body: Bytes, through: Sequence, answer: oneshot::Sender<Result<Serial, StoreError>> },
    End { how: End, answer: oneshot::Sender<Result<(), StoreError>> },
}

/// Records that were queued together, and who waits for them.
pub(crate) struct Group {
    pub(crate) payloads: Vec<Bytes>,
    pub(crate) answer: Answer,
}

/// How a lease ends.
#[derive(Clone, Copy)]
pub(crate) enum End {
    Release,
    Remove,
}

/// Queues records, unless they are refused at once.
pub(crate) fn enqueue(
    state: &StateName,
    broken: &Broken,
    payloads: Vec<Bytes>,
    send: impl FnOnce(Command),
) -> Ticket {
    let check = || payloads.iter().try_for_each(|payload| check_payload(state, payload));
    if let Err(error) = broken.check().and_then(|()| check()) {
        return Ticket::resolved(state, Err(error));
    }
    let (answer, ticket) = Ticket::new(state);
    send(Command::Append(Group { payloads, answer }));
    ticket
}

/// Sends a command that is answered; one that comes after the end of the lease never is.
pub(crate) async fn ask<T>(
    state: &StateName,
    send: impl FnOnce(oneshot::Sender<Result<T, StoreError>>),
) -> Result<T, StoreError> {
    let (sender, answer) = oneshot::channel();
    send(sender);
    answer.await.unwrap_or_else(|_| Err(StoreError::Closed { state: state.clone() }))
}

/// A batch takes no more once it has this many bytes, which bounds memory and waiting.
const BATCH_BYTES: usize = 4 << 20;

/// Takes what has queued behind `first`, up to the first command that is no append.
pub(crate) fn gather(
    first: Group,
    mut queued: impl FnMut() -> Option<Command>,
) -> (Vec<Group>, Option<Command>) {
    let mut bytes = size(&first);
    let mut groups = vec![first];
    while bytes < BATCH_BYTES {
        match queued() {
            Some(Command::Append(group)) => {
                bytes += size(&group);
                groups.push(group);
            }
            Some(other) => return (groups, Some(other)),
            None => break,
        }
    }
    (groups, None)
}

/// Tells everybody who waits for `groups` what became of them; `before` is the last record before.
pub(crate) fn answer(groups: Vec<Group>, before: Sequence, written: Result<(), StoreError>) {
    let mut next = before;
    for Group { payloads, answer } in groups {
        let sequences = payloads.iter().map(|_| {
            next = next.next();
            next
        });
        let result = written.clone().map(|()| sequences.collect());
        // Who no longer waits has given up on the answer, not on the record.
        let _ = answer.send(result);
    }
}

fn size(group: &Group) -> usize {
    group.payloads.iter().map(Bytes::len).sum()
}
