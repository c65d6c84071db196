//! The edges between operations: who waits for whom.

use std::collections::HashMap;

use greenroom_model::address::Address;
use greenroom_model::identity::Uid;
use greenroom_model::plan::{
    Action, Expectation, Need, RemovalReason, ReplaceOrder, ReplaceReason,
};
use greenroom_model::schema::Strength;
use greenroom_model::state::{Remote, State};

use super::APPLY_PHASE;
use crate::graph::{self, Draft};
use crate::planner::Planner;
use crate::planner::decide::Decision;

impl Planner {
    /// Puts the edges between operations.
    pub(super) fn connect(&self, drafts: &mut [Draft]) {
        let mut providers: HashMap<Address, u32> = HashMap::new();
        let mut deletes: HashMap<Uid, u32> = HashMap::new();
        let mut waits = Vec::new();
        for (position, draft) in (0u32..).zip(drafts.iter()) {
            match &draft.action {
                Action::Delete(removal) => {
                    deletes.insert(removal.uid.clone(), position);
                }
                _ => {
                    // Of a wait and an update, the update comes last, and is what readers need.
                    if let Some(wait) = providers.insert(draft.address.clone(), position) {
                        waits.push((position, wait));
                    }
                }
            }
        }
        for (update, wait) in waits {
            let need = Need { operation: wait, until: Strength::Complete };
            drafts[update as usize].needs.push(need);
        }
        for (number, item) in (0u32..).zip(&self.items) {
            let address = &self.world.instances[number as usize].address;
            let Some(own) = providers.get(address) else { continue };
            for (read, link) in &item.reads {
                let read = &self.world.instances[*read as usize].address;
                if let Some(other) = providers.get(read) {
                    drafts[*own as usize].needs.push(Need { operation: *other, until: link.needs });
                }
            }
        }
        self.connect_replacements(drafts, &providers, &deletes);
        self.connect_deletes(drafts, &providers, &deletes);
    }

    fn connect_replacements(
        &self,
        drafts: &mut [Draft],
        providers: &HashMap<Address, u32>,
        deletes: &HashMap<Uid, u32>,
    ) {
        for (number, item) in (0u32..).zip(&self.items) {
            let Some(Decision::Replace { order, reason, .. }) = &item.decision else { continue };
            let address = &self.world.instances[number as usize].address;
            let Some(old) = self.remote(address).map(|it| &it.uid) else { continue };
            let (Some(create), Some(delete)) = (providers.get(address), deletes.get(old)) else {
                continue;
            };
            let (waiting, first) = match order {
                ReplaceOrder::DestroyFirst => (create, delete),
                _ => (delete, create),
            };
            drafts[*waiting as usize]
                .needs
                .push(Need { operation: *first, until: Strength::Complete });
            if let (ReplaceOrder::DestroyFirst, ReplaceReason::Pending(_)) = (order, reason) {
                // Whether the old one goes is known when what the new one reads is there.
                let wishes = item.reads.iter().filter_map(|(read, link)| {
                    let read = &self.world.instances[*read as usize].address;
                    providers.get(read).map(|it| Need { operation: *it, until: link.needs })
                });
                drafts[*delete as usize].wishes.extend(wishes);
            }
            if *order == ReplaceOrder::DestroyFirst {
                drafts[*create as usize].expects =
                    Expectation::After(graph::id_of(&drafts[*delete as usize], APPLY_PHASE));
            }
        }
    }

    /// A delete waits for every update and delete of an object whose recorded reads include it; for
    /// an update that need not come first, only where that leads in no circle.
    fn connect_deletes(
        &self,
        drafts: &mut [Draft],
        providers: &HashMap<Address, u32>,
        deletes: &HashMap<Uid, u32>,
    ) {
        let Some(state) = self.input.state.as_deref() else { return };
        let mut deleted_at: HashMap<&Address, Vec<u32>> = HashMap::new();
        let placed: Vec<(u32, Address)> = (0u32..)
            .zip(drafts.iter())
            .filter(|(_, draft)| matches!(draft.action, Action::Delete(_)))
            .map(|(position, draft)| (position, draft.address.clone()))
            .collect();
        for (position, address) in &placed {
            deleted_at.entry(address).or_default().push(*position);
        }
        if deleted_at.is_empty() {
            return;
        }
        for (address, instance) in state.instances() {
            for remote in instance.current.iter().chain(&instance.deposed) {
                let own_delete = deletes.get(&remote.uid);
                let own_change = providers.get(&address).filter(|_| own_delete.is_none());
                let Some(own) = own_delete.or(own_change) else { continue };
                for read in remote.reads.keys() {
                    for delete in deleted_at.get(read).into_iter().flatten() {
                        // Who still reads what is destroyed first waits for the new one.
                        let waits = || {
                            own_delete.is_some()
                                || !is_destroyed_first(&drafts[*delete as usize])
                                || !needs(&drafts[*own as usize], providers.get(read))
                        };
                        if *delete != *own && waits() {
                            let need = Need { operation: *own, until: Strength::Complete };
                            let draft = &mut drafts[*delete as usize];
                            if own_delete.is_some() || self.is_held(state, draft, &address, remote)
                            {
                                draft.needs.push(need);
                            } else {
                                draft.wishes.push(need);
                            }
                        }
                    }
                }
            }
        }
    }
}

impl Planner {
    /// Whether what a draft deletes cannot go before an object that holds it is changed.
    fn is_held(&self, state: &State, draft: &Draft, holder: &Address, remote: &Remote) -> bool {
        let Action::Delete(removal) = &draft.action else { return false };
        let Some(instance) = state.instance(&removal.address) else { return false };
        let mut deleted = instance.current.iter().chain(&instance.deposed);
        let Some(deleted) = deleted.find(|it| it.uid == removal.uid) else { return false };
        let Some(known) = self.input.schemas.of_block(&holder.block) else { return false };
        let holding = known.schema.attributes.iter().filter(|(_, attribute)| attribute.holds);
        let mut held = holding.filter_map(|(name, _)| remote.attributes.get(name));
        held.any(|value| value.mentions(&deleted.id))
    }
}

/// Whether a draft waits for another, as whoever reads an object waits for what makes it.
fn needs(draft: &Draft, other: Option<&u32>) -> bool {
    draft.needs.iter().any(|need| Some(&need.operation) == other)
}

/// Whether a delete is the first half of a replacement.
fn is_destroyed_first(draft: &Draft) -> bool {
    match &draft.action {
        Action::Delete(removal) => {
            matches!(removal.reason, RemovalReason::Replaced { .. }) && !removal.deposed
        }
        _ => false,
    }
}
