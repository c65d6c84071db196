//! The objects of a state, as providers are told of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use greenroom_model::address::{Address, Scope};
use greenroom_model::state::{Remote, State, Status};
use greenroom_provider::Object;

use crate::session::owner;

/// The objects of a state that are not on their way out.
pub(crate) fn objects(state: &State) -> impl Iterator<Item = (Address, &Remote)> {
    state
        .instances()
        .flat_map(|(address, it)| {
            it.current.iter().chain(&it.deposed).map(move |remote| (address.clone(), remote))
        })
        .filter(|(_, remote)| remote.status != Status::Deleting)
}

/// The objects of a state by who is asked about them: the scope, and the provider's configuration.
pub(crate) fn by_provider(state: &State) -> BTreeMap<(Scope, Arc<str>), Vec<Object>> {
    let mut groups: BTreeMap<(Scope, Arc<str>), Vec<Object>> = BTreeMap::new();
    for (address, remote) in objects(state) {
        let group = (address.scope.clone(), remote.provider.clone());
        groups.entry(group).or_default().push(object(state, address, remote));
    }
    groups
}

/// An object of a state.
pub(crate) fn object(state: &State, address: Address, remote: &Remote) -> Object {
    Object {
        kind: address.block.kind.clone(),
        uid: remote.uid.clone(),
        id: remote.id.clone(),
        attributes: remote.attributes.clone(),
        owner: owner(state, &address.scope),
        address,
        timeout: None,
    }
}
