//! Asking a person.

use std::io::{self, BufRead, IsTerminal};
use std::thread;

use greenroom_apply::Cancel;
use tokio::sync::oneshot;

/// What a person said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// `yes`, and nothing else.
    Yes,
    /// Anything else, or the end of the input.
    No,
    /// A signal came instead.
    Cancelled,
}

/// Whether there is a person to ask.
pub(crate) fn can_ask() -> bool {
    io::stdin().is_terminal()
}

/// Waits for a line of standard input, or for a cancellation.
pub(crate) async fn answer(cancel: &Cancel) -> Answer {
    let (send, receive) = oneshot::channel();
    // A thread of its own: reading a terminal cannot be interrupted, and the process must be able
    // to end while it waits.
    thread::spawn(move || {
        let mut line = String::new();
        let read = io::stdin().lock().read_line(&mut line);
        // Nobody waits for the answer after a cancellation.
        let _ = send.send(read.is_ok() && is_yes(&line));
    });
    tokio::select! {
        () = cancel.cancelled() => Answer::Cancelled,
        said = receive => if said.unwrap_or(false) { Answer::Yes } else { Answer::No },
    }
}

fn is_yes(line: &str) -> bool {
    line.trim() == "yes"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_yes_is_yes() {
        assert!(is_yes("yes\n"));
        for line in ["", "\n", "y\n", "YES\n", "yes please\n", "no\n"] {
            assert!(!is_yes(line), "{line:?}");
        }
    }
}
