//! How queued work reaches the writer.
//!
//! A thread takes whatever queued while the last sync ran and commits it at
//! once, so a sync is shared by as many records as arrive during one. There is
//! no timer: a lone append waits for nobody.

use std::io;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::folder::writer::Writer;
use crate::queue::{Command, End, gather};

/// The queue in front of a writer, which ends when this is dropped.
pub(crate) enum Committer {
    Thread(Sender<Command>),
    /// Everything happens in the caller, so that a simulation is deterministic.
    Inline(Mutex<Option<Box<Writer>>>),
}

impl Committer {
    pub(crate) fn thread(writer: Writer) -> io::Result<Committer> {
        let (sender, receiver) = mpsc::channel();
        let builder = thread::Builder::new().name("greenroom-journal".to_owned());
        builder.spawn(move || serve(writer, &receiver))?;
        Ok(Committer::Thread(sender))
    }

    pub(crate) fn inline(writer: Writer) -> Committer {
        Committer::Inline(Mutex::new(Some(Box::new(writer))))
    }

    /// Queues `command`. After the end of the lease its answer is dropped instead.
    pub(crate) fn send(&self, command: Command) {
        match self {
            // Who waits for the answer learns of the closed queue by its being dropped.
            Committer::Thread(sender) => drop(sender.send(command)),
            Committer::Inline(writer) => {
                let mut slot = writer.lock().unwrap_or_else(PoisonError::into_inner);
                *slot = slot.take().and_then(|writer| obey(writer, command));
            }
        }
    }
}

fn serve(writer: Writer, commands: &Receiver<Command>) {
    let mut writer = Box::new(writer);
    let mut next = None;
    while let Some(command) = next.take().or_else(|| commands.recv().ok()) {
        match command {
            Command::Append(first) => {
                let (groups, after) = gather(first, || commands.try_recv().ok());
                next = after;
                writer.commit(groups);
            }
            other => match obey(writer, other) {
                Some(still) => writer = still,
                None => return,
            },
        }
    }
}

/// Carries out one command; the writer is gone when the lease has ended.
fn obey(mut writer: Box<Writer>, command: Command) -> Option<Box<Writer>> {
    // An answer that nobody waits for any more is dropped: the work is done all the same.
    match command {
        Command::Append(group) => writer.commit(vec![group]),
        Command::Fold { body, through, answer } => {
            let _ = answer.send(writer.fold(&body, through));
        }
        Command::End { how, answer } => {
            let result = match how {
                End::Release => writer.release(),
                End::Remove => writer.remove(),
            };
            let _ = answer.send(result);
            return None;
        }
    }
    Some(writer)
}
