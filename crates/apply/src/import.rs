//! Importing: an object that nobody here made becomes the state's.

use greenroom_engine::import::Import;
use greenroom_model::address::Address;
use greenroom_model::identity::Sequence;
use greenroom_model::journal::{Entry, Made, Outcome};
use greenroom_model::plan::Plan;
use greenroom_model::state::Status;
use greenroom_provider::{Created, Failure, ImportRequest, WorldEffect};
use greenroom_store::fail_point::fail_point;

use crate::cancel::Cancel;
use crate::error::ApplyError;
use crate::session::{Session, owner};

impl Session {
    /// Makes the object that the provider knows as `id` the one at `address`. `plan` is one of the
    /// specs, made from this session's state.
    ///
    /// # Errors
    ///
    /// [`ApplyError::Unimportable`], [`ApplyError::Cancelled`] before anything was sent: nothing
    /// was done. [`ApplyError::NotImported`] says what it did to the world; where that is unknown,
    /// or the call was aborted, the next session finds out.
    pub async fn import(
        &mut self,
        plan: &Plan,
        address: &Address,
        id: &str,
        cancel: &Cancel,
    ) -> Result<(), ApplyError> {
        let now = self.workbench.clock.now();
        let mut import = Import::of(plan, &self.state, address, id, now).map_err(|source| {
            ApplyError::Unimportable { id: id.to_owned(), address: address.clone(), source }
        })?;
        if cancel.is_cancelled() {
            return Err(ApplyError::Cancelled);
        }
        self.expendable = self.lease.loaded().is_new();
        fail_point("import: before intent");
        self.record(std::mem::take(&mut import.entries)).await?;
        let intent = self.state.sequence;
        fail_point("import: intent durable");
        self.lease.still_held().await?;
        let answer = tokio::select! {
            biased;
            answer = self.send_import(&import, id) => answer,
            () = cancel.aborted() => return Err(ApplyError::Cancelled),
        };
        fail_point("import: effect done");
        self.record_import(intent, &import, answer).await?.map_err(|source| {
            ApplyError::NotImported { id: id.to_owned(), address: address.clone(), source }
        })
    }

    async fn send_import(&self, import: &Import, id: &str) -> Result<Created, Failure> {
        let Import { subject, provider, .. } = import;
        let scope = &subject.address.scope;
        let provider = self.workbench.providers.of_state(provider, &self.state, scope).await?;
        let request = ImportRequest {
            kind: subject.address.block.kind.clone(),
            address: subject.address.clone(),
            uid: subject.uid.clone(),
            owner: owner(&self.state, scope),
            id: id.into(),
        };
        provider.import(request).await
    }

    /// Records what became of an import, as far as that is known, and returns it.
    async fn record_import(
        &mut self,
        intent: Sequence,
        import: &Import,
        answer: Result<Created, Failure>,
    ) -> Result<Result<(), Failure>, ApplyError> {
        let (outcome, result) = match answer {
            Ok(Created { id, attributes, ready }) => {
                let status = if ready { Status::Ready } else { Status::Incomplete };
                let attributes = import.marked(&self.workbench.schemas, &attributes);
                (Outcome::Created(vec![Made { id, status, attributes }]), Ok(()))
            }
            Err(failure) if failure.effect == WorldEffect::None => {
                (Outcome::Failed { message: failure.message.as_str().into() }, Err(failure))
            }
            Err(failure) => return Ok(Err(failure)),
        };
        self.record(vec![Entry::Outcome { intent, outcome }]).await?;
        fail_point("import: outcome durable");
        Ok(result)
    }
}
