//! A ledger of a project: one object beside its states, replaced on the condition that it is
//! still the one that was read.

use object_store::UpdateVersion;
use object_store::path::Path;

use crate::error::StoreError;
use crate::fail_point::fail_point;
use crate::format::ledger;
use crate::ledger::{Ledger, LedgerName, LedgerVersion, refused};
use crate::object::keys;
use crate::object::objects::{Condition, Found, Objects, Refused};

/// Where one ledger is.
pub(crate) struct LedgerPlace<'a> {
    pub(crate) objects: &'a Objects,
    pub(crate) prefix: &'a Path,
    pub(crate) name: &'a LedgerName,
}

impl LedgerPlace<'_> {
    fn key(&self) -> Path {
        keys::ledger(self.prefix, self.name)
    }

    /// The ledger as it is now.
    pub(crate) async fn read(&self) -> Result<Ledger, StoreError> {
        let key = self.key();
        let Some(Found { bytes, version }) = self.objects.get(&key).await? else {
            return Ok(Ledger::empty());
        };
        let decoded = ledger::decode(&bytes);
        let (_, content) =
            decoded.map_err(|why| refused(self.name, self.objects.name(&key), why))?;
        let UpdateVersion { e_tag, version } = version;
        let version = LedgerVersion { tag: e_tag, generation: version };
        Ok(Ledger { content: Some(content), version })
    }

    /// Replaces the ledger if it is still the one that was `seen`; whether it was.
    pub(crate) async fn write(
        &self,
        seen: &LedgerVersion,
        content: &[u8],
    ) -> Result<bool, StoreError> {
        let LedgerVersion { tag, generation } = seen.clone();
        let condition = match tag {
            None => Condition::Absent,
            Some(_) => Condition::Still(UpdateVersion { e_tag: tag, version: generation }),
        };
        let bytes = ledger::encode(content);
        fail_point("store: before ledger");
        match self.objects.write(&self.key(), &condition, &bytes, self.objects.look).await {
            Ok(_) => Ok(true),
            Err(Refused::Other(_)) => Ok(false),
            Err(Refused::Failed(error)) => Err(error),
        }
    }
}
