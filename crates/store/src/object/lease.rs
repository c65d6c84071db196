//! The lease of a state on object storage.

use std::sync::{Arc, Weak};

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::mpsc;

use crate::broken::Broken;
use crate::error::StoreError;
use crate::name::StateName;
use crate::object::claim::{Claim, ClaimPlace};
use crate::object::fence::Ending;
use crate::object::load::{self, Opened};
use crate::object::writer::Writer;
use crate::object::{removal, requests};
use crate::position::{Lineage, Sequence, Serial};
use crate::queue::{self, Command, End};
use crate::request::{Request, RequestName};
use crate::state::Loaded;
use crate::store::Lease;
use crate::ticket::Ticket;

pub(crate) struct ObjectLease {
    place: ClaimPlace,
    loaded: Loaded,
    earlier_holder_is_gone: bool,
    commands: mpsc::UnboundedSender<Command>,
    /// The writer's, so that it is gone as soon as the writer is.
    claim: Weak<Claim>,
    broken: Broken,
}

impl ObjectLease {
    /// Ends what earlier holders may still do, and reads the state.
    pub(crate) async fn open(
        claim: Claim,
        lineages: &(dyn Fn() -> Lineage + Send + Sync),
    ) -> Result<ObjectLease, StoreError> {
        let claim = Arc::new(claim);
        let keeper = Claim::keep(&claim);
        match read(&claim, lineages).await {
            Ok((opened, earlier_holder_is_gone)) => {
                let place = claim.place.clone();
                let loaded = opened.loaded.clone();
                let broken = Broken::default();
                let (lease, weak) = (claim.header().await, Arc::downgrade(&claim));
                let writer = Writer::new(claim, keeper, &lease, opened, broken.clone());
                let (commands, queue) = mpsc::unbounded_channel();
                tokio::spawn(writer.serve(queue));
                let claim = weak;
                Ok(ObjectLease { place, loaded, earlier_holder_is_gone, commands, claim, broken })
            }
            Err(error) => {
                keeper.stop().await;
                // If this fails as well, the lease runs out by itself.
                let _ = claim.change(|lease| lease.holder = None).await;
                Err(error)
            }
        }
    }

    /// Queues a command; one that comes after the end is dropped, and with it its answer.
    fn send(&self, command: Command) {
        let _ = self.commands.send(command);
    }

    async fn end(&self, how: End) -> Result<(), StoreError> {
        let send = |answer| self.send(Command::End { how, answer });
        queue::ask(&self.place.state, send).await
    }
}

/// What stands there under a lease that was just taken, and whether all earlier holders have ended.
async fn read(
    claim: &Claim,
    lineages: &(dyn Fn() -> Lineage + Send + Sync),
) -> Result<(Opened, bool), StoreError> {
    let lease = claim.header().await;
    if let Some(removing) = &lease.removing {
        removal::purge(claim, removing).await?;
    }
    let place = &claim.place;
    let Some(lineage) = lease.lineage.clone() else {
        return Ok((Opened::new(lineages()), !lease.strayed));
    };
    let (keys, judge) = (place.keys.of(&lineage), place.judge());
    let ending = Ending { objects: &place.objects, keys: &keys, lineage: &lineage, judge };
    ending.end_earlier(&lease).await?;
    let same = || async { Ok(Some(lineage.clone())) };
    let opened = load::read_consistently(judge, &place.keys, same).await?;
    if lease.ended_below < lease.epoch {
        claim.change(|it| it.ended_below = it.epoch).await?;
    }
    Ok((opened.unwrap_or_else(|| Opened::new(lineage)), !lease.strayed))
}

#[async_trait]
impl Lease for ObjectLease {
    fn state(&self) -> &StateName {
        &self.place.state
    }

    fn loaded(&self) -> &Loaded {
        &self.loaded
    }

    fn earlier_holder_is_gone(&self) -> bool {
        self.earlier_holder_is_gone
    }

    fn enqueue(&self, payloads: Vec<Bytes>) -> Ticket {
        let send = |command| self.send(command);
        queue::enqueue(&self.place.state, &self.broken, payloads, send)
    }

    async fn fold(&self, body: Bytes, through: Sequence) -> Result<Serial, StoreError> {
        let send = |answer| self.send(Command::Fold { body, through, answer });
        queue::ask(&self.place.state, send).await
    }

    async fn requests(&self) -> Result<Vec<Request>, StoreError> {
        requests::read(&self.place, &self.loaded.header.lineage).await
    }

    async fn remove_request(&self, name: &RequestName) -> Result<(), StoreError> {
        self.still_held().await?;
        requests::remove(&self.place, &self.loaded.header.lineage, name).await
    }

    async fn still_held(&self) -> Result<(), StoreError> {
        self.broken.check()?;
        let closed = || StoreError::Closed { state: self.place.state.clone() };
        let claim = self.claim.upgrade().ok_or_else(closed)?;
        claim.still_held().await
    }

    async fn release(&self) -> Result<(), StoreError> {
        self.end(End::Release).await
    }

    async fn remove(&self) -> Result<(), StoreError> {
        self.end(End::Remove).await
    }
}
