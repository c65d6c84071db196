//! What the state keeps of each configuration beside the attributes.

use std::sync::Arc;

use greenroom_model::journal::Lifecycle;
use greenroom_model::plan::LifecycleRecord;
use greenroom_model::state::{Reads, Remote};

use crate::planner::Planner;
use crate::planner::decide::Decision;

impl Planner {
    /// What the specs say of an instance.
    pub(super) fn lifecycle(&self, instance: u32) -> Lifecycle {
        let reads: Reads = self.items[instance as usize]
            .reads
            .iter()
            .map(|(read, link)| (self.world.instances[*read as usize].address.clone(), link.needs))
            .collect();
        let (create_before_destroy, prevent_destroy) = self.flags(instance);
        Lifecycle { reads: Arc::new(reads), create_before_destroy, prevent_destroy }
    }

    /// What the specs say otherwise than recorded, of objects that get no create or update: those
    /// keep it with their outcome.
    pub(super) fn lifecycles(&self) -> Vec<LifecycleRecord> {
        let stays = |decision: &Option<Decision>| {
            matches!(decision, Some(Decision::Keep | Decision::Complete))
        };
        (0u32..)
            .zip(&self.items)
            .filter(|(_, item)| stays(&item.decision))
            .filter_map(|(instance, _)| {
                let address = &self.world.instances[instance as usize].address;
                let remote = self.remote(address).filter(|it| !self.is_recorded(instance, it))?;
                Some(LifecycleRecord {
                    address: address.clone(),
                    uid: remote.uid.clone(),
                    lifecycle: self.lifecycle(instance),
                })
            })
            .collect()
    }

    /// Whether the state has what the specs say. Compares in place: nearly always it has, and
    /// there may be very many.
    fn is_recorded(&self, instance: u32, remote: &Remote) -> bool {
        let reads = &self.items[instance as usize].reads;
        self.flags(instance) == (remote.create_before_destroy, remote.prevent_destroy)
            && reads.len() == remote.reads.keys().len()
            && reads.iter().all(|(read, link)| {
                let address = &self.world.instances[*read as usize].address;
                remote.reads.get(address) == Some(link.needs)
            })
    }

    /// `create_before_destroy` and `prevent_destroy` of an instance's block.
    fn flags(&self, instance: u32) -> (bool, bool) {
        let block = self.world.instances[instance as usize].block;
        let lifecycle = &self.world.template_block(block).lifecycle;
        let create_before_destroy =
            lifecycle.create_before_destroy.as_ref().is_some_and(|it| it.value);
        (create_before_destroy, lifecycle.prevent_destroy)
    }
}
