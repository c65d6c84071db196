//! An environment's lifetime: on its objects, and in its state.

use greenroom_model::journal::Entry;
use greenroom_model::state::{Lifetime, State};

use crate::error::ApplyError;
use crate::objects::by_provider;
use crate::session::Session;
use crate::survey::unusable;

impl Session {
    /// Notes who made the environment, and until when it may live: its objects say so first, and
    /// then the state, so that whoever knows only the objects never takes it for expired earlier
    /// than its state does.
    ///
    /// # Errors
    ///
    /// [`ApplyError::Unrenewed`] if an object could not be told; the state says what it said.
    /// [`ApplyError::Store`] if the journal failed, or the lease was lost.
    pub async fn set_lifetime(&mut self, lifetime: Lifetime) -> Result<(), ApplyError> {
        if lifetime.expires != self.state.lifetime.expires {
            self.lease.still_held().await?;
            self.tell_objects(&lifetime).await?;
        }
        self.record(vec![Entry::Lifetime(lifetime)]).await
    }

    async fn tell_objects(&self, lifetime: &Lifetime) -> Result<(), ApplyError> {
        let told = State { lifetime: lifetime.clone(), ..self.state.clone() };
        for ((scope, configuration), objects) in by_provider(&told) {
            let provider = self.workbench.providers.of_state(&configuration, &told, &scope).await;
            let provider = provider.map_err(unusable(&configuration))?;
            let addresses: Vec<_> = objects.iter().map(|it| it.address.clone()).collect();
            for (address, renewed) in addresses.into_iter().zip(provider.renew(objects).await) {
                renewed.map_err(|source| ApplyError::Unrenewed { address, source })?;
            }
        }
        Ok(())
    }
}
