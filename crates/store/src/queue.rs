//! What is queued for the one who writes a state, and what of it is written together.

use bytes::Bytes;
use tokio::sync::oneshot;

use crate::error::StoreError;
use crate::position::{Sequence, Serial};
use crate::ticket::Answer;

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
