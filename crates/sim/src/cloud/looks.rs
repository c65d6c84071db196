//! Looks: at what is, or at what was a while ago.

use std::sync::Arc;

use greenroom_model::address::{Address, Scope};
use greenroom_model::identity::{Lineage, Uid};
use greenroom_model::traffic::Traffic;
use greenroom_provider::Failure;
use tokio::time::{Instant, sleep};

use super::history::History;
use super::sending::{away, expired};
use super::world::SimObject;
use super::{CallKind, Cloud, Fault};
use crate::life::Moment;
use crate::tally::Trouble;

/// What a look is about.
#[derive(Clone)]
pub(super) enum Sought {
    /// What has this id.
    Id(Arc<str>),
    /// What has this uid and this owner.
    Tag(Uid, Lineage),
    /// Something that never changes.
    Nothing,
}

/// What a look saw.
pub(super) type Seen = Result<Option<SimObject>, Failure>;

impl Cloud {
    /// Looks at many things with one call.
    pub(super) async fn look(&self, kind: CallKind, sought: &[(&Address, Sought)]) -> Vec<Seen> {
        if sought.is_empty() {
            return Vec::new();
        }
        let (fault, latency) = self.looking(kind, sought);
        sleep(latency).await;
        self.life.pass(Moment::Before(kind)).await;
        let mut inner = self.inner();
        inner.world.advance();
        if inner.refuses(kind, fault) {
            return sought.iter().map(|_| Err(expired())).collect();
        }
        drop(inner);
        if fault.is_some() {
            return sought.iter().map(|(address, _)| Err(away(address))).collect();
        }
        let of_many = sought.len() > 1;
        sought.iter().map(|(address, sought)| self.see(kind, address, sought, of_many)).collect()
    }

    /// Looks at one thing.
    pub(super) async fn look_at(&self, kind: CallKind, address: &Address, sought: Sought) -> Seen {
        let seen = self.look(kind, &[(address, sought)]).await.pop();
        seen.expect("one answer to one question")
    }

    /// What went through an environment's groups.
    pub(super) fn count(&self, scope: &Scope) -> Traffic {
        let mut inner = self.inner();
        inner.world.advance();
        inner.world.counters().of(scope)
    }

    fn looking(
        &self,
        kind: CallKind,
        sought: &[(&Address, Sought)],
    ) -> (Option<Fault>, std::time::Duration) {
        let mut guard = self.inner();
        let inner = &mut *guard;
        for (address, _) in sought {
            inner.note(kind, address, None);
        }
        let place = inner.luck.visit(kind, format!("{} and all with it", sought[0].0));
        let weather = &inner.weather;
        let fault = inner.luck.decide(&place, |chance| weather.call(chance));
        if let Some(trouble) = fault.and_then(Fault::trouble) {
            inner.hit(trouble, kind);
        }
        (fault, inner.latency(&place))
    }

    fn see(&self, kind: CallKind, address: &Address, sought: &Sought, of_many: bool) -> Seen {
        let mut guard = self.inner();
        let inner = &mut *guard;
        let place = inner.luck.visit(kind, address.to_string());
        let weather = &inner.weather;
        let fault = inner.luck.decide(&place, |chance| weather.look(of_many, chance));
        if fault == Some(Fault::LeftOut) {
            inner.hit(Trouble::LeftOut, kind);
            return Err(away(address));
        }
        let now = Instant::now();
        let is = inner.world.history().find(sought, now);
        let shown = match fault {
            Some(Fault::Behind(behind)) => {
                // Simulated time starts somewhere.
                let moment = now.checked_sub(behind).unwrap_or(now);
                inner.world.history().find(sought, moment)
            }
            _ => is.clone(),
        };
        if shown != is {
            inner.hit(Trouble::Behind, kind);
        }
        if let Sought::Id(id) = sought {
            inner.meets(kind, id);
        }
        Ok(shown)
    }
}

impl History {
    fn find(&self, sought: &Sought, moment: Instant) -> Option<SimObject> {
        match sought {
            Sought::Id(id) => self.by_id_at(id, moment).cloned(),
            Sought::Tag(uid, lineage) => {
                let is_it =
                    |it: &&SimObject| it.uid == *uid && it.lineage.as_ref() == Some(lineage);
                self.at(moment).find(is_it).cloned()
            }
            Sought::Nothing => None,
        }
    }
}
