//! The promise that queued records become durable.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::sync::oneshot;

use crate::error::StoreError;
use crate::name::StateName;
use crate::position::Sequence;

/// Resolves, once the queued records are durable, to their sequences in order.
///
/// Dropping it does not take the records back.
#[must_use = "records are only known to be durable when their ticket has resolved"]
#[derive(Debug)]
pub struct Ticket {
    state: StateName,
    answer: oneshot::Receiver<Result<Vec<Sequence>, StoreError>>,
}

/// The other end of a [`Ticket`].
pub type Answer = oneshot::Sender<Result<Vec<Sequence>, StoreError>>;

impl Ticket {
    /// A ticket for records of `state`, and what resolves it.
    ///
    /// If the answer is dropped, the ticket resolves to [`StoreError::Closed`].
    pub fn new(state: &StateName) -> (Answer, Ticket) {
        let (sender, answer) = oneshot::channel();
        (sender, Ticket { state: state.clone(), answer })
    }

    /// A ticket that has resolved already.
    pub fn resolved(state: &StateName, result: Result<Vec<Sequence>, StoreError>) -> Ticket {
        let (answer, ticket) = Ticket::new(state);
        // The receiver is right here, so it takes the answer.
        let _ = answer.send(result);
        ticket
    }
}

impl Future for Ticket {
    type Output = Result<Vec<Sequence>, StoreError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.answer).poll(context).map(|answered| {
            answered.unwrap_or_else(|_| Err(StoreError::Closed { state: self.state.clone() }))
        })
    }
}
